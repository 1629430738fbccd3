"""Where raters disagree: at which items, between which options, and when."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.selectors.ratings import item_names, last_rated
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import QuestionType
from evaluation.arrays import TURNS, Units, at_units, units_of
from evaluation.errors import SliceUnknown
from evaluation.services.coefficients import ALPHA, PERCENT, coefficient_json, coefficients_of
from evaluation.services.questions import Meant, answer_labels, answer_names, percent_of
from evaluation.stats.agreement import CountTable
from evaluation.stats.disputes import Disputes, Split, disputes, options_split, splits
from evaluation.stats.estimates import Estimate

Ints = npt.NDArray[np.int64]
ROWS_AT_ONCE = 500
# Of a large study so many are kept: nobody reads further, and all ratings are in a release.
MOST_KEPT = 1_000


@dataclass(frozen=True, slots=True)
class DisputedUnit:
    """One item, or one turn of it, at which raters differ; ``votes`` are by answer."""

    item: int
    name: str
    turn: int
    ratings: int
    share: float
    entropy: float
    distance: float | None
    votes: tuple[int, ...]

    def as_json(self, answers: Sequence[str]) -> dict[str, Any]:
        """Return it as a kept report has it."""
        given = zip(answers, self.votes, strict=True)
        return {
            "item": self.item,
            "responses": self.name,
            "turn": self.turn,
            "ratings": self.ratings,
            "share_of_pairs_that_differ": self.share,
            "entropy_bits": self.entropy,
            "mean_points_apart": self.distance,
            "votes": {answer: n for answer, n in given if n},
        }


@dataclass(frozen=True, slots=True)
class Disputed:
    """The disputed units of a question, the most disputed first.

    ``answers`` and ``labels`` name what ``votes`` of a unit count. ``rated`` units have a rating,
    ``pairable`` two or more, ``differing`` some that differ; of these ``units`` may be the first.
    """

    meant: Meant
    answers: tuple[str, ...]
    labels: tuple[str, ...]
    rated: int
    pairable: int
    differing: int
    units: Sequence[DisputedUnit]

    def first(self) -> "Disputed":
        """Return the same with no more units than are kept."""
        return replace(self, units=tuple(self.units[:MOST_KEPT]))

    def as_json(self, study: StudyFacts) -> dict[str, Any]:
        """Return it as a kept report has it."""
        return {
            **_said(study, self.meant),
            "rated": self.rated,
            "pairable": self.pairable,
            "differing": self.differing,
            "units": [one.as_json(self.answers) for one in self.units[:MOST_KEPT]],
        }


class _Ordered(Sequence[DisputedUnit]):
    """Disputed units whose names are read as they are needed."""

    def __init__(self, units: Units, found: Disputes) -> None:
        self._units = units
        self._found = found
        self._order = found.order()

    def __len__(self) -> int:
        return self._order.size

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return list(self._rows(self._order[at]))
        return next(self._rows(self._order[[at]]))

    def __iter__(self) -> Iterator[DisputedUnit]:
        """Yield every unit, with the names of some read at once."""
        for start in range(0, len(self), ROWS_AT_ONCE):
            yield from self._rows(self._order[start : start + ROWS_AT_ONCE])

    def _rows(self, wanted: Ints) -> Iterator[DisputedUnit]:
        units, found = self._units, self._found
        names = item_names(int(item) for item in units.item[wanted])
        for at in wanted:
            item = int(units.item[at])
            yield DisputedUnit(
                item=item,
                name=names[item],
                turn=int(units.turn[at]),
                ratings=int(found.ratings[at]),
                share=float(found.share[at]),
                entropy=float(found.entropy[at]),
                distance=None if found.distance is None else float(found.distance[at]),
                votes=tuple(int(n) for n in units.counts[at]),
            )


def disputed(one: Meant) -> Disputed:
    """Return the units at which raters differ."""
    units = units_of(one.question, one.asked)
    ratings = units.counts.sum(axis=1)
    found = _Ordered(units, disputes(units.counts, one.values))
    return Disputed(
        meant=one,
        answers=tuple(answer_names(one.question, units.sets)),
        labels=tuple(answer_labels(one.question, units.sets)),
        rated=int(np.count_nonzero(ratings)),
        pairable=int(np.count_nonzero(ratings >= 2)),
        differing=len(found),
        units=found,
    )


@dataclass(frozen=True, slots=True)
class Kind:
    """Two options between which raters of one unit differ, by code and label.

    Of several choices the second is empty: one rater chose the option, another did not.
    """

    first: str
    first_label: str
    second: str
    second_label: str
    pairs: int
    units: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class Kinds:
    """Between which options raters differ, the most frequent first.

    ``pairs`` are all pairs of ratings of one unit, ``differing`` those that differ.
    """

    meant: Meant
    percent: Estimate
    units: int
    ratings: int
    pairs: int
    differing: int
    labels: tuple[str, ...]
    kinds: tuple[Kind, ...]

    @property
    def of_several(self) -> bool:
        """Say whether each option is chosen or not, besides others."""
        return self.meant.question.type == QuestionType.SEVERAL

    def as_json(self, study: StudyFacts) -> dict[str, Any]:
        """Return it as a kept report has it."""
        return {
            **_said(study, self.meant),
            "units": self.units,
            "ratings": self.ratings,
            "pairs": self.pairs,
            "differing": self.differing,
            "percent": coefficient_json(PERCENT, self.percent),
            "kinds": [
                {
                    "first": one.first,
                    "second": one.second or None,
                    "pairs": one.pairs,
                    "units": one.units,
                    "share": coefficient_json(one.share.name, one.share),
                }
                for one in self.kinds
            ],
        }


def _said(study: StudyFacts, one: Meant) -> dict[str, Any]:
    """Return of which question in which study a report is, and from which judgments."""
    return {
        "study": study.slug,
        "key": one.question.key,
        "scope": str(one.scope),
        "cluster": one.cluster,
        "filters": one.filters_json(study),
    }


def kinds(one: Meant) -> Kinds:
    """Say between which options raters of the same unit differ."""
    units = units_of(one.question, one.asked)
    ratings = units.counts.sum(axis=1)
    pairs = int((ratings * (ratings - 1) // 2).sum())
    same = int((units.counts * (units.counts - 1) // 2).sum())
    return Kinds(
        meant=one,
        percent=percent_of(one),
        units=int(np.count_nonzero(ratings >= 2)),
        ratings=int(ratings.sum()),
        pairs=pairs,
        differing=pairs - same,
        labels=tuple(option.label for option in one.question.options),
        kinds=tuple(_kinds(one, units)),
    )


def _kinds(one: Meant, units: Units) -> Iterator[Kind]:
    options = one.question.options
    found: tuple[Split, ...]
    if one.question.type != QuestionType.SEVERAL:
        found = splits(units.counts, units.cluster)
    elif units.sets:
        has = np.array([[o.code in codes for o in options] for codes in units.sets], dtype=np.int64)
        found = options_split(units.counts @ has, units.counts.sum(axis=1), units.cluster)
    else:
        found = ()
    for split in found:
        first = options[split.first]
        second = options[split.second] if split.second >= 0 else None
        yield Kind(
            first=first.code,
            first_label=first.label,
            second=second.code if second else "",
            second_label=second.label if second else "",
            pairs=split.pairs,
            units=split.units,
            share=split.share,
        )


WEEK, SEQUENCE = "week", "sequence"
WAYS = (WEEK, SEQUENCE)
PARTS = 10
# Empty weeks are shown only where that leaves a chart that can be read.
MOST_WEEKS = 60
DAY = 24 * 60 * 60 * 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Bucket:
    """Agreement at the units that got their last rating in one week, or one part of the order."""

    name: str
    first_at: datetime | None
    last_at: datetime | None
    units: int
    ratings: int
    alpha: Estimate
    percent: Estimate

    def as_json(self) -> dict[str, Any]:
        """Return it as a kept report has it."""
        ends = (self.first_at, self.last_at)
        first_at, last_at = (moment.isoformat() if moment else None for moment in ends)
        return {
            "bucket": self.name,
            "first_at": first_at,
            "last_at": last_at,
            "units": self.units,
            "ratings": self.ratings,
            "coefficients": [
                coefficient_json(ALPHA, self.alpha),
                coefficient_json(PERCENT, self.percent),
            ],
        }


@dataclass(frozen=True, slots=True)
class Course:
    """How agreement goes on over time."""

    meant: Meant
    by: str
    units: int
    ratings: int
    buckets: tuple[Bucket, ...]

    def as_json(self, study: StudyFacts) -> dict[str, Any]:
        """Return it as a kept report has it."""
        return {
            **_said(study, self.meant),
            "by": self.by,
            "units": self.units,
            "ratings": self.ratings,
            "buckets": [one.as_json() for one in self.buckets],
        }


def over_time(one: Meant, *, by: str = WEEK) -> Course:
    """Return agreement by the week, or the tenth of the order, in which a unit got its last rating.

    A unit counts whole and once: its ratings are never torn apart between two weeks.

    Raises:
        SliceUnknown: time is cut in another way.
    """
    if by not in WAYS:
        raise SliceUnknown(f"Time is not cut by {by!r}. Choose one of {', '.join(WAYS)}.")
    units = units_of(one.question, one.asked)
    item, turn, when = last_rated(one.asked)
    at = at_units(units, item * TURNS + turn, when)
    # What was rated or taken back between the two queries is in neither.
    order = np.argsort(at, kind="stable")[np.count_nonzero(at < 0) :]
    cut = _weeks(at, order) if by == WEEK else _tenths(order)
    buckets = tuple(_bucket(one, units, at, name, part) for name, part in cut)
    return Course(one, by, units.item.size, int(units.counts.sum()), buckets)


def _weeks(at: Ints, order: Ints) -> list[tuple[str, Ints]]:
    """Return the units of each week from Monday, UTC; empty weeks too, unless they are many."""
    if not order.size:
        return []
    # 1970 began on a Thursday.
    week = (at[order] // DAY + 3) // 7
    first, last = int(week[0]), int(week[-1])
    few = last - first < MOST_WEEKS
    wanted = range(first, last + 1) if few else np.unique(week).tolist()
    return [
        (_week_name(_EPOCH + timedelta(days=7 * number - 3)), order[week == number])
        for number in wanted
    ]


def _week_name(monday: datetime) -> str:
    year, week, _ = monday.isocalendar()
    return f"{year}-W{week:02d}"


def _moment(microseconds: Any) -> datetime:
    return _EPOCH + timedelta(microseconds=int(microseconds))


def _tenths(order: Ints) -> list[tuple[str, Ints]]:
    """Return ten parts of the order, or as many as there are units."""
    parts = np.array_split(order, min(PARTS, order.size)) if order.size else []
    begins = np.cumsum([0, *(part.size for part in parts)])
    return [
        (f"{begins[n] + 1:,} to {begins[n + 1]:,}", part.astype(np.int64))
        for n, part in enumerate(parts)
    ]


def _bucket(one: Meant, units: Units, at: Ints, name: str, part: Ints) -> Bucket:
    counts = units.counts[part]
    table = CountTable.from_counts(counts, units.cluster[part])
    found = coefficients_of(one.question, table, units.sets)
    moments = at[part]
    return Bucket(
        name=name,
        first_at=_moment(moments.min()) if part.size else None,
        last_at=_moment(moments.max()) if part.size else None,
        units=part.size,
        ratings=int(counts.sum()),
        alpha=found[ALPHA],
        percent=found[PERCENT],
    )
