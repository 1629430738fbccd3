"""What raters would see of a draft: its questions as plans, for a turn and for the whole."""

from dataclasses import dataclass

from annotation.plans import OptionPlan, QuestionPlan, with_values
from annotation.rubric_composer.draft import DraftQuestion, DraftRubric, DraftWords, chosen_by
from annotation.stages import ABOUT_A_TURN, ABOUT_THE_WHOLE
from annotation.vocabulary import ItemKind, Level, QuestionType, Scope

SAMPLE_VALUES = ("Honesty", "Kindness")
OF_A_TURN = "After each turn of a conversation"
OF_THE_WHOLE = "Of the whole conversation"
OF_A_PAIR = "Of the two replies"
# What stands where nothing was typed yet.
NO_LABEL = "(no label yet)"


@dataclass(frozen=True, slots=True)
class Previewed:
    """One question as raters see it, and on what it depends, in words."""

    id: int
    only_if: str
    plan: QuestionPlan


@dataclass(frozen=True, slots=True)
class Stage:
    """What is asked at one stage."""

    name: str
    questions: tuple[Previewed, ...]


def previewed(draft: DraftRubric, language: str = "") -> tuple[Stage, ...]:
    """Return the stages of a draft with their questions, in a language where it has words in it."""
    if draft.kind == ItemKind.PAIR:
        return (_stage(draft, OF_A_PAIR, tuple(Scope), language),)
    stages = (
        _stage(draft, OF_A_TURN, ABOUT_A_TURN, language),
        _stage(draft, OF_THE_WHOLE, ABOUT_THE_WHOLE, language),
    )
    return tuple(stage for stage in stages if stage.questions)


def _stage(draft: DraftRubric, name: str, scopes: tuple[Scope, ...], language: str) -> Stage:
    # A question of both scopes is shown twice, and no id stands twice on a page.
    prefix = "turn" if name == OF_A_TURN else "whole"
    questions = tuple(
        Previewed(
            id=question.id,
            only_if=_only_if(draft, question),
            plan=_plan(question, f"preview-{prefix}-{question.id}", language),
        )
        for question in draft.questions
        if _scope(question) in scopes
    )
    return Stage(name, questions)


def _plan(question: DraftQuestion, key: str, language: str) -> QuestionPlan:
    words = question.words.get(language, DraftWords())
    options = tuple(
        OptionPlan(
            id=0,
            code=option.code or str(row),
            label=option.words.get(language, "").strip() or option.label or option.code,
            value=None,
            polarity=option.polarity,
        )
        for row, option in enumerate(question.options)
        if not option.blank
    )
    return QuestionPlan(
        id=0,
        key=key,
        label=words.label.strip() or question.label.strip() or NO_LABEL,
        help=words.help.strip() or question.help,
        type=_type(question),
        level=Level.NOMINAL,
        scope=_scope(question),
        required=question.required,
        condition_key="",
        condition_codes=(),
        options=options,
        asked_id=None,
        clauses=question.clauses,
    ).with_values(*SAMPLE_VALUES)


def _type(question: DraftQuestion) -> QuestionType:
    known = question.type in QuestionType.values
    return QuestionType(question.type) if known else QuestionType.SINGLE


def _scope(question: DraftQuestion) -> Scope:
    known = question.scope in Scope.values
    return Scope(question.scope) if known else Scope.CONVERSATION


def _only_if(draft: DraftRubric, question: DraftQuestion) -> str:
    if question.condition is None:
        return ""
    asked = draft.question(question.condition)
    answers = [option.label or option.code for option in chosen_by(question, asked)]
    if asked is None or not answers:
        return "only if …"
    name = asked.label or asked.key or NO_LABEL
    return with_values(f"only if “{name}” is {' or '.join(answers)}", *SAMPLE_VALUES)
