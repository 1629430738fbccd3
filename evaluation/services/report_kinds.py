"""Every report that is computed at once where it is small and by a worker where it is large.

One entry says what addresses call its parameters, how it is computed from them, and as what it is
read back: pages, the API and the worker all go through it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from annotation.selectors.asked import Filters
from annotation.selectors.studies import StudyFacts
from evaluation import selections
from evaluation.errors import FilterInvalid, ReportUnknown
from evaluation.models import Exclusion, ReportKind
from evaluation.services import (
    agreement,
    asked_agreement,
    disagreements,
    exclusions,
    judge_comparisons,
    judge_slices,
    judges,
    labels,
    model_profiles,
    order_effects,
    rates,
)
from evaluation.services.agreement import Agreement
from evaluation.services.alternative import epsilon_from
from evaluation.services.disagreements import Course, Disputed, Kinds
from evaluation.services.judge_comparisons import ComparedJudges
from evaluation.services.judge_reports import JudgeQuestionReport
from evaluation.services.judge_slices import SlicedQuestion
from evaluation.services.judges import CellItem, JudgeFacts
from evaluation.services.labels import Labelling
from evaluation.services.model_profiles import ModelReport
from evaluation.services.model_rows import Source
from evaluation.services.order_effects import OrderEffects
from evaluation.services.questions import Meant, meant
from evaluation.services.rate_reports import RateReport
from evaluation.services.span_agreement import Marking

T = TypeVar("T")
N = TypeVar("N", int, float)
NO = ("false", "0")
Given = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Terms:
    """What is asked, as an address says it, and up to where things count.

    Attributes:
        given: by name, as in an address; no name stands for nothing.
        until: the last judgment that counts; None for all.
        rules: the exclusions to apply where they are asked for; None for those in force.
    """

    study: StudyFacts
    given: Given
    until: int | None = None
    rules: Sequence[Exclusion] | None = None

    def one(self, name: str) -> str | None:
        """Return what is given once, the last where it is given more often."""
        values = self.given.get(name, ())
        return values[-1] if values else None

    def says(self, name: str) -> bool:
        """Say whether a name is given, and not to deny it."""
        return (self.one(name) or "false").lower() not in NO

    def number(self, name: str, kind: type[N]) -> N | None:
        """Return a number that is given, None for nothing.

        Raises:
            FilterInvalid: it is no number.
        """
        value = self.one(name)
        try:
            return None if value is None else kind(value)
        except ValueError:
            raise FilterInvalid(f"{name} is {value!r:.40}; it is a number.", field=name) from None

    @property
    def selection(self) -> selections.Selection:
        """The question, the slices and the judgments that are asked for."""
        return selections.read(self.given)

    @property
    def filters(self) -> Filters:
        """Which judgments count, exclusions and the last one among them."""
        asked, filters = self.selection, self.selection.filters
        if asked.exclusions:
            rules = exclusions.in_force(self.study) if self.rules is None else self.rules
            filters = exclusions.applied(filters, rules)
        return replace(filters, not_after=self.until)

    @property
    def judge(self) -> JudgeFacts:
        """The judge that is named by its number, or else its name.

        Raises:
            JudgeUnknown, JudgeAmbiguous: there is none, or not one.
        """
        return judges.judge_named(self.study, self.one("judge") or "")

    @property
    def meant(self) -> Meant:
        """The one question in one scope that is asked for.

        Raises:
            QuestionUnknown, FilterInvalid: there is none such.
        """
        asked = self.selection
        within = asked_agreement.at_version(self.study, asked.rubric_version)
        return meant(
            within, asked.question, self.one("scope"), filters=self.filters, waves=asked.waves
        )[0]


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One kind of report.

    Attributes:
        name: as it is stored.
        names: the parameters on which it depends; others of an address do not count.
        shape: as what it is read back.
        compute: from what is asked to the report. It may refuse.
        as_json: the report as command and API give it.
        check: refuses at once what :attr:`compute` would refuse, where that is cheap to say.
        of_replies: whether it reads every reply of the study, judged or not.
        kept: what of it is kept; all of it, unless part of it has a row for each unit.
    """

    name: ReportKind
    names: tuple[str, ...]
    shape: Any
    compute: Callable[[Terms], T]
    as_json: Callable[[Terms, T], dict[str, Any]]
    check: Callable[[Terms], None] | None = None
    of_replies: bool = False
    kept: Callable[[T], T] = lambda found: found

    def asked(self, given: Given) -> dict[str, list[str]]:
        """Return what is asked of it, written in one way only."""
        said = {name: [value for value in given.get(name, ()) if value] for name in self.names}
        return {name: values for name, values in said.items() if values}


