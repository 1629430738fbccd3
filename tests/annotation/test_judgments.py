"""What is stored of a judgment, and what is refused."""

import uuid

import pytest

from annotation.errors import AlreadyJudged, AnswersInvalid, SeatNotHeld, ShownTextChanged
from annotation.models import Answer, Judgment, Rater, Seat, TextAnswer
from annotation.receipts import opened, sealed
from annotation.rubric_format import rubric_from_json
from annotation.selectors.asked import Asked
from annotation.selectors.labels import option_counts
from annotation.selectors.rubrics import plan
from annotation.services import batches, judgments, rubrics, seats
from annotation.vocabulary import Scope, SkipReason, Wave
from tests import build
from tests.build import HOUR, NOW, claim, submit

pytestmark = pytest.mark.django_db

TURN_ONLY = {
    "key": "turns",
    "title": "Turns",
    "questions": [
        {
            "key": "ok",
            "label": "Ok?",
            "type": "single",
            "scope": "turn",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
    ],
}


@pytest.fixture
def study():
    return build.study()


@pytest.fixture
def held(study, tmp_path):
    """Ann and the seat she holds, at an item of one turn with one seat."""
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    return ann, claim(ann)


@pytest.fixture
def long(study, tmp_path):
    """Ann and the seat she holds, at an item of two turns with one seat."""
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    ann = build.rater(study)
    return ann, claim(ann)


def answers(turn=None):
    """Codes of the stored answers by question, the row that says 'asked' as an empty code."""
    found = Answer.objects.all() if turn is None else Answer.objects.filter(turn=turn)
    rows = found.order_by("question__position", "option__code")
    return list(rows.values_list("question__key", "option__code"))


def counts(study, key, scope=Scope.CONVERSATION):
    question = plan(study.rubric_id).question(key)
    return [row.raters for row in option_counts(Asked(question.id, scope))]


# What is stored


def test_a_judgment_keeps_everything_that_was_shown(held, study):
    ann, seat = held
    shown = build.receipt(seat, ann)

    stored = submit(ann, seat)

    kept = Judgment.objects.get(public_id=stored.judgment_id)
    assert (kept.rater, kept.seat, kept.item) == (ann, seat, seat.item)
    assert (kept.revision, kept.current) == (1, True)
    assert (kept.claimed_at, kept.created_at) == (NOW, NOW)
    assert (kept.shown_sha256, kept.rule_set) == (shown.shown_sha256, shown.rule_set)
    assert (kept.rubric_id, kept.guidelines_id) == (study.rubric_id, study.guidelines_id)


def test_answers_are_narrow_rows_with_item_cluster_and_wave(held):
    submit(*held)

    assert answers() == [("winner", "value_a"), ("misled", "no"), ("confidence", "3")]
    row = Answer.objects.first()
    assert (row.item, row.cluster) == (held[1].item, held[1].item.scenario)
    assert (row.wave, row.turn, row.current, row.single) == (Wave.FIRST, 0, True, True)


def test_judging_ends_the_lease_and_counts_once(held):
    ann, seat = held

    submit(ann, seat, at=NOW + HOUR / 2)

    seat.refresh_from_db()
    assert (seat.judged_at, seat.hold, seat.leased_until) == (NOW + HOUR / 2, None, None)
    assert ann.judged_count == Rater.objects.get(pk=ann.pk).judged_count == 1


def test_hidden_answers_are_dropped(held):
    submit(*held, misled="no", misled_who="user", mechanism="omission")

    assert answers() == [("winner", "value_a"), ("misled", "no"), ("confidence", "3")]


def test_several_choices_are_a_row_each_and_one_that_says_asked(held):
    submit(*held, misled="yes", misled_who=["user", "public"], mechanism="omission")

    assert ("misled_who", "") in answers()
    assert [code for key, code in answers() if key == "misled_who"] == ["", "public", "user"]
    assert not Answer.objects.filter(question__key="misled_who", single=True).exists()


def test_none_chosen_differs_from_not_asked(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    build.item(study, tmp_path, n_seats=2)
    ann, bob = build.rater(study), build.rater(study)

    submit(ann, claim(ann), misled="yes")
    submit(bob, claim(bob), misled="no")

    asked = Answer.objects.filter(question__key="who")
    assert [(row.judgment.rater, row.option.asked) for row in asked] == [(ann, True)]


def test_scale_and_text_are_stored(tmp_path):
    study = build.study(rubric=build.EVERY_TYPE)
    build.item(study, tmp_path)
    ann = build.rater(study)

    submit(ann, claim(ann), severity="4", note="  Très <b>étrange</b> \u202e ")

    assert ("severity", "4") in answers()
    assert TextAnswer.objects.get().text == "Très <b>étrange</b> \u202e"
    assert TextAnswer.objects.get().current


def test_an_unknown_key_is_not_looked_at(held):
    submit(*held, rater_id="7", is_gold="1", current="0")

    assert {key for key, _ in answers()} == {"winner", "misled", "confidence"}


# Refusals leave everything as it was


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"winner": []}, "winner"),
        ({"winner": ""}, "winner"),
        ({"winner": "value_c"}, "winner"),
        ({"winner": ["value_a", "value_b"]}, "winner"),
        ({"misled": "yes", "mechanism": "omission"}, "misled_who"),
        ({"misled": "yes", "mechanism": "omission", "misled_who": ["user", "user"]}, "misled_who"),
        ({"confidence": "6"}, "confidence"),
        ({"confidence": "３"}, "confidence"),
        ({"confidence": "\ud800"}, "confidence"),
    ],
)
def test_invalid_answers_are_named_and_nothing_is_written(sent, field, held):
    with pytest.raises(AnswersInvalid) as refusal:
        submit(*held, **sent)

    assert list(refusal.value.details["fields"]) == [field]
    assert not Judgment.objects.exists()
    assert Seat.objects.get().judged_at is None


