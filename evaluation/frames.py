"""Frames: the replies from which a sample may be drawn, by what they are and what judges said."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
from django.core.cache import cache
from django.db.models import (
    Avg,
    Case,
    CharField,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from annotation.plans import QuestionPlan
from annotation.selectors.frames import (
    KEPT,
    STRATIFIERS,
    ReplyFilter,
    replies_mark,
    replies_of,
)
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Scope
from evaluation.errors import FrameInvalid
from evaluation.models import Judge, Verdict
from evaluation.models.sample import stratum_label
from evaluation.stats.shapes import IntArray

ROWS_PER_FETCH = 10_000
SCORES = ("score_a", "score_b")
# What of a stratum's name comes from judges.
VERDICT = "verdict"
MARKED, OTHER, SILENT = "marked", "not marked", "no verdict"
Words = Annotated[tuple[str, ...], Field(default=())]
# Whole numbers, summed: their variance is off by less than this.
NEARLY = 1e-9


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Marked(_Strict):
    """What a judge said: one of these answers to a question."""

    judge: int
    question: str
    answers: Annotated[tuple[str, ...], Field(min_length=1)]


class Spread(_Strict):
    """How far models' scores of a query lie apart, by the scores that a judge gave."""

    judge: int
    least: Annotated[float, Field(ge=0)] = 0.0
    most: Annotated[float, Field(ge=0)] | None = None