@dataclass(frozen=True, slots=True)
class AgreementFound:
    """Agreement on what is chosen among options, and on marked places."""

    questions: list[Agreement]
    spans: list[Marking]


def _agreement(terms: Terms) -> AgreementFound:
    asked: Any = {
        "until": terms.until,
        "rules": None if terms.rules is None else list(terms.rules),
    }
    chosen = terms.selection
    return AgreementFound(
        asked_agreement.compute(terms.study, chosen, **asked),
        asked_agreement.spans(terms.study, chosen, **asked),
    )


def _judge(terms: Terms) -> list[JudgeQuestionReport]:
    return judges.report(
        terms.study,
        terms.judge.id,
        question=terms.one("question"),
        epsilon=epsilon_from(terms.one("epsilon")),
        filters=terms.filters,
    )


def _judge_json(terms: Terms, found: list[JudgeQuestionReport]) -> dict[str, Any]:
    told = judges.as_json(terms.study, terms.judge, found)
    return rates.added(terms.study, terms.judge, told, filters=terms.filters)


def _slices(terms: Terms) -> list[SlicedQuestion]:
    return judge_slices.report(
        terms.study,
        terms.judge.id,
        by=terms.one("by") or judge_slices.SLICES[0],
        question=terms.one("question"),
        filters=terms.filters,
    )


def _against(terms: Terms) -> list[ComparedJudges]:
    first, second = terms.one("first"), terms.one("second")
    return judge_comparisons.report(
        terms.study,
        terms.judge,
        _other(terms),
        question=terms.one("question"),
        cell=(first, second) if first and second else None,
        filters=terms.filters,
    )


def _other(terms: Terms) -> JudgeFacts:
    return judges.judge_named(terms.study, terms.one("other") or "")


def _cell(terms: Terms) -> list[CellItem]:
    named = {name: terms.one(name) or "" for name in ("question", "scope", "people", "says")}
    # One more than is shown, so that the page knows of more.
    most = judges.MOST_IN_A_CELL + 1
    return judges.items_in_cell(
        terms.study, terms.judge.id, **named, limit=most, filters=terms.filters
    )


def _rates(terms: Terms) -> RateReport:
    return rates.report(
        terms.study,
        terms.judge.id,
        question=terms.one("question") or "",
        option=terms.one("option") or "",
        by=terms.one("by"),
        scope=terms.one("scope"),
        sample=terms.number("sample", int),
        assume_random=terms.says("assume_random"),
        half_width=terms.number("half_width", float),
        filters=terms.filters,
    )


def _models(terms: Terms) -> ModelReport:
    return model_profiles.bounded_report(
        terms.study,
        source=terms.one("from") or str(Source.MAJORITY),
        judge=terms.one("judge"),
        by=terms.one("by") or model_profiles.CATEGORY,
        filters=terms.filters,
    )


def _labels(terms: Terms) -> list[Labelling]:
    return labels.report(
        terms.study,
        question=terms.one("question") or labels.first_question(terms.study),
        judge=judges.id_or_name(terms.one("judge")),
        filters=terms.filters,
    )


