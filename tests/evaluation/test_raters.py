"""Raters beside each other: agreement with the others, use of answers, pace, and signs."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import TextVersion
from annotation.selectors.asked import Filters
from annotation.services import gold as known_answers
from evaluation.errors import QuestionUnknown
from evaluation.services import agreement, rater_quality
from evaluation.services.questions import meant
from evaluation.services.rater_signs import SignKind
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.beside import TABLE, found_in, throughout

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


def signs(one):
    return {sign.kind: sign.sentence for sign in one.signs}


def test_each_rater_is_compared_with_the_others_at_the_same_items(study):
    _, raters = found_in(study)

    # rater-0: with both others at a (1), one of two at b and c (1/2 each), none at d.
    assert raters["rater-0"].agreement.value == pytest.approx((1 + 0.5 + 0.5 + 0) / 4)
    # rater-2: both at a, none at b and c, one of two at d.
    assert raters["rater-2"].agreement.value == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert raters["rater-2"].agreement.clusters == 4


def test_any_two_raters_agree_as_on_the_page_of_agreement(study):
    found, _ = found_in(study)

    (whole,) = agreement.report(build.facts(study))
    assert found.everyone.value == whole.percent.value
    assert (found.everyone.low, found.everyone.high) == (whole.percent.low, whole.percent.high)


def test_the_use_of_answers_stands_beside_the_others_at_the_same_items(study):
    _, raters = found_in(study)

    no, yes = raters["rater-2"].answers
    assert (yes.used, yes.share) == (4, 1.0)
    assert yes.others == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert (no.used, no.others) == (0, pytest.approx(2.5 / 4))


def test_hidden_truth_is_the_raters_share_of_probable_truth(study):
    _, raters = found_in(study)

    assert raters["rater-0"].truth.value > raters["rater-2"].truth.value
    for one in raters.values():
        assert 0 <= one.truth.low <= one.truth.value <= one.truth.high <= 1
        assert all(sum(row) == pytest.approx(1) for row in one.confusion)


def test_one_rater_alone_is_undefined_and_says_why(tmp_path):
    found, raters = found_in(given.safe(tmp_path, {"a": "yes", "b": "no"}))

    alone = raters["rater-0"]
    assert found.everyone.value is None
    assert (alone.agreement.value, str(alone.agreement.reason)) == (None, "no_pairs")
    assert (alone.kappa.value, str(alone.kappa.reason)) == (None, "no_pairs")
    assert (alone.truth.value, str(alone.truth.reason)) == (None, "one_rater")
    assert (alone.ratings, alone.shared, alone.confusion) == (2, 0, ())


def test_without_ratings_there_is_nobody():
    found, raters = found_in(build.study(rubric=build.SAFE))

    assert (found.ratings, found.units, raters) == (0, 0, {})


def test_turns_and_the_whole_are_apart(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "a", messages=build.conversation(2))
    lines = [("a", who, "misled", "no", turn) for who in ("ann", "bob") for turn in (1, 2)]
    given.judgments(study, tmp_path, [*lines, ("a", "ann", "misled", "yes")])

    whole, turns = rater_quality.report(build.facts(study), question="misled")

    assert (str(whole.meant.scope), whole.ratings, whole.units) == ("conversation", 1, 1)
    assert (str(turns.meant.scope), turns.ratings, turns.units) == ("turn", 4, 2)


def test_of_several_choices_the_whole_set_is_one_answer(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    both = [("a", "ann", "who", "user"), ("a", "ann", "who", "public")]
    given.judgments(study, tmp_path, [*both, ("a", "bob", "who", "user"), ("a", "cem", "who")])

    found, raters = found_in(study, question="who")

    assert found.answers == ("none of these", "public + user", "user")
    assert raters["ann"].agreement.value == 0.0


def test_known_answers_stand_beside(study, tmp_path):
    path = build.jsonl(
        tmp_path / "gold.jsonl",
        [{"response_id": one, "question": "safe", "answer": "no"} for one in "bcd"],
    )
    known_answers.load(study=study, path=path, now=NOW)

    _, raters = found_in(study)

    first = raters["rater-0"].gold
    assert (first.judged, first.right, first.share.value) == (3, 3, 1.0)
    assert raters["rater-2"].gold.share.value == 0.0


def test_R101_one_answer_throughout_is_a_sign_with_its_numbers(tmp_path):
    _, raters = found_in(throughout(tmp_path))

    said = signs(raters["rater-3"])[SignKind.ONE_ANSWER]
    assert "“Yes” in 30 of 30 answers" in said
    assert "others gave it in 50.0\N{NO-BREAK SPACE}%" in said
    assert SignKind.ONE_ANSWER not in signs(raters["rater-0"])


def test_R101_answers_in_a_pattern_are_a_sign(tmp_path):
    _, raters = found_in(throughout(tmp_path))

    assert "repeat every 2: 28 of 28" in signs(raters["rater-0"])[SignKind.PATTERN]


def test_R101_who_is_far_apart_from_the_others_shows_it(tmp_path):
    table = {f"i{i}": "no no no no yes" if i % 3 else "yes yes yes yes no" for i in range(30)}

    _, raters = found_in(given.safe(tmp_path, table))

    assert "Agrees with the others in 0.0" in signs(raters["rater-4"])[SignKind.APART]
    assert SignKind.APART not in signs(raters["rater-0"])


def test_R101_wrong_where_the_answer_is_known_is_a_sign(tmp_path):
    study = given.safe(tmp_path, {f"i{i}": "no no no yes" for i in range(12)})
    lines = [{"response_id": f"i{i}", "question": "safe", "answer": "no"} for i in range(12)]
    known_answers.load(study=study, path=build.jsonl(tmp_path / "g.jsonl", lines), now=NOW)

    _, raters = found_in(study)

    assert "Right in 0.0" in signs(raters["rater-3"])[SignKind.GOLD]
    assert SignKind.GOLD not in signs(raters["rater-0"])


def test_R101_a_sign_leaves_nobody_out(tmp_path):
    study = throughout(tmp_path)
    (before,) = agreement.report(build.facts(study))

    found, raters = found_in(study)

    assert raters["rater-3"].signs
    (after,) = agreement.report(build.facts(study))
    assert (before.raters, before.judgments) == (after.raters, after.judgments) == (4, 120)
    assert not any(one.facts.paused for one in found.raters)


def test_raters_with_signs_stand_first_and_then_the_least_agreeing(tmp_path):
    found, _ = found_in(throughout(tmp_path))

    shown = [(len(one.signs), one.agreement.value) for one in found.raters]
    assert shown == sorted(shown, key=lambda one: (-one[0], one[1]))


def judged_in(study, rater, seconds, *, at=NOW):
    """The next seat, judged after so many seconds."""
    seat = build.claim(rater, at=at)
    build.submit(rater, seat, at=at + timedelta(seconds=seconds), safe="yes")


def long_items(tmp_path, *, n, words=300):
    study = build.study(rubric=build.SAFE)
    for _ in range(n):
        messages = [
            {"role": "user", "content": "Well?"},
            {"role": "assistant", "content": "words " * words},
        ]
        build.batch(study, [build.reply_fields(messages=messages)], tmp_path)
    build.open_seats(study)
    return study


def test_R093_pace_is_the_servers_time_beside_the_length_of_the_text(tmp_path):
    study = long_items(tmp_path, n=6)
    bot, person = build.rater(study), build.rater(study)
    for number in range(6):
        judged_in(study, bot, 1.5, at=NOW + number * build.HOUR)
        judged_in(study, person, 90, at=NOW + number * build.HOUR)

    _, raters = found_in(study)

    fast, slow = raters[bot.user.username], raters[person.user.username]
    assert (fast.pace.timed, fast.pace.seconds, fast.pace.too_fast) == (6, 1.5, 6)
    assert fast.pace.speed == pytest.approx((1800 + 5 - 1) / 1.5, rel=0.01)
    assert "6 of 6 timed judgments were faster" in signs(fast)[SignKind.PACE]
    assert (slow.pace.seconds, slow.pace.too_fast, slow.signs) == (90.0, 0, ())


def test_the_length_is_of_the_text_that_was_judged(tmp_path):
    study = long_items(tmp_path, n=1)
    rater = build.rater(study)
    judged_in(study, rater, 10)
    stored = TextVersion.objects.get()
    stored.current = False
    stored.save(update_fields=["current"])
    TextVersion.objects.create(
        response=stored.response,
        number=2,
        messages=[{"role": "assistant", "content": "x"}],
        sha256="b",
        turns=1,
        rule_set=stored.rule_set,
    )

    _, raters = found_in(study)

    assert raters[rater.user.username].pace.speed == pytest.approx(180, rel=0.02)


def test_judgments_made_elsewhere_are_not_timed(study):
    _, raters = found_in(study)

    assert {one.pace.timed for one in raters.values()} == {0}


def test_filters_say_which_answers_count(study):
    by_name = found_in(study)[1]
    left_out = by_name["rater-2"].facts.id

    filters = Filters(not_rater=(left_out,), source=("import",))
    (found,) = rater_quality.report(build.facts(study), filters=filters)

    assert {one.facts.name for one in found.raters} == {"rater-0", "rater-1"}
    assert found.as_json()["filters"]["source"] == ["import"]


def test_the_number_of_queries_does_not_grow_with_raters(tmp_path):
    asked = []
    for slug, raters in (("few", 2), ("many", 40)):
        table = {f"{slug}-a": "yes " * raters, f"{slug}-b": "no " * raters}
        study = given.safe(tmp_path, table, slug=slug)
        with CaptureQueriesContext(connection) as queries:
            rater_quality.report(build.facts(study))
        asked.append(len(queries))

    assert asked[0] == asked[1]


@pytest.mark.parametrize("key", ["note", "nothing"])
def test_a_question_that_is_none_is_refused_with_those_there_are(tmp_path, key):
    study = build.study(rubric=given.TURNS)

    with pytest.raises(QuestionUnknown, match="They are asked misled, who, severity"):
        rater_quality.report(build.facts(study), question=key)


def test_a_scope_in_which_a_question_is_not_asked_is_refused(study):
    with pytest.raises(QuestionUnknown, match="safe is not asked of 'turn', but of conversation"):
        rater_quality.report(build.facts(study), question="safe", scope="turn")


def test_a_study_without_closed_questions_says_so(tmp_path):
    texts = {"key": "t", "title": "T", "questions": [{"key": "n", "label": "N", "type": "text"}]}

    with pytest.raises(QuestionUnknown, match="asks no closed question"):
        meant(build.facts(build.study(rubric=texts)), None)
