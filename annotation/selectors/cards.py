"""What a rater is shown. The types here are the blinding: they have no field to leak."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from annotation import rendering
from annotation.answers import asked
from annotation.models import Answer, Hit, Judgment, Rater, Seat, TextVersion
from annotation.models.statements import rows
from annotation.plans import QuestionPlan, with_values
from annotation.receipts import Receipt, sealed
from annotation.selectors import renderings
from annotation.selectors.rubrics import plan
from annotation.shown import ShownMessage, shown_messages, shown_sha256
from annotation.stages import Stage, stage_at
from annotation.vocabulary import HitDecision, Speaker


@dataclass(frozen=True, slots=True)
class CardMessage:
    """One message as safe HTML; ``turn`` counts the reply's messages, 0 for the others."""

    speaker: str
    html: str
    turn: int


@dataclass(frozen=True, slots=True)
class CardValue:
    """A value with its definition, where the study has one."""

    name: str
    definition: str


@dataclass(frozen=True, slots=True)
class CardOption:
    """One answer on offer, and whether the rater chose it (when a form comes back)."""

    code: str
    label: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class CardQuestion:
    """One question of this stage."""

    key: str
    label: str
    help: str
    type: str
    required: bool
    condition_key: str
    condition_codes: str
    options: tuple[CardOption, ...]
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class EarlierAnswers:
    """What this rater said of an earlier turn of this very conversation."""

    turn: int
    answers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Card:
    """One stage of one item as a rater may see it: never who wrote the reply.

    ``form`` names the questions of a form that nothing was entered into: it is the same for every
    item but for the values' names, so that pages need not make it anew each time.
    """

    form: tuple[int, Stage] | None
    seat_key: str
    receipt: str
    turn: int
    turns: int
    value_a: CardValue
    value_b: CardValue
    facts: tuple[str, ...]
    messages: tuple[CardMessage, ...]
    questions: tuple[CardQuestion, ...]
    earlier: tuple[EarlierAnswers, ...]
    language: str

    @property
    def about_whole(self) -> bool:
        """Say whether this is the last pass over a conversation of several turns."""
        return self.turn == 0 and self.turns > 1


def card_for(
    seat: Seat,
    rater: Rater,
    *,
    sent: dict[str, list[str]] | None = None,
    problems: dict[str, str] | None = None,
) -> Card:
    """Return the blind card of a seat the rater holds; ``sent`` is input to show again.

    Nothing of a turn that is not yet reached is in it. A conversation that was begun goes on with
    the text and the rubric it was begun with, whatever was uploaded or published meanwhile.
    """
    begun = _begun(seat) if seat.turns_judged else None
    reading = _reading(seat, begun)
    text, names = reading.text, (reading.value_a.name, reading.value_b.name)
    shown = shown_text(text, with_system=rater.study.shows_system_messages)
    sha256 = shown_sha256(shown)
    # Nothing masked and nothing left out: then the text as shown is the text as uploaded.
    as_uploaded = sha256 == text.sha256
    look = renderings.make if as_uploaded else renderings.html_of
    known = reading.known_html if as_uploaded else None
    html = look(sha256, shown) if known is None else known
    rubric = plan(begun.rubric_id if begun else rater.study.rubric_id or 0)
    scopes = frozenset(question.scope for question in rubric.questions)
    stage = stage_at(scopes, turns=text.turns, turns_judged=seat.turns_judged)
    receipt = Receipt(
        seat_key=seat.key or "",
        shown_sha256=sha256,
        turns=text.turns,
        text_version=text.number,
        rule_set=text.rule_set,
        renderer=rendering.RENDERER_VERSION,
        rubric_id=rubric.id,
        guidelines_id=rater.study.guidelines_id,
    )
    questions = (question.with_values(*names) for question, _ in asked(rubric, stage))
    return Card(
        form=None if sent or problems else (rubric.id, stage),
        seat_key=seat.key or "",
        receipt=sealed(receipt),
        turn=stage.turn,
        turns=text.turns,
        value_a=reading.value_a,
        value_b=reading.value_b,
        facts=reading.facts,
        messages=_reached(shown, html, stage),
        questions=tuple(card_question(q, sent or {}, problems or {}) for q in questions),
        earlier=answers_in_words(begun, names) if begun else (),
        language=reading.language,
    )


def shown_text(text: TextVersion, *, with_system: bool) -> tuple[ShownMessage, ...]:
    """Return a text with the masks that hold now; what waits for a decision is masked."""
    masks: dict[int, list[tuple[int, int]]] = {}
    if text.has_hits:
        hits = Hit.objects.filter(text=text.pk, rule_set=text.rule_set)
        hits = hits.exclude(decision=HitDecision.KEPT).order_by("message", "start")
        for message, start, end in hits.values_list("message", "start", "end"):
            masks.setdefault(message, []).append((start, end))
    return shown_messages(text.messages, masks, with_system=with_system)


