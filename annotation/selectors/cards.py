"""What a rater is shown. The types here are the blinding: they have no field to leak."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from annotation import own_words, rendering
from annotation.answers import asked
from annotation.models import Draft, Judgment, Rater, Seat, Study
from annotation.plans import QuestionPlan, RubricPlan
from annotation.receipts import Receipt, sealed
from annotation.selectors import said
from annotation.selectors.asking import CardQuestion, card_question
from annotation.selectors.readings import Reading, ShownBefore, ValueShown, reading_of
from annotation.selectors.rubrics import plan
from annotation.shown import ShownMessage
from annotation.stages import Stage, stage_at
from annotation.vocabulary import ItemKind, Speaker

# Characters of a reply above which the page folds it until the rater opens it.
FOLDED_ABOVE = 6_000
LETTERS = ("A", "B")


@dataclass(frozen=True, slots=True)
class CardMessage:
    """One message as safe HTML; ``turn`` counts the reply's messages, 0 for the others.

    ``words`` is how many a long message has, for the button that unfolds it; 0 for the rest.
    """

    speaker: str
    html: str
    turn: int
    slot: int = 1
    words: int = 0


@dataclass(frozen=True, slots=True)
class CardReply:
    """One of two replies side by side, under the letter that the rater's answers name."""

    letter: str
    slot: int
    messages: tuple[CardMessage, ...]


@dataclass(frozen=True, slots=True)
class EarlierAnswers:
    """What this rater said of an earlier turn of this very conversation."""

    turn: int
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CardForm:
    """Names a form that nothing was entered into: it is the same for every item but for values."""

    rubric_id: int
    language: str
    stage: Stage
    side: int | None


@dataclass(frozen=True, slots=True)
class Card:
    """One stage of one item as a rater may see it: never who wrote the reply.

    ``form`` is set where nothing was entered yet, so that pages need not make the form anew each
    time. Of a pair, ``messages`` is what both replies share and ``replies`` the rest of each.
    """

    form: CardForm | None
    seat_key: str
    receipt: str
    turn: int
    turns: int
    value_a: ValueShown
    value_b: ValueShown
    facts: tuple[str, ...]
    messages: tuple[CardMessage, ...]
    replies: tuple[CardReply, ...]
    questions: tuple[CardQuestion, ...]
    earlier: tuple[EarlierAnswers, ...]
    language: str
    warned_of: tuple[str, ...]
    specification_id: int | None
    leased_until: str
    revision: int
    restored: bool
    # Answering this stage ends the item.
    last: bool

    @property
    def about_whole(self) -> bool:
        """Say whether this is the last pass over a conversation of several turns."""
        return self.turn == 0 and self.turns > 1


def card_for(
    seat: Seat,
    rater: Rater,
    *,
    sent: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
    language: str = "",
    fresh: bool = False,
) -> Card:
    """Return the blind card of a seat the rater holds; ``sent`` is input to show again.

    Nothing of a turn that is not yet reached is in it. A conversation that was begun goes on with
    the text and the rubric it was begun with, whatever was uploaded or published meanwhile. What
    was entered before and not sent is in the form again; a ``fresh`` seat has nothing such.
    """
    begun = said.whole_judgment(seat.pk) if seat.turns_judged else None
    rubric = plan(begun.rubric_id if begun else rater.study.rubric_id or 0, language)
    readings = readings_of(seat, rater.study, rubric, begun)
    turns = turns_of(rubric, readings)
    stage = stage_at(rubric.scopes, turns=turns, turns_judged=seat.turns_judged)
    draft = None if fresh or sent is not None else _draft(seat, stage.turn, revision=0)
    return _card(
        seat,
        rater,
        rubric,
        stage,
        readings,
        sent=sent if sent is not None else draft,
        problems=problems or {},
        earlier=earlier_answers(seat, begun, rubric, readings[0]) if begun else (),
        restored=draft is not None,
        reached=stage.turn,
        begun=begun,
        revision=0,
        language=language,
    )


