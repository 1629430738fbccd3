"""Changing how a study deals with raters."""

from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.db import transaction

from annotation.errors import WithdrawalPromised
from annotation.models import Study
from annotation.selectors.consents import somebody_agreed
from annotation.services import consents, studies
from annotation.vocabulary import OnWithdrawal, StudyState

log = structlog.get_logger("touchstone.studies")


@dataclass(frozen=True, slots=True)
class StudySettings:
    """What an admin may change at any time, but for what was promised for a withdrawal.

    None is no limit; ``break_minutes`` or ``guess_every`` of 0 is never.
    """

    title: str
    lease_minutes: int
    replies_per_query: int | None
    one_framing_per_scenario: bool
    shows_system_messages: bool
    judgments_per_rater: int | None
    skips_before_review: int
    break_minutes: int
    edits_until: datetime | None
    sensitive_topics: tuple[str, ...]
    support_text: str
    on_withdrawal: OnWithdrawal
    guess_every: int = 0


@transaction.atomic
def change(
    *,
    study: Study,
    wanted: StudySettings,
    guidelines: str,
    consent: str,
    now: datetime,
    by_id: int,
    consent_language: str = consents.ENGLISH,
) -> None:
    """Store the settings; another text of guidelines or consent becomes its next version.

    Raises:
        WithdrawalPromised: what becomes of judgments on withdrawal is fixed already.
    """
    stored = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    if wanted.on_withdrawal != stored.on_withdrawal and promise_fixed(stored):
        raise WithdrawalPromised(
            "The study was opened, or a rater has agreed to its consent text: what becomes of"
            " judgments when a rater leaves was promised then and stays."
        )
    Study.objects.filter(pk=study.pk).update(**asdict(wanted))
    studies.write_guidelines(study=study, text=guidelines, now=now)
    consents.write_text(study=study, text=consent, language=consent_language, now=now)
    log.info("study_settings", study=study.slug, by=by_id, **_without_text(wanted))


def promise_fixed(study: Study) -> bool:
    """Say whether a rater may rely on what the study promises for a withdrawal."""
    return study.state != StudyState.DRAFT or somebody_agreed(study)


def _without_text(wanted: StudySettings) -> dict[str, object]:
    texts = ("title", "support_text")
    return {name: value for name, value in asdict(wanted).items() if name not in texts}


def aim_for(*, study: Study, raters_per_item: int) -> None:
    """Set how many raters an item shall get; seats come from opening them."""
    Study.objects.filter(pk=study.pk).update(raters_per_item=raters_per_item)
    study.raters_per_item = raters_per_item
