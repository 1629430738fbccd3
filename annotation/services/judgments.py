"""Recording what raters say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connection, transaction

from annotation import answers as checking
from annotation.answers import Given, Sent
from annotation.errors import AlreadyJudged, SeatNotHeld, ShownTextChanged
from annotation.models import Answer, Judgment, Rater, Seat, TextAnswer
from annotation.models.statements import changed, moment, rows
from annotation.plans import RubricPlan
from annotation.receipts import Receipt
from annotation.selectors.rubrics import plan
from annotation.stages import Stage, stage_at

ALREADY = "You answered this item before, in another window, and that answer was kept."


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a submission: the judgment, whether it is whole, and whether it was there."""

    judgment_id: str
    finished: bool
    replayed: bool


def submit(*, rater: Rater, receipt: Receipt, turn: int, sent: Sent, now: datetime) -> Stored:
    """Record a rater's answers to one stage of a seat.

    Sending the same answers again, at the same moment or a day later, stores nothing and gives
    the same judgment; other answers are refused with both. A lapsed lease is still good while
    nobody else took the seat.

    Raises:
        SeatNotHeld: the seat is not this rater's, or went to someone else. Nothing is written.
        AnswersInvalid: an answer is missing or not on offer; the seat stays as it was.
        AlreadyJudged: this stage has other answers.
        ShownTextChanged: the turn is not the one this seat is at, or the conversation was begun
            with another text or rubric.
    """
    seat = _seat(receipt.seat_key, rater)
    if seat is None:
        raise SeatNotHeld(
            "This item went to someone else while you were away. Your answers are still on this"
            " page, but they cannot be stored; the next item is waiting."
        )
    rubric = plan(receipt.rubric_id)
    stage = _stage(rubric, receipt, turn)
    given = checking.checked(rubric, stage, sent)
    stored = _store(seat, rater, receipt, stage, given, now)
    if stored is not None:
        return stored
    return _replayed(seat, rubric, stage, given)


# In the order of the table, which from_db expects.
_SEAT_FIELDS = ("id", "item_id", "scenario_id", "wave", "rater_id", "turns_judged")
_SEAT = f"SELECT {', '.join(_SEAT_FIELDS)} FROM annotation_seat WHERE key = %s AND rater_id = %s"


def _seat(key: str, rater: Rater) -> Seat | None:
    found = rows(_SEAT, [key, rater.pk])
    return Seat.from_db("default", _SEAT_FIELDS, found[0]) if found else None


def _stage(rubric: RubricPlan, receipt: Receipt, turn: int) -> Stage:
    """Return the stage the rater says they are at, if the rubric has it."""
    scopes = frozenset(question.scope for question in rubric.questions)
    judged = receipt.turns if turn == 0 else turn - 1
    stage = stage_at(scopes, turns=receipt.turns, turns_judged=judged)
    if stage.turn != turn or not 0 <= turn <= receipt.turns:
        raise ShownTextChanged("There is no such turn to judge here. Please load the page again.")
    return stage


_HELD = " WHERE id = %s AND rater_id = %s AND judged_at IS NULL AND abandoned_at IS NULL"
_CLOSE = (
    "UPDATE annotation_seat SET judged_at = %s, hold = NULL, leased_until = NULL"
    f"{_HELD} AND turns_judged = %s"
)
_NEXT_TURN = (
    f"UPDATE annotation_seat SET turns_judged = %s, leased_until = %s{_HELD} AND turns_judged = %s"
)
_COUNT = "UPDATE annotation_rater SET judged_count = judged_count + 1 WHERE id = %s"


@transaction.atomic
def _store(
    seat: Seat,
    rater: Rater,
    receipt: Receipt,
    stage: Stage,
    given: tuple[Given, ...],
    now: datetime,
) -> Stored | None:
    """Close the stage if it is still open and write its answers; None when it is closed already."""
    before = stage.turn - 1 if stage.turn else _turns_before_whole(receipt)
    held = [seat.pk, rater.pk, before]
    if stage.last:
        closed = changed(_CLOSE, [moment(now), *held])
    else:
        until = now + timedelta(minutes=rater.study.lease_minutes)
        closed = changed(_NEXT_TURN, [stage.turn, moment(until), *held])
    if closed != 1:
        return None
    judgment = _judgment(seat, rater, receipt, finished=stage.last, first=before == 0, now=now)
    _write(judgment, seat, given, current=stage.last)
    if stage.last:
        changed(_COUNT, [rater.pk])
        rater.judged_count += 1
    return Stored(str(judgment.public_id), finished=stage.last, replayed=False)


def _turns_before_whole(receipt: Receipt) -> int:
    scopes = frozenset(question.scope for question in plan(receipt.rubric_id).questions)
    first = stage_at(scopes, turns=receipt.turns, turns_judged=0)
    return receipt.turns if first.turn else 0


def _judgment(
    seat: Seat, rater: Rater, receipt: Receipt, *, finished: bool, first: bool, now: datetime
) -> Judgment:
    """Return the seat's judgment, made at its first stage and current once it is whole."""
    if first:
        return _begun(seat, rater, receipt, current=finished, now=now)
    judgment = Judgment.objects.get(seat=seat, revision=1)
    begun = judgment.text_version, judgment.rubric_id
    if begun != (receipt.text_version, receipt.rubric_id):
        raise ShownTextChanged(
            "This conversation was begun with another text or other questions. Please load the"
            " page again."
        )
    if finished:
        Judgment.objects.filter(pk=judgment.pk).update(current=True)
        Answer.objects.filter(judgment=judgment).update(current=True)
        TextAnswer.objects.filter(judgment=judgment).update(current=True)
    return judgment


