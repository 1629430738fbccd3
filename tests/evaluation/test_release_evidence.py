"""What a release says beside the answers: places, clauses, stages, second thoughts, documents."""

import json

import pytest

from annotation import rendering
from annotation.models import Rater, SpanAnswer, Study
from annotation.services import withdrawals
from annotation.spans import text_sha256
from evaluation.exports.documents import file_name
from evaluation.exports.verify import verify
from tests import build
from tests.build import HOUR, NOW
from tests.evaluation import told
from tests.evaluation.given import chosen, manifest, rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return told.everything(tmp_path)


@pytest.fixture
def out(study, tmp_path):
    return written(study.study, tmp_path)


def id_of(name, study):
    return str(told.judgment_of(name, study).public_id)


# What each judgment says of its circumstances


def test_each_answer_says_how_it_was_judged(study, out):
    found = {row["judgment"]: row for row in rows(out, "judgments")}
    ann, bob = found[id_of("ann", study)], found[id_of("bob", study)]

    names = ("language", "client", "position", "text_version", "rubric_version")
    assert chosen(ann, *names) == ("de", "wide", 1, 1, 1)
    assert chosen(bob, *names) == ("", "wide", 1, 2, 2)
    assert chosen(ann, "specification", "specification_version") == ("care", "1")
    assert ann["guidelines_version"] < bob["guidelines_version"]
    assert chosen(ann, "renderer", "rule_set") == (
        rendering.RENDERER_VERSION,
        told.judgment_of("ann", study).rule_set,
    )
    second = ("response_id_2", "text_version_2", "shown_sha256_2", "rule_set_2", "side")
    assert chosen(ann, *second) == (None,) * 5


# Places


def test_a_marked_place_has_its_words_text_and_kind(study, out):
    (span,) = rows(out, "spans")

    assert chosen(span, "response_id", "judgment", "question", "turn") == (
        "long",
        id_of("ann", study),
        "evidence",
        3,
    )
    assert chosen(span, "slot", "message", "start", "end", "quote", "kind") == (
        1,
        3,
        11,
        16,
        "green",
        "omission",
    )
    text = rendering.text_of(rendering.render("Turn *3* 𝔸ll green."))
    assert span["text_sha256"] == text_sha256(text)
    assert text[span["start"] : span["end"]] == "green"
    assert span["shown_sha256"] == rows(out, "judgments")[0]["shown_sha256"]


def test_a_place_in_the_second_reply_names_its_own_text(tmp_path):
    made = told.pairs(tmp_path)
    judged = told.judgment_of("pair 0", made)
    question = judged.rubric.questions.get(key="confidence")
    SpanAnswer.objects.create(
        judgment=judged,
        question=question,
        turn=0,
        message=1,
        slot=2,
        start=0,
        end=5,
        text_sha256="a",
        quote="Words",
        current=True,
    )

    (span,) = rows(written(made.study, tmp_path), "spans")

    assert chosen(span, "slot", "shown_sha256", "text_version", "kind") == (
        2,
        judged.shown_sha256_2,
        1,
        None,
    )


# Clauses


def test_a_cited_clause_has_its_role_and_document(study, out):
    (cited,) = rows(out, "clauses")

    names = ("judgment", "question", "turn", "clause", "role", "specification")
    assert chosen(cited, *names) == (
        id_of("ann", study),
        "kept",
        0,
        "do_not_lie",
        "violated",
        "care",
    )


# Stages


def test_every_stage_is_there_with_the_servers_time_and_the_pages(study, out):
    found = [row for row in rows(out, "stages") if row["judgment"] == id_of("ann", study)]

    assert [chosen(row, "revision", "late_turn", "turn") for row in found] == [
        (1, None, 1),
        (1, None, 2),
        (1, None, 3),
        (1, None, 4),
        (1, None, 5),
        (1, None, 0),
        (2, 2, 2),
        (3, None, 0),
    ]
    assert [row["seconds"] for row in found[:3]] == [60.0, 60.0, 60.0]
    assert chosen(found[0], "shown_at", "client", "active_ms") == (NOW.isoformat(), "wide", 4200)
    assert found[0]["questions"] == {"misled": {"active_ms": 900}}
    assert found[0]["signals"] == {"folded": [1]}
    assert chosen(found[-1], "shown_at", "seconds") == (None, None)


