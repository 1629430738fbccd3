"""Bringing replies in: what is created, what is met again, what is refused, what is left as it was."""

import csv
import gzip
import io
import json

import pytest

from annotation.errors import FileUnreadable
from annotation.models import (
    Batch,
    Hit,
    Judgment,
    LanguageModel,
    LineError,
    Query,
    Response,
    Scenario,
    Seat,
    TextVersion,
    Value,
)
from annotation.prepared import names_in
from annotation.services import batches, openings
from annotation.shown import text_sha256
from annotation.vocabulary import BatchState
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


@pytest.fixture
def load(study, tmp_path):
    """Load lines, or a file, as the study's next batch; the tally and the batch."""

    def loaded(lines, *, of=study, name="batch.jsonl", **how):
        path = tmp_path / name
        if isinstance(lines, list):
            build.jsonl(path, lines)
        else:
            path.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
        batch = batches.register(study=of, file_name=name, now=NOW)
        return batches.load(batch=batch, path=path, **how)

    return loaded


def tallied(tally):
    """Created, unchanged, updated, refused; every line is in exactly one of them."""
    counts = (tally.created, tally.unchanged, tally.updated, tally.refused)
    assert sum(counts) == tally.read
    return counts


def reasons(tally):
    return [(error.line, error.field) for error in tally.errors]


def line(**fields):
    return build.reply_fields(query_id="q", response_id="r", **fields)


# What a load makes


def test_a_line_becomes_query_model_values_and_reply(load, study):
    load([line(model="acme/one", scenario_id="s", language="de", topics=["t"], facts=["f"])])

    reply = Response.objects.select_related("query", "model").get(study=study)
    assert (reply.external_id, reply.sample, reply.model.key) == ("r", 1, "acme/one")
    assert (reply.model.provider, reply.model.display_name) == ("acme", "one")
    assert (reply.query.external_id, reply.query.scenario.external_id) == ("q", "s")
    assert (reply.query.language, reply.query.topics, reply.query.facts) == ("de", ["t"], ["f"])
    assert set(Value.objects.values_list("name", flat=True)) == {"Honesty", "Kindness"}


def test_the_words_are_stored_as_they_came_with_their_hash(load):
    messages = [
        {"role": "user", "content": " Ü\u202e\r\n"},
        {"role": "assistant", "content": "\t🙂 "},
    ]

    load([line(messages=messages)])

    text = TextVersion.objects.get()
    assert text.messages == messages
    assert (text.number, text.turns, text.current) == (1, 1, True)
    assert text.sha256 == text_sha256(messages)


def test_queries_without_a_scenario_have_one_each(load):
    load([build.reply_fields(), build.reply_fields()])

    assert Scenario.objects.filter(external_id=None).count() == 2
    assert Query.objects.values("scenario").distinct().count() == 2


def test_replies_to_one_query_share_it(load):
    load([line(), line() | {"response_id": "r2", "model": "acme/two"}])

    assert (Query.objects.count(), Response.objects.count()) == (1, 2)


def test_an_id_follows_from_query_model_and_sample_where_none_is_given(load):
    fields = build.reply_fields(query_id="q", response_id=None, model="acme/one", sample=2)

    load([fields]), load([fields])

    assert Response.objects.get().external_id == "q/acme/one/2"


def test_a_derived_id_that_would_be_too_long_is_hashed(load):
    fields = build.reply_fields(query_id="q" * 200, response_id=None, model="m" * 200)

    assert tallied(load([fields])) == (1, 0, 0, 0)
    assert len(Response.objects.get().external_id) == 64
    assert tallied(load([fields])) == (0, 1, 0, 0)


def test_ids_are_of_one_study(load):
    other = build.study()
    load([line()])

    assert tallied(load([line()], of=other)) == (1, 0, 0, 0)
    assert LanguageModel.objects.filter(key="acme/one").count() == 2


def test_names_that_tell_the_author_are_found(load):
    load([line(messages=[{"role": "assistant", "content": "I am ChatGPT, made by OpenAI."}])])

    text = TextVersion.objects.get()
    assert text.has_hits
    found = Hit.objects.order_by("start").first()
    assert text.messages[found.message]["content"][found.start : found.end] == found.found


def test_names_of_the_studys_own_models_are_found(load):
    reply = [{"role": "assistant", "content": "As Zorblax-7 I cannot say."}]

    load([line(model="acme/zorblax-7", messages=reply)])

    assert Hit.objects.filter(found__iexact="zorblax-7").exists()