def card_for_edit(
    seat: Seat,
    rater: Rater,
    *,
    turn: int,
    sent: Mapping[str, Sequence[str]] | None = None,
    problems: Mapping[str, str] | None = None,
    language: str = "",
) -> Card | None:
    """Return the card on which a rater changes what they said at a stage; None: nothing was said.

    It shows as much of the conversation as the rater has reached, and the last answers.
    """
    whole = said.whole_judgment(seat.pk)
    latest = said.latest_of_stage(seat.pk, turn)
    if whole is None or latest is None:
        return None
    rubric = plan(whole.rubric_id, language)
    readings = readings_of(seat, rater.study, rubric, whole)
    turns = turns_of(rubric, readings)
    stage = stage_at(rubric.scopes, turns=turns, turns_judged=turn - 1 if turn else turns)
    judged = turn <= seat.turns_judged if turn else seat.judged_at is not None
    if stage.turn != turn or not (judged or seat.judged_at) or not asked(rubric, stage):
        return None
    revision = said.last_revision(seat.pk)
    draft = None if sent is not None else _draft(seat, turn, revision=revision)
    stored = said.as_form(said.said_at(latest.pk, turns=stage_turns(rubric, stage)), rubric)
    return _card(
        seat,
        rater,
        rubric,
        stage,
        readings,
        sent=next(one for one in (sent, draft, stored) if one is not None),
        problems=problems or {},
        earlier=(),
        restored=draft is not None,
        reached=0 if seat.judged_at or seat.turns_judged >= turns else seat.turns_judged + 1,
        begun=whole,
        revision=revision,
        language=language,
    )


def _card(
    seat: Seat,
    rater: Rater,
    rubric: RubricPlan,
    stage: Stage,
    readings: tuple[Reading, ...],
    *,
    sent: Mapping[str, Sequence[str]] | None,
    problems: Mapping[str, str],
    earlier: tuple[EarlierAnswers, ...],
    restored: bool,
    reached: int,
    begun: Judgment | None,
    revision: int,
    language: str,
) -> Card:
    first = readings[0]
    specification = begun.specification_id if begun else rater.study.specification_id
    questions = [
        on_side(question, seat.side).with_values(first.value_a.name, first.value_b.name)
        for question, _ in asked(rubric, stage)
    ]
    anchored = any(first.anchors.get(question.anchors) for question in questions)
    plain = sent is None and not problems and not anchored
    messages, replies = _messages(readings, seat.side, reached)
    topics = [topic for topic in first.topics if topic in rater.study.sensitive_topics]
    return Card(
        form=CardForm(rubric.id, language, stage, seat.side) if plain else None,
        seat_key=seat.key or "",
        receipt=sealed(
            _receipt(seat, rater, rubric, readings, specification, begun, revision, language)
        ),
        turn=stage.turn,
        turns=stage.turns,
        value_a=first.value_a,
        value_b=first.value_b,
        facts=first.facts,
        messages=messages,
        replies=replies,
        questions=tuple(
            card_question(question, sent or {}, problems, first.anchors.get(question.anchors, []))
            for question in questions
        ),
        earlier=earlier,
        language=first.language,
        warned_of=tuple(topics),
        specification_id=specification if any(q.clauses for q in questions) else None,
        leased_until=seat.leased_until.isoformat() if seat.leased_until else "",
        revision=revision,
        restored=restored,
        last=stage.last,
    )


def _receipt(
    seat: Seat,
    rater: Rater,
    rubric: RubricPlan,
    readings: tuple[Reading, ...],
    specification_id: int | None,
    begun: Judgment | None,
    revision: int,
    language: str,
) -> Receipt:
    first, second = readings[0], readings[1] if len(readings) > 1 else None
    return Receipt(
        seat_key=seat.key or "",
        shown_sha256=first.sha256,
        turns=turns_of(rubric, readings),
        text_version=first.text.number,
        rule_set=first.rule_set,
        renderer=rendering.RENDERER_VERSION,
        rubric_id=rubric.id,
        guidelines_id=begun.guidelines_id if begun else rater.study.guidelines_id,
        shown_sha256_2=second.sha256 if second else "",
        text_version_2=second.text.number if second else None,
        rule_set_2=second.rule_set if second else None,
        specification_id=specification_id,
        language=language,
        revision=revision,
        item_id=seat.item_id,
        side=seat.side,
    )


def readings_of(
    seat: Seat, study: Study, rubric: RubricPlan, begun: Judgment | None
) -> tuple[Reading, ...]:
    """Return the reply or the two replies of a seat, by slot, as they are or were begun with."""
    slots = (1, 2) if rubric.kind == ItemKind.PAIR else (1,)
    return tuple(
        reading_of(
            seat.item_id,
            slot=slot,
            before=shown_before(begun, slot) if begun else None,
            with_system=study.shows_system_messages,
        )
        for slot in slots
    )


