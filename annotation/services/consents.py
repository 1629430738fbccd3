"""What raters consent to: its versions, and who agreed to which."""

import hashlib
import re
from datetime import datetime
from pathlib import Path

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from annotation.errors import ConsentTextChanged
from annotation.models import Consent, ConsentText, Rater, Study
from annotation.selectors.consents import words_of

log = structlog.get_logger("touchstone.consents")
TEXTS = Path(__file__).resolve().parent.parent / "texts"
READY = {"en": TEXTS / "consent.md", "de": TEXTS / "consent.de.md"}
ENGLISH = "en"
TITLE = "{title}"


def default_text(language: str = ENGLISH) -> str:
    """Return the text a study gets where nobody wrote another; its places are filled later."""
    return READY[language].read_text(encoding="utf-8")


@transaction.atomic
def write_text(
    *, study: Study, text: str, now: datetime, language: str = ENGLISH
) -> ConsentText | None:
    """Make a text the one raters must agree to; an empty one asks for no consent from now on.

    It is a new version where its words or their language, or what the study promises for a
    withdrawal, are not the latest version's; everybody is then asked again. The ready text comes
    in every language there is, another one in its own. ``{title}`` becomes the study's title here,
    so that the words somebody agreed to never change; ``{withdrawal}`` stays a place, which only
    the version's own promise fills.
    """
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # a double click waits
    # A form sends other line ends than a file has: no reason to ask everybody again.
    words = _filled(text, locked)
    written = _version(locked, words, language, now) if words else None
    if locked.consent_text_id != (written.pk if written else None):
        Study.objects.filter(pk=study.pk).update(consent_text=written)
        version = written.version if written else None
        log.info("consent_text", study=study.slug, version=version, policy=locked.on_withdrawal)
    study.consent_text = written
    return written


def _filled(text: str, study: Study) -> str:
    return text.replace("\r\n", "\n").strip().replace(TITLE, _plain(study.title))


def _plain(words: str) -> str:
    """Return words that Markdown shows as they are."""
    return re.sub(r"([\\`*_\[\]<>&~])", r"\\\1", words)


def _version(study: Study, text: str, language: str, now: datetime) -> ConsentText:
    ready = {code: _filled(default_text(code), study) for code in READY}
    language = next((code for code, words in ready.items() if words == text), language)
    latest = study.consent_texts.order_by("-version").first()
    # Of a text from before there were languages nobody said any: that is no reason to ask again.
    if (
        latest
        and (latest.text, latest.on_withdrawal) == (text, study.on_withdrawal)
        and latest.language in ("", language)
    ):
        return latest
    others = {code: words for code, words in ready.items() if code != language}
    return study.consent_texts.create(
        version=latest.version + 1 if latest else 1,
        text=text,
        language=language,
        translations=others if ready.get(language) == text else {},
        on_withdrawal=study.on_withdrawal,
        created_at=now,
    )


@transaction.atomic
def give(*, rater: Rater, text_id: int, now: datetime, language: str | None = None) -> Consent:
    """Store that a rater agreed to the text they were shown; agreeing twice stores it once.

    ``language`` is that of the words they read; the text's own where none is named.

    Raises:
        ConsentTextChanged: it is not the study's text any more, or was not shown in this language.
    """
    study = Study.objects.select_for_update(no_key=True).get(pk=rater.study_id)
    text = study.consent_text
    words = words_of(text) if text else {}
    read_in = text.language if text and language is None else language
    if text_id != study.consent_text_id or read_in not in words:
        raise ConsentTextChanged(_("The text was changed a moment ago. Please read it again."))
    given, __ = Consent.objects.get_or_create(
        rater=rater,
        text_id=text_id,
        defaults={
            "given_at": now,
            "language": read_in,
            "text_sha256": hashlib.sha256(words[read_in].encode()).hexdigest(),
        },
    )
    return given