# Second thoughts


def test_late_and_superseded_revisions_stand_apart_from_what_counts(study, out):
    found = rows(out, "revisions")

    late = [row for row in found if row["late_turn"]]
    whole = [row for row in found if not row["late_turn"]]
    assert {row["judgment"] for row in found} == {id_of("ann", study)}
    names = ("revision", "turn", "question", "what", "answer")
    assert [chosen(row, *names) for row in late] == [
        (2, 2, "misled", "option", "yes"),
        (2, 2, "evidence", "span", "green"),
    ]
    assert late[1]["detail"] == {
        "slot": 1,
        "message": 2,
        "start": 11,
        "end": 16,
        "kind": "omission",
    }
    assert {row["revision"] for row in whole} == {1}
    assert {row["what"] for row in whole} == {"option", "text", "span", "clause"}
    assert [row["answer"] for row in whole if row["what"] == "text"] == ["=1+1"]
    assert [row["detail"] for row in whole if row["what"] == "clause"] == [
        {"role": "violated", "specification": "care", "specification_version": "1"}
    ]


def test_none_chosen_in_a_revision_differs_from_not_asked(study, tmp_path):
    seat = told.judgment_of("bob", study).seat
    told.revise(seat.rater, seat, 0, who=["user"], language="")

    found = rows(written(study.study, tmp_path), "revisions")

    who = [row for row in found if row["question"] == "who" and row["rubric_version"] == 2]
    assert [row["answer"] for row in who] == [None]


def test_late_revisions_are_counted_apart_in_the_manifest(out):
    counted = {one["reason"]: one["judgments"] for one in manifest(out)["exclusions"]}

    assert counted == {
        "superseded": 1,
        "late": 1,
        "abandoned": 0,
        "unfinished": 0,
        "withdrawn": 0,
    }
    assert manifest(out)["judgments"]["total"] == 4


def test_no_statistic_takes_a_revision_that_does_not_count(out):
    (label,) = [
        row
        for row in rows(out, "labels")
        if chosen(row, "question", "scope", "turn") == ("misled", "turn", 2)
    ]

    # Ann said yes late, of the rubric before; what she said in time stays in judgments.
    assert chosen(label, "label", "raters") == ("no", 1)
    said = [row for row in rows(out, "judgments") if row["turn"] == 2]
    assert [row["answer"] for row in said] == ["no", "no"]


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_of_a_rater_who_left_nothing_is_in_any_table(study, tmp_path, policy):
    Study.objects.filter(pk=study.study.pk).update(on_withdrawal=policy)
    ann = Rater.objects.get(pk=told.judgment_of("ann", study).rater_id)
    withdrawals.withdraw(rater=ann, now=NOW + 2 * HOUR)

    out = written(study.study, tmp_path)

    assert {row["rater"] for row in rows(out, "judgments")} == {
        row["rater"] for row in rows(out, "raters")
    }
    assert (rows(out, "spans"), rows(out, "clauses"), rows(out, "revisions")) == ([], [], [])
    assert len({row["judgment"] for row in rows(out, "stages")}) == 1
    assert [one["version"] for one in manifest(out)["documents"]["rubrics"]] == [2]


def test_every_row_belongs_to_a_judgment_and_a_rater_of_the_release(study, out):
    judgments = {row["judgment"] for row in rows(out, "judgments")}
    names = {row["rater"] for row in rows(out, "raters")}

    for table in ("spans", "clauses", "stages", "revisions"):
        found = rows(out, table)
        assert found
        assert {row["judgment"] for row in found} <= judgments
        assert {row["rater"] for row in found} <= names


