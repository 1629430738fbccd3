"""Deployment mistakes, as system checks with ids."""

from collections.abc import Sequence
from typing import Any

import structlog
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register  # noqa: A004 - their names
from django.db import DatabaseError, connection, connections

log = structlog.get_logger("touchstone.start")


@register(Tags.security, deploy=True)
def hosts_are_named(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a production start that answers to any host name."""
    if "*" in settings.ALLOWED_HOSTS:
        hint = "Name the hosts in ALLOWED_HOSTS."
        return [Error("ALLOWED_HOSTS has a wildcard.", hint=hint, id="touchstone.E001")]
    return []


def warn_at_start() -> None:
    """Log what the database check warns of when a web process starts; leave no connection open."""
    for found in sqlite_is_enough(None, databases=["default"]):
        log.warning("start", id=found.id, message=found.msg, hint=found.hint)
    connections.close_all()


@register(Tags.database)
def sqlite_is_enough(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Warn when more raters work than one SQLite file should carry."""
    if connection.vendor != "sqlite" or not kwargs.get("databases"):
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*) FROM annotation_rater r JOIN annotation_study s"
                " ON s.id = r.study_id WHERE s.state = 'open' AND r.source IN ('account', 'crowd')"
                " AND r.paused_at IS NULL"
            )
            raters = cursor.fetchone()[0]
    except DatabaseError:
        return []  # the tables are not there yet: nothing to warn of
    if raters <= settings.SQLITE_RATERS_MAX:
        return []
    hint = "Move to PostgreSQL (docs/how-to/operator.md), or raise TOUCHSTONE_SQLITE_RATERS_MAX."
    message = f"{raters} raters share one SQLite file; {settings.SQLITE_RATERS_MAX} are tried."
    return [Warning(message, hint=hint, id="touchstone.W001")]
