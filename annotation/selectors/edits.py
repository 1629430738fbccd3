"""Until when a rater may change what they said, and which answer was their last."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from annotation.models import Rater, Seat
from annotation.vocabulary import StudyState


def edits_closed(rater: Rater, *, at: datetime) -> str:
    """Return why a rater may change nothing any more, or nothing where they may."""
    study = rater.study
    if study.state == StudyState.CLOSED:
        return _("The study is closed; answers cannot be changed any more.")
    if study.edits_until is not None and at >= study.edits_until:
        return _("The time for changing answers has passed in this study.")
    return ""


@dataclass(frozen=True, slots=True)
class LastSent:
    """The stage a rater sent last: what Undo leads back to."""

    key: str
    turn: int


def last_sent(rater: Rater) -> LastSent | None:
    """Return the stage this rater sent last, of the item being read or of the one before it."""
    begun = Seat.objects.held_by(rater.pk).filter(turns_judged__gt=0).order_by("-shown_at").first()
    if begun is not None:
        return LastSent(begun.key or "", begun.turns_judged)
    mine = Seat.objects.filter(rater=rater.pk, judged_at__isnull=False).exclude(key=None)
    judged = mine.order_by("-judged_at", "-pk").first()
    if judged is None:
        return None
    # A conversation ends with its whole; where only turns are asked about, with its last turn.
    turn = judged.judgments.order_by("-revision").values_list("stages__turn", flat=True)
    last = turn.filter(late_turn=None).order_by("-stages__pk").first()
    return LastSent(judged.key or "", last or 0)
