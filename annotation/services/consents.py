"""What raters consent to: its versions, and who agreed to which."""

import re
from datetime import datetime
from pathlib import Path

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.errors import ConsentTextChanged
from annotation.models import Consent, ConsentText, Rater, Study

log = structlog.get_logger("touchstone.consents")
DEFAULT = Path(__file__).resolve().parent.parent / "texts" / "consent.md"
TITLE = "{title}"


def default_text() -> str:
    """Return the text a study gets where nobody wrote another; its places are filled later."""
    return DEFAULT.read_text(encoding="utf-8")


@transaction.atomic
def write_text(*, study: Study, text: str, now: datetime) -> ConsentText | None:
    """Make a text the one raters must agree to; an empty one asks for no consent from now on.

    It is a new version where its words, or what the study promises for a withdrawal, are not the
    latest version's; everybody is then asked again. ``{title}`` becomes the study's title here, so
    that the words somebody agreed to never change; ``{withdrawal}`` stays a place, which only the
    version's own promise fills.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # a double click waits
    # A form sends other line ends than a file has: no reason to ask everybody again.
    words = text.replace("\r\n", "\n").strip().replace(TITLE, _plain(locked.title))
    written = _version(locked, words, now)
    if locked.consent_text_id != (written.pk if written else None):
        Study.objects.filter(pk=study.pk).update(consent_text=written)
        version = written.version if written else None
        log.info("consent_text", study=study.slug, version=version, policy=locked.on_withdrawal)
    study.consent_text = written
    return written


def _plain(words: str) -> str:
    """Return words that Markdown shows as they are."""
    return re.sub(r"([\\`*_\[\]<>&~])", r"\\\1", words)


def _version(study: Study, text: str, now: datetime) -> ConsentText | None:
    if not text:
        return None
    latest = study.consent_texts.order_by("-version").first()
    if latest and (latest.text, latest.on_withdrawal) == (text, study.on_withdrawal):
        return latest
    return study.consent_texts.create(
        version=latest.version + 1 if latest else 1,
        text=text,
        on_withdrawal=study.on_withdrawal,
        created_at=now,
    )


@transaction.atomic
def give(*, rater: Rater, text_id: int, now: datetime) -> Consent:
    """Store that a rater agreed to the text they were shown; agreeing twice stores it once.

    Raises:
        ConsentTextChanged: it is not the study's text any more.
    """
    study = Study.objects.select_for_update(no_key=True).get(pk=rater.study_id)
    if text_id != study.consent_text_id:
        raise ConsentTextChanged(_("The text was changed a moment ago. Please read it again."))
    given, __ = Consent.objects.get_or_create(
        rater=rater, text_id=text_id, defaults={"given_at": now}
    )
    return given
