"""How fast a file is read, and how long the rest will take."""

from dataclasses import dataclass
from datetime import datetime, timedelta

# From how many seconds a time is said in minutes, and from how many minutes in hours.
MINUTES_FROM, HOURS_FROM = 90, 90


@dataclass(frozen=True, slots=True)
class Speed:
    """How far a job has come since it began; ``share`` is how much of its work is done.

    ``lines`` is how many lines that share stands for.
    """

    lines: float
    share: float
    began_at: datetime | None
    at: datetime

    @property
    def percent(self) -> int:
        """Return how much of the work is done."""
        return int(self.share * 100)

    @property
    def rate(self) -> int:
        """Return how many lines a second are done, 0 while that cannot be said."""
        seconds = self._seconds
        return int(self.lines / seconds) if seconds else 0

    @property
    def left(self) -> timedelta | None:
        """Return how long the rest will take at this speed, or None while that cannot be said."""
        if not self._seconds or not 0 < self.share < 1:
            return None
        return timedelta(seconds=round(self._seconds * (1 - self.share) / self.share))

    @property
    def left_about(self) -> str:
        """Return the same in words; empty while it cannot be said."""
        return about(self.left) if self.left is not None else ""

    @property
    def _seconds(self) -> float:
        return (self.at - self.began_at).total_seconds() if self.began_at else 0.0


def about(time: timedelta) -> str:
    """Return a time roughly, as people say it: in seconds, minutes, or hours and minutes."""
    seconds = round(time.total_seconds())
    if seconds < MINUTES_FROM:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < HOURS_FROM else f"{minutes // 60} h {minutes % 60} min"
