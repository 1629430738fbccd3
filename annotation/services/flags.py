"""What raters point out to the admins: an item that is wrong, a value that is unclear."""

from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from annotation.errors import FlagRefused, SeatNotHeld
from annotation.models import Flag, Query, Rater, Seat
from annotation.vocabulary import FlagKind

log = structlog.get_logger("touchstone.flags")
LONGEST_NOTE = 2_000


def flag(
    *, rater: Rater, key: str, kind: FlagKind, value_id: int | None, note: str, now: datetime
) -> Flag:
    """Store what a rater points out about the item at a seat they hold or judged.

    Pointing out the same again gives the open flag the new note; an empty one leaves the old.

    Raises:
        SeatNotHeld: the seat is not the rater's.
        FlagRefused: the value is none of the item's two, or the note cannot be stored.
    """
    seat = Seat.objects.filter(rater=rater.pk, key=key, abandoned_at=None).first()
    if seat is None:
        raise SeatNotHeld(_("This item is not yours any more, so nothing was sent."))
    _check_value(seat.query_id, kind, value_id)
    words = _checked(note)
    about = {"rater": rater, "item_id": seat.item_id, "kind": kind, "value_id": value_id}
    while True:
        found = Flag.objects.filter(**about, resolved_at=None).first()
        if found is not None and _noted(found, words):
            return found
        try:
            with transaction.atomic():
                made = Flag.objects.create(**about, note=words, flagged_at=now)
        except IntegrityError:
            continue  # a double click: the first one stored it a moment ago
        log.info("item_flagged", item=seat.item_id, kind=str(kind), rater=rater.pk)
        return made


def _check_value(query_id: int, kind: FlagKind, value_id: int | None) -> None:
    if kind == FlagKind.ITEM:
        if value_id is not None:
            raise FlagRefused(_("Choose the item or one of its values, not both."))
        return
    values = Query.objects.filter(pk=query_id).values_list("value_a", "value_b").get()
    if value_id not in values:
        raise FlagRefused(_("Choose one of the two values of this item."))


def _checked(note: str) -> str:
    words = note.strip().replace("\r\n", "\n")
    if "\0" in words or not _is_unicode(words):
        raise FlagRefused(_("The note holds a character that cannot be stored; remove it."))
    if len(words) > LONGEST_NOTE:
        most = number_format(LONGEST_NOTE, force_grouping=True)
        raise FlagRefused(_("The note is longer than %(most)s characters.") % {"most": most})
    return words


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _noted(found: Flag, words: str) -> bool:
    """Give an open flag its new note; False where an admin resolved it a moment ago."""
    found.note = words or found.note
    return Flag.objects.filter(pk=found.pk, resolved_at=None).update(note=found.note) == 1
