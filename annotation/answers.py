"""What a rater sent, checked against the rubric: every refusal names its question."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotation import citations, spans
from annotation.errors import AnswersInvalid
from annotation.plans import QuestionPlan, RubricPlan
from annotation.spans import Span, SpanRefused, SpanSent, Texts
from annotation.stages import Stage, stored_turn
from annotation.vocabulary import ClauseRole, QuestionType

LONGEST_TEXT = 10_000
Sent = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Given:
    """The answer to one question at one turn: option ids, words or spans; none means none chosen.

    ``clauses`` are those that decided it, each with what it did for the answer, by clause id.
    """

    question: QuestionPlan
    turn: int
    option_ids: tuple[int, ...] = ()
    text: str = ""
    spans: tuple[Span, ...] = ()
    clauses: tuple[tuple[ClauseRole, str], ...] = ()

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


def no_texts() -> Texts:
    """Return no text: nothing can be marked."""
    return {}


def checked(
    plan: RubricPlan,
    stage: Stage,
    sent: Sent,
    *,
    texts: Callable[[], Texts] = no_texts,
    clause_ids: Callable[[], frozenset[str]] = frozenset,
) -> tuple[Given, ...]:
    """Return the answers of a stage.

    What was sent to a question whose condition is not met is left out: it was hidden. Keys that
    are no questions of this stage are not looked at. ``texts`` are what may be marked at this
    stage, and ``clause_ids`` what may be cited; they are asked for only where something was.

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
        try:
            if question.type == QuestionType.SPANS:
                answer = _marked(question, turn, sent, texts)
            else:
                answer = _answered(question, turn, words, sent, clause_ids)
        except _Problem as problem:
            wrong[question.key] = str(problem)
        else:
            given += [answer] if answer else []
    if wrong:
        raise AnswersInvalid(_("Some answers are missing or not on offer."), fields=wrong)
    return tuple(given)


class _Problem(Exception):
    """What is wrong with one answer, and what to do."""


def _answered(
    question: QuestionPlan,
    turn: int,
    words: list[str],
    sent: Sent,
    clause_ids: Callable[[], frozenset[str]],
) -> Given | None:
    """Return the answer to a closed question or a text; None where nothing was said."""
    problem = _problem(question, words)
    if problem:
        raise _Problem(problem)
    cited = _cited(question, sent, clause_ids) if question.clauses else ()
    if not words and question.type != QuestionType.SEVERAL:
        return None
    return replace(_given(question, turn, words), clauses=cited)


def _cited(
    question: QuestionPlan, sent: Sent, clause_ids: Callable[[], frozenset[str]]
) -> tuple[tuple[ClauseRole, str], ...]:
    found = citations.parsed(sent, question.key)
    if isinstance(found, str):
        raise _Problem(found)
    known = clause_ids() if found else frozenset()
    unknown = [clause_id for __, clause_id in found if clause_id not in known]
    if unknown:
        raise _Problem(_("The specification has no clause “%s”.") % unknown[0][:100])
    return found


def _marked(
    question: QuestionPlan, turn: int, sent: Sent, texts: Callable[[], Texts]
) -> Given | None:
    """Return the places that were marked; None where there are none."""
    try:
        marked = spans.sent_spans(sent, question.key)
        shown = texts() if marked else {}
        placed = tuple(
            spans.located(span, shown, option_id=_kind_id(question, span)) for span in marked
        )
    except SpanRefused as refusal:
        raise _Problem(str(refusal)) from refusal
    if question.required and not placed:
        raise _Problem(_("Please mark at least one place."))
    unique = tuple(dict.fromkeys(placed))
    return Given(question, turn, spans=unique) if unique else None


def _kind_id(question: QuestionPlan, span: SpanSent) -> int | None:
    if not question.options:
        return None
    if not span.kind:
        raise SpanRefused(_("Say for each marked place what it is."))
    option = question.option(span.kind)
    if option is None:
        raise SpanRefused(_("“%s” is not one of the answers on offer.") % span.kind[:40])
    return option.id


def _problem(question: QuestionPlan, words: list[str]) -> str:
    if not words:
        return _("Please answer this question.") if question.required else ""
    if question.type == QuestionType.TEXT:
        return _text_problem(words)
    if question.type != QuestionType.SEVERAL and len(words) > 1:
        return _("Please choose one answer.")
    unknown = [word for word in words if question.option(word) is None]
    if unknown:
        return _("“%s” is not one of the answers on offer.") % unknown[0][:40]
    return _("An answer stands twice.") if len(set(words)) < len(words) else ""


def _text_problem(words: list[str]) -> str:
    if len(words) > 1:
        return _("Please write one text.")
    if "\0" in words[0] or not _is_unicode(words[0]):
        return _("The text holds a character that cannot be stored; remove it.")
    if len(words[0]) > LONGEST_TEXT:
        most = number_format(LONGEST_TEXT, force_grouping=True)
        return _("The text is longer than %(most)s characters.") % {"most": most}
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
