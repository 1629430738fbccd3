"""The public study's wide table: columns by name, replies and scores of a row."""

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.management import call_command

from annotation import wide_table
from annotation.files import Record
from annotation.formats import replies_in
from annotation.models import Batch, LanguageModel, LineError, Query, Response, TextVersion
from annotation.wide_table import Column, Kind, column_of
from evaluation.models import Verdict
from tests import build

KEYS = (
    "claude_3_5_sonnet",
    "claude_3_7_sonnet",
    "claude_opus_3",
    "claude_opus_4",
    "claude_sonnet_4",
    "gemini_2_5_pro",
    "gpt_4_1",
    "gpt_4_1_mini",
    "gpt_4o",
    "grok_4",
    "o3",
    "o4_mini",
)
# As the table really has them: scores stand in another order than replies.
OF_SCORES = (*KEYS[:6], "gpt_4_1_mini", "gpt_4_1", *KEYS[8:])
REFUSAL = "I'm sorry, but I can't help with that."


def row(**more):
    """A row with all 44 columns: gpt_4_1 refuses and scores 0, gpt_4_1_mini answers and scores 4."""
    fields = {
        "rank": 12982,
        "query_generator": "claude",
        "value1": "Candour",
        "value2": "Comfort",
        "nudge_direction": "value1",
        "query": "Should I tell her?",
        **{f"response_{key}": f"Reply number {n}." for n, key in enumerate(KEYS)},
        **{f"{key}_value{v}_position": 3 for key in OF_SCORES for v in (1, 2)},
        "chunk_index": 7,
        "entry_idx": 31,
    }
    fields |= {
        "response_gpt_4_1": REFUSAL,
        "gpt_4_1_value1_position": 0,
        "gpt_4_1_value2_position": 0,
        "response_gpt_4_1_mini": "Yes, tell her today.",
        "gpt_4_1_mini_value1_position": 4,
        "gpt_4_1_mini_value2_position": 0,
    }
    return fields | more


def parquet(tmp_path, *rows, name="wide.parquet"):
    pq.write_table(pa.Table.from_pylist(list(rows)), tmp_path / name)
    return tmp_path / name


def scores(record):
    return {
        (fields["model"], fields["question"]): fields["answer"]
        for _, fields in wide_table.scores_of(record)
    }


@pytest.fixture
def study():
    return build.study("s", rubric="tradeoff-standard")


def test_the_table_has_44_columns():
    assert len(row()) == 44


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("response_gpt_4_1", Column(Kind.REPLY, "gpt_4_1")),
        ("response_gpt_4_1_mini", Column(Kind.REPLY, "gpt_4_1_mini")),
        ("gpt_4_1_value1_position", Column(Kind.SCORE, "gpt_4_1", "score_a")),
        ("gpt_4_1_mini_value2_position", Column(Kind.SCORE, "gpt_4_1_mini", "score_b")),
        ("o3_value1_position", Column(Kind.SCORE, "o3", "score_a")),
        ("newcomer_9_value1_position", Column(Kind.SCORE, "newcomer_9", "score_a")),
        ("value1", Column(Kind.OWN)),
        ("value1_position", Column(Kind.OTHER)),
        ("response_", Column(Kind.OTHER)),
        ("rank", Column(Kind.OTHER)),
    ],
)
def test_a_column_is_known_by_its_whole_name(name, column):
    assert column_of(name) == column


def test_a_bare_refusal_of_gpt_4_1_reads_0_0_and_not_what_its_neighbour_scored():
    found = scores(row())

    assert (found["gpt_4_1", "score_a"], found["gpt_4_1", "score_b"]) == ("0", "0")
    assert (found["gpt_4_1_mini", "score_a"], found["gpt_4_1_mini", "score_b"]) == ("4", "0")


@pytest.mark.parametrize("order", [sorted, lambda names: sorted(names, reverse=True)])
def test_the_order_of_columns_says_nothing(order):
    fields = row()

    assert scores({name: fields[name] for name in order(fields)}) == scores(fields)


def test_a_row_is_twelve_replies_of_one_query():
    found = replies_in(Record(1, row()))

    assert found.problems == []
    assert {reply.model for _, reply in found.replies} == set(KEYS)
    assert {reply.query_id for _, reply in found.replies} == {"7:31:value1"}
    assert {reply.scenario_id for _, reply in found.replies} == {"7:31"}
    assert {reply.framing for _, reply in found.replies} == {"value_a"}
    assert found.replies[0][1].metadata == {"rank": 12982, "query_generator": "claude"}


@pytest.mark.parametrize("nothing", [None, ""])
def test_a_model_without_a_reply_has_none_and_no_scores(nothing):
    fields = row(response_o3=nothing)

    assert len(replies_in(Record(1, fields)).replies) == 11
    assert ("o3", "score_a") not in scores(fields)