def test_a_text_without_hits_has_no_rows(load):
    load([line()])

    assert not TextVersion.objects.get().has_hits
    assert not Hit.objects.exists()


# The batch


def test_a_loaded_batch_is_ready_and_says_what_became_of_its_lines(load):
    same = line()
    load([same, {"query_id": 1}, same])

    batch = Batch.objects.get()
    assert (batch.state, batch.read, batch.created) == (BatchState.READY, 3, 1)
    assert (batch.unchanged, batch.updated, batch.refused) == (1, 0, 1)
    assert batch.finished_at is not None
    assert set(LineError.objects.values_list("line", flat=True)) == {2}


def test_batches_are_numbered_within_their_study(study):
    other = build.study()

    numbers = [
        batches.register(study=of, file_name="f", now=NOW).number for of in (study, study, other)
    ]

    assert numbers == [1, 2, 1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_uploads_at_once_get_numbers_of_their_own():
    study = build.study()

    made = build.at_once(*[lambda: batches.register(study=study, file_name="f", now=NOW)] * 6)

    assert sorted(batch.number for batch in made) == [1, 2, 3, 4, 5, 6]


def test_progress_is_told_in_lines(load):
    told = []

    load([build.reply_fields() for _ in range(2_500)], progress=told.append)

    assert told == [2_000, 2_500]


def test_stored_names_cannot_be_guessed(settings, tmp_path):
    settings.DATA_DIR = tmp_path

    names = {batches.new_stored_name() for _ in range(50)}

    assert len(names) == 50
    assert all(batches.upload_path(name).parent == tmp_path / "uploads" for name in names)


# Loading again


def test_R055_the_same_file_again_changes_nothing(load):
    lines = [build.reply_fields() for _ in range(5)]
    load(lines)
    before = list(TextVersion.objects.values())

    assert tallied(load(lines)) == (0, 5, 0, 0)
    assert list(TextVersion.objects.values()) == before


def test_R055_a_superset_in_another_order_adds_what_is_new(load):
    lines = [build.reply_fields() for _ in range(5)]
    load(lines[:3])

    assert tallied(load(lines[::-1])) == (2, 3, 0, 0)


def test_R055_another_text_under_a_known_id_is_a_conflict_naming_both(load):
    load([line()])
    old = TextVersion.objects.get().sha256

    tally = load([line(messages=build.conversation(1, text="Other"))])

    assert tallied(tally) == (0, 0, 0, 1)
    assert reasons(tally) == [(1, "messages")]
    assert old[:12] in tally.errors[0].reason
    assert text_sha256(build.conversation(1, text="Other"))[:12] in tally.errors[0].reason
    assert TextVersion.objects.get().sha256 == old


def test_R043_new_versions_add_a_text_and_leave_what_was_judged(load, study, tmp_path):
    load([line()])
    openings.open_first_wave(study=study, raters_per_item=2, seed=1, now=NOW)
    build.judgment(build.rater(study))
    before = Judgment.objects.values().get()

    tally = load([line(messages=build.conversation(2))], new_versions=True)

    assert tallied(tally) == (0, 0, 1, 0)
    assert list(TextVersion.objects.order_by("number").values_list("number", "current")) == [
        (1, False),
        (2, True),
    ]
    assert Judgment.objects.values().get() == before
    assert before["shown_sha256"] == TextVersion.objects.get(number=1).sha256


def test_new_versions_of_the_same_text_add_nothing(load):
    load([line()])

    assert (
        load(
            [line() | {"messages": TextVersion.objects.get().messages}], new_versions=True
        ).unchanged
        == 1
    )
    assert TextVersion.objects.count() == 1


def test_new_versions_again_add_nothing(load):
    load([line()])
    newer = [line(messages=build.conversation(2))]
    load(newer, new_versions=True)

    assert tallied(load(newer, new_versions=True)) == (0, 1, 0, 0)


@pytest.mark.parametrize("change", [{"query_id": "q2"}, {"model": "acme/two"}, {"sample": 2}])
def test_a_known_id_of_another_reply_is_refused(change, load):
    first = line()
    load([first])

    assert reasons(load([first | change], new_versions=True)) == [(1, "response_id")]


def test_a_second_reply_to_query_model_and_sample_is_refused(load):
    load([line()])

    tally = load([line() | {"response_id": "r2"}])

    assert reasons(tally) == [(1, "sample")]
    assert "'r'" in tally.errors[0].reason


def test_another_sample_of_one_model_is_another_reply(load):
    assert load([line(), line(sample=2) | {"response_id": "r2"}]).created == 2


# Twice in one file


def test_the_same_line_twice_is_one_reply(load):
    same = line()

    assert tallied(load([same, same])) == (1, 1, 0, 0)


@pytest.mark.parametrize("new_versions", [False, True])
@pytest.mark.parametrize("between", [0, 1_200])
def test_one_id_with_two_texts_in_a_file_is_refused(between, new_versions, load):
    """Near by, or so far apart that they are stored in different transactions."""
    others = [build.reply_fields() for _ in range(between)]
    second = line(messages=build.conversation(1, text="Other"))

    tally = load([line(), *others, second], new_versions=new_versions)

    assert tallied(tally) == (1 + between, 0, 0, 1)
    assert [error.line for error in tally.errors] == [between + 2]
    assert TextVersion.objects.filter(response__external_id="r").count() == 1


def test_two_new_texts_for_one_known_id_in_a_file_are_refused(load):
    load([line()])
    texts = [line(messages=build.conversation(1, text=text)) for text in ("B", "C")]

    assert tallied(load(texts, new_versions=True)) == (0, 0, 1, 1)


def test_two_samples_in_one_chunk_that_collide_are_refused(load):
    assert reasons(load([line(), line() | {"response_id": "r2"}])) == [(2, "sample")]


# Lines of one query must agree


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scenario_id", "s2"),
        ("framing", "value_b"),
        ("value_a", "Profit"),
        ("value_b", "Profit"),
        ("language", "fr"),
        ("topics", ["other"]),
        ("facts", ["other"]),
        ("anchors", {"value_a": ["x"]}),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_lines_of_one_query_that_disagree_are_refused_by_name(at_once, name, value, load):
    first = line(scenario_id="s", language="de", topics=["t"], facts=["f"])
    first["anchors"] = {"value_a": ["a"]}
    second = first | {"response_id": "r2", "sample": 2, name: value}
    tally = load([first, second]) if at_once else (load([first]), load([second]))[1]

    assert [error.field for error in tally.errors] == [name]
    assert "must agree" in tally.errors[0].reason
    assert Response.objects.count() == 1


def test_what_a_later_line_leaves_out_of_the_loose_fields_is_no_contradiction(load):
    first = line(topics=["t"], facts=["f"], anchors={"value_a": ["x"]})
    second = line(sample=2) | {"response_id": "r2"}

    assert load([first, second]).created == 2


# Formats


def csv_text(rows):
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_csv_and_jsonl_of_the_same_replies_are_the_same(load):
    fields = build.reply_fields(query_id="007", response_id="0x1f")
    cells = {k: v for k, v in fields.items() if k != "messages"}
    cells |= {
        "prompt": fields["messages"][0]["content"],
        "response": fields["messages"][1]["content"],
    }
    load([fields])

    tally = load("\ufeff" + csv_text([cells]), name="b.csv")

    assert tallied(tally) == (0, 1, 0, 0)
    assert Response.objects.get().query.external_id == "007"


def test_a_gzipped_csv_with_conversations_loads(load):
    cells = {k: v for k, v in line().items() if k != "messages"}
    cells["messages"] = json.dumps(build.conversation(3))

    load(gzip.compress(csv_text([cells]).encode()), name="b.csv.gz")

    assert TextVersion.objects.get().turns == 3


@pytest.mark.parametrize(
    "content", [b"", b'{"a": "\xff"}', gzip.compress(b"x" * 999, mtime=0)[:-9]]
)
def test_R054_an_unreadable_file_loads_nothing_and_says_so(content, load):
    good = json.dumps(line()).encode() + b"\n"
    content = content if content[:1] == b"\x1f" else (good + content if content else b"")

    with pytest.raises(FileUnreadable):
        load(content)

    assert not Response.objects.exists()
    batch = Batch.objects.get()
    assert batch.state == BatchState.FAILED
    assert batch.failure


def test_R054_a_defect_in_the_last_line_is_listed_and_the_rest_loads(load):
    lines = [build.reply_fields() for _ in range(1_500)]

    tally = load([*lines, {"query_id": "x"}])

    assert tallied(tally) == (1_500, 0, 0, 1)
    assert {error.line for error in tally.errors} == {1_501}


def test_R054_strict_loads_nothing_if_a_line_is_bad(load):
    lines = [build.reply_fields() for _ in range(1_500)]

    tally = load([*lines, {"query_id": "x"}], strict=True)

    assert (tally.refused, Response.objects.count(), Query.objects.count()) == (1, 0, 0)
    batch = Batch.objects.get()
    assert (batch.state, batch.errors.count() > 0) == (BatchState.FAILED, True)
    assert "1 of 1501 lines" in batch.failure


def test_R054_the_mended_file_then_loads_whole(load):
    good = [build.reply_fields() for _ in range(3)]
    load([*good, {"query_id": "x"}], strict=True)

    assert tallied(load(good, strict=True)) == (3, 0, 0, 0)
    assert Batch.objects.order_by("-number").first().state == BatchState.READY


def test_a_dry_run_tells_and_stores_nothing(load):
    tally = load([line(), {"query_id": "x"}], dry_run=True)

    assert (tally.created, tally.refused) == (1, 1)
    assert not Response.objects.exists()
    assert not Batch.objects.exists()


def test_a_dry_run_of_an_unreadable_file_stores_nothing(load):
    with pytest.raises(FileUnreadable):
        load(b"", dry_run=True)

    assert not Batch.objects.exists()


def test_more_than_a_thousand_bad_lines_are_counted_and_the_first_listed(load):
    tally = load([{"query_id": 1}] * 1_200)

    assert (tally.refused, len(tally.errors)) == (1_200, 1_000)


@pytest.mark.parametrize("key", ["\ud800", "a\0b", "x" * 500])
def test_a_bad_line_of_strange_keys_can_be_told_of(key, load):
    twice = f'{{"{json.dumps(key)[1:-1]}": 1, "{json.dumps(key)[1:-1]}": 2}}\n'

    tally = load(twice)

    assert tally.refused == LineError.objects.count() == 1
    assert json.dumps(tally.as_json(), ensure_ascii=False).encode()


# An upload that was cut off


def test_R115_replies_of_a_batch_that_was_cut_off_get_seats_after_loading_again(
    load, study, monkeypatch
):
    lines = [build.reply_fields() for _ in range(3)]
    with monkeypatch.context() as patched:
        patched.setattr(batches, "_finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            load(lines)
    assert tallied(load(lines)) == (0, 3, 0, 0)

    opened = openings.open_first_wave(study=study, raters_per_item=1, seed=1, now=NOW)

    assert (opened.items, Seat.objects.count()) == (3, 3)


def _killed(*_):
    raise KeyboardInterrupt


def test_R115_a_batch_that_was_cut_off_can_be_taken_up_again(study, tmp_path, monkeypatch):
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields() for _ in range(3)])
    batch = batches.register(study=study, file_name="b.jsonl", now=NOW)
    with monkeypatch.context() as patched:
        patched.setattr(batches, "_finish", _killed)
        with pytest.raises(KeyboardInterrupt):
            batches.load(batch=batch, path=path)

    again = batches.load(batch=batch, path=path)

    assert tallied(again) == (0, 3, 0, 0)
    assert Batch.objects.get().state == BatchState.READY


