"""Changing how a study deals with raters."""

from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.db import transaction

from annotation.models import Study
from annotation.services import studies

log = structlog.get_logger("touchstone.studies")


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What an admin may change at any time; ``replies_per_query`` of None is no limit."""

    title: str
    lease_minutes: int
    replies_per_query: int | None
    one_framing_per_scenario: bool
    shows_system_messages: bool


@transaction.atomic
def change(
    *, study: Study, wanted: StudySettings, guidelines: str, now: datetime, by_id: int
) -> None:
    """Store the settings; another text of the guidelines becomes their next version."""
    Study.objects.filter(pk=study.pk).update(**asdict(wanted))
    studies.write_guidelines(study=study, text=guidelines, now=now)
    log.info("study_settings", study=study.slug, by=by_id, **_without_text(wanted))


def _without_text(wanted: StudySettings) -> dict[str, object]:
    return {name: value for name, value in asdict(wanted).items() if name != "title"}


def aim_for(*, study: Study, raters_per_item: int) -> None:
    """Set how many raters an item shall get; seats come from opening them."""
    Study.objects.filter(pk=study.pk).update(raters_per_item=raters_per_item)
    study.raters_per_item = raters_per_item