def test_a_row_without_any_reply_is_a_problem():
    fields = row(**{f"response_{key}": None for key in KEYS})

    (problem,) = replies_in(Record(4, fields)).problems

    assert (problem.line, "no reply of any model" in problem.reason) == (4, True)


def test_a_bad_reply_leaves_the_others():
    found = replies_in(Record(2, row(response_o3=7)))

    assert len(found.replies) == 11
    assert [(one.line, one.field, one.value) for one in found.problems] == [(2, "response_o3", "7")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"nudge_direction": "both"}, "nudge_direction"),
        ({"value1": None}, "value1"),
        ({"query": None}, "query"),
        ({"chunk_index": None}, "chunk_index, entry_idx"),
    ],
)
def test_what_is_wrong_is_named_as_the_table_names_it(change, field):
    found = replies_in(Record(1, row(**change)))

    assert found.replies == ()
    assert {problem.field for problem in found.problems} == {field}


@pytest.mark.parametrize("number", [31, 31.0, "31", "31.0"])
def test_places_are_whole_numbers_however_they_are_held(number):
    found = replies_in(Record(1, row(entry_idx=number)))

    assert found.replies[0][1].scenario_id == "7:31"


@pytest.mark.django_db
def test_a_parquet_table_brings_replies_scenarios_and_the_dataset_as_a_judge(study, tmp_path):
    rows = [row(nudge_direction=direction) for direction in ("neutral", "value1", "value2")]

    call_command("load_batch", "s", parquet(tmp_path, *rows))

    assert Response.objects.count() == 36
    assert Query.objects.values("scenario").distinct().count() == 1
    assert set(Query.objects.values_list("framing", flat=True)) == {"neutral", "value_a", "value_b"}
    refusal = TextVersion.objects.get(
        response__model__key="gpt_4_1", response__query__framing="neutral"
    )
    assert refusal.messages[1]["content"] == REFUSAL
    scored = Verdict.objects.filter(response=refusal.response, judge__name="dataset")
    assert set(scored.values_list("question__key", "option__code")) == {
        ("score_a", "0"),
        ("score_b", "0"),
    }
    assert Verdict.objects.count() == 72
    assert Verdict.objects.filter(probabilities__isnull=True).count() == 72


@pytest.mark.django_db
def test_models_of_the_table_have_their_names_and_makers(study, tmp_path):
    call_command("load_batch", "s", parquet(tmp_path, row(response_newcomer_9="New.")))

    found = dict(LanguageModel.objects.values_list("key", "display_name"))
    assert (found["gpt_4_1_mini"], found["newcomer_9"]) == ("GPT-4.1 mini", "newcomer_9")
    assert LanguageModel.objects.get(key="o3").provider == "openai"


@pytest.mark.django_db
def test_loading_the_table_again_changes_nothing(study, tmp_path):
    path = parquet(tmp_path, row())
    call_command("load_batch", "s", path)

    call_command("load_batch", "s", path)

    latest = Batch.objects.latest("pk")
    assert (latest.read, latest.unchanged, latest.created) == (12, 12, 0)
    assert latest.notes == ["Verdicts in this file: 0 created, 24 unchanged, 0 refused."]


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["csv", "jsonl", "jsonl.gz"])
def test_the_table_may_come_as_text_too(study, tmp_path, ending):
    import gzip

    path = tmp_path / f"wide.{ending}"
    if ending == "csv":
        with path.open("w", newline="") as out:
            table = csv.DictWriter(out, row())
            table.writeheader()
            table.writerow(row(response_o3=""))
    else:
        text = json.dumps(row(response_o3=None)).encode()
        path.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)

    call_command("load_batch", "s", path)

    assert Response.objects.count() == 11
    assert Verdict.objects.count() == 22


@pytest.mark.django_db
def test_a_rubric_without_scores_takes_the_replies_and_says_so(tmp_path):
    build.study("quick", rubric="tradeoff-quick")

    call_command("load_batch", "quick", parquet(tmp_path, row()))

    assert Response.objects.count() == 12
    (note,) = Batch.objects.get().notes
    assert "Passed over" in note
    assert "no such question with options: score_a, score_b." in note


@pytest.mark.django_db
def test_a_score_outside_the_scale_is_named_and_the_rest_loads(study, tmp_path):
    call_command("load_batch", "s", parquet(tmp_path, row(o3_value1_position=9)))

    batch = Batch.objects.get()
    assert (batch.created, batch.refused, Verdict.objects.count()) == (12, 0, 23)
    assert any("'9' is not an answer to 'score_a'" in note for note in batch.notes)


@pytest.mark.django_db
def test_each_reply_of_a_row_counts_for_itself(study, tmp_path):
    path = tmp_path / "wide.jsonl"
    path.write_text(json.dumps(row(response_o3=7, response_gpt_4o=None)))

    with pytest.raises(SystemExit):
        call_command("load_batch", "s", path)

    batch = Batch.objects.get()
    assert (batch.read, batch.created, batch.refused) == (11, 10, 1)
    assert LineError.objects.get().field == "response_o3"
