"""How far a study has come: per batch, per rater, and what to do next."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from django.db.models import Count, F, Max, Q, Window
from django.db.models.functions import Coalesce, RowNumber

from annotation.models import Batch, Invitation, Item, Rater, Response, Seat, Study
from annotation.selectors.reports import n_waiting
from annotation.vocabulary import DEFAULT_WAVES, BatchState, RaterSource, Role, StudyState

RATERS_LISTED = 300
# The pace is the median over a rater's latest judgments.
PACE_OF = 50
POLL_SECONDS = 10
# A page that polls may use this part of the database's time.
POLL_SHARE = 0.05
SEATS = "annotation:seats"


@dataclass(frozen=True, slots=True)
class Counts:
    """Seats by what became of them; those nobody has taken are the rest.

    The parked ones, which nobody gets until an admin has looked at their item, are counted apart.
    """

    seats: int = 0
    done: int = 0
    in_progress: int = 0
    lapsed: int = 0
    parked: int = 0


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """How far one upload has come; short of target are items with too few judged seats.

    What an admin took out is an item still, but never short.
    """

    number: int
    file_name: str
    state: BatchState
    replies: int
    items: int
    retired: int
    counts: Counts
    short: int


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """What one rater has done; ``pace`` is the median seconds an item took, if known."""

    id: int
    name: str
    source: RaterSource
    paused: bool
    counts: Counts
    skipped: int
    last_judged_at: datetime | None
    pace: float | None

    @property
    def simulated(self) -> bool:
        """Say whether this is a stand-in, not a person."""
        return self.source == RaterSource.SIMULATED


@dataclass(frozen=True, slots=True)
class Progress:
    """A study's state of work at one moment.

    ``raters`` are those who take seats here, of whom ``raters_more`` are not listed;
    ``raters_elsewhere`` is how many judged elsewhere.
    """

    at: datetime
    target: int
    items: int
    retired: int
    reported: int
    counts: Counts
    short: int
    raters_at_work: int
    batches: tuple[BatchProgress, ...]
    raters: tuple[RaterProgress, ...]
    raters_more: int
    raters_elsewhere: int
    poll_seconds: int


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do before raters can work, and the page where it is done."""

    done: bool
    text: str
    page: str


def progress_of(study: Study, *, at: datetime) -> Progress:
    """Return the work done, by batch and by rater.

    Seats that were left half way and replaced are not counted. A fixed number of grouped queries,
    whatever the number of batches and raters; how long they took sets how often a page may ask.
    """
    began = time.monotonic()
    batches = _batches(study, at)
    everyone = _raters(study, at)
    raters = [one for one in everyone if one.source != RaterSource.IMPORT]
    reported = n_waiting(study.pk)
    seconds = time.monotonic() - began
    return Progress(
        at=at,
        target=study.raters_per_item,
        items=sum(batch.items for batch in batches),
        retired=sum(batch.retired for batch in batches),
        reported=reported,
        counts=_sum(batch.counts for batch in batches),
        short=sum(batch.short for batch in batches),
        raters_at_work=sum(rater.counts.in_progress > 0 for rater in raters),
        batches=batches,
        raters=tuple(raters[:RATERS_LISTED]),
        raters_more=max(0, len(raters) - RATERS_LISTED),
        raters_elsewhere=len(everyone) - len(raters),
        poll_seconds=max(POLL_SECONDS, round(seconds / POLL_SHARE)),
    )


def _batches(study: Study, at: datetime) -> tuple[BatchProgress, ...]:
    items = Item.objects.filter(study=study)
    # Later waves do not stand in for what the first was to get, and what is gold alone lacks none.
    aimed = Seat.objects.filter(study=study, wave__in=DEFAULT_WAVES)
    judged = aimed.filter(judged_at__isnull=False).values("item")
    complete = judged.annotate(n=Count("pk")).filter(n__gte=study.raters_per_item)
    replies_in = _by(Response.objects.filter(study=study), "batch")
    retired = Count("pk", filter=Q(retired_at__isnull=False))
    rows = items.values_list("reply_1__batch").annotate(n=Count("pk"), retired=retired)
    items_in = {batch: (n, out) for batch, n, out in rows}
    wanting = items.filter(retired_at=None, pk__in=aimed.values("item"))
    short_in = _by(wanting.exclude(pk__in=complete.values("item")), "reply_1__batch")
    counts_in = _counts(study, "item__reply_1__batch", at)
    return tuple(
        BatchProgress(
            number=batch.number,
            file_name=batch.file_name,
            state=BatchState(batch.state),
            replies=replies_in.get(batch.pk, 0),
            items=n_items,
            retired=n_retired,
            counts=_as_counts(counts_in.get(batch.pk, {})),
            short=short_in.get(batch.pk, 0),
        )
        for batch in Batch.objects.filter(study=study).order_by("number")
        for n_items, n_retired in [items_in.get(batch.pk, (0, 0))]
    )