class Frame(_Strict):
    """Filters; an empty one leaves nothing out. All of them hold together.

    ``judges_differ`` names a question to which two judges gave different answers.
    """

    model: Words
    family: Words
    framing: Words
    category: Words
    topic: Words
    language: Words
    batch: Annotated[tuple[int, ...], Field(default=())]
    turns_from: Annotated[int, Field(ge=1)] | None = None
    turns_to: Annotated[int, Field(ge=1)] | None = None
    seats: Literal["", "none", "some"] = ""
    verdict: Marked | None = None
    judges_differ: str = ""
    spread: Spread | None = None

    def as_json(self) -> dict[str, Any]:
        """Return only the filters that leave something out."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def told_by_others(self) -> bool:
        """Say whether it depends on what judges said or where seats are, and so may soon change."""
        return bool(self.verdict or self.judges_differ or self.spread or self.seats)

    @property
    def of_replies(self) -> ReplyFilter:
        """Return what annotation knows of it."""
        names = ("verdict", "judges_differ", "spread")
        return ReplyFilter(**self.model_dump(exclude=set(names)))


def frame_from_json(given: Any) -> Frame:
    """Return a frame as it was written down.

    Raises:
        FrameInvalid: names every field that is wrong.
    """
    try:
        return Frame.model_validate(given)
    except ValidationError as error:
        wrong = [
            f"{'.'.join(map(str, one['loc'])) or 'the frame'}: {one['msg']}"
            for one in error.errors()
        ]
        raise FrameInvalid("The frame cannot be used. " + "; ".join(wrong), errors=wrong) from error


@dataclass(frozen=True, slots=True)
class Strata:
    """By what a design tells strata apart: properties of replies, or what a judge marked."""

    by: tuple[str, ...] = ()
    marked: Marked | None = None

    def check(self) -> None:
        """Refuse what no reply has.

        Raises:
            FrameInvalid: names it.
        """
        unknown = [name for name in self.by if name not in STRATIFIERS]
        if unknown:
            raise FrameInvalid(
                f"Strata cannot be made by {', '.join(unknown)}; by {', '.join(STRATIFIERS)}."
            )


@dataclass(frozen=True, slots=True)
class StratumCount:
    """One stratum of a frame, and how many replies and queries it has."""

    words: dict[str, str]
    replies: int
    queries: int

    @property
    def label(self) -> str:
        """What it is called."""
        return stratum_label(self.words)


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """Everything that may be drawn.

    Attributes:
        reply: shape (n,), the replies' ids.
        names: the replies' outside ids, n of them.
        queries: the outside ids of their queries, n of them.
        stratum: shape (n,), position in ``words``.
        words: what the units of each stratum have in common.
    """

    reply: IntArray
    names: list[str]
    queries: list[str]
    stratum: IntArray
    words: list[dict[str, str]]


def replies_in(study: StudyFacts, frame: Frame, *, as_of: datetime | None = None) -> QuerySet[Any]:
    """Return the replies of a frame, each once; ``as_of`` those that were in it at that time.

    Raises:
        FrameInvalid: a judge or question that the study has not.
    """
    found: QuerySet[Any] = replies_of(study.id, replace(frame.of_replies, as_of=as_of))
    if frame.verdict is not None:
        found = found.filter(Exists(_marked(study, frame.verdict)))
    if frame.judges_differ:
        found = found.filter(pk__in=_disputed(study, frame.judges_differ))
    if frame.spread is not None:
        found = found.filter(query__in=_apart(study, frame.spread))
    return found


def strata_of(study: StudyFacts, frame: Frame, strata: Strata) -> list[StratumCount]:
    """Count a frame by strata, in the database; in the order of their names.

    What depends on the replies alone is counted once for each set of them, for a plan follows a
    form and most changes of a form leave the frame as it was.

    Raises:
        FrameInvalid: see :func:`replies_in`.
    """
    strata.check()
    if frame.told_by_others or strata.marked is not None:
        return _counted(study, frame, strata)
    asked = json.dumps([replies_mark(study.id), frame.as_json(), strata.by])
    key = f"frame-strata-{hashlib.sha256(asked.encode()).hexdigest()}"
    found: list[StratumCount] | None = cache.get(key)
    if found is None:
        found = _counted(study, frame, strata)
        cache.set(key, found, timeout=KEPT)
    return found


def _counted(study: StudyFacts, frame: Frame, strata: Strata) -> list[StratumCount]:
    columns, found = _columns(study, replies_in(study, frame), strata)
    if not columns:
        counted = found.order_by().aggregate(n=Count("pk"), m=Count("query", distinct=True))
        return [StratumCount({}, counted["n"], counted["m"])]
    rows = found.order_by().values_list(*columns)
    grouped = rows.annotate(n=Count("pk"), m=Count("query", distinct=True))
    counts = [StratumCount(_words(strata, row[:-2]), row[-2], row[-1]) for row in grouped]
    return sorted(_merged(counts), key=lambda one: tuple(one.words.items()))


def units_of(study: StudyFacts, frame: Frame, strata: Strata) -> Units:
    """Read everything that may be drawn, by name, so that the order of upload plays no part.

    Raises:
        FrameInvalid: see :func:`replies_in`.
    """
    strata.check()
    columns, found = _columns(study, replies_in(study, frame), strata)
    rows = found.order_by("external_id").values_list(
        "pk", "external_id", "query__external_id", *columns
    )
    replies: list[int] = []
    names: list[str] = []
    queries: list[str] = []
    of: list[int] = []
    known: dict[tuple[tuple[str, str], ...], int] = {}
    for pk, name, query, *words in rows.iterator(chunk_size=ROWS_PER_FETCH):
        replies.append(pk)
        names.append(name)
        queries.append(query)
        key = tuple(_words(strata, words).items())
        of.append(known.setdefault(key, len(known)))
    order = sorted(known)
    place = {known[key]: position for position, key in enumerate(order)}
    stratum = np.array([place[one] for one in of], dtype=np.int64)
    return Units(
        np.array(replies, dtype=np.int64), names, queries, stratum, [dict(key) for key in order]
    )


def strata_by_reply(
    study: StudyFacts, frame: Frame, strata: Strata, *, as_of: datetime | None = None
) -> tuple[IntArray, IntArray, list[dict[str, str]]]:
    """Return the ids of a frame's replies in their order, and the stratum of each.

    The strata are numbered by their words, in the order in which a sample stores them.

    Raises:
        FrameInvalid: see :func:`replies_in`.
    """
    columns, found = _columns(study, replies_in(study, frame, as_of=as_of), strata)
    known: dict[tuple[tuple[str, str], ...], int] = {}
    rows = found.order_by("pk").values_list("pk", *columns).iterator(chunk_size=ROWS_PER_FETCH)
    read = np.fromiter(
        (
            (pk, known.setdefault(tuple(_words(strata, words).items()), len(known)))
            for pk, *words in rows
        ),
        dtype=np.dtype((np.int64, 2)),
    ).astype(np.int64, copy=False)
    order = sorted(known)
    place = np.zeros(len(order), dtype=np.int64)
    place[[known[key] for key in order]] = np.arange(len(order))
    return read[:, 0], place[read[:, 1]], [dict(key) for key in order]


def _columns(
    study: StudyFacts, found: QuerySet[Any], strata: Strata
) -> tuple[list[str], QuerySet[Any]]:
    columns = [column for name in strata.by for column in STRATIFIERS[name]]
    if strata.marked is not None:
        spoken = _spoken(study, strata.marked.judge, strata.marked.question)
        marks = Case(
            When(Exists(_marked(study, strata.marked)), then=Value(MARKED)),
            When(Exists(spoken), then=Value(OTHER)),
            default=Value(SILENT),
            output_field=CharField(),
        )
        found, columns = found.annotate(said=marks), [*columns, "said"]
    return columns, found


def _words(strata: Strata, row: Iterable[Any]) -> dict[str, str]:
    """Return what a row says of its stratum; the two categories of a query have no order."""
    values = iter(row)
    found = {}
    for name in strata.by:
        parts = [str(next(values) or "") for _ in STRATIFIERS[name]]
        found[name] = " and ".join(sorted(parts)) if any(parts) else ""
    if strata.marked is not None:
        found[VERDICT] = str(next(values))
    return found


def _merged(counts: list[StratumCount]) -> list[StratumCount]:
    """Put together what differs only in the order of two categories."""
    found: dict[tuple[tuple[str, str], ...], StratumCount] = {}
    for one in counts:
        key = tuple(one.words.items())
        met = found.get(key, StratumCount(one.words, 0, 0))
        found[key] = StratumCount(one.words, one.replies + met.replies, one.queries + met.queries)
    return list(found.values())


def _spoken(study: StudyFacts, judge: int, key: str) -> QuerySet[Verdict]:
    """Return a judge's verdicts on the reply at hand; on the whole, where both were asked.

    Raises:
        FrameInvalid: the study has no such judge, or no such question.
    """
    question = _question(study, key)
    if not Judge.objects.filter(study=study.id, pk=judge).exists():
        raise FrameInvalid(f"The study has no judge {judge}.")
    found = Verdict.objects.filter(judge=judge, question=question.id, response=OuterRef("pk"))
    return found.filter(turn=0) if question.scope == Scope.BOTH else found


def _marked(study: StudyFacts, wanted: Marked) -> QuerySet[Verdict]:
    question = _question(study, wanted.question)
    options = [option.id for option in question.options if option.code in wanted.answers]
    unknown = set(wanted.answers) - {option.code for option in question.options}
    if unknown:
        offered = ", ".join(option.code for option in question.options)
        raise FrameInvalid(
            f"{wanted.question!r} does not offer {', '.join(sorted(unknown))}; it offers {offered}."
        )
    return _spoken(study, wanted.judge, wanted.question).filter(option__in=options)


def _question(study: StudyFacts, key: str) -> QuestionPlan:
    question = study.rubric.question(key)
    if question is None or not question.options:
        known = ", ".join(q.key for q in study.rubric.questions if q.options)
        raise FrameInvalid(f"The rubric has no question {key!r} with options; it has {known}.")
    return question


def _disputed(study: StudyFacts, key: str) -> QuerySet[Any]:
    """Return the replies of which two judges said different things, at the same place."""
    question = _question(study, key)
    given = Verdict.objects.filter(judge__study=study.id, question=question.id)
    places = (
        given.order_by().values("response", "turn").annotate(answers=Count("option", distinct=True))
    )
    return places.filter(answers__gt=1).values("response")


def _apart(study: StudyFacts, spread: Spread) -> Any:
    """Return the queries whose disagreement lies in the range.

    It is the largest over the two scores of their population standard deviation over the models'
    replies: so it is at least x where either is, and at most x where both are.
    """
    asked = [study.rubric.question(key) for key in SCORES]
    if None in asked:
        raise FrameInvalid(
            f"Disagreement of models needs the questions {' and '.join(SCORES)} in the rubric."
        )
    if not Judge.objects.filter(study=study.id, pk=spread.judge).exists():
        raise FrameInvalid(f"The study has no judge {spread.judge}.")
    variance = Avg(F("option__value") * F("option__value")) - Avg("option__value") * Avg(
        "option__value"
    )
    given = Verdict.objects.filter(
        judge=spread.judge, question__in=[q.id for q in asked if q], turn=0
    )
    by_score = (
        given.order_by()
        .values("response__query", "question")
        .annotate(variance=variance, n=Count("pk"))
    )
    least = by_score.filter(variance__gte=spread.least**2 - NEARLY)
    found = Q(response__query__in=least.values("response__query"))
    if spread.most is not None:
        beyond = by_score.filter(variance__gt=spread.most**2 + NEARLY)
        found &= ~Q(response__query__in=beyond.values("response__query"))
    return given.filter(found).order_by().values("response__query").distinct()
