"""What a rubric version asks, as plain values. A published version never changes, so it is kept."""

from functools import lru_cache

from annotation.models import Question, Rubric
from annotation.plans import OptionPlan, QuestionPlan, RubricPlan
from annotation.vocabulary import Level, QuestionType, Scope


@lru_cache(maxsize=256)
def plan(rubric_id: int) -> RubricPlan:
    """Return a rubric version; asked once per process, since it cannot change."""
    rubric = Rubric.objects.get(pk=rubric_id)
    questions = rubric.questions.order_by("position").prefetch_related("options")
    by_id = {question.pk: question.key for question in questions}
    return RubricPlan(
        id=rubric.pk,
        key=rubric.key,
        version=rubric.version,
        title=rubric.title,
        questions=tuple(_question(question, by_id) for question in questions),
    )


def _question(question: Question, by_id: dict[int, str]) -> QuestionPlan:
    rows = sorted(question.options.all(), key=lambda option: option.position)
    return QuestionPlan(
        id=question.pk,
        key=question.key,
        label=question.label,
        help=question.help,
        type=QuestionType(question.type),
        level=Level(question.level),
        scope=Scope(question.scope),
        required=question.required,
        condition_key=by_id[question.condition_id] if question.condition_id else "",
        condition_codes=tuple(question.condition_codes),
        options=tuple(
            OptionPlan(option.pk, option.code, option.label, option.value, option.polarity)
            for option in rows
            if not option.asked
        ),
        asked_id=next((option.pk for option in rows if option.asked), None),
    )
