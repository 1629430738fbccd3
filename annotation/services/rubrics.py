"""Publishing what a study asks."""

from datetime import datetime

from django.db import transaction

from annotation.errors import RubricInvalid, RubricVersionTaken
from annotation.models import Option, Question, Rubric, Study
from annotation.rubric_format import QuestionPart, RubricFile
from annotation.selectors.rubrics import next_version
from annotation.vocabulary import ItemKind, Level, QuestionType


@transaction.atomic
def publish(*, study: Study, rubric: RubricFile, now: datetime) -> Rubric:
    """Make this rubric the study's current one.

    A version that was published before stays as it is: the same content is used again, another
    content under the same key and version is refused.

    From its last statement on the database refuses every change to it.

    Raises:
        RubricVersionTaken: this key and version were published with other questions.
        RubricInvalid: the rubric is about pairs and the study has items of one reply, or the
            other way round.
    """
    _refuse_other_kind(study, rubric)
    source = rubric.model_dump(mode="json", by_alias=True)
    stored, made = Rubric.objects.get_or_create(
        study=study,
        key=rubric.key,
        version=rubric.version,
        defaults={"title": rubric.title, "source": source, "kind": rubric.kind},
    )
    if made:
        _store_questions(stored, rubric.questions)
        Rubric.objects.filter(pk=stored.pk).update(published_at=now)
        stored.published_at = now
    elif RubricFile.model_validate(stored.source) != rubric:
        raise RubricVersionTaken(
            f"{rubric.key} version {rubric.version} is published with other questions."
            " Give the new one a higher version.",
            errors=[],
            next_version=next_version(study, key=rubric.key),
        )
    Study.objects.filter(pk=study.pk).update(rubric=stored)
    study.rubric = stored
    return stored


def _refuse_other_kind(study: Study, rubric: RubricFile) -> None:
    others = study.items.exclude(kind=rubric.kind)
    if others.exists():
        have = "two replies" if rubric.kind == ItemKind.SINGLE else "one reply"
        raise RubricInvalid(
            f"The study's items have {have} each, and this rubric asks otherwise. Make another"
            " study for it.",
            errors=[],
        )


def _store_questions(rubric: Rubric, parts: list[QuestionPart]) -> None:
    by_key: dict[str, Question] = {}
    for position, part in enumerate(parts):
        condition = part.show_if
        by_key[part.key] = Question.objects.create(
            rubric=rubric,
            key=part.key,
            position=position,
            label=part.label,
            help=part.help,
            type=part.type,
            level=part.level,
            scope=part.scope,
            required=part.required,
            condition=by_key[condition.question] if condition else None,
            condition_codes=condition.is_ if condition else [],
            clauses=part.clauses,
            anchors=part.anchors or "",
        )
    Option.objects.bulk_create(
        option for part in parts for option in _options(by_key[part.key], part)
    )


def _options(question: Question, part: QuestionPart) -> list[Option]:
    options = [
        Option(
            question=question,
            code=option.code,
            position=position,
            label=option.label,
            polarity=option.polarity or "",
            value=_value(part, option.code, position),
        )
        for position, option in enumerate(part.options)
    ]
    if part.type == QuestionType.SEVERAL:
        options.append(Option(question=question, code="", position=len(options), asked=True))
    return options


def _value(part: QuestionPart, code: str, position: int) -> float | None:
    """Return the number behind a code: its own, or its rank on an ordinal question."""
    if part.type == QuestionType.SCALE or part.level == Level.INTERVAL:
        return float(code)
    return float(position) if part.level == Level.ORDINAL else None
