"""A report about models as flat tables, as the downloads have them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from evaluation.services.model_profiles import ModelReport
from evaluation.stats.estimates import Estimate

Row = list[object]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: what it is called, its columns, and how a report makes its rows."""

    name: str
    columns: tuple[str, ...]
    rows: Callable[[ModelReport], Iterator[Row]]


def _numbers(one: Estimate) -> Row:
    reason = str(one.reason) if one.reason else None
    return [one.value, one.low, one.high, one.se, reason]


def _priorities(report: ModelReport) -> Iterator[Row]:
    """Yield the framing term and each value of each model."""
    for model in report.priorities:
        before: Row = [model.model, str(report.source), report.by]
        framing = (None, "framing", model.comparisons, model.clusters, report.cluster)
        yield [*before, *framing, *_numbers(model.framing)]
        for one in model.values:
            sizes = (one.comparisons, model.clusters, report.cluster)
            yield [*before, one.name, "log_strength", *sizes, *_numbers(one.strength)]
            sizes = (one.comparisons, one.rate.clusters, report.cluster)
            yield [*before, one.name, "win_rate", *sizes, *_numbers(one.rate)]


def _differences(report: ModelReport) -> Iterator[Row]:
    for one in report.differences:
        adjusted = (one.p, one.p_benjamini_hochberg, one.p_holm)
        clusters = one.difference.clusters
        yield [one.name, one.model, one.other, *_numbers(one.difference), clusters, *adjusted]


def _drift(report: ModelReport) -> Iterator[Row]:
    for drift in report.drift:
        for course in drift.courses:
            before: Row = [drift.event, drift.question, drift.seen_by, course.model]
            sizes = (course.curve.conversations, course.curve.events, course.curve.clusters)
            for point in course.curve.points:
                here = (point.turn, point.at_risk, point.events)
                yield [*before, "survival", *here, *sizes, *_numbers(point.survival)]
            for measure, one in (("mean_flips", course.flips), ("recovery", course.recovery)):
                yield [*before, measure, None, one.items, None, *sizes, *_numbers(one)]


def _disagreement(report: ModelReport) -> Iterator[Row]:
    for one in report.spread.top:
        yield [one.query, one.disagreement, one.models]


def _outliers(report: ModelReport) -> Iterator[Row]:
    for one in report.spread.outliers:
        yield [
            one.response_id,
            one.model,
            one.query,
            one.question,
            one.score,
            one.others_median,
            one.distance,
        ]


NUMBERS = ("value", "low", "high", "se", "reason")
TABLES = {
    table.name: table
    for table in (
        Table(
            "priorities",
            ("model", "source", "by", "name", "measure", "comparisons", "clusters", "cluster",
             *NUMBERS),
            _priorities,
        ),
        Table(
            "differences",
            ("name", "model", "other", *NUMBERS, "clusters", "p", "p_benjamini_hochberg",
             "p_holm"),
            _differences,
        ),
        Table(
            "drift",
            ("event", "question", "seen_by", "model", "measure", "turn", "at_risk", "turn_events",
             "conversations", "events", "clusters", *NUMBERS),
            _drift,
        ),
        Table("disagreement", ("query_id", "disagreement", "models"), _disagreement),
        Table(
            "outliers",
            ("response_id", "model", "query_id", "question", "score", "others_median", "distance"),
            _outliers,
        ),
    )
}  # fmt: skip
