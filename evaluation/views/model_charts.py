"""The pictures of a report about models."""

from evaluation import charts
from evaluation.charts import MOST_ROWS, Column, Square, Step
from evaluation.digits import decimal, percent
from evaluation.services.model_drift import ALL, FLIP, Course, Drift
from evaluation.services.model_profiles import CATEGORY, ModelReport

WINS, PRIORITIES, DISAGREEMENT = "win-rates", "priorities", "disagreement"
EVENTS = {"first_misleading_turn": "not misled yet", FLIP: "not flipped yet"}


def name_of(drift: Drift) -> str:
    """Return what a drift's chart is called in addresses."""
    return f"{drift.event.replace('_', '-')}-{drift.seen_by}"


def drawn(report: ModelReport) -> dict[str, tuple[str, str]]:
    """Return every chart of a report, by name: its title and the drawing."""
    found: dict[str, tuple[str, str]] = {}
    what = "category of values" if report.by == CATEGORY else "value"
    if any(one.values for one in report.priorities):
        if any(one.strength.value is not None for each in report.priorities for one in each.values):
            title = f"Strength of each {what} by model, on the log scale"
            found[PRIORITIES] = (title, _strengths(report, title))
        title = f"How often each {what} won, by model"
        found[WINS] = (title, _rates(report, title))
    for drift in report.drift:
        title = f"Share of conversations {EVENTS[drift.event]}, by turn ({drift.seen_by})"
        found[name_of(drift)] = (title, _curves(drift, title))
    if report.spread.bins:
        title = "Queries by how far models lie apart"
        found[DISAGREEMENT] = (title, _histogram(report, title))
    return found


def _strengths(report: ModelReport, title: str) -> str:
    squares = []
    for model in report.priorities:
        for one in model.values:
            value, reason = one.strength.value, one.strength.reason
            words = "" if value is None else decimal(value, 2)
            note = reason.sentence if value is None and reason else "undefined"
            about = f"{one.comparisons:,} comparisons"
            squares.append(Square(one.name, model.model, value, words, about, note))
    most = max((abs(one.value) for one in squares if one.value is not None), default=0.0) or 1.0
    return charts.heat_map(squares, title=title, lowest=-most, highest=most, rows=_ordered(report))


def _rates(report: ModelReport, title: str) -> str:
    squares = [
        Square(
            one.name,
            model.model,
            one.rate.value,
            "" if one.rate.value is None else percent(one.rate.value),
            f"{one.comparisons:,} comparisons",
        )
        for model in report.priorities
        for one in model.values
    ]
    return charts.heat_map(squares, title=title, rows=_ordered(report))


def _ordered(report: ModelReport) -> list[str]:
    """Return what is ranked by how often it won for all models together, the most first."""
    won: dict[str, float] = {}
    of: dict[str, int] = {}
    for model in report.priorities:
        for one in model.values:
            won[one.name] = won.get(one.name, 0.0) + (one.rate.value or 0.0) * one.comparisons
            of[one.name] = of.get(one.name, 0) + one.comparisons
    return sorted(of, key=lambda name: (-won[name] / max(of[name], 1), name))


def shown_courses(drift: Drift) -> list[Course]:
    """Return the courses a chart can hold: all models together, then those with most events."""
    first = [one for one in drift.courses if one.model == ALL]
    rest = [one for one in drift.courses if one.model != ALL]
    kept = sorted(rest, key=lambda one: -one.curve.events)[: MOST_ROWS - len(first)]
    return first + [one for one in rest if one in kept]


def _curves(drift: Drift, title: str) -> str:
    found = []
    for course in shown_courses(drift):
        found.append(Step(0, course.model, 1.0, None, None))
        found += [
            Step(
                point.turn,
                course.model,
                point.survival.value or 0.0,
                point.survival.low,
                point.survival.high,
                f"{point.at_risk:,} at risk, {point.events:,} events",
            )
            for point in course.curve.points
        ]
    return charts.steps(found, title=title, x_title="turn", y_title="share")


def _histogram(report: ModelReport, title: str) -> str:
    columns = [Column(low, high, n) for low, high, n in report.spread.bins]
    return charts.histogram(columns, title=title, x_title="disagreement D", y_title="queries")
