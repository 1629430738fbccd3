"""One item for a researcher: all that raters gave, and two replies side by side."""

import json

import pytest
from django.test import Client
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.errors import QuestionUnknown
from evaluation.models import Judge
from evaluation.services import agreement, conclusions, judges
from evaluation.services.items import item_detail
from tests import build
from tests.evaluation import given, told

pytestmark = pytest.mark.django_db


def page(study, name, *args):
    client = Client()
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    answer = client.get(reverse(f"evaluation:{name}", args=(study.slug, *args)))
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def study(tmp_path):
    return told.everything(tmp_path).study


@pytest.fixture
def pairs(tmp_path):
    return told.pairs(tmp_path).study


def row_about(html, about):
    """The cells of the first row of what people said about a turn or the whole."""
    return next(row for row in html.split("<tr>") if f"<td>{about}</td>" in row)


# What raters gave


def test_marked_words_stand_as_quotes_with_their_kind(study):
    html = page(study, "item", study.items.get().pk)

    assert '<q dir="auto">green</q> <span class="badge">Omission</span>' in row_about(
        html, "turn 3"
    )


def test_cited_clauses_stand_with_their_role(study):
    html = page(study, "item", study.items.get().pk)

    whole = row_about(html, "the whole")
    assert '<span class="badge">do_not_lie</span> <span class="muted">violated</span>' in whole


def test_late_revisions_are_counted_once_beside_the_rater(study):
    html = page(study, "item", study.items.get().pk)

    assert html.count("answered again after later turns were seen: 1") == 1


def test_what_was_said_late_is_not_among_the_answers(study):
    found = item_detail(build.facts(study), study.items.get().pk)

    (ann,) = [one.judgment for one in found.raters if one.judgment.late]
    assert [a.words for a in ann.answers if (a.question, a.turn) == ("misled", 2)] == ["No"]
    assert [span.turn for span in ann.spans] == [3]


def test_the_raters_own_words_are_escaped(study):
    html = page(study, "item", study.items.get().pk)

    assert "&lt;b&gt;again&lt;/b&gt;" in html
    assert "<b>again" not in html


def test_a_place_marked_of_the_whole_says_in_which_turn(tmp_path):
    study = build.study("evidence", rubric=build.WITH_EVIDENCE)
    item = build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    ann = build.rater(study)
    seat = build.claim(ann)
    where = told.place(2, quote="Turn2", start=0)
    build.submit(ann, seat, evidence=where)

    html = page(study, "item", item.pk)

    assert '<span class="muted">turn 2</span>' in html


# Pairs


def test_both_replies_of_a_pair_stand_side_by_side(pairs):
    item = pairs.items.select_related("reply_1", "reply_2").first()

    html = page(pairs, "item", item.pk)

    assert f"Pair {item.reply_1.external_id} and {item.reply_2.external_id}" in html
    assert html.count('class="pair__reply"') == 2
    for reply in (item.reply_1, item.reply_2):
        assert f"Words of {reply.external_id[1:]}: I am Claude." in html
        assert f"{reply.external_id} by acme/{reply.external_id[1:]}" in html


def test_answers_about_a_pair_name_the_replies_by_their_number(pairs):
    html = "".join(page(pairs, "item", item.pk) for item in pairs.items.all())

    assert ">Reply 1<" in html
    assert ">Reply 2<" in html
    assert "reply 2 stood first" in html
    assert "Reply A" not in html


def test_a_place_in_a_reply_of_a_pair_says_in_which(tmp_path):
    rubric = {
        "key": "where",
        "title": "Where",
        "kind": "pair",
        "questions": [{"key": "where", "label": "Where?", "type": "spans"}],
    }
    study = build.study("where", rubric=rubric)
    lines = [
        build.reply_fields(query_id="q", model=f"acme/{n}", response_id=f"r{n}") for n in (1, 2)
    ]
    build.batch(study, lines, tmp_path)
    build.open_seats(study, n_seats=1)
    ann = build.rater(study)
    seat = build.claim(ann)
    build.submit(ann, seat, where=told.place(1, quote="Answer", start=0, slot=2, kind=""))

    html = page(study, "item", study.items.get().pk)

    assert '<q dir="auto">Answer</q> <span class="muted">reply 2</span>' in html


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("model", ["acme/0", "acme/1", "acme/2"]),
        ("provider", ["acme"]),
        ("batch", ["1"]),
        ("framing", ["neutral"]),
    ],
)
def test_a_pair_lies_in_the_slice_of_each_of_its_models(pairs, by, keys):
    found = agreement.report(build.facts(pairs), question="more_a", by=by)

    assert [one.slice_key for one in found] == keys
    assert {one.raters for one in found} == {1}
    assert sum(one.judgments for one in found) == (6 if by == "model" else 3)


# Judges, whose verdicts are about one reply


def test_a_verdict_on_a_question_about_two_replies_is_refused(pairs, tmp_path):
    tally = given.verdicts(pairs, tmp_path, [given.verdict("m0", "slot_1", "more_a")])

    (problem,) = tally.errors
    assert (tally.created, problem.field) == (0, "question")
    assert "two replies side by side" in problem.reason


@pytest.fixture
def judged_pairs(pairs, tmp_path):
    """A study of pairs with a judge that has no verdict there."""
    Judge.objects.create(study_id=pairs.pk, name="robo", created_at=build.NOW)
    return pairs


def test_a_judge_is_compared_on_no_question_about_two_replies(judged_pairs):
    facts = build.facts(judged_pairs)

    assert judges.report(facts, "robo") == []
    assert judges.offered(facts) == []


def test_asked_for_by_name_such_a_question_is_undefined_with_the_reason(judged_pairs):
    facts = build.facts(judged_pairs)

    (found,) = judges.report(facts, "robo", question="more_a")

    assert (found.pairs, found.accuracy.value, found.kappa.value) == (0, None, None)
    assert found.said.conclusion == conclusions.Conclusion.TWO_REPLIES
    assert "side by side" in found.verdict
    with pytest.raises(QuestionUnknown):
        judges.report(facts, "robo", question="kind")


def test_the_judges_pages_say_why_nothing_is_compared(judged_pairs):
    (judge,) = judges.judges_of(build.facts(judged_pairs))

    listed, one = page(judged_pairs, "judges"), page(judged_pairs, "judge", judge.id)

    assert "two replies side by side" in listed
    assert "Bring verdicts" not in listed
    assert "two replies side by side" in one
    assert '<option value="more_a">' not in one


def test_a_release_of_pairs_says_of_a_judge_that_nothing_was_compared(judged_pairs, tmp_path):
    out = given.written(judged_pairs, tmp_path)

    (judge,) = json.loads((out / "judges.json").read_text())["judges"]
    assert (judge["judge"], judge["questions"]) == ("robo", [])
