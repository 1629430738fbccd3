"""Lanes: making them for what an opening asks, and counting what was taken of their quota."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from django.db.models import Count, F

from annotation.errors import SeatsRefused
from annotation.models import Lane, Seat, Study
from annotation.vocabulary import Wave

LONGEST_COHORT = 100
PRIORITIES = range(-100, 101)


@dataclass(frozen=True, slots=True)
class Routing:
    """Which raters an opening's seats are for, and how soon they are given out.

    Attributes:
        cohort: only raters of it; empty for anyone.
        priority: higher ones first; 0 is what seats without any routing have.
        crossed: every rater may judge every item, other framings and replies of one query too.
        by_language: only raters who read the query's language, where it has one.
        quotas: by stratum, how many judgments it is to get at most.
    """

    cohort: str = ""
    priority: int = 0
    crossed: bool = False
    by_language: bool = False
    quotas: Mapping[str, int] = field(default_factory=dict)

    def check(self) -> None:
        """Refuse what no lane can be.

        Raises:
            SeatsRefused: a cohort's name, a priority or a quota beyond its limits.
        """
        if len(self.cohort) > LONGEST_COHORT:
            raise SeatsRefused(f"A cohort's name has up to {LONGEST_COHORT} characters.")
        if self.priority not in PRIORITIES:
            raise SeatsRefused("The priority is a whole number from -100 to 100.")
        if any(quota < 1 for quota in self.quotas.values()) or "" in self.quotas:
            raise SeatsRefused("A quota is at least one judgment; leave it out for no limit.")

    @property
    def plain(self) -> bool:
        """Say whether the seats are anyone's."""
        return self == Routing()


def as_first_wave(study: Study, *, cohort: str = "") -> Routing:
    """Return a routing by which a later wave's seats stand among the first wave's.

    They are as urgent as most of those, and for readers of a language where any of those are:
    else a rater could tell them by when they come, or get what they cannot read.
    """
    if not study.has_lanes:
        return Routing(cohort=cohort)
    first = Seat.objects.filter(study=study, wave=Wave.FIRST)
    counted = first.values("lane__priority", "lane__crossed").annotate(n=Count("pk"))
    most = counted.order_by("-n", "lane__priority", "lane__crossed").first()
    by_language = Lane.objects.filter(study=study).exclude(language="").exists()
    return Routing(
        cohort=cohort,
        priority=(most and most["lane__priority"]) or 0,
        crossed=bool(most and most["lane__crossed"]),
        by_language=by_language,
    )


class Lanes:
    """The lanes of one opening, each made when the first seat needs it."""

    def __init__(self, study: Study, routing: Routing) -> None:
        self.study, self.routing = study, routing
        self._made: dict[tuple[str, str], Lane] = {}

    def of(self, *, stratum: str, language: str) -> Lane | None:
        """Return the lane of an item of this stratum in this language; None for anyone's."""
        if self.routing.plain:
            return None
        quota = self.routing.quotas.get(stratum)
        terms = (stratum if quota is not None else "", language * self.routing.by_language)
        if terms == ("", "") and self._for_anyone:
            return None
        if terms not in self._made:
            self._made[terms] = self._lane(*terms, quota=quota)
        return self._made[terms]

    @property
    def _for_anyone(self) -> bool:
        return replace(self.routing, by_language=False, quotas={}).plain

    def _lane(self, stratum: str, language: str, *, quota: int | None) -> Lane:
        lane, made = Lane.objects.get_or_create(
            study=self.study,
            stratum=stratum,
            language=language,
            cohort=self.routing.cohort,
            priority=self.routing.priority,
            crossed=self.routing.crossed,
            defaults={"quota": quota},
        )
        if not made and lane.quota != quota:
            _set_quota(lane, quota or 0)
        Study.objects.filter(pk=self.study.pk, has_lanes=False).update(has_lanes=True)
        return lane


def _set_quota(lane: Lane, quota: int) -> None:
    """Give a lane another quota; one that has none has no name of a stratum and never gets one.

    Raises:
        SeatsRefused: more was taken of it than the quota.
    """
    if Lane.objects.filter(pk=lane.pk, taken__lte=quota).update(quota=quota) != 1:
        raise SeatsRefused(
            f"Stratum {lane.stratum!r} has {lane.taken:,} judgments, or seats held for some: its"
            f" quota cannot be {quota:,}."
        )


def count(lane_id: int | None) -> bool:
    """Count one more seat taken, unless the lane's quota is reached."""
    lane = Lane.objects.filter(pk=lane_id or 0, quota__gt=F("taken"))
    return lane.update(taken=F("taken") + 1) == 1


def uncount(lane_ids: Iterable[int | None]) -> None:
    """Count seats as not taken any more that were given back or left: one id for each.

    In the transaction that gives them back, and always in the same order of lanes.
    """
    back = Counter(lane_id for lane_id in lane_ids if lane_id is not None)
    for lane_id, n in sorted(back.items()):
        Lane.objects.filter(pk=lane_id, quota__isnull=False).update(taken=F("taken") - n)
