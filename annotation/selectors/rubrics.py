"""What a rubric version asks, as plain values. A published version never changes, so it is kept."""

from dataclasses import replace
from functools import lru_cache

from django.db.models import Max

from annotation.models import Question, Rubric, Study
from annotation.plans import OptionPlan, QuestionPlan, RubricPlan
from annotation.rubric_format import QuestionWords
from annotation.vocabulary import ItemKind, Level, QuestionType, Scope


@lru_cache(maxsize=256)
def plan(rubric_id: int, language: str = "") -> RubricPlan:
    """Return a rubric version, in its own words or, where it has them, in those of a language.

    Asked once per process, since it cannot change.
    """
    if language:
        return _translated(plan(rubric_id), _words(rubric_id, language))
    rubric = Rubric.objects.get(pk=rubric_id)
    questions = rubric.questions.order_by("position").prefetch_related("options")
    by_id = {question.pk: question.key for question in questions}
    return RubricPlan(
        kind=ItemKind(rubric.kind),
        id=rubric.pk,
        key=rubric.key,
        version=rubric.version,
        title=rubric.title,
        questions=tuple(_question(question, by_id) for question in questions),
    )


def versions_of(study: Study | int, *, key: str) -> dict[int, int]:
    """Return the published versions that a study has of a rubric, each with its id."""
    found = Rubric.objects.filter(study=study, key=key, published_at__isnull=False)
    return dict(found.order_by("version").values_list("version", "pk"))


def next_version(study: Study, *, key: str) -> int:
    """Return the version after the last one that a study has of a rubric."""
    last: int | None = study.rubrics.filter(key=key).aggregate(last=Max("version"))["last"]
    return (last or 0) + 1


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
        clauses=question.clauses,
        anchors=question.anchors,
    )


def _words(rubric_id: int, language: str) -> dict[str, QuestionWords]:
    """Return the words of a language by question; those of de where de-at has none."""
    source = Rubric.objects.values_list("source", flat=True).get(pk=rubric_id)
    known = {code.lower(): words for code, words in source.get("translations", {}).items()}
    found = known.get(language.lower()) or known.get(language.lower().partition("-")[0]) or {}
    return {key: QuestionWords.model_validate(words) for key, words in found.items()}


def _translated(original: RubricPlan, words: dict[str, QuestionWords]) -> RubricPlan:
    if not words:
        return original

    def put(question: QuestionPlan) -> QuestionPlan:
        said = words.get(question.key)
        if said is None:
            return question
        options = tuple(
            replace(option, label=said.options.get(option.code) or option.label)
            for option in question.options
        )
        return replace(
            question,
            label=said.label or question.label,
            help=said.help or question.help,
            options=options,
        )

    return replace(original, questions=tuple(put(question) for question in original.questions))