def _over_time(terms: Terms) -> Course:
    return disagreements.over_time(terms.meant, by=terms.one("by") or disagreements.WEEK)


def _orders(terms: Terms) -> OrderEffects:
    return order_effects.of_question(terms.study, terms.meant)


# Which judgments count, and of which one question.
PICKED = ("question", "scope", *selections.FILTERS, "exclusions")
JUDGED = ("judge", "question", "exclusions")

AGREEMENT = Kind(
    ReportKind.AGREEMENT,
    selections.NAMES,
    AgreementFound,
    _agreement,
    lambda terms, found: agreement.as_json(terms.study, found.questions, found.spans),
    check=lambda terms: asked_agreement.check(terms.study, terms.selection),
)
JUDGE = Kind(ReportKind.JUDGE, (*JUDGED, "epsilon"), list[JudgeQuestionReport], _judge, _judge_json)
SLICES = Kind(
    ReportKind.SLICES,
    (*JUDGED, "by"),
    list[SlicedQuestion],
    _slices,
    lambda terms, found: judge_slices.as_json(terms.study, terms.judge, found),
)
AGAINST = Kind(
    ReportKind.AGAINST,
    (*JUDGED, "other", "first", "second"),
    list[ComparedJudges],
    _against,
    lambda terms, found: judge_comparisons.as_json(terms.study, terms.judge, _other(terms), found),
)
CELL = Kind(
    ReportKind.CELL,
    (*JUDGED, "scope", "people", "says"),
    list[CellItem],
    _cell,
    lambda terms, found: judges.cell_as_json(terms.study, terms.judge, found),
)
RATES = Kind(
    ReportKind.RATES,
    (*JUDGED, "option", "by", "scope", "sample", "assume_random", "half_width"),
    RateReport,
    _rates,
    lambda terms, found: rates.as_json(terms.study, terms.judge, found),
)
MODELS = Kind(
    ReportKind.MODELS,
    # Not "source", which elsewhere says where raters come from.
    ("from", "judge", "by", "exclusions"),
    ModelReport,
    _models,
    lambda _, found: found.as_json(),
    of_replies=True,
)
LABELS = Kind(
    ReportKind.LABELS,
    JUDGED,
    list[Labelling],
    _labels,
    lambda terms, found: labels.as_json(terms.study, found),
    kept=lambda found: [one.without_units() for one in found],
)
OVER_TIME = Kind(
    ReportKind.OVER_TIME,
    (*PICKED, "by"),
    Course,
    _over_time,
    lambda terms, found: found.as_json(terms.study),
)
DISAGREEMENTS = Kind(
    ReportKind.DISAGREEMENTS,
    PICKED,
    Kinds,
    lambda terms: disagreements.kinds(terms.meant),
    lambda terms, found: found.as_json(terms.study),
)
DISPUTED = Kind(
    ReportKind.DISPUTED,
    PICKED,
    Disputed,
    lambda terms: disagreements.disputed(terms.meant),
    lambda terms, found: found.as_json(terms.study),
    kept=Disputed.first,
)
ORDERS = Kind(
    ReportKind.ORDERS,
    PICKED,
    OrderEffects,
    _orders,
    lambda terms, found: order_effects.as_json(terms.study, [found]),
)
EVERY: dict[str, Kind[Any]] = {
    str(kind.name): kind
    for kind in (
        AGREEMENT, JUDGE, SLICES, AGAINST, CELL, RATES, MODELS, LABELS, OVER_TIME, DISAGREEMENTS,
        DISPUTED, ORDERS,
    )
}  # fmt: skip


def kind_of(name: str) -> Kind[Any]:
    """Return a kind by its name.

    Raises:
        ReportUnknown: there is none.
    """
    if name not in EVERY:
        raise ReportUnknown(f"There is no report {name!r}. There are {', '.join(EVERY)}.")
    return EVERY[name]
