"""What an admin who composes a rubric begins with."""

from dataclasses import dataclass, replace
from datetime import datetime

from annotation.models import RubricDraft, Study
from annotation.rubric_composer.draft import DraftRubric, draft_in, draft_of
from annotation.rubric_format import RubricFile, presets
from annotation.selectors.rubrics import next_version

CURRENT = "current"
EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Opened:
    """The draft to go on with; without ``stored_at`` nobody has stored one yet."""

    draft: DraftRubric
    stored_at: datetime | None = None
    stored_by: str = ""


def opened(study: Study) -> Opened:
    """Return the study's draft, or its current rubric as the next version."""
    stored = RubricDraft.objects.select_related("updated_by").filter(study=study).first()
    if stored is None:
        return Opened(beginning(study, CURRENT) or DraftRubric())
    name = stored.updated_by.username if stored.updated_by else "somebody"
    return Opened(draft_in(stored.source), stored.updated_at, name)


def beginnings(study: Study) -> list[tuple[str, str]]:
    """Return what a draft can begin with, each with the words for it."""
    current = study.rubric
    found = [(key, rubric.title) for key, rubric in presets().items()]
    if current is not None:
        found.insert(0, (CURRENT, f"What raters are asked now: {current.title}"))
    return [*found, (EMPTY, "An empty rubric")]


def beginning(study: Study, name: str) -> DraftRubric | None:
    """Return the current rubric, a preset or an empty one as a draft, in a version that is free."""
    if name == EMPTY:
        return DraftRubric()
    if name == CURRENT:
        rubric = RubricFile.model_validate(study.rubric.source) if study.rubric else None
    else:
        rubric = presets().get(name)
    return as_draft(study, rubric) if rubric else None


def as_draft(study: Study, rubric: RubricFile) -> DraftRubric:
    """Return a rubric as a draft, in its own version or the next one that is free."""
    taken = study.rubrics.filter(key=rubric.key, version=rubric.version).exists()
    version = next_version(study, key=rubric.key) if taken else rubric.version
    return replace(draft_of(rubric), version=str(version))
