"""The rubric that the admins of a study are composing: one draft for all of them."""

from datetime import datetime
from typing import Any

import structlog
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from annotation.errors import RubricDraftChanged
from annotation.models import Rubric, RubricDraft, Study, User
from annotation.rubric_format import RubricFile
from annotation.services import rubrics

log = structlog.get_logger("touchstone.studies")


def store(
    *, study: Study, source: dict[str, Any], seen: datetime | None, by: User, now: datetime
) -> RubricDraft:
    """Store the draft in place of the one that its maker had seen; None: there was none.

    Sending the same once more changes nothing, so that a double click is no conflict.

    Raises:
        RubricDraftChanged: another draft was stored since; it stays as it is.
    """
    written = {"source": source, "updated_at": now, "updated_by": by}
    if not _seen(study, seen).update(**written):
        try:
            with transaction.atomic():
                return RubricDraft.objects.create(study=study, **written)
        except IntegrityError:
            _refuse_another(study, source)
    return RubricDraft.objects.get(study=study)


def _seen(study: Study, at: datetime | None) -> QuerySet[RubricDraft]:
    """Return the draft if it is still the one of that time."""
    drafts = RubricDraft.objects.filter(study=study)
    return drafts.none() if at is None else drafts.filter(updated_at=at)


def _refuse_another(study: Study, source: dict[str, Any]) -> None:
    there = RubricDraft.objects.select_related("updated_by").get(study=study)
    if there.source != source:
        raise _changed(there)


def _changed(there: RubricDraft) -> RubricDraftChanged:
    name = there.updated_by.username if there.updated_by else "somebody"
    return RubricDraftChanged(
        f"{name} stored another draft meanwhile.", updated_at=there.updated_at, updated_by=name
    )


def discard(*, study: Study, seen: datetime | None, by: User) -> None:
    """Throw the draft away that its maker had seen; without one nothing happens.

    Raises:
        RubricDraftChanged: another draft was stored since; it stays as it is.
    """
    _seen(study, seen).delete()
    there = RubricDraft.objects.select_related("updated_by").filter(study=study).first()
    if there is not None:
        raise _changed(there)
    log.info("rubric_draft_discarded", study=study.slug, by=by.pk)


@transaction.atomic
def publish(*, draft: RubricDraft, rubric: RubricFile, now: datetime) -> Rubric:
    """Make the rubric that a stored draft holds the study's current one, and end the draft.

    A draft that somebody stored meanwhile stays.

    Raises:
        RubricVersionTaken, RubricInvalid: as :func:`annotation.services.rubrics.publish`.
    """
    published = rubrics.publish(study=draft.study, rubric=rubric, now=now)
    RubricDraft.objects.filter(pk=draft.pk, updated_at=draft.updated_at).delete()
    log.info(
        "rubric_published",
        study=draft.study.slug,
        rubric=published.pk,
        version=published.version,
        by=draft.updated_by_id,
    )
    return published
