"""Items that raters skipped or flagged."""

from annotation.models import Flag, Skip
from annotation.selectors import reports
from annotation.services import reviews
from annotation.vocabulary import FlagKind, SkipReason
from tests import build
from tests.build import HOUR, NOW

LATER = NOW + HOUR
PAGE = "/studies/s/reports/"


def skip(item, *, at=NOW, reason=SkipReason.BROKEN) -> None:
    """Another rater skips an item."""
    rater = build.rater(item.study)
    Skip.objects.create(rater=rater, item=item, reason=reason, skipped_at=at)
    reviews.park_if_reported(item_id=item.pk, now=at)


def flag(item, *, by=None, **more) -> Flag:
    fields = {"kind": FlagKind.ITEM, "flagged_at": NOW, **more}
    return Flag.objects.create(item=item, rater=by or build.rater(item.study), **fields)


def waiting(study) -> list[int]:
    return [item.pk for item in reports.waiting(study.pk)]
