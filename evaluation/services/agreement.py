"""How far raters agree: from the database to numbers with intervals."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.slices import SLICES, rater_count, raters_within
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES, DEFAULT_WAVES, Scope, Wave
from evaluation.derived import Derived, derived_of
from evaluation.errors import QuestionUnknown, SliceUnknown
from evaluation.ratings import Names, Ratings, read
from evaluation.services import asking
from evaluation.services.coefficients import (
    ALPHA,
    PERCENT,
    Share,
    WithNotAsked,
    coefficient_json,
    coefficients_of,
    shares_of,
    with_not_asked,
)
from evaluation.services.span_agreement import Marking
from evaluation.stats.agreement import Bootstrap
from evaluation.stats.estimates import Estimate

# A slice with a smaller share of the ratings has its raters counted from its own items.
RARE = 0.02
MOST_WAYS = 2
BETWEEN = " \N{MULTIPLICATION SIGN} "


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement on one question, in one slice, with everything the numbers depend on.

    ``coefficients`` are by name, alpha at the question's level first; ``bootstrap`` has the same
    with the intervals of drawing clusters again, where that was asked for.
    """

    key: str
    label: str
    scope: str
    level: str
    names: Names
    waves: tuple[str, ...]
    rubric_version: int
    filters: Filters
    cluster: str
    clusters: int
    items: int
    pairable_items: int
    raters: int
    judgments: int
    coefficients: dict[str, Estimate]
    shares: tuple[Share, ...]
    bootstrap: dict[str, Estimate]
    # Of a derived question: how it follows from others, and ratings from which it does not.
    definition: str = ""
    left_out: int = 0
    # Of a question that depends on another: the same with "not asked" as an option.
    with_not_asked: WithNotAsked | None = None

    @property
    def alpha(self) -> Estimate:
        """Krippendorff's alpha at the question's level of measurement."""
        return self.coefficients[ALPHA]

    @property
    def percent(self) -> Estimate:
        """The share of pairs of ratings that are the same."""
        return self.coefficients[PERCENT]

    @property
    def slice_by(self) -> str | None:
        """By what it is sliced."""
        return BETWEEN.join(by for by, _ in self.names) or None

    @property
    def slice_key(self) -> str | None:
        """Which slice it is."""
        return BETWEEN.join(name for _, name in self.names) or None

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "key": self.key,
            "scope": self.scope,
            "level": self.level,
            "definition": self.definition or None,
            "left_out": self.left_out,
            "slice": dict(self.names) or None,
            "wave": "+".join(self.waves),
            "cluster": self.cluster,
            "clusters": self.clusters,
            "items": self.items,
            "pairable_items": self.pairable_items,
            "raters": self.raters,
            "judgments": self.judgments,
            "filters": {
                "rubric_version": self.rubric_version,
                "waves": list(self.waves),
                **self.filters.as_json(),
            },
            "coefficients": [
                coefficient_json(name, one) | self._drawn(name)
                for name, one in self.coefficients.items()
            ],
            "prevalence": [share.as_json() for share in self.shares],
            "with_not_asked": self.with_not_asked.as_json() if self.with_not_asked else None,
        }

    def _drawn(self, name: str) -> dict[str, Any]:
        if name not in self.bootstrap:
            return {}
        one = self.bootstrap[name]
        return {"bootstrap": {"low": one.low, "high": one.high, "se": one.se}}


def report(
    study: StudyFacts,
    *,
    question: str | None = None,
    by: str | None = None,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
    until: int | None = None,
    filters: Filters | None = None,
    bootstrap: Bootstrap | None = None,
) -> list[Agreement]:
    """Return the agreement on each closed question, or on one, whole or in slices.

    Derived questions come after those that were asked, where anything follows from the answers.

    Args:
        study: whose questions, of the rubric version that its facts have.
        question: only the question of this key.
        by: a way to slice, or two with a comma between: then a slice is a pair of names.
        waves, until, filters: which judgments count, see ``Asked``; without filters those that no
            exclusion in force leaves out.
        bootstrap: draws clusters again, besides the interval that is always there.

    Raises:
        QuestionUnknown: the rubric has no such question, or it is one of free text.
        SliceUnknown: results cannot be sliced by this.
    """
    ways = ways_of(by)
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    counted = asking.counting(study) if filters is None else filters
    return [
        found
        for one in _closed(study, question)
        for scope in scopes_of(one)
        for found in _of_question(
            study,
            one,
            asking.asked_of(first_id(one), scope, counted, waves=waves, until=until),
            cluster,
            ways,
            bootstrap,
        )
        if question or not found.definition or found.judgments
    ]


