"""Rates of a judge's answer: as the judge has it, as people have it, and corrected by design."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from annotation.plans import OptionPlan, QuestionPlan
from annotation.selectors.asked import Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Scope
from evaluation.arrays import Ints
from evaluation.derived import Derived
from evaluation.errors import (
    OptionUnknown,
    RateRefused,
    SliceUnknown,
)
from evaluation.services import rate_words
from evaluation.services.asking import counting
from evaluation.services.judges import JudgeFacts, judge_of
from evaluation.services.rate_joins import CANNOT_TELL
from evaluation.services.rate_methods import Chances, Pooling, estimated, pooling_of
from evaluation.services.rate_parts import UNLABELLED, Part
from evaluation.services.rate_plans import planned
from evaluation.services.rate_readings import Reading, question_of, reading, scope_of
from evaluation.services.rate_reports import Rate, RateReport
from evaluation.stats.shapes import BoolArray

SLICES = ("model", "value_category", "turn")
# Of won_by_category in slices by category: the category of the slice itself.
OWN = "own"


def report(
    study: StudyFacts,
    judge: int | str,
    *,
    question: str,
    option: str,
    by: str | None = None,
    scope: str | None = None,
    sample: int | None = None,
    assume_random: bool = False,
    half_width: float | None = None,
    filters: Filters | None = None,
) -> RateReport:
    """Return the rates of an answer, as the judge, people, and both together have it.

    Args:
        study, judge: whose verdicts; a judge by id or by name.
        question: a question of one answer, asked or derived.
        option: the answer; :data:`OWN` with ``won_by_category`` in slices by category.
        by: slice by one of :data:`SLICES`; a reply is in the slices of both its categories.
        scope: turns or conversations, where the question is asked of both; slices by turn are of
            turns, else the conversation is taken.
        sample: the sample whose design counts; None takes the one with the most labelled replies.
        assume_random: take labels that no sample drew for a simple random sample.
        half_width: plan the labels for an interval with this half width, between 0 and 0.5.
        filters: which labels count; left out, those that no exclusion in force leaves out.

    Raises:
        JudgeUnknown, JudgeAmbiguous: see :func:`judge_of`.
        QuestionUnknown, OptionUnknown, SliceUnknown: there is no such thing here.
        SampleUnknown: the study has no such sample, or nothing of it is labelled.
        RateRefused: a question about two replies, one the judge never answered, or an answer of
            which there can be no rate.
        FrameInvalid: the sample's frame names what is no more there.
    """
    if half_width is not None and not 0 < half_width < 0.5:
        raise RateRefused("Half the width of an interval lies between 0 and 0.5.")
    if by is not None and by not in SLICES:
        raise SliceUnknown(f"Rates cannot be sliced by {by!r}. Choose one of {', '.join(SLICES)}.")
    facts = judge_of(study, judge)
    one = question_of(study, question)
    chosen = scope_of(one, by, scope)
    read = reading(
        study,
        facts,
        one,
        chosen,
        sample=sample,
        assume_random=assume_random,
        filters=filters,
    )
    _check_option(read, option, by)
    return _reported(study, read, option, by, half_width)


def _reported(
    study: StudyFacts, read: Reading, option: str, by: str | None, half_width: float | None
) -> RateReport:
    rates, pooling = _rates(read, option, by, half_width)
    pooled = rate_words.of_pooling(pooling)
    return RateReport(
        question=read.units.verdicts.question,
        scope=str(read.scope),
        option=option,
        definition=read.one.definition if isinstance(read.one, Derived) else "",
        by=by,
        cluster="scenario" if has_named_scenarios(study.id) else "query",
        sample=read.sample.number if read.sample else None,
        design=read.sample.design if read.sample else None,
        assumed=read.assumed,
        why=f"{read.why} {pooled}".strip(),
        notes=read.notes,
        rates=rates,
        samples=read.samples,
        exclusions=read.exclusions,
    )


def as_json(study: StudyFacts, judge: JudgeFacts, found: RateReport) -> dict[str, Any]:
    """Return a report in the one shape that page, command and API share."""
    return {"study": study.slug, **judge.as_json(), **found.as_json()}


def added(
    study: StudyFacts,
    judge: JudgeFacts,
    report: dict[str, Any],
    *,
    filters: Filters | None = None,
) -> dict[str, Any]:
    """Return a judge's report as JSON with the rates of every answer beside each question."""
    counted = counting(study) if filters is None else filters
    questions = [
        {**one, "rates": _of_question(study, judge, one["key"], one["scope"], counted)}
        for one in report["questions"]
    ]
    return {**report, "questions": questions}


