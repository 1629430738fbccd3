"""What raters agreed to, and what they are still to agree to."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from annotation import own_words, rendering
from annotation.models import Consent, ConsentText, Rater, Study
from annotation.vocabulary import OnWithdrawal

# Where a text says what becomes of judgments when a rater leaves.
WITHDRAWAL = "{withdrawal}"


@dataclass(frozen=True, slots=True)
class ConsentShown:
    """One version of a consent text as a rater reads it.

    ``promise`` is empty where the text itself has it. ``agreed_at`` is None for a text that this
    rater has not agreed to.
    """

    id: int
    version: int
    language: str
    html: str
    promise: str
    agreed_at: datetime | None
    first: bool


def current_for(rater: Rater) -> ConsentText | None:
    """Return the text that the rater's study asks to agree to now, or None."""
    return rater.study.consent_text


def missing(rater: Rater) -> ConsentText | None:
    """Return the text that this rater has yet to agree to, or None."""
    current = current_for(rater)
    if current is None or rater.consents.filter(text=current).exists():
        return None
    return current


def shown_to(rater: Rater) -> ConsentShown | None:
    """Return the study's text as this rater reads it, or None where nothing is asked."""
    current = current_for(rater)
    if current is None:
        return None
    given = rater.consents.filter(text=current).first()
    # What somebody agreed to they read again in the words they agreed to.
    language = language_for(current, given.language if given else translation.get_language() or "")
    return ConsentShown(
        id=current.pk,
        version=current.version,
        language=language,
        html=html_of(current, language=language),
        promise="" if WITHDRAWAL in current.text else promise_of(current.on_withdrawal),
        agreed_at=given.given_at if given else None,
        first=not rater.consents.exists(),
    )


def words_of(text: ConsentText) -> dict[str, str]:
    """Return the words of a version in each language it has, its own first."""
    return {text.language: text.text, **text.translations}


def language_for(text: ConsentText, wanted: str) -> str:
    """Return in which of its languages somebody reads a version: theirs, where it has it."""
    known = words_of(text)
    plain = wanted.partition("-")[0]
    return next((one for one in (wanted, plain) if one in known), text.language)


def html_of(text: ConsentText, *, top: int = 2, language: str | None = None) -> str:
    """Return a consent text as safe HTML, its promise filled in, headings from level ``top`` on.

    It is in one of the version's languages, in its own where none is named; the promise too, where
    the product speaks that language.
    """
    code = text.language if language is None else language
    spoken = code if code in dict(settings.LANGUAGES) else translation.get_language()
    with translation.override(spoken):
        promise = promise_of(text.on_withdrawal)
    words = words_of(text)[code].replace(WITHDRAWAL, promise)
    return own_words.translated(rendering.render(words, top=top))


def policy_for(rater: Rater) -> OnWithdrawal:
    """Return what was promised to this rater: by the text agreed to last, else by the study."""
    last = Consent.objects.filter(rater=rater.pk).select_related("text").order_by("-pk").first()
    return OnWithdrawal(last.text.on_withdrawal if last else rater.study.on_withdrawal)


def promise_of(policy: str) -> str:
    """Return in a sentence what becomes of a rater's judgments when the rater leaves."""
    if policy == OnWithdrawal.DELETE:
        return _(
            "When you leave, your judgments are deleted, with all that was recorded about how they"
            " were made. Data that were released before stay as they are; they hold your judgments"
            " under a pseudonym."
        )
    return _(
        "When you leave, your judgments are kept without any link to you, and are left out of all"
        " numbers and of all data released from then on. Data that were released before stay as"
        " they are; they hold your judgments under a pseudonym."
    )


def somebody_agreed(study: Study) -> bool:
    """Say whether any rater of the study ever agreed to a version of its text."""
    return Consent.objects.filter(text__study=study.pk).exists()
