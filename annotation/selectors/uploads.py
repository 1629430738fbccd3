"""What became of each upload, and which replies still lack seats."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Sum

from annotation.models import Batch, Item, Query, Rater, Response, Seat, Study
from annotation.tally import ERRORS_KEPT
from annotation.upload_paths import refused_path
from annotation.vocabulary import BatchState, ItemKind, RaterSource, Wave

# A worker takes a waiting upload within a second or two.
PATIENCE = timedelta(seconds=15)
# From how many seconds a time is said in minutes, and from how many minutes in hours.
MINUTES_FROM, HOURS_FROM = 90, 90


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One upload as its page shows it."""

    number: int
    file_name: str
    state: BatchState
    failure: str
    read: int
    created: int
    unchanged: int
    updated: int
    refused: int
    uploaded_at: datetime
    uploaded_by: str
    notes: tuple[str, ...]
    has_file: bool
    has_refused_lines: bool
    unattended: bool
    share: float
    began_at: datetime | None
    at: datetime

    @property
    def percent(self) -> int:
        """Return how much of the file has been read."""
        return int(self.share * 100)

    @property
    def rate(self) -> int:
        """Return how many lines a second are read, 0 while that cannot be said."""
        seconds = self._seconds
        return int(self.read / seconds) if seconds else 0

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

    @property
    def can_go_on(self) -> bool:
        """Say whether reading was stopped half way and the rest can be read."""
        stopped = self.state in (BatchState.CANCELLED, BatchState.FAILED)
        return stopped and self.has_file and self.share > 0

    @property
    def live(self) -> bool:
        """Say whether the page should look again by itself."""
        return self.state in (BatchState.WAITING, BatchState.READING)

    @property
    def errors_cut(self) -> bool:
        """Say whether more lines were refused than reasons are kept."""
        return self.refused > ERRORS_KEPT


def about(time: timedelta) -> str:
    """Return a time roughly, as people say it: in seconds, minutes, or hours and minutes."""
    seconds = round(time.total_seconds())
    if seconds < MINUTES_FROM:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < HOURS_FROM else f"{minutes // 60} h {minutes % 60} min"


def row_of(batch: Batch, *, at: datetime) -> BatchRow:
    """Return one upload; ``unattended`` if it has waited longer than a running worker lets it."""
    # Of an upload that waits to be read again, the earlier reading ended when it was asked for.
    since = batch.finished_at or batch.created_at
    waiting = batch.state == BatchState.WAITING
    return BatchRow(
        number=batch.number,
        file_name=batch.file_name,
        state=BatchState(batch.state),
        failure=batch.failure,
        read=batch.read,
        created=batch.created,
        unchanged=batch.unchanged,
        updated=batch.updated,
        refused=batch.refused,
        uploaded_at=batch.created_at,
        uploaded_by=batch.created_by.username if batch.created_by else "",
        notes=tuple(batch.notes),
        has_file=bool(batch.stored_name),
        has_refused_lines=bool(
            batch.refused and batch.stored_name and refused_path(batch.stored_name).is_file()
        ),
        unattended=waiting and at - since > PATIENCE,
        share=batch.share,
        began_at=batch.began_at,
        at=at if batch.state == BatchState.READING else batch.finished_at or at,
    )


def batches_of(study: Study, *, at: datetime) -> tuple[BatchRow, ...]:
    """Return the study's uploads, latest first."""
    rows = Batch.objects.filter(study=study).select_related("created_by").order_by("-number")
    return tuple(row_of(batch, at=at) for batch in rows)


def some_reply(batch: Batch) -> int | None:
    """Return a reply of the batch to begin looking at, if it has any: whichever is found first."""
    return next(iter(Response.objects.filter(batch=batch).values_list("pk", flat=True)[:1]), None)


@dataclass(frozen=True, slots=True)
class MadeElsewhere:
    """How many judgments were made elsewhere, and by how many raters."""

    raters: int
    judgments: int


def made_elsewhere(study: Study) -> MadeElsewhere:
    """Return what was brought of judgments made elsewhere, by the counters of its raters."""
    brought = Rater.objects.filter(study=study, source=RaterSource.IMPORT)
    found = brought.aggregate(raters=Count("pk"), judgments=Sum("judged_count"))
    return MadeElsewhere(found["raters"], found["judgments"] or 0)


def ready_replies(study: Study) -> int:
    """Return how many replies may get seats."""
    return Response.objects.filter(study=study, batch__state=BatchState.READY).count()


def replies_without_seats(study: Study) -> int:
    """Return how many replies of ready batches nobody can judge yet."""
    seats = Seat.objects.filter(item__reply_1=OuterRef("pk"), wave=Wave.FIRST)
    ready = Response.objects.filter(study=study, batch__state=BatchState.READY)
    return ready.filter(~Exists(seats)).count()


def queries_without_pairs(study: Study) -> int:
    """Return how many queries have two ready replies or more, and no pair that can be judged."""
    ready = Count("responses", filter=Q(responses__batch__state=BatchState.READY))
    seated = Seat.objects.filter(query=OuterRef("pk"), item__kind=ItemKind.PAIR)
    queries = Query.objects.filter(~Exists(seated), study=study).annotate(n=ready)
    return queries.filter(n__gte=2).count()


def items_short_of_seats(study: Study) -> int:
    """Return how many items have some seats of the first wave, but fewer than the study wants."""
    first = Q(seats__wave=Wave.FIRST, seats__abandoned_at=None)
    items = Item.objects.filter(study=study, retired_at=None)
    items = items.annotate(n=Count("seats", filter=first))
    return items.filter(n__gt=0, n__lt=study.raters_per_item).count()
