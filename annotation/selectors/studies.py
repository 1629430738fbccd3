"""Studies as others may know them."""

import hashlib
import hmac
from dataclasses import dataclass

from annotation.models import Study
from annotation.plans import RubricPlan
from annotation.selectors.rubrics import plan


@dataclass(frozen=True, slots=True)
class StudyFacts:
    """What evaluation needs to know of a study."""

    id: int
    slug: str
    title: str
    rubric: RubricPlan
    guidelines_version: int | None
    guidelines: str
    raters_per_item: int


def facts_of(study: Study) -> StudyFacts:
    """Return the facts of a study."""
    written = study.guidelines
    return StudyFacts(
        id=study.pk,
        slug=study.slug,
        title=study.title,
        rubric=plan(study.rubric_id or 0),
        guidelines_version=written.version if written else None,
        guidelines=written.text if written else "",
        raters_per_item=study.raters_per_item,
    )


def facts_by_slug(slug: str) -> StudyFacts | None:
    """Return the facts of the study of this name, or None."""
    study = Study.objects.select_related("guidelines").filter(slug=slug).first()
    return facts_of(study) if study else None


def pseudonyms(study_id: int, *, purpose: str, subjects: list[int]) -> dict[int, str]:
    """Return names that mean nothing outside their purpose, keyed with the study's secret."""
    secret = Study.objects.values_list("secret", flat=True).get(pk=study_id)
    return {s: _keyed(secret, purpose, s) for s in subjects}


def _keyed(secret: str, purpose: str, subject: int) -> str:
    text = f"{purpose}:{subject}".encode()
    return hmac.new(bytes.fromhex(secret), text, hashlib.sha256).hexdigest()[:16]