def shown_before(bound: Judgment | Receipt, slot: int) -> ShownBefore | None:
    """Return what a judgment or a receipt is bound to of one reply; None: of no such reply."""
    if slot == 1:
        return ShownBefore(bound.text_version, bound.rule_set, bound.shown_sha256)
    if bound.text_version_2 is None or bound.rule_set_2 is None:
        return None
    return ShownBefore(bound.text_version_2, bound.rule_set_2, bound.shown_sha256_2)


def turns_of(rubric: RubricPlan, readings: Sequence[Reading]) -> int:
    """Return how many turns are judged one by one: two replies are compared as wholes."""
    return 1 if rubric.kind == ItemKind.PAIR else readings[0].text.turns


def stage_turns(rubric: RubricPlan, stage: Stage) -> set[int]:
    """Return the turns under which a stage's answers are stored."""
    return {turn for _, turn in asked(rubric, stage)}


def on_side(question: QuestionPlan, side: int | None) -> QuestionPlan:
    """Return a question about two replies as it reads for this rater.

    The labels say A and B for what stands first and second; where slot 2 stands first, the option
    labelled A is slot 2's.
    """
    first, second = question.option("slot_1"), question.option("slot_2")
    if side != 2 or first is None or second is None:
        return question
    swapped = {
        first.code: replace(second, label=first.label),
        second.code: replace(first, label=second.label),
    }
    options = tuple(swapped.get(option.code, option) for option in question.options)
    return replace(question, options=options)


def _draft(seat: Seat, turn: int, *, revision: int) -> dict[str, list[str]] | None:
    found = Draft.objects.filter(seat=seat.pk, turn=turn, revision=revision)
    return found.values_list("answers", flat=True).first()


def earlier_answers(
    seat: Seat, begun: Judgment, rubric: RubricPlan, reading: Reading
) -> tuple[EarlierAnswers, ...]:
    """Return a rater's last words on each stage of a seat, in the labels they read."""
    names = (reading.value_a.name, reading.value_b.name)
    sided = replace(
        rubric,
        questions=tuple(on_side(q, seat.side).with_values(*names) for q in rubric.questions),
    )
    by_turn: dict[int, list[tuple[str, str]]] = {}
    for turn, question, words in said.in_words(said.said_at(begun.pk), sided):
        by_turn.setdefault(turn, []).append((question, words))
    late = Judgment.objects.filter(seat=seat.pk).exclude(late_turn=None).order_by("revision")
    for judgment in late:
        again = said.in_words(said.said_at(judgment.pk), sided)
        by_turn[judgment.late_turn or 0] = [(question, answer) for _, question, answer in again]
    in_order = sorted(by_turn, key=lambda turn: turn or len(by_turn) + 1)
    return tuple(EarlierAnswers(turn, tuple(by_turn[turn])) for turn in in_order)


def numbered(
    shown: Sequence[ShownMessage], html: Sequence[str], *, slot: int = 1
) -> tuple[CardMessage, ...]:
    """Return the messages as safe HTML in the reader's language, the reply's turns counted."""
    messages = []
    turn = 0
    for message, safe in zip(shown, html, strict=True):
        is_reply = message.role == Speaker.ASSISTANT
        turn += is_reply
        words = len(message.content.split()) if len(message.content) > FOLDED_ABOVE else 0
        html_read = own_words.translated(safe)
        messages.append(CardMessage(message.role, html_read, turn if is_reply else 0, slot, words))
    return tuple(messages)


def _messages(
    readings: tuple[Reading, ...], side: int | None, reached: int
) -> tuple[tuple[CardMessage, ...], tuple[CardReply, ...]]:
    """Return the messages up to the turn being judged: later ones are not sent at all."""
    if len(readings) == 1:
        messages = numbered(readings[0].shown, readings[0].html)
        if not reached:
            return messages, ()
        ends = (n for n, message in enumerate(messages) if message.turn == reached)
        return messages[: next(ends) + 1], ()
    return pair_messages(readings, side)


def pair_messages(
    readings: tuple[Reading, ...], side: int | None
) -> tuple[tuple[CardMessage, ...], tuple[CardReply, ...]]:
    """Return what two replies share from their start on, and the rest of each in its place."""
    both = [numbered(r.shown, r.html, slot=slot) for slot, r in enumerate(readings, start=1)]
    shared = 0
    for one, other in zip(readings[0].shown, readings[1].shown, strict=False):
        if one != other or one.role == Speaker.ASSISTANT:
            break
        shared += 1
    order = (2, 1) if side == 2 else (1, 2)
    replies = tuple(
        CardReply(letter, slot, both[slot - 1][shared:])
        for letter, slot in zip(LETTERS, order, strict=True)
    )
    return both[0][:shared], replies
