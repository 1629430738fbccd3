"""A rater's screen, made again from what a release says of a judgment. Pure.

Written anew from the files' own words, without the code that made the page: so that a mistake there
cannot hide here. Only the order of stages, the laying of masks and the rendering are shared.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotation.rubric_format import OptionPart, QuestionPart, QuestionWords, RubricFile
from annotation.shown import ShownMessage
from annotation.stages import Stage, stage_at, stored_turn
from annotation.vocabulary import PAIR_OPTIONS, ItemKind, Speaker

FIRST, SECOND = PAIR_OPTIONS[:2]
LETTERS = ("A", "B")
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ScreenMessage:
    """One message; ``turn`` counts the reply's messages, 0 for the others."""

    role: str
    content: str
    turn: int


@dataclass(frozen=True, slots=True)
class ScreenReply:
    """One of two replies, under the letter that it had on this rater's page."""

    letter: str
    slot: int
    messages: tuple[ScreenMessage, ...]


@dataclass(frozen=True, slots=True)
class ScreenOption:
    """One answer on offer; what was stored for it is its code."""

    code: str
    label: str
    anchor: str


@dataclass(frozen=True, slots=True)
class ScreenQuestion:
    """One question in the words that the rater read; ``turn`` is where its answer is stored."""

    key: str
    turn: int
    label: str
    help: str
    type: str
    required: bool
    asked_if: dict[str, list[str]]
    options: tuple[ScreenOption, ...]


@dataclass(frozen=True, slots=True)
class ScreenStage:
    """What was asked at one stage: a turn, or 0 for the whole."""

    turn: int
    questions: tuple[ScreenQuestion, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """What one rater saw of one item. Of a pair, ``messages`` is what both replies share."""

    judgment: str
    language: str
    value_a: str
    value_b: str
    facts: tuple[str, ...]
    messages: tuple[ScreenMessage, ...]
    replies: tuple[ScreenReply, ...]
    stages: tuple[ScreenStage, ...]

    def offers(self, question: str, turn: int, answer: str | None) -> str:
        """Say why this answer cannot have been given here; nothing where it can."""
        asked = [q for s in self.stages for q in s.questions if (q.key, q.turn) == (question, turn)]
        if not asked:
            return f"answers {question!r} at turn {turn}, which was not asked there"
        codes = [option.code for option in asked[0].options]
        if codes and answer is not None and answer not in codes:
            return f"answers {question!r} with {answer!r}, which was not on offer"
        return ""


def screen(
    judgment: Row, item: Row, rubric: RubricFile, shown: Sequence[Sequence[ShownMessage]]
) -> Screen:
    """Return the screen of a judgment; ``shown`` is its reply, or its two by slot."""
    both = [_numbered(messages) for messages in shown]
    shared, replies = (both[0], ()) if len(both) == 1 else _side_by_side(both, judgment["side"])
    # Two replies are compared as wholes.
    turns = 1 if rubric.kind == ItemKind.PAIR else max(message.turn for message in both[0])
    language = judgment["language"] or ""
    return Screen(
        judgment=judgment["judgment"],
        language=language,
        value_a=item["value_a"],
        value_b=item["value_b"],
        facts=tuple(item["facts"]),
        messages=shared,
        replies=replies,
        stages=tuple(
            _stage(stage, rubric, language, judgment["side"], item)
            for stage in _stages(rubric, turns)
        ),
    )


def _numbered(messages: Sequence[ShownMessage]) -> tuple[ScreenMessage, ...]:
    found, turn = [], 0
    for message in messages:
        of_reply = message.role == Speaker.ASSISTANT
        turn += of_reply
        found.append(ScreenMessage(message.role, message.content, turn if of_reply else 0))
    return tuple(found)


def _side_by_side(
    both: list[tuple[ScreenMessage, ...]], side: int | None
) -> tuple[tuple[ScreenMessage, ...], tuple[ScreenReply, ...]]:
    """Return what two replies begin with alike, and the rest of each in the order on the page."""
    pairs = enumerate(zip(*both, strict=False))
    shared = next((n for n, (one, other) in pairs if one != other or one.turn), 0)
    slots = (2, 1) if side == 2 else (1, 2)
    replies = [
        ScreenReply(letter, slot, both[slot - 1][shared:])
        for letter, slot in zip(LETTERS, slots, strict=True)
    ]
    return both[0][:shared], tuple(replies)


def _stages(rubric: RubricFile, turns: int) -> Iterator[Stage]:
    scopes = frozenset(question.scope for question in rubric.questions)
    judged, last = 0, False
    while not last:
        stage = stage_at(scopes, turns=turns, turns_judged=judged)
        judged, last = judged + 1, stage.last
        yield stage


def _stage(
    stage: Stage, rubric: RubricFile, language: str, side: int | None, item: Row
) -> ScreenStage:
    placed = ((question, stored_turn(question.scope, stage)) for question in rubric.questions)
    words = _words(rubric, language)
    return ScreenStage(
        stage.turn,
        tuple(
            _question(question, turn, words.get(question.key), side, item)
            for question, turn in placed
            if turn is not None
        ),
    )


def _words(rubric: RubricFile, language: str) -> Mapping[str, QuestionWords]:
    """Return a rubric's words in a language: of de-AT its own, or else those of de."""
    known = {code.lower(): words for code, words in rubric.translations.items()}
    exact, plain = language.lower(), language.lower().partition("-")[0]
    return known.get(exact) or known.get(plain) or {}


def _question(
    question: QuestionPart, turn: int, words: QuestionWords | None, side: int | None, item: Row
) -> ScreenQuestion:
    said = words or QuestionWords()

    def put(text: str) -> str:
        return text.replace("{value_a}", item["value_a"]).replace("{value_b}", item["value_b"])

    anchors = item["anchors"].get(question.anchors, []) if question.anchors else []
    labels = [said.options.get(option.code) or option.label for option in question.options]
    condition = question.show_if
    return ScreenQuestion(
        key=question.key,
        turn=turn,
        label=put(said.label or question.label),
        help=put(said.help or question.help),
        type=str(question.type),
        required=question.required,
        asked_if={condition.question: condition.is_} if condition else {},
        options=tuple(
            ScreenOption(code, put(label), anchors[n] if n < len(anchors) else "")
            for n, (code, label) in enumerate(
                zip(_codes(question.options, side), labels, strict=True)
            )
        ),
    )


def _codes(options: Sequence[OptionPart], side: int | None) -> list[str]:
    """Return what each option stood for: where slot 2 stood first, the first letter is slot 2's."""
    codes = [option.code for option in options]
    if side == 2 and {FIRST, SECOND} <= set(codes):
        return [{FIRST: SECOND, SECOND: FIRST}.get(code, code) for code in codes]
    return codes
