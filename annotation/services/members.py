"""Ending memberships, never the last admin's."""

from datetime import datetime

import structlog
from django.db import transaction

from annotation.errors import LastAdmin
from annotation.models import Study
from annotation.vocabulary import Role

log = structlog.get_logger("touchstone.members")


@transaction.atomic
def end(*, study: Study, membership_id: int, now: datetime, by_id: int) -> bool:
    """End a membership of the study; what the member did stays. False when there is none to end.

    Raises:
        LastAdmin: nobody would be left to manage the study.
    """
    active = study.memberships.filter(ended_at=None)
    # Two admins who end each other wait here for one another.
    admins = set(
        active.filter(role=Role.ADMIN, user__is_active=True)
        .select_for_update(of=("self",))
        .values_list("pk", flat=True)
    )
    if admins == {membership_id}:
        raise LastAdmin("A study needs an admin. Invite another one first.")
    ended = active.filter(pk=membership_id).update(ended_at=now) == 1
    if ended:
        log.info("membership_ended", study=study.slug, membership=membership_id, by=by_id)
    return ended
