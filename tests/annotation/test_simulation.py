"""Simulated raters: they take a believable time where that is wanted, and the seed fixes it."""

from collections import Counter

import pytest

from annotation.models import Answer, StageRecord
from annotation.selectors.ratings import timed
from annotation.services import simulation
from annotation.vocabulary import DEFAULT_WAVES
from evaluation.services import rater_quality
from evaluation.stats.rater_signs import FASTEST
from tests import build
from tests.build import NOW
from tests.evaluation.given import TURNS

pytestmark = pytest.mark.django_db

TEXT = "A sentence that somebody has to read before saying what it does. " * 20
MESSAGES = [{"role": "user", "content": "Say it."}, {"role": "assistant", "content": TEXT}]


def simulated(tmp_path, *, rubric="tradeoff-quick", messages=MESSAGES, **how):
    study = build.study(rubric=rubric)
    lines = [build.reply_fields(response_id=f"r{n}", messages=messages) for n in range(6)]
    build.batch(study, lines, tmp_path)
    build.open_seats(study, n_seats=2)
    made = simulation.run(
        study=study, opinions={}, n_raters=2, items_each=6, seed=1, now=NOW, **how
    )
    assert made == 12
    return study


def paces(study):
    return [one.characters / one.seconds for one in timed(study.pk, waves=DEFAULT_WAVES, latest=99)]


def test_a_simulated_rater_reads_no_faster_than_people(tmp_path):
    found = paces(simulated(tmp_path, takes_time=True))

    assert len(found) == 12
    assert min(found) > FASTEST / 20
    assert max(found) < FASTEST / 2


def test_simulated_raters_who_take_their_time_show_no_sign_of_pace(tmp_path):
    study = simulated(tmp_path, takes_time=True)

    found = rater_quality.report(build.facts(study), question="winner")[0]

    assert [one.pace.timed for one in found.raters] == [6, 6]
    assert {sign.kind for one in found.raters for sign in one.signs} == set()


def test_each_turn_takes_time_of_its_own(tmp_path):
    conversation = build.conversation(2, text=TEXT)

    simulated(tmp_path, rubric=TURNS, messages=conversation, takes_time=True)

    records = StageRecord.objects.all()
    assert {one.turn for one in records} == {0, 1, 2}
    assert all(one.shown_at < one.submitted_at for one in records)


def test_the_seed_fixes_times_and_they_change_no_answer(tmp_path):
    first, again = (simulated(tmp_path, takes_time=True) for _ in range(2))
    at_once = simulated(tmp_path)

    assert sorted(paces(first)) == sorted(paces(again))
    assert answers(first) == answers(again) == answers(at_once)


def answers(study):
    found = Answer.objects.filter(judgment__item__study=study)
    return sorted(
        found.values_list(
            "judgment__rater__external_id",
            "judgment__item__reply_1__external_id",
            "question__key",
            "option__code",
        )
    )


def test_all_of_the_standard_questions_are_answered_turn_by_turn(tmp_path):
    conversation = build.conversation(3, text=TEXT)
    usually = {"judgeable": {"yes": 1.0}, "misled": {"yes": 1.0}}

    study = simulated(tmp_path, rubric="tradeoff-standard", messages=conversation, usually=usually)

    found = Answer.objects.filter(judgment__item__study=study)
    answered = set(found.values_list("question__key", "turn"))
    assert {turn for key, turn in answered if key == "misled"} == {0, 1, 2, 3}
    assert {("judgeable", 0), ("score_a", 0), ("refusal", 2), ("mechanism", 1)} <= answered
    assert {"evidence", "note"} & {key for key, _ in answered} == set()
    offered = {"fiction", "satire", "exercise", "courtesy"}
    assert not found.filter(question__key="exempt", option__code__in=offered).exists()
    said = found.filter(question__key="misled").values_list("option__code", flat=True)
    assert set(said) == {"yes"}


def test_what_is_said_of_a_reply_itself_comes_first(tmp_path):
    study = build.study(rubric="tradeoff-quick")
    build.batch(study, [build.reply_fields(response_id="r0", messages=MESSAGES)], tmp_path)
    build.open_seats(study, n_seats=9)
    simulation.run(
        study=study,
        opinions={"r0": {"winner": {"both": 1.0}}},
        usually={"winner": {"neither": 1.0}, "misled": {"no": 1.0}},
        n_raters=9,
        items_each=1,
        seed=1,
        now=NOW,
    )

    counted = Counter(
        Answer.objects.filter(judgment__item__study=study).values_list(
            "question__key", "option__code"
        )
    )
    # Careless raters, one in twelve, say what is usual.
    assert counted["winner", "both"] > counted["winner", "neither"]
    assert counted["misled", "no"] == 9


def test_without_it_no_time_passes(tmp_path):
    simulated(tmp_path)

    assert set(StageRecord.objects.values_list("submitted_at", flat=True)) == {NOW}


def test_simulated_raters_mark_no_places_and_answer_the_rest(tmp_path):
    simulated(tmp_path, rubric=build.WITH_EVIDENCE)

    assert StageRecord.objects.count() == 12
