"""Asking raters now and then whether they recognised who wrote the reply they had just judged."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from annotation.errors import GuessRefused
from annotation.models import Guess, Judgment, Rater, Seat
from annotation.vocabulary import ItemKind

LONGEST = Guess._meta.get_field("words").max_length or 0


def comes_after_next(rater: Rater, *, ahead: int = 0) -> bool:
    """Say whether the question follows the next judgment; ``ahead`` are to come before that."""
    every = rater.study.guess_every
    return bool(every) and (rater.judged_count + 1 + ahead) % every == 0


def due(rater: Rater) -> Judgment | None:
    """Return the judgment that the rater is to be asked about now, None almost always.

    After every so many items, of one reply, until it is answered or another item is being read.
    Studies that never ask cost no look.
    """
    every = rater.study.guess_every
    if not every or not rater.judged_count or rater.judged_count % every:
        return None
    seats = Seat.objects.filter(rater=rater.pk, abandoned_at=None)
    if seats.filter(judged_at=None, shown_at__isnull=False).exists():
        return None
    seat = seats.filter(judged_at__isnull=False).order_by("-judged_at", "-pk").first()
    if seat is None:
        return None
    judged = Judgment.objects.filter(seat=seat.pk, revision=1, guess=None)
    return judged.filter(item__kind=ItemKind.SINGLE).first()


def give(*, rater: Rater, judgment_id: str, knew: bool | None, words: str, now: datetime) -> Guess:
    """Store what a rater said about one of their judgments; the first word stays.

    Raises:
        GuessRefused: it is no judgment of theirs that they were asked about, neither answer was
            chosen (``knew`` is None), or nobody is named.
    """
    if knew is None:
        raise GuessRefused(_("Choose one of the two answers."))
    named = _checked(words) if knew else ""
    found = Judgment.objects.filter(rater=rater.pk, public_id=judgment_id, revision=1).first()
    if found is None or not rater.study.guess_every:
        raise GuessRefused(_("You were not asked about this item."))
    try:
        with transaction.atomic():
            return Guess.objects.create(judgment=found, knew=knew, words=named, given_at=now)
    except IntegrityError:
        return Guess.objects.get(judgment=found)  # a double click, or another tab


def _checked(words: str) -> str:
    named = " ".join(words.split())
    if not named:
        raise GuessRefused(_("Name whom you recognised, or choose “No”."))
    if len(named) > LONGEST:
        raise GuessRefused(_("A name of at most %s characters is enough.") % LONGEST)
    if "\0" in named or not _is_unicode(named):
        raise GuessRefused(_("The name holds a character that cannot be stored; remove it."))
    return named


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
