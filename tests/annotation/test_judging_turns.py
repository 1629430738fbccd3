"""Judging turn by turn, and texts and rubrics that change while somebody reads."""

import pytest

from annotation.errors import AlreadyJudged, SeatNotHeld, ShownTextChanged
from annotation.models import Answer, Judgment
from annotation.rubric_format import rubric_from_json
from annotation.selectors.asked import Asked
from annotation.selectors.labels import option_counts
from annotation.selectors.rubrics import plan
from annotation.services import batches, rubrics
from annotation.vocabulary import Scope
from tests import build
from tests.annotation.judging import TURN_ONLY, answers, holding
from tests.build import HOUR, NOW, claim, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def held(study, tmp_path):
    """Ann and the seat she holds, at an item of one turn with one seat."""
    return holding(study, tmp_path)


@pytest.fixture
def long(study, tmp_path):
    """Ann and the seat she holds, at an item of two turns with one seat."""
    return holding(study, tmp_path, messages=build.conversation(2))


def counts(study, key, scope=Scope.CONVERSATION):
    question = plan(study.rubric_id).question(key)
    return [row.raters for row in option_counts(Asked(question.id, scope))]


# Conversations of several turns


def test_turns_are_committed_one_after_the_other_then_the_whole(long):
    ann, seat = long

    done = [submit(ann, seat, turn=turn).finished for turn in (1, 2, 0)]

    assert done == [False, False, True]
    assert Judgment.objects.get().current
    assert answers(1) == answers(2) == [("winner", "value_a"), ("misled", "no")]
    assert answers(0) == [("winner", "value_a"), ("misled", "no"), ("confidence", "3")]
    assert not Answer.objects.filter(current=False).exists()


def test_answers_of_an_unfinished_seat_do_not_count(long, study):
    ann, seat = long

    submit(ann, seat, turn=1)

    assert Answer.objects.exists()
    assert counts(study, "winner", Scope.TURN) == []
    assert (Judgment.objects.get().current, ann.judged_count) == (False, 0)


def test_all_turns_count_once_the_whole_is_judged(long, study):
    for turn in (1, 2, 0):
        submit(*long, turn=turn)

    assert counts(study, "winner", Scope.TURN) == [1, 1]
    assert counts(study, "winner") == [1]


def test_an_abandoned_conversation_is_judged_by_another_and_counts_once(long, study):
    ann, seat = long
    submit(ann, seat, turn=1)
    bob = build.rater(study)
    new = claim(bob, at=NOW + 2 * HOUR)
    for turn in (1, 2, 0):
        submit(bob, new, turn=turn, at=NOW + 2 * HOUR)

    assert counts(study, "winner", Scope.TURN) == [1, 1]
    assert Judgment.objects.filter(rater=ann, current=False).count() == 1


def test_a_turn_renews_the_lease(long):
    ann, seat = long

    submit(ann, seat, turn=1, at=NOW + HOUR / 2)

    seat.refresh_from_db()
    assert (seat.turns_judged, seat.leased_until) == (1, NOW + HOUR / 2 + HOUR)


@pytest.mark.parametrize("turn", [2, 0])
def test_R050_a_turn_ahead_is_refused(turn, long):
    with pytest.raises((ShownTextChanged, SeatNotHeld)):
        submit(*long, turn=turn)
    assert not Answer.objects.exists()


@pytest.mark.parametrize("turn", [0, 3, -1, 99])
def test_R050_a_turn_that_is_not_next_is_refused_half_way(turn, long):
    submit(*long, turn=1)

    with pytest.raises(ShownTextChanged):
        submit(*long, turn=turn)
    assert not Answer.objects.exclude(turn=1).exists()


def test_a_turn_is_no_stage_of_a_single_reply(held):
    with pytest.raises(ShownTextChanged):
        submit(*held, turn=1)


def test_a_turn_sent_again_is_a_replay_and_another_answer_is_not(long):
    submit(*long, turn=1)

    again = submit(*long, turn=1)

    assert (again.replayed, again.finished) == (True, False)
    with pytest.raises(AlreadyJudged):
        submit(*long, turn=1, winner="both")


