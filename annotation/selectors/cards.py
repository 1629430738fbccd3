"""What a rater is shown. The types here are the blinding: they have no field to leak."""

from dataclasses import dataclass

from annotation import rendering
from annotation.answers import asked
from annotation.models import Answer, Hit, Judgment, Query, Rater, Seat, TextVersion
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
    """One stage of one item as a rater may see it: never who wrote the reply."""

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
    text = _text_of(seat, begun)
    query = text.response.query
    shown = shown_text(text, with_system=rater.study.shows_system_messages)
    sha256 = shown_sha256(shown)
    # Nothing masked and nothing left out: then the text as shown is the text as uploaded.
    as_uploaded = sha256 == text.sha256
    known: list[str] | None = text.known_html  # type: ignore[attr-defined]  # annotated
    look = renderings.make if as_uploaded else renderings.html_of
    html = known if as_uploaded and known is not None else look(sha256, shown)
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
    questions = (
        question.with_values(query.value_a.name, query.value_b.name)
        for question, _ in asked(rubric, stage)
    )
    return Card(
        seat_key=seat.key or "",
        receipt=sealed(receipt),
        turn=stage.turn,
        turns=text.turns,
        value_a=CardValue(query.value_a.name, query.value_a.definition),
        value_b=CardValue(query.value_b.name, query.value_b.definition),
        facts=tuple(query.facts),
        messages=_reached(shown, html, stage),
        questions=tuple(_question(question, sent or {}, problems or {}) for question in questions),
        earlier=answers_in_words(begun, query) if begun else (),
        language=query.language,
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


def _text_of(seat: Seat, begun: Judgment | None) -> TextVersion:
    """Return the text a seat shows with its query and, as ``known_html``, its HTML or None."""
    texts = TextVersion.objects.filter(response__items=seat.item_id)
    shown = texts.filter(number=begun.text_version) if begun else texts.filter(current=True)
    return (
        shown.select_related("response__query__value_a", "response__query__value_b")
        .annotate(known_html=renderings.known_html("sha256"))
        .get()
    )


def answers_in_words(judgment: Judgment, query: Query) -> tuple[EarlierAnswers, ...]:
    """Return a judgment's answers by turn, with the labels the rater read."""
    rows = (
        Answer.objects.filter(judgment=judgment, option__asked=False)
        .order_by("turn", "question__position", "option__position")
        .values_list("turn", "question__label", "option__label")
    )
    texts = judgment.texts.order_by("turn", "question__position")
    words = texts.values_list("turn", "question__label", "text")
    by_turn: dict[int, dict[str, list[str]]] = {}
    names = query.value_a.name, query.value_b.name
    labels = ((turn, question, with_values(option, *names)) for turn, question, option in rows)
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


def _question(
    question: QuestionPlan, sent: dict[str, list[str]], problems: dict[str, str]
) -> CardQuestion:
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
