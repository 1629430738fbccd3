"""What a rater sent, checked against the rubric: every refusal names its question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotation.errors import AnswersInvalid
from annotation.plans import QuestionPlan, RubricPlan
from annotation.stages import Stage, stored_turn
from annotation.vocabulary import QuestionType

LONGEST_TEXT = 10_000
Sent = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Given:
    """The answer to one question at one turn: option ids, or words; neither means none chosen."""

    question: QuestionPlan
    turn: int
    option_ids: tuple[int, ...] = ()
    text: str = ""

    @property
    def rows(self) -> tuple[int, ...]:
        """The options to store: what was chosen, and for several choices that it was asked."""
        if self.question.asked_id is None:
            return self.option_ids
        return (*self.option_ids, self.question.asked_id)


def asked(plan: RubricPlan, stage: Stage) -> tuple[tuple[QuestionPlan, int], ...]:
    """Return the questions of a stage, each with the turn its answer is stored under."""
    pairs = ((question, stored_turn(question.scope, stage)) for question in plan.questions)
    return tuple((question, turn) for question, turn in pairs if turn is not None)


def checked(plan: RubricPlan, stage: Stage, sent: Sent) -> tuple[Given, ...]:
    """Return the answers of a stage.

    What was sent to a question whose condition is not met is left out: it was hidden. Keys that
    are no questions of this stage are not looked at.

    Raises:
        AnswersInvalid: something required is missing or an answer is not offered; ``details``
            has a sentence for each question.
    """
    wrong: dict[str, str] = {}
    given: list[Given] = []
    chosen: dict[str, set[str]] = {}
    for question, turn in asked(plan, stage):
        met = not question.condition_key or bool(
            chosen.get(question.condition_key, set()) & set(question.condition_codes)
        )
        if not met:
            continue
        words = [word.strip() for word in sent.get(question.key, ()) if word.strip()]
        chosen[question.key] = set(words)
        problem = _problem(question, words)
        if problem:
            wrong[question.key] = problem
        elif words or question.type == QuestionType.SEVERAL:
            given.append(_given(question, turn, words))
    if wrong:
        raise AnswersInvalid("Some answers are missing or not on offer.", fields=wrong)
    return tuple(given)


def _problem(question: QuestionPlan, words: list[str]) -> str:
    if not words:
        return "Please answer this question." if question.required else ""
    if question.type == QuestionType.TEXT:
        return _text_problem(words)
    if question.type != QuestionType.SEVERAL and len(words) > 1:
        return "Please choose one answer."
    unknown = [word for word in words if question.option(word) is None]
    if unknown:
        return f"{unknown[0][:40]!r} is not one of the answers on offer."
    return "An answer stands twice." if len(set(words)) < len(words) else ""


def _text_problem(words: list[str]) -> str:
    if len(words) > 1:
        return "Please write one text."
    if "\0" in words[0] or not _is_unicode(words[0]):
        return "The text holds a character that cannot be stored; remove it."
    if len(words[0]) > LONGEST_TEXT:
        return f"The text is longer than {LONGEST_TEXT:,} characters."
    return ""


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _given(question: QuestionPlan, turn: int, words: list[str]) -> Given:
    if question.type == QuestionType.TEXT:
        return Given(question, turn, text=words[0])
    options = (question.option(word) for word in words)
    return Given(question, turn, option_ids=tuple(sorted(o.id for o in options if o is not None)))