def _of_question(
    study: StudyFacts, judge: JudgeFacts, question: str, scope: str, filters: Filters
) -> list[dict[str, Any]]:
    """Return the rates of every answer; none without verdicts or about two replies at once."""
    try:
        read = reading(study, judge, question_of(study, question), Scope(scope), filters=filters)
    except RateRefused:
        return []
    return [
        _reported(study, read, option.code, None, None).as_json()
        for option in read.units.verdicts.question.options
        if option.code not in CANNOT_TELL
    ]


def options_of(found: RateReport) -> list[OptionPlan]:
    """Return the answers of which there can be a rate."""
    options = [one for one in found.question.options if one.code not in CANNOT_TELL]
    if found.question.key == "won_by_category" and found.by == "value_category":
        options.insert(0, OptionPlan(0, OWN, "the category of the slice", None, ""))
    return options


def first_option(question: QuestionPlan) -> str:
    """Return the answer that a page shows first: yes where there is one."""
    codes = [one.code for one in question.options if one.code not in CANNOT_TELL]
    return "yes" if "yes" in codes else codes[0]


def _check_option(read: Reading, option: str, by: str | None) -> None:
    question = read.units.verdicts.question
    codes = [one.code for one in question.options]
    if option == OWN and question.key == "won_by_category":
        if by != "value_category":
            raise OptionUnknown(f"{OWN!r} is the slice's own category: slice by value_category.")
        return
    if option not in codes:
        raise OptionUnknown(f"{question.key!r} offers {', '.join(codes)}, not {option!r}.")
    if option in CANNOT_TELL:
        raise RateRefused(
            f"{option!r} is no answer: rates leave it out and say how often it was given."
        )


def _rates(
    read: Reading, option: str, by: str | None, half_width: float | None
) -> tuple[tuple[Rate, ...], Pooling | None]:
    slices = list(_slices(read, option, by))
    parts = [read.units.part(answer, kept) for _, answer, kept in slices]
    pooling = None
    whole: Part | None = None
    if read.chances == Chances.BY_VERDICT and by is not None and option != OWN:
        whole = read.units.part(option, _involving(read, option))
        pooling = pooling_of(parts, whole)
    found = []
    for (key, answer, kept), part in zip(slices, parts, strict=True):
        rate = _rate(read, key, answer, kept, part, pooling)
        if half_width is not None:
            rate = replace(
                rate,
                plan=planned(
                    part,
                    rate.found,
                    read.chances,
                    half_width=half_width,
                    strata=read.strata,
                    calibration=whole if rate.found.pooled else None,
                ),
            )
        found.append(rate)
    return tuple(found), pooling


def _rate(
    read: Reading,
    key: str | None,
    option: str,
    kept: BoolArray,
    part: Part,
    pooling: Pooling | None,
) -> Rate:
    unsure, ties = read.units.left_out(option, kept)
    return Rate(
        key=key,
        option=option,
        found=estimated(part, read.chances, pooling=pooling),
        verdicts=part.says.size,
        hedged=int(part.hedged.sum()),
        labels=int((part.label >= 0).sum()),
        positives=int((part.label == 1).sum()),
        unsure=unsure,
        ties=ties,
        unlabelled=int((part.label == UNLABELLED).sum()),
    )


def _slices(
    read: Reading, option: str, by: str | None
) -> Iterator[tuple[str | None, str, BoolArray]]:
    """Yield each slice's key, the answer of which its rate is, and which units it has."""
    units = read.units.verdicts
    base = _involving(read, option)
    if by is None:
        yield None, option, base
    elif by == "turn":
        for turn in np.unique(units.turn[base]):
            yield str(turn), option, base & (units.turn == turn)
    elif by == "model":
        for key, number in _named(units.words, units.model[base]):
            yield key, option, base & (units.model == number)
    else:
        for key, number in _named(units.words, units.categories[base]):
            kept = base & (units.categories == number).any(axis=1)
            answer = key if option == OWN else option
            if option != OWN or key in units.codes:
                yield key, answer, kept


def _involving(read: Reading, option: str) -> BoolArray:
    """Return the units that count: of a category's win rate those in which it could win."""
    units = read.units.verdicts
    everyone = np.ones(len(units.key), dtype=np.bool_)
    if not isinstance(read.one, Derived) or not read.one.needs_categories:
        return everyone
    if option not in units.words or option not in units.codes:
        return everyone
    return np.asarray((units.categories == units.words.index(option)).any(axis=1))


def _named(words: tuple[str, ...], numbers: Ints) -> list[tuple[str, int]]:
    present = [(words[number] or "(none)", int(number)) for number in np.unique(numbers)]
    return sorted(present)