def _begun(seat: Seat) -> Judgment | None:
    """Return the judgment of a seat of which some turns were judged."""
    return Judgment.objects.filter(seat=seat.pk).order_by("revision").first()


@dataclass(frozen=True, slots=True)
class _Reading:
    """What one look fetches for a card: the text, its HTML if it was made, and what was asked."""

    text: TextVersion
    known_html: list[str] | None
    facts: tuple[str, ...]
    language: str
    value_a: CardValue
    value_b: CardValue


# In the order of the table, which from_db expects.
_TEXT_FIELDS = ("id", "number", "messages", "sha256", "turns", "rule_set", "has_hits")
_READING = (
    f"SELECT {', '.join(f't.{name}' for name in _TEXT_FIELDS)}, r.html, q.facts, q.language,"
    " a.name, a.definition, b.name, b.definition"
    " FROM annotation_item i"
    " JOIN annotation_textversion t ON t.response_id = i.reply_1_id"
    " JOIN annotation_query q ON q.id = i.query_id"
    " JOIN annotation_value a ON a.id = q.value_a_id"
    " JOIN annotation_value b ON b.id = q.value_b_id"
    " LEFT JOIN annotation_rendering r ON r.shown_sha256 = t.sha256 AND r.renderer = %s"
    " WHERE i.id = %s"
)


def _reading(seat: Seat, begun: Judgment | None) -> _Reading:
    """Return what a seat shows: the current text, or the one a conversation was begun with."""
    which = (" AND t.number = %s", [begun.text_version]) if begun else (" AND t.current", [])
    params = [rendering.RENDERER_VERSION, seat.item_id, *which[1]]
    ((*text, html, facts, language, a, about_a, b, about_b),) = rows(_READING + which[0], params)
    text[2] = json.loads(text[2])
    return _Reading(
        text=TextVersion.from_db("default", _TEXT_FIELDS, text),
        known_html=json.loads(html) if html is not None else None,
        facts=tuple(json.loads(facts)),
        language=language,
        value_a=CardValue(a, about_a),
        value_b=CardValue(b, about_b),
    )


def answers_in_words(judgment: Judgment, names: tuple[str, str]) -> tuple[EarlierAnswers, ...]:
    """Return a judgment's answers by turn, with the labels the rater read."""
    options = (
        Answer.objects.filter(judgment=judgment, option__asked=False)
        .order_by("turn", "question__position", "option__position")
        .values_list("turn", "question__label", "option__label")
    )
    texts = judgment.texts.order_by("turn", "question__position")
    words = texts.values_list("turn", "question__label", "text")
    by_turn: dict[int, dict[str, list[str]]] = {}
    labels = ((turn, question, with_values(option, *names)) for turn, question, option in options)
    for turn, question, said in [*labels, *words]:
        asked_as = with_values(question, *names)
        by_turn.setdefault(turn, {}).setdefault(asked_as, []).append(said)
    return tuple(
        EarlierAnswers(turn, tuple((key, ", ".join(labels)) for key, labels in answers.items()))
        for turn, answers in sorted(by_turn.items(), key=lambda pair: pair[0] or len(by_turn))
    )


def numbered(shown: tuple[ShownMessage, ...], html: list[str]) -> tuple[CardMessage, ...]:
    """Return the messages as safe HTML, the reply's turns counted."""
    messages = []
    turn = 0
    for message, safe in zip(shown, html, strict=True):
        is_reply = message.role == Speaker.ASSISTANT
        turn += is_reply
        messages.append(CardMessage(message.role, safe, turn if is_reply else 0))
    return tuple(messages)


def _reached(
    shown: tuple[ShownMessage, ...], html: list[str], stage: Stage
) -> tuple[CardMessage, ...]:
    """Return the messages up to the turn being judged: later ones are not sent at all."""
    messages = numbered(shown, html)
    if not stage.turn:
        return messages
    end = next(number for number, message in enumerate(messages) if message.turn == stage.turn)
    return messages[: end + 1]


def card_question(
    question: QuestionPlan,
    sent: Mapping[str, list[str]] = MappingProxyType({}),
    problems: Mapping[str, str] = MappingProxyType({}),
) -> CardQuestion:
    """Return a question as a form shows it, with what was entered and what is wrong with it."""
    chosen = sent.get(question.key, [])
    return CardQuestion(
        key=question.key,
        label=question.label,
        help=question.help,
        type=question.type,
        required=question.required,
        condition_key=question.condition_key,
        condition_codes=" ".join(question.condition_codes),
        options=tuple(
            CardOption(option.code, option.label, option.code in chosen)
            for option in question.options
        ),
        text=chosen[0] if chosen and not question.options else "",
        problem=problems.get(question.key, ""),
    )
