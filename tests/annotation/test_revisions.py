"""Second thoughts: every change is a revision, and nothing is overwritten."""

import pytest

from annotation.errors import AlreadyJudged, AnswersInvalid, EditsClosed, SeatNotHeld
from annotation.models import Answer, Judgment, Rater, StageRecord, Study
from annotation.receipts import opened
from annotation.selectors.asked import Asked
from annotation.selectors.cards import card_for_edit
from annotation.selectors.edits import last_sent
from annotation.selectors.labels import option_counts
from annotation.selectors.rubrics import plan
from annotation.services import revisions, studies, withdrawals
from annotation.vocabulary import Scope, StudyState
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


@pytest.fixture
def judged(study, tmp_path):
    """Ann, and the seat she judged: a reply of one turn."""
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat)
    seat.refresh_from_db()
    return ann, seat


@pytest.fixture
def begun(study, tmp_path):
    """Ann, and the seat she is at: the second of two turns."""
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat, turn=1)
    seat.refresh_from_db()
    return ann, seat


def card(ann, seat, turn=0):
    return card_for_edit(seat, ann, turn=turn)


def revise(ann, seat, *, turn=0, at=NOW, sealed=None, **answers):
    receipt = opened(sealed or card(ann, seat, turn).receipt, seat_key=seat.key)
    sent = {**build.QUICK, **{key: [word] for key, word in answers.items()}}
    return revisions.revise(rater=ann, receipt=receipt, turn=turn, sent=sent, now=at)


def counted(study, key, scope=Scope.CONVERSATION):
    question = plan(study.rubric_id).question(key)
    codes = {option.id: option.code for option in question.options}
    return [codes[row.option] for row in option_counts(Asked(question.id, scope))]


def test_an_edit_is_a_new_revision_that_counts_from_then_on(study, judged):
    ann, seat = judged

    stored = revise(ann, seat, winner="value_b")

    assert not stored.replayed
    assert list(Judgment.objects.order_by("revision").values_list("revision", "current")) == [
        (1, False),
        (2, True),
    ]
    assert counted(study, "winner") == ["value_b"]


def test_an_edit_is_counted_once_as_a_judgment_of_the_rater(judged):
    ann, seat = judged

    revise(ann, seat, winner="value_b")

    assert Rater.objects.get(pk=ann.pk).judged_count == 1


def test_the_same_answers_again_make_no_revision(judged):
    ann, seat = judged

    stored = revise(ann, seat)

    assert stored.replayed
    assert Judgment.objects.count() == 1


def test_the_edit_begins_with_what_was_said(judged):
    ann, seat = judged

    chosen = {q.key: [o.code for o in q.options if o.chosen] for q in card(ann, seat).questions}

    assert chosen["winner"] == ["value_a"]
    assert chosen["confidence"] == ["3"]


def test_R034_an_old_answer_edited_in_two_tabs_is_told_both(judged):
    ann, seat = judged
    second_tab = card(ann, seat).receipt
    revise(ann, seat, winner="value_b")

    with pytest.raises(AlreadyJudged) as refusal:
        revise(ann, seat, sealed=second_tab, winner="both")

    assert refusal.value.details["stored"]["winner"] == ["value_b"]
    assert refusal.value.details["sent"]["winner"] == ["both"]
    assert Judgment.objects.count() == 2


def test_a_bad_edit_changes_nothing(judged):
    ann, seat = judged

    with pytest.raises(AnswersInvalid):
        revise(ann, seat, winner="nonsense")
    assert Judgment.objects.count() == 1


def test_after_the_cut_off_nothing_is_changed(study, judged):
    ann, seat = judged
    Study.objects.filter(pk=study.pk).update(edits_until=NOW + HOUR)
    ann.study.refresh_from_db()

    revise(ann, seat, winner="value_b", at=NOW)
    with pytest.raises(EditsClosed, match="has passed"):
        revise(ann, seat, winner="both", at=NOW + HOUR)
    assert Judgment.objects.count() == 2


def test_in_a_closed_study_nothing_is_changed(study, judged):
    ann, seat = judged
    studies.change_state(study=study, to=StudyState.CLOSED, by_id=None)
    ann.study.refresh_from_db()

    with pytest.raises(EditsClosed, match="closed"):
        revise(ann, seat, winner="both")


def test_another_raters_answer_cannot_be_changed(study, judged):
    _, seat = judged
    bob = build.rater(study)
    receipt = opened(card(judged[0], seat).receipt, seat_key=seat.key)

    with pytest.raises(SeatNotHeld):
        revisions.revise(rater=bob, receipt=receipt, turn=0, sent=build.QUICK, now=NOW)
    assert Judgment.objects.count() == 1


