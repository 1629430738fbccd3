"""Raters go first: a job that takes long pauses while people are judging."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from annotation.models import Seat

# Whoever took an item so lately is waiting for pages now and then.
LATELY = timedelta(seconds=30)
# While raters work, chunks are smaller by this: shorter transactions, shorter waits.
SMALLER = 4


def raters_active(now: datetime) -> bool:
    """Say whether anyone took an item lately, in any study; submitting takes the next one.

    Cost: a look at the open leases, two a rater, which have an index of their own.
    """
    leases = Seat.objects.filter(rater__isnull=False, judged_at=None, abandoned_at=None)
    return leases.filter(claimed_at__gte=now - LATELY).exists()


class Courtesy:
    """Pauses after each piece of work, in proportion to how long it took, while raters work."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = timezone.now,
    ) -> None:
        self.share = settings.JOBS_YIELD
        self._clock, self._sleep, self._now = clock, sleep, now
        self._since = clock()

    def wanted(self) -> bool:
        """Say whether raters are to be spared now."""
        return self.share > 0 and raters_active(self._now())

    def portion(self, whole: int) -> int:
        """Return how much to do in one chunk now, of what is done in one while nobody works."""
        return max(1, whole // SMALLER) if self.wanted() else whole

    def after_work(self) -> None:
        """Pause, if raters are active, for so many times what was worked since the last call."""
        worked = self._clock() - self._since
        if self.wanted():
            self._sleep(worked * self.share)
        self._since = self._clock()
