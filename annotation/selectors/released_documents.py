"""The documents that a release freezes: what was asked, and what raters were given to read."""

from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef

from annotation.models import (
    Consent,
    ConsentText,
    Guidelines,
    Judgment,
    Rubric,
    SpecificationVersion,
    Study,
    Value,
)
from annotation.selectors.consents import words_of
from annotation.selectors.released import judgments_at_seats
from annotation.value_lines import aliases_cell


class FrozenRubric(NamedTuple):
    """One version of a rubric as the JSON it was made from."""

    key: str
    version: int
    source: dict[str, Any]


class FrozenVersion(NamedTuple):
    """One version of a text that raters were given to read; ``language`` of one that has several.

    ``translated`` says that the same version has other words besides, in its own language.
    """

    version: int
    text: str
    language: str = ""
    translated: bool = False


class FrozenSpecification(NamedTuple):
    """One version of a specification with its clauses, in order."""

    key: str
    title: str
    version: str
    sha256: str
    source: str
    clauses: list[dict[str, Any]]


class FrozenValue(NamedTuple):
    """What raters read of a value, as it is now."""

    value: str
    definition: str
    category: str
    aliases: str


def rubric_source(rubric_id: int) -> dict[str, Any]:
    """Return the JSON a rubric version was made from."""
    source: dict[str, Any] = Rubric.objects.values_list("source", flat=True).get(pk=rubric_id)
    return source


def rubrics_used(study_id: int, *, until: int) -> list[FrozenRubric]:
    """Return every rubric version that judgments were made under."""
    used = judgments_at_seats(study_id, until=until).filter(rubric=OuterRef("pk"))
    found = Rubric.objects.filter(Exists(used), study=study_id).order_by("key", "version")
    return [FrozenRubric(*row) for row in found.values_list("key", "version", "source")]


def guidelines_used(study_id: int, *, until: int) -> list[FrozenVersion]:
    """Return every version of the guidelines that judgments were made under."""
    used = judgments_at_seats(study_id, until=until).filter(guidelines=OuterRef("pk"))
    found = Guidelines.objects.filter(Exists(used), study=study_id).order_by("version")
    return [FrozenVersion(*row) for row in found.values_list("version", "text")]


def specifications_used(study_id: int, *, until: int) -> list[FrozenSpecification]:
    """Return every version of a specification that judgments were made against."""
    used = judgments_at_seats(study_id, until=until).filter(specification=OuterRef("pk"))
    found = SpecificationVersion.objects.filter(Exists(used), specification__study=study_id)
    fields = ("clause_id", "title", "authority", "level", "text")
    return [
        FrozenSpecification(
            key=one.specification.key,
            title=one.specification.title,
            version=one.version,
            sha256=one.sha256,
            source=one.source,
            clauses=list(one.clauses.order_by("position").values(*fields)),
        )
        for one in found.select_related("specification").order_by("specification__key", "pk")
    ]


def consents_used(study_id: int, *, until: int) -> list[FrozenVersion]:
    """Return every text that raters of the release agreed to, and the one that is asked now."""
    judged = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    given = Consent.objects.filter(rater__in=judged.values("rater"))
    asked = Study.objects.filter(pk=study_id).values_list("consent_text_id", flat=True)
    ids = {*given.values_list("text_id", flat=True), *asked}
    found = ConsentText.objects.filter(pk__in=[pk for pk in ids if pk]).order_by("version")
    return [
        FrozenVersion(one.version, words, language, language != one.language)
        for one in found
        for language, words in words_of(one).items()
    ]


def frozen_values(study_id: int) -> list[FrozenValue]:
    """Return the study's values by name, with what raters read of them."""
    found = Value.objects.filter(study=study_id).order_by("name")
    return [
        FrozenValue(name, definition, category, aliases_cell(aliases))
        for name, definition, category, aliases in found.values_list(
            "name", "definition", "category", "aliases"
        )
    ]
