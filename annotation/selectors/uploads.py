"""What became of each upload, and which replies still lack seats."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, Sum

from annotation.models import Batch, Item, Query, Rater, Response, Seat, Study
from annotation.selectors.speeds import Speed
from annotation.tally import ERRORS_KEPT
from annotation.upload_paths import refused_path
from annotation.vocabulary import BatchState, ItemKind, RaterSource, Wave

# A worker takes a waiting upload within a second or two.
PATIENCE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class BatchRow(Speed):
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
        lines=batch.read,
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