def test_R031_a_validation_error_does_not_burn_the_submission(held):
    with pytest.raises(AnswersInvalid):
        submit(*held, winner="")

    assert not submit(*held).replayed


def test_R130_a_receipt_of_another_item_is_refused(study, tmp_path):
    build.item(study, tmp_path)
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    mine, other = claim(ann), claim(bob)
    form = sealed(build.receipt(other, bob))

    with pytest.raises(ShownTextChanged, match="another item"):
        opened(form, seat_key=mine.key)


def test_R130_a_receipt_of_another_raters_seat_stores_nothing(study, tmp_path):
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(bob)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=build.receipt(seat, bob))
    assert not Judgment.objects.exists()


def test_R032_the_same_key_says_nothing_of_anothers_answer(study, tmp_path):
    build.item(study, tmp_path)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(bob)
    shown = build.receipt(seat, bob)
    submit(bob, seat)

    with pytest.raises(SeatNotHeld) as refusal:
        submit(ann, seat, sealed=shown)
    assert refusal.value.details == {}


def test_a_skipped_seat_takes_no_answers(held):
    ann, seat = held
    shown = build.receipt(seat, ann)
    seats.skip(rater=ann, key=seat.key, reason=SkipReason.BROKEN, now=NOW)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=shown)
    assert not Judgment.objects.exists()


# Late


def test_R037_a_late_submit_is_good_while_nobody_took_the_seat(held):
    ann, seat = held

    assert submit(ann, seat, at=NOW + 30 * HOUR).finished


def test_R037_a_late_submit_is_refused_when_the_seat_was_taken(held, study):
    ann, seat = held
    shown = build.receipt(seat, ann)
    bob = build.rater(study)
    claim(bob, at=NOW + HOUR)

    with pytest.raises(SeatNotHeld, match="went to someone else"):
        submit(ann, seat, sealed=shown, at=NOW + HOUR)
    assert not Judgment.objects.exists()


def test_R037_a_late_submit_is_refused_when_another_judged_it_meanwhile(held, study, monkeypatch):
    """The race: between finding the seat and closing it, bob took and judged it in the same words."""
    ann, seat = held
    shown = build.receipt(seat, ann)
    bob = build.rater(study)
    store = judgments._store

    def store_after_bob(found, rater, *rest):
        if rater.pk == ann.pk:
            submit(bob, claim(bob, at=NOW + HOUR), at=NOW + HOUR)
        return store(found, rater, *rest)

    monkeypatch.setattr(judgments, "_store", store_after_bob)

    with pytest.raises(SeatNotHeld):
        submit(ann, seat, sealed=shown, at=NOW + HOUR)
    assert Judgment.objects.get().rater_id == bob.pk


def test_R037_the_rest_of_an_abandoned_conversation_is_refused_as_not_held(long, study):
    ann, seat = long
    submit(ann, seat, turn=1)
    shown = build.receipt(seat, ann)
    claim(build.rater(study), at=NOW + 2 * HOUR)

    with pytest.raises(SeatNotHeld, match="went to someone else"):
        submit(ann, seat, sealed=shown, turn=2, at=NOW + 2 * HOUR)
    assert not Answer.objects.filter(turn=2).exists()


# Sending again


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


def test_public_ids_are_not_guessable(held):
    assert uuid.UUID(submit(*held).judgment_id).version == 4
