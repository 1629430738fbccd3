"""A judgment that is sent again: the same is stored once, another is refused with both."""

import pytest

from annotation.errors import AlreadyJudged
from annotation.models import Answer, Judgment, Rater
from annotation.services import judgments
from tests import build
from tests.annotation.judging import TURN_ONLY, answers, holding
from tests.build import HOUR, NOW, claim, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(study, tmp_path):
    """Ann and the seat she holds, at an item of one turn with one seat."""
    return holding(study, tmp_path)


def test_R031_the_same_answers_again_give_the_same_judgment(held):
    ann, seat = held
    shown = build.receipt(seat, ann)
    first = submit(ann, seat, sealed=shown)

    again = submit(ann, seat, sealed=shown, at=NOW + 24 * HOUR)

    assert again.replayed
    assert not first.replayed
    assert (again.judgment_id, again.finished) == (first.judgment_id, True)
    assert Judgment.objects.count() == 1
    assert Rater.objects.get(pk=ann.pk).judged_count == 1


def test_R034_other_answers_again_are_refused_with_both(held):
    ann, seat = held
    shown = build.receipt(seat, ann)
    submit(ann, seat, sealed=shown, winner="both")

    with pytest.raises(AlreadyJudged) as refusal:
        submit(ann, seat, sealed=shown, winner="neither")

    assert refusal.value.details["stored"]["winner"] == ["both"]
    assert refusal.value.details["sent"]["winner"] == ["neither"]
    assert ("winner", "both") in answers()


def test_R034_a_text_that_differs_is_shown_beside_the_stored_one(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    shown = build.receipt(seat, ann)
    submit(ann, seat, sealed=shown, misled="yes", who="user", note="one")

    with pytest.raises(AlreadyJudged) as refusal:
        submit(ann, seat, sealed=shown, misled="yes", who="user", note="two")

    assert refusal.value.details["stored"] == {"misled": ["yes"], "who": ["user"], "note": ["one"]}
    assert refusal.value.details["sent"]["note"] == ["two"]


def test_R034_leaving_an_answer_out_the_second_time_is_another_answer(tmp_path):
    """The left-out answer is about the whole, what remains about the only turn."""
    rubric = {
        **TURN_ONLY,
        "questions": [*TURN_ONLY["questions"], *build.EVERY_TYPE["questions"][3:]],
    }
    study = build.study(rubric=rubric)
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    shown = build.receipt(seat, ann)
    submit(ann, seat, sealed=shown, ok="yes", note="mine")

    with pytest.raises(AlreadyJudged):
        submit(ann, seat, sealed=shown, ok="yes")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R029_the_same_submission_at_once_is_stored_once(tmp_path):
    study = build.study()
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    shown = build.receipt(seat, ann)

    def send():
        mine = Rater.objects.select_related("study").get(pk=ann.pk)
        return submit(mine, seat, sealed=shown)

    stored = build.at_once(*[send] * 4)

    assert {answer.judgment_id for answer in stored} == {str(Judgment.objects.get().public_id)}
    assert sorted(answer.replayed for answer in stored) == [False, True, True, True]
    assert Answer.objects.count() == 3
    assert Rater.objects.get(pk=ann.pk).judged_count == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R034_different_submissions_at_once_keep_one_and_tell_the_other(tmp_path):
    study = build.study()
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    shown = build.receipt(seat, ann)

    def send(winner):
        mine = Rater.objects.select_related("study").get(pk=ann.pk)
        return submit(mine, seat, sealed=shown, winner=winner)

    told = build.at_once(lambda: send("both"), lambda: send("neither"))

    assert sorted(type(answer).__name__ for answer in told) == ["AlreadyJudged", "Stored"]
    assert Judgment.objects.count() == 1


def test_R035_no_error_and_no_extra_judgment_when_the_seat_closed_between(held, monkeypatch):
    """The race of R-029, patched: the other window stores between the look and the write."""
    ann, seat = held
    store, raced = judgments._store, []

    def store_after_the_other_window(*parts):
        if not raced:
            raced.append(store(*parts))
        return store(*parts)

    monkeypatch.setattr(judgments, "_store", store_after_the_other_window)

    assert submit(ann, seat).judgment_id == raced[0].judgment_id
    assert Judgment.objects.count() == 1