def test_a_turn_sent_again_after_abandonment_is_still_a_replay(long, study):
    ann, seat = long
    shown = build.receipt(seat, ann)
    submit(ann, seat, turn=1, sealed=shown)
    claim(build.rater(study), at=NOW + 2 * HOUR)

    assert submit(ann, seat, turn=1, sealed=shown, at=NOW + 2 * HOUR).replayed


def test_questions_about_turns_only_end_with_the_last_turn(tmp_path):
    study = build.study(rubric=TURN_ONLY)
    build.item(study, tmp_path, messages=build.conversation(2))
    ann = build.rater(study)
    seat = claim(ann)

    done = [submit(ann, seat, turn=turn, ok="yes").finished for turn in (1, 2)]

    assert done == [False, True]
    assert ann.judged_count == 1
    assert claim(ann) is None


def test_a_question_about_turns_is_stored_under_turn_one_of_a_single_reply(tmp_path):
    study = build.study(rubric=TURN_ONLY)
    build.item(study, tmp_path)
    ann = build.rater(study)

    submit(ann, claim(ann), ok="yes")

    assert answers(1) == [("ok", "yes")]


def test_questions_about_the_whole_take_one_stage_however_many_turns(tmp_path):
    study = build.study(rubric=build.SAFE)
    build.item(study, tmp_path, messages=build.conversation(4))
    ann = build.rater(study)

    assert submit(ann, claim(ann), safe="no").finished


# Texts and rubrics that change while somebody reads


def new_text(study, item, tmp_path, messages):
    line = build.reply_fields(
        query_id=item.query.external_id,
        response_id=item.reply_1.external_id,
        messages=messages,
    )
    path = build.jsonl(tmp_path / "new.jsonl", [line])
    upload = batches.register(study=study, file_name=path.name, now=NOW)
    tally = batches.load(batch=upload, path=path, new_versions=True)
    assert tally.updated == 1


def test_R043_a_judgment_stays_bound_to_the_text_that_was_shown(study, tmp_path):
    item = build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(ann)
    shown = build.receipt(seat, ann)
    new_text(study, item, tmp_path, build.conversation(1, text="Other"))

    submit(ann, seat, sealed=shown)
    submit(bob, claim(bob))

    old, new = Judgment.objects.order_by("pk")
    hashes = dict(item.reply_1.versions.values_list("number", "sha256"))
    assert (old.text_version, old.shown_sha256) == (1, hashes[1])
    assert (new.text_version, new.shown_sha256) == (2, hashes[2])


def test_R043_a_begun_conversation_goes_on_with_its_text(long, study, tmp_path):
    ann, seat = long
    submit(ann, seat, turn=1)
    new_text(study, seat.item, tmp_path, build.conversation(5, text="Other"))
    seat = claim(ann)

    done = [submit(ann, seat, turn=turn).finished for turn in (2, 0)]

    assert done == [False, True]
    assert Judgment.objects.get().text_version == 1


def test_R043_a_turn_of_another_text_is_refused(long, study, tmp_path):
    """A second window loaded the first turn of the new text before the first was judged of the old."""
    ann, seat = long
    old = build.receipt(seat, ann)
    new_text(study, seat.item, tmp_path, build.conversation(2, text="Other"))
    new = build.receipt(seat, ann)
    submit(ann, seat, turn=1, sealed=old)

    with pytest.raises(ShownTextChanged):
        submit(ann, seat, turn=2, sealed=new)
    assert not Answer.objects.filter(turn=2).exists()


def test_R042_a_form_of_the_old_rubric_is_stored_under_the_old_rubric(held, study):
    ann, seat = held
    shown = build.receipt(seat, ann)
    old = study.rubric_id
    rubrics.publish(study=study, rubric=rubric_from_json(build.SAFE), now=NOW)

    submit(ann, seat, sealed=shown)

    assert Judgment.objects.get().rubric_id == old


def test_R042_a_begun_conversation_goes_on_with_its_rubric(long, study):
    ann, seat = long
    old = study.rubric_id
    submit(ann, seat, turn=1)
    rubrics.publish(study=study, rubric=rubric_from_json(build.SAFE), now=NOW)
    seat = claim(ann)

    assert submit(ann, seat, turn=2).finished is False
    assert Judgment.objects.get().rubric_id == old