def test_what_is_half_done_is_in_no_table(study, tmp_path):
    cy = build.rater(study.study)
    build.agree(cy)
    seat = build.claim(cy)
    build.submit(cy, seat, turn=1)

    out = written(study.study, tmp_path)

    for table in ("judgments", "stages", "revisions"):
        assert len({row["rater"] for row in rows(out, table)}) <= 2
    assert {one["reason"]: one["judgments"] for one in manifest(out)["exclusions"]}[
        "unfinished"
    ] == 1


def test_the_same_bytes_again(study, out, tmp_path):
    again = written(study.study, tmp_path, folder="again")

    assert {p.name: p.read_bytes() for p in out.iterdir()} == {
        p.name: p.read_bytes() for p in again.iterdir()
    }
    assert verify(out).differences == ()


def test_no_number_of_the_database_and_no_account_is_in_the_new_tables(study, tmp_path):
    rater = told.judgment_of("ann", study).rater
    type(rater.user).objects.filter(pk=rater.user_id).update(username="annabel")
    out = written(study.study, tmp_path)

    found = "".join(
        (out / f"{table}.jsonl").read_text()
        for table in ("judgments", "spans", "clauses", "stages", "revisions", "texts")
    )
    assert "annabel" not in found
    for hidden in ('"rater_id":', '"seat":', '"user":', study.cards["ann"].seat_key):
        assert hidden not in found


# Documents


def test_every_version_that_a_judgment_names_is_a_file_and_no_other(study, out):
    listed = manifest(out)["documents"]

    assert [(one["key"], one["version"]) for one in listed["rubrics"]] == [("told", 1), ("told", 2)]
    assert [(one["key"], one["version"]) for one in listed["specifications"]] == [("care", "1")]
    texts = [(out / one["file"]).read_text() for one in listed["guidelines"]]
    assert texts == ["Be fair.", "Be very fair."]
    assert [(out / one["file"]).read_text() for one in listed["consents"]] == ["Do you agree?"]
    files = {file["name"] for file in manifest(out)["files"]}
    assert {one["file"] for found in listed.values() for one in found} <= files


def test_a_specification_has_its_source_and_its_clauses(out):
    (listed,) = manifest(out)["documents"]["specifications"]

    found = json.loads((out / listed["file"]).read_text())

    assert found["source"] == build.SPECIFICATION
    assert found["clauses"][1] == {
        "clause_id": "do_not_lie",
        "title": "Do not lie",
        "authority": "user",
        "level": 2,
        "text": found["clauses"][1]["text"],
    }


def test_raters_are_listed_with_the_consent_they_gave(out):
    given = {(row["consent_version"], row["consent_language"]) for row in rows(out, "raters")}

    assert given == {(1, "en")}


def test_values_are_listed_as_raters_read_them(study, tmp_path):
    study.study.values.filter(name="Honesty").update(definition="No lies.", aliases=["Truth"])

    found = rows(written(study.study, tmp_path), "values")

    assert found[0] == {
        "value": "Honesty",
        "definition": "No lies.",
        "category": "",
        "aliases": "Truth",
    }


@pytest.mark.parametrize(
    ("names", "file"),
    [
        (("care", "1"), "specification-care-1.json"),
        (("a/b", "../1"), "specification-a-b-..-1-84bb14c5.json"),
        (("x" * 300, "1"), None),
    ],
)
def test_documents_have_names_that_every_file_system_takes(names, file):
    found = file_name("specification", *names, ending="json")

    assert file in (None, found)
    assert "/" not in found
    assert len(found) < 140


@pytest.mark.parametrize(
    ("one", "other"),
    [(("a-b", "c"), ("a", "b-c")), (("A", "1"), ("a", "1")), (("ä", "1"), ("ö", "1"))],
)
def test_documents_of_two_names_are_two_files(one, other):
    names = [file_name("x", *found, ending="md").lower() for found in (one, other)]

    assert names[0] != names[1]