def test_replies_of_a_ready_batch_stay_its_own(load):
    load([line()])
    load([line()])

    assert Response.objects.get().batch.number == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_two_admins_with_the_same_file_at_once_store_it_once(tmp_path):
    study = build.study()
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields() for _ in range(300)])

    def load():
        batch = batches.register(study=study, file_name="b.jsonl", now=NOW)
        return batches.load(batch=batch, path=path)

    tallies = build.at_once(load, load)

    assert sorted(tally.created for tally in tallies) == [0, 300]
    assert Response.objects.count() == 300
    assert set(Batch.objects.values_list("state", flat=True)) == {BatchState.READY}


def test_loading_costs_no_more_per_line_however_much_is_stored(load, django_assert_max_num_queries):
    load([build.reply_fields() for _ in range(1_500)])

    with django_assert_max_num_queries(49):
        load([build.reply_fields() for _ in range(900)])


def test_the_name_of_a_model_is_looked_for_in_parts():
    names = names_in(["acme/zorblax-7b"])

    assert {"acme", "zorblax-7b", "zorblax"} <= names


# Real conversations


def test_real_conversations_load_with_their_models_and_some_masks(study, shared_data):
    batch = batches.register(study=study, file_name="sycon_conversations.jsonl", now=NOW)

    tally = batches.load(batch=batch, path=shared_data / "sycon_conversations.jsonl")

    assert tallied(tally) == (1_400, 0, 0, 0)
    assert LanguageModel.objects.filter(study=study).count() == 7
    assert Hit.objects.filter(decision="masked").exists()
    assert set(TextVersion.objects.values_list("turns", flat=True)) == {5}