_BEGIN = (
    "INSERT INTO annotation_judgment (public_id, seat_id, revision, current, rater_id, item_id,"
    " rubric_id, guidelines_id, shown_sha256, text_version, rule_set, renderer, created_at,"
    " claimed_at) SELECT %s, id, 1, %s, rater_id, item_id, %s, %s, %s, %s, %s, %s, %s, claimed_at"
    " FROM annotation_seat WHERE id = %s RETURNING id"
)


def _begun(seat: Seat, rater: Rater, receipt: Receipt, *, current: bool, now: datetime) -> Judgment:
    public_id = uuid4()
    field = Judgment._meta.get_field("public_id")
    ((pk,),) = rows(
        _BEGIN,
        [
            field.get_db_prep_value(public_id, connection),
            current,
            receipt.rubric_id,
            receipt.guidelines_id,
            receipt.shown_sha256,
            receipt.text_version,
            receipt.rule_set,
            receipt.renderer,
            moment(now),
            seat.pk,
        ],
    )
    return Judgment(pk=pk, public_id=public_id, seat_id=seat.pk, rater=rater)


_ANSWERS = (
    "INSERT INTO annotation_answer (judgment_id, item_id, cluster_id, question_id, option_id,"
    " wave, turn, current, single) VALUES "
)
_ANSWER = "(%s, %s, %s, %s, %s, %s, %s, %s, %s)"


def _write(judgment: Judgment, seat: Seat, given: tuple[Given, ...], *, current: bool) -> None:
    values = [
        (
            judgment.pk,
            seat.item_id,
            seat.scenario_id,
            answer.question.id,
            option_id,
            seat.wave,
            answer.turn,
            current,
            answer.question.asked_id is None,
        )
        for answer in given
        for option_id in answer.rows
    ]
    if values:
        flat = [value for row in values for value in row]
        changed(_ANSWERS + ", ".join([_ANSWER] * len(values)), flat)
    texts = [answer for answer in given if answer.text]
    if texts:
        TextAnswer.objects.bulk_create(
            TextAnswer(
                judgment=judgment,
                question_id=answer.question.id,
                turn=answer.turn,
                text=answer.text,
                current=current,
            )
            for answer in texts
        )


def _replayed(seat: Seat, rubric: RubricPlan, stage: Stage, given: tuple[Given, ...]) -> Stored:
    """Answer a submission whose stage is closed: the same answers are fine, others are not."""
    mine = Judgment.objects.filter(seat=seat, rater=seat.rater_id)
    seat.refresh_from_db()
    judgment = mine.order_by("revision").first()
    closed = seat.judged_at is not None or 0 < stage.turn <= seat.turns_judged
    if judgment is None or (seat.abandoned_at is not None and not closed):
        raise SeatNotHeld(
            "This item went to someone else while you were away. Your answers are still on this"
            " page, but they cannot be stored; the next item is waiting."
        )
    if not closed:
        raise ShownTextChanged("This item is at another turn. Please load the page again.")
    turns = {turn for _, turn in checking.asked(rubric, stage)}
    stored = set(
        Answer.objects.filter(judgment=judgment, turn__in=turns).values_list(
            "question_id", "turn", "option_id"
        )
    )
    words = set(
        TextAnswer.objects.filter(judgment=judgment, turn__in=turns).values_list(
            "question_id", "turn", "text"
        )
    )
    sent = {(a.question.id, a.turn, option) for a in given for option in a.rows}
    said = {(a.question.id, a.turn, a.text) for a in given if a.text}
    if (stored, words) == (sent, said):
        return Stored(str(judgment.public_id), finished=stage.last, replayed=True)
    raise AlreadyJudged(
        ALREADY,
        stored=_in_words(judgment.pk, stored, words),
        sent={a.question.key: _words(a) for a in given},
    )


def refuse_if_judged(*, rater: Rater, key: str, sent: Sent) -> None:
    """Refuse answers to a seat that this rater judged before, whatever is missing in them.

    Raises:
        AlreadyJudged: ``details`` has what was stored and what was sent.
    """
    mine = Judgment.objects.filter(seat__key=key, rater=rater.pk, current=True)
    judgment = mine.first()
    if judgment is None:
        return
    options = judgment.answers.values_list("question_id", "turn", "option_id")
    texts = judgment.texts.values_list("question_id", "turn", "text")
    raise AlreadyJudged(
        ALREADY,
        stored=_in_words(judgment.pk, set(options), set(texts)),
        sent={key: list(words) for key, words in sent.items()},
    )


def _in_words(
    judgment_id: int, options: set[tuple[int, int, int]], texts: set[tuple[int, int, str]]
) -> dict[str, list[str]]:
    rubric = plan(Judgment.objects.get(pk=judgment_id).rubric_id)
    keys = {question.id: question.key for question in rubric.questions}
    codes = {option.id: option.code for q in rubric.questions for option in q.options}
    said: dict[str, list[str]] = {}
    for question_id, _, option_id in sorted(options):
        said.setdefault(keys[question_id], [])
        if option_id in codes:
            said[keys[question_id]].append(codes[option_id])
    for question_id, _, text in texts:
        said[keys[question_id]] = [text]
    return said


def _words(answer: Given) -> list[str]:
    if answer.text:
        return [answer.text]
    return [option.code for option in answer.question.options if option.id in answer.option_ids]