def ways_of(by: str | None) -> tuple[str, ...]:
    """Return the ways to slice that are named, none to two.

    Raises:
        SliceUnknown: one of them is none, they are too many, or one is there twice.
    """
    ways = tuple(part.strip() for part in by.split(",")) if by else ()
    unknown = [way for way in ways if way not in SLICES]
    if unknown:
        raise SliceUnknown(f"Cannot slice by {unknown[0]!r}. Choose one of {', '.join(SLICES)}.")
    if len(ways) > MOST_WAYS or len(set(ways)) < len(ways):
        raise SliceUnknown(f"Slice by one or two different things, not by {by!r}.")
    return ways


def as_json(
    study: StudyFacts, found: list[Agreement], spans: Sequence[Marking] = ()
) -> dict[str, Any]:
    """Return a report in the one shape that command, API and release share."""
    return {
        "study": study.slug,
        "questions": [agreement.as_json() for agreement in found],
        "spans": [marking.as_json() for marking in spans],
    }


def _closed(study: StudyFacts, key: str | None) -> list[QuestionPlan | Derived]:
    closed: list[QuestionPlan | Derived] = [
        *(q for q in study.rubric.questions if q.type in CLOSED_TYPES),
        *derived_of(study.rubric),
    ]
    if key is None:
        return closed
    found = [one for one in closed if plan_of(one).key == key]
    if not found:
        known = ", ".join(plan_of(one).key for one in closed)
        raise QuestionUnknown(f"The study has no closed question {key!r}. It has {known}.")
    return found


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the closed questions of a study, derived ones last."""
    return [plan_of(one) for one in _closed(study, None)]


def offered_one(study: StudyFacts, key: str | None) -> None:
    """Refuse a question that the study does not have.

    Raises:
        QuestionUnknown: the rubric has no such question, or it is one of free text.
    """
    _closed(study, key)


def plan_of(one: QuestionPlan | Derived) -> QuestionPlan:
    """Return a question, asked or derived, as one that was asked."""
    return one.question if isinstance(one, Derived) else one


def first_id(one: QuestionPlan | Derived) -> int:
    """Return the stored question that says who answered: of a derived one its first source."""
    return one.sources[0].id if isinstance(one, Derived) else one.id


def scopes_of(one: QuestionPlan | Derived) -> tuple[Scope, ...]:
    """Return of what a question is asked: turns, whole conversations, or both."""
    return plan_of(one).scopes


def _of_question(
    study: StudyFacts,
    one: QuestionPlan | Derived,
    asked: Asked,
    cluster: str,
    ways: Sequence[str],
    bootstrap: Bootstrap | None,
) -> Iterator[Agreement]:
    condition = study.rubric.question(plan_of(one).condition_key)
    found = read(one, asked, ways, condition=condition)
    for part in found.ratings:
        empty = not part.judgments
        if empty and found.question.scope == Scope.BOTH and asked.scope == Scope.TURN and not ways:
            return  # no conversation of several turns was judged
        raters = _raters(asked, part)
        table = replace(part.table, raters=raters)
        drawn = (
            coefficients_of(found.question, table, part.sets, uncertainty=bootstrap)
            if bootstrap
            else {}
        )
        beside = found.with_not_asked.get(part.names)
        yield Agreement(
            key=found.question.key,
            label=found.question.label,
            scope=str(asked.scope),
            level=str(found.question.level),
            names=part.names,
            waves=tuple(str(wave.label) for wave in asked.waves),
            rubric_version=study.rubric.version,
            filters=asked.filters,
            cluster=cluster,
            clusters=table.groups.n_clusters(),
            items=part.items,
            pairable_items=part.pairable_items,
            raters=raters,
            judgments=part.judgments,
            coefficients=coefficients_of(found.question, table, part.sets),
            shares=shares_of(found.question, table, part.sets),
            bootstrap=drawn,
            definition=found.definition,
            left_out=found.left_out,
            with_not_asked=with_not_asked(found.question, beside) if beside else None,
        )


def _raters(asked: Asked, part: Ratings) -> int:
    if not part.judgments:
        return 0
    if not part.names:
        return rater_count(asked)
    return raters_within(asked, part.names, rare=part.share < RARE)