def _raters(study: Study, at: datetime) -> tuple[RaterProgress, ...]:
    counts = _counts(study, "rater", at)
    paces = _paces(study)
    found = Rater.objects.filter(study=study).select_related("user").order_by("pk")
    raters = [
        RaterProgress(
            id=rater.pk,
            name=rater.user.username if rater.user else rater.external_id,
            source=RaterSource(rater.source),
            paused=rater.paused_at is not None,
            counts=_as_counts(counts.get(rater.pk, {})),
            skipped=rater.skipped_count,
            last_judged_at=counts.get(rater.pk, {}).get("last"),
            pace=paces.get(rater.pk),
        )
        for rater in found
    ]
    # Whoever judged last stands first; who has not begun, last.
    raters.sort(key=lambda rater: rater.last_judged_at or study.created_at, reverse=True)
    return tuple(raters)


def _counts(study: Study, group: str, at: datetime) -> dict[int, dict[str, Any]]:
    held = Q(judged_at=None, rater__isnull=False)
    parked = Q(parked=True, judged_at=None) & (Q(rater=None) | Q(leased_until__lte=at))
    rows = (
        Seat.objects.filter(study=study, abandoned_at=None)
        .exclude(**{group: None})
        .values(of=F(group))
        .annotate(
            seats=Count("pk", filter=~parked),
            done=Count("pk", filter=Q(judged_at__isnull=False)),
            in_progress=Count("pk", filter=held & Q(leased_until__gt=at)),
            lapsed=Count("pk", filter=held & Q(leased_until__lte=at, parked=False)),
            parked=Count("pk", filter=parked),
            last=Max("judged_at"),
        )
    )
    return {row["of"]: dict(row) for row in rows}


def _paces(study: Study) -> dict[int, float]:
    """Return each rater's median seconds per item, over their latest judgments."""
    nth = Window(RowNumber(), partition_by=F("rater"), order_by=F("judged_at").desc())
    rows = (
        Seat.objects.filter(study=study, judged_at__isnull=False, claimed_at__isnull=False)
        .annotate(nth=nth)
        .filter(nth__lte=PACE_OF)
        .values_list("rater", Coalesce("shown_at", "claimed_at"), "judged_at")
    )
    seconds: dict[int, list[float]] = {}
    for rater, shown, judged in rows:
        assert shown and judged and rater  # noqa: PT018, S101 - filtered so above
        seconds.setdefault(rater, []).append((judged - shown).total_seconds())
    return {rater: median(found) for rater, found in seconds.items()}


def _by(rows: Any, group: str) -> dict[int, int]:
    return dict(rows.values_list(group).annotate(n=Count("pk")))


def _as_counts(row: dict[str, Any]) -> Counts:
    return Counts(**{name: row.get(name, 0) for name in Counts.__dataclass_fields__})


def _sum(parts: Iterable[Counts]) -> Counts:
    found = tuple(parts)
    return Counts(
        seats=sum(part.seats for part in found),
        done=sum(part.done for part in found),
        in_progress=sum(part.in_progress for part in found),
        lapsed=sum(part.lapsed for part in found),
        parked=sum(part.parked for part in found),
    )


def next_steps(study: Study, progress: Progress, *, at: datetime) -> tuple[Step, ...]:
    """Return the way from a new study to raters at work; nothing once all of it is done.

    Where all judgments were made elsewhere, it leads to what they say.
    """
    if study.state == StudyState.CLOSED:
        return ()
    uploaded = any(batch.state == BatchState.READY and batch.replies for batch in progress.batches)
    invited = _invited(study, at)
    if not invited and Rater.objects.filter(study=study, source=RaterSource.IMPORT).exists():
        here_too = "To have more judged here, open seats and invite raters"
        return (
            Step(uploaded, "Upload a batch of replies", "annotation:batches"),
            Step(done=True, text="Bring judgments made elsewhere", page="annotation:elsewhere"),
            Step(done=False, text="See how far raters agree", page="evaluation:agreement"),
            Step(done=False, text=here_too, page=SEATS),
        )
    steps = (
        Step(uploaded, "Upload a batch of replies", "annotation:batches"),
        Step(progress.counts.seats > 0, "Open seats for raters", SEATS),
        Step(invited, "Invite raters by link", "annotation:raters"),
        Step(study.state != StudyState.DRAFT, "Open the study (the button above)", ""),
    )
    return () if all(step.done for step in steps) else steps


def _invited(study: Study, at: datetime) -> bool:
    links = Invitation.objects.filter(study=study, role=Role.RATER, used_at=None, revoked_at=None)
    raters = Rater.objects.filter(study=study).exclude(source=RaterSource.IMPORT)
    return raters.exists() or links.filter(expires_at__gt=at).exists()
