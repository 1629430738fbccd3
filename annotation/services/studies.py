"""Making studies, and changing what they allow."""

import secrets
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction

from annotation.errors import HasWithdrawn, StateChangeRefused, StudyExists
from annotation.models import Guidelines, Membership, Study, User
from annotation.rubric_format import RubricFile
from annotation.services import consents, rubrics
from annotation.vocabulary import STUDY_TRANSITIONS, Role, StudyState

log = structlog.get_logger("touchstone.studies")
# /studies/new/ is the page that makes a study.
RESERVED = frozenset({"new"})


def create(
    *,
    slug: str,
    title: str,
    rubric: RubricFile,
    now: datetime,
    guidelines: str = "",
    consent: str = "",
    consent_language: str = consents.ENGLISH,
    by: User | None = None,
) -> Study:
    """Make a study in draft; whoever makes it becomes its admin. It asks for ``consent``, if any.

    Raises:
        StudyExists: the slug is taken, or is an address of the product itself.
    """
    if slug in RESERVED:
        raise StudyExists(f"{slug!r} is an address of the product itself. Choose another name.")
    try:
        with transaction.atomic():
            study = Study.objects.create(
                slug=slug, title=title, secret=secrets.token_hex(32), created_at=now
            )
            rubrics.publish(study=study, rubric=rubric, now=now)
            write_guidelines(study=study, text=guidelines, now=now)
            consents.write_text(study=study, text=consent, language=consent_language, now=now)
            if by is not None:
                join(study=study, user=by, role=Role.ADMIN, now=now)
    except IntegrityError as error:
        raise StudyExists(f"There is a study {slug!r} already. Choose another name.") from error
    log.info("study_created", study=slug, by=by.pk if by else None)
    return study


def change_state(*, study: Study, to: StudyState, by_id: int | None) -> None:
    """Open, pause or close a study.

    Raises:
        StateChangeRefused: not from this state, or it changed meanwhile.
    """
    allowed = [state for state, targets in STUDY_TRANSITIONS.items() if to in targets]
    changed = Study.objects.filter(pk=study.pk, state__in=allowed).update(state=to)
    if changed != 1:
        study.refresh_from_db(fields=["state"])
        raise StateChangeRefused(f"A study that is {study.state} cannot become {to}.")
    log.info("study_state", study=study.slug, was=study.state, to=str(to), by=by_id)
    study.state = to


@transaction.atomic
def write_guidelines(*, study: Study, text: str, now: datetime) -> Guidelines:
    """Add a version of the guidelines and make it the current one; the same text adds none."""
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # a double click waits here
    latest = study.guideline_versions.order_by("-version").first()
    if latest is not None and latest.text == text:
        return latest
    version = latest.version + 1 if latest else 1
    written = study.guideline_versions.create(version=version, text=text, created_at=now)
    Study.objects.filter(pk=study.pk).update(guidelines=written)
    study.guidelines = written
    return written


def join(*, study: Study, user: User, role: Role, now: datetime) -> Membership:
    """Make an account a member, or give a former member this role again.

    Raises:
        HasWithdrawn: who withdrew as a rater cannot become one again.
    """
    withdrew = Membership.objects.filter(study=study, user=user, withdrew_at__isnull=False)
    if role == Role.RATER and withdrew.exists():
        raise HasWithdrawn("This account withdrew from the study and cannot rate in it again.")
    membership, _ = Membership.objects.update_or_create(
        study=study,
        user=user,
        defaults={"role": role, "ended_at": None},
        create_defaults={"role": role, "created_at": now},
    )
    return membership


def leave(*, study: Study, user: User, now: datetime) -> None:
    """End a membership; what the member did stays."""
    Membership.objects.filter(study=study, user=user, ended_at=None).update(ended_at=now)
