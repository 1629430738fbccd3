"""What raters reported: items that wait for an admin, and those that were looked at."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from annotation.models import Flag, Item, Seat, Skip
from annotation.selectors.values import name_of
from annotation.vocabulary import FlagKind, ItemIssue, RaterSource, SkipReason


@dataclass(frozen=True, slots=True)
class ReportedReply:
    """A reply of a reported item; ``id`` leads to it as raters see it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class ReportedFlag:
    """One flag: what, which value, why, by whom and when; and who resolved it when.

    A ``simulated`` rater is a stand-in, not a person.
    """

    kind: FlagKind
    value: str
    note: str
    rater: str
    simulated: bool
    flagged_at: datetime
    resolved_by: str
    resolved_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """One item with what raters reported about it; ``parked`` waits, and was not taken out."""

    id: int
    replies: tuple[ReportedReply, ...]
    batch: int
    value_a: str
    value_b: str
    issues: tuple[ItemIssue, ...]
    skips: tuple[tuple[SkipReason, int], ...]
    flags: tuple[ReportedFlag, ...]
    parked: bool
    reviewed_at: datetime | None
    retired_at: datetime | None

    @property
    def skipped(self) -> int:
        """Return how often it was skipped."""
        return sum(n for _, n in self.skips)


def waiting(study_id: int) -> QuerySet[Item]:
    """Return the items that wait for an admin: skipped often, or flagged.

    It begins with skips and flags, which are few: every page of an admin asks how many wait.
    """
    skips = Skip.objects.filter(_since_review(), item__study=study_id)
    limit = "item__study__skips_before_review"
    often = skips.values("item", limit).annotate(n=Count("pk")).filter(n__gte=F(limit))
    # Where the study asked for fewer skips when they were parked than it does now.
    parked = skips.filter(Exists(_parked_seats().filter(item=OuterRef("item"))))
    flagged = Flag.objects.filter(item__study=study_id, resolved_at=None)
    reports = (often, parked, flagged)
    reported = Q(*(("pk__in", one.values("item")) for one in reports), _connector=Q.OR)
    return Item.objects.filter(reported, study=study_id, retired_at=None).order_by("pk")


def n_waiting(study_id: int) -> int:
    """Return how many items wait for an admin."""
    return waiting(study_id).count()


def looked_at(study_id: int) -> QuerySet[Item]:
    """Return the items that an admin has looked at and that do not wait again, latest first."""
    seen = Item.objects.filter(study=study_id, reviewed_at__isnull=False)
    return seen.exclude(pk__in=waiting(study_id).values("pk")).order_by("-reviewed_at", "-pk")


def reported(items: Iterable[Item], *, only_new: bool) -> tuple[ReportedItem, ...]:
    """Return one page of items with what was reported, ``only_new`` since they were reviewed."""
    ids = [item.pk for item in items]
    rows = Item.objects.select_related(
        "reply_1__batch", "reply_2", "query__value_a", "query__value_b", "study"
    ).in_bulk(ids)
    skips = _skips_by_item(ids, only_new=only_new)
    flags = _flags_by_item(ids, only_new=only_new)
    parked = set(_parked_seats().filter(item__in=ids).values_list("item", flat=True))
    return tuple(
        _reported(rows[pk], skips.get(pk, {}), flags.get(pk, []), parked=pk in parked) for pk in ids
    )


def _reported(
    item: Item, skips: dict[SkipReason, int], flags: list[ReportedFlag], *, parked: bool
) -> ReportedItem:
    parked = parked and item.retired_at is None
    often = sum(skips.values()) >= item.study.skips_before_review or parked
    issues = [(ItemIssue.SKIPPED, often), (ItemIssue.FLAGGED, bool(flags))]
    replies = [item.reply_1, *([item.reply_2] if item.reply_2 else [])]
    return ReportedItem(
        id=item.pk,
        replies=tuple(ReportedReply(reply.pk, reply.external_id) for reply in replies),
        batch=item.reply_1.batch.number,
        value_a=item.query.value_a.name,
        value_b=item.query.value_b.name,
        issues=tuple(issue for issue, holds in issues if holds),
        skips=tuple((reason, skips[reason]) for reason in SkipReason if reason in skips),
        flags=tuple(flags),
        parked=parked,
        reviewed_at=item.reviewed_at,
        retired_at=item.retired_at,
    )


def _since_review() -> Q:
    return Q(item__reviewed_at=None) | Q(skipped_at__gt=F("item__reviewed_at"))


def _parked_seats() -> QuerySet[Seat]:
    return Seat.objects.filter(parked=True, judged_at=None, abandoned_at=None)


def _skips_by_item(ids: list[int], *, only_new: bool) -> dict[int, dict[SkipReason, int]]:
    skips = Skip.objects.filter(item__in=ids)
    if only_new:
        skips = skips.filter(_since_review())
    found: dict[int, dict[SkipReason, int]] = {}
    for item, reason, n in skips.values_list("item", "reason").annotate(n=Count("pk")):
        found.setdefault(item, {})[SkipReason(reason)] = n
    return found


def _flags_by_item(ids: list[int], *, only_new: bool) -> dict[int, list[ReportedFlag]]:
    flags = Flag.objects.filter(item__in=ids).order_by("flagged_at", "pk")
    if only_new:
        flags = flags.filter(resolved_at=None)
    found: dict[int, list[ReportedFlag]] = {}
    for flag in flags.select_related("rater__user", "value", "resolved_by"):
        found.setdefault(flag.item_id, []).append(
            ReportedFlag(
                kind=FlagKind(flag.kind),
                value=flag.value.name if flag.value else "",
                note=flag.note,
                rater=name_of(flag.rater),
                simulated=flag.rater.source == RaterSource.SIMULATED,
                flagged_at=flag.flagged_at,
                resolved_by=flag.resolved_by.username if flag.resolved_by else "",
                resolved_at=flag.resolved_at,
            )
        )
    return found