def test_a_turn_answered_again_after_the_next_was_seen_is_late_and_does_not_count(study, begun):
    ann, seat = begun

    revise(ann, seat, turn=1, winner="value_b")
    build.submit(ann, claim(ann), turn=2)
    build.submit(ann, claim(ann), turn=0)

    late = Judgment.objects.get(revision=2)
    assert (late.late_turn, late.current) == (1, False)
    assert counted(study, "winner", Scope.TURN) == ["value_a", "value_a"]
    assert Judgment.objects.get(current=True).revision == 1


def test_what_was_said_late_is_what_the_rater_is_shown_again(begun):
    ann, seat = begun
    revise(ann, seat, turn=1, winner="value_b")

    chosen = {q.key: [o.code for o in q.options if o.chosen] for q in card(ann, seat, 1).questions}

    assert chosen["winner"] == ["value_b"]


def test_a_turn_that_was_not_judged_yet_cannot_be_changed(begun):
    ann, seat = begun
    receipt = opened(card(ann, seat, 1).receipt, seat_key=seat.key)

    with pytest.raises(SeatNotHeld, match="not judged yet"):
        revisions.revise(rater=ann, receipt=receipt, turn=2, sent=build.QUICK, now=NOW)


def test_the_card_of_an_earlier_turn_shows_no_more_than_was_reached(begun):
    ann, seat = begun

    texts = " ".join(message.html for message in card(ann, seat, 1).messages)

    assert "Turn2" in texts  # it is before the rater already
    assert card(ann, seat, 2) is None


def test_the_whole_of_a_conversation_is_changed_and_its_turns_stay_as_said(study, begun):
    ann, seat = begun
    build.submit(ann, claim(ann), turn=2, misled="unsure", misled_who="user", mechanism="omission")
    build.submit(ann, claim(ann), turn=0)
    seat.refresh_from_db()

    revise(ann, seat, turn=0, winner="value_b")

    assert counted(study, "winner") == ["value_b"]
    assert sorted(counted(study, "misled", Scope.TURN)) == ["no", "unsure"]
    assert not Answer.objects.filter(judgment__revision=1, current=True).exists()


def test_a_late_revision_is_possible_after_the_whole_was_judged(study, begun):
    ann, seat = begun
    build.submit(ann, claim(ann), turn=2)
    build.submit(ann, claim(ann), turn=0)
    seat.refresh_from_db()

    revise(ann, seat, turn=2, winner="both")

    assert Judgment.objects.get(late_turn=2).current is False
    assert counted(study, "winner", Scope.TURN) == ["value_a", "value_a"]


def test_two_edits_at_the_same_moment_make_one_revision(judged, monkeypatch):
    """The race: between looking for the last revision and storing the next, the other tab stored."""
    ann, seat = judged
    sealed = card(ann, seat).receipt
    begin, other = revisions.judgment_rows.begin, []

    def begin_after_the_other(*args, **fields):
        if not other:
            other.append(True)
            begin(*args, **fields)
        return begin(*args, **fields)

    monkeypatch.setattr(revisions.judgment_rows, "begin", begin_after_the_other)

    with pytest.raises(AlreadyJudged):
        revise(ann, seat, sealed=sealed, winner="both")


def test_an_edit_keeps_how_it_came_about(judged):
    ann, seat = judged

    revise(ann, seat, winner="value_b")

    assert StageRecord.objects.get(judgment__revision=2).shown_at is None


def test_undo_leads_to_the_turn_sent_last(begun):
    ann, seat = begun

    last = last_sent(ann)

    assert (last.key, last.turn) == (seat.key, 1)


def test_undo_leads_to_the_item_judged_last(judged):
    ann, seat = judged

    assert last_sent(ann).key == seat.key


def test_undo_of_nothing_is_nothing(study):
    assert last_sent(build.rater(study)) is None


def test_R106_an_edit_that_comes_in_while_the_rater_withdraws_is_refused(judged, monkeypatch):
    """The race: between checking the edit and storing it, the rater withdrew in another tab."""
    ann, seat = judged
    sealed = card(ann, seat).receipt
    checked = revisions.checked_answers

    def checked_after_leaving(*args):
        withdrawals.withdraw(rater=Rater.objects.get(pk=ann.pk), now=NOW)
        return checked(*args)

    monkeypatch.setattr(revisions, "checked_answers", checked_after_leaving)

    with pytest.raises(SeatNotHeld):
        revise(ann, seat, sealed=sealed, winner="value_b")
    assert not Judgment.objects.filter(current=True).exists()
