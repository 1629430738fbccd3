"""How the command about judges prints what it found, line by line."""

from collections.abc import Iterator

from evaluation.management.printing import printed
from evaluation.services.alternative import Alternative
from evaluation.services.judge_comparisons import ComparedJudges
from evaluation.services.judge_reports import JudgeQuestionReport
from evaluation.services.judge_slices import SlicedQuestion


def lines_of_report(one: JudgeQuestionReport) -> Iterator[str]:
    """Yield a judge's report on one question."""
    yield f"\n{one.key} ({one.scope}): {one.items:,} items, {one.pairs:,} pairs"
    if one.definition:
        yield f"  Derived: {one.definition} {one.left_out:,} ratings left out."
    yield f"  {one.verdict}"
    yield f"  What would change it: {one.said.would_change}"
    rows = [
        ("accuracy", one.accuracy),
        ("kappa", one.kappa),
        ("kappa (quadratic)", one.weighted_kappa),
        ("alpha, people", one.human_alpha),
        ("alpha with judge", one.alpha),
        ("people's agreement", one.agreement.people),
        ("judge's agreement", one.agreement.judge),
        ("judge minus people", one.agreement.difference),
    ]
    for label, estimate in rows:
        if estimate is not None:
            yield f"  {label:<20}{printed(estimate, one.cluster)}"
    yield from _confusion(one)
    if one.alternative is not None:
        yield from _test(one.alternative)
    for found in one.calibrations:
        yield f"  Probability of {found.of}; best map: {found.chosen}"
        yield f"    Brier score {printed(found.brier, one.cluster)}"
        yield f"    {found.ece.name} {printed(found.ece, one.cluster)}"


def lines_of_slices(one: SlicedQuestion) -> Iterator[str]:
    """Yield a judge on one question in slices, and the tests of a bias."""
    yield f"\n{one.key} ({one.scope}) by {one.by}"
    for row in one.rows:
        own = " (own family)" if row.own else ""
        yield f"  {row.key}{own}: {row.items:,} items, {row.pairs:,} pairs"
        yield f"    accuracy            {printed(row.accuracy, one.cluster)}"
        yield f"    judge minus people  {printed(row.agreement.difference, one.cluster)}"
    if one.why_no_bias:
        yield f"  {one.bias} not tested: {one.why_no_bias}"
    for test in one.tests:
        p = "" if test.p is None else f", p {test.p:.4g}"
        yield f"  {one.bias}, {test.option}: {printed(test.found, one.cluster)}{p}"


def lines_of_comparison(one: ComparedJudges) -> Iterator[str]:
    """Yield two judges on one question; differences are second minus first."""
    yield f"\n{one.key} ({one.scope}): {one.units:,} units, {one.pairs:,} ratings"
    rows = [
        ("first's accuracy", one.paired.first),
        ("second's accuracy", one.paired.second),
        ("difference", one.paired.accuracy),
        ("in kappa", one.paired.kappa),
    ]
    for label, estimate in rows:
        yield f"  {label:<20}{printed(estimate, one.cluster)}"
    if one.places:
        yield f"  verdicts of both: {one.places.both:,}, of these differ {one.places.differ:,}"
    for item in one.changed:
        people = ", ".join(f"{code} {n}" for code, n in item.people)
        turn = f" turn {item.turn}" if item.turn else ""
        yield f"  {item.response_id}{turn}: {item.first} -> {item.second} (people: {people})"


def _confusion(one: JudgeQuestionReport) -> Iterator[str]:
    width = max(len(option) for option in one.options) + 2
    heads = "".join(f"{option:>{width}}" for option in one.options)
    yield f"  {'people, judge':<{width}}{heads}"
    for option, row in zip(one.options, one.confusion, strict=True):
        yield f"  {option:<{width}}" + "".join(f"{n:>{width},}" for n in row)


def _test(test: Alternative) -> Iterator[str]:
    found = test.found
    outcome = f"undefined: {found.reason.sentence}" if found.reason else ""
    if found.winning_rate is not None and found.advantage is not None:
        outcome = (
            f"winning rate {found.winning_rate:.4f}, advantage probability"
            f" {found.advantage:.4f}: {'passed' if found.passed else 'not passed'}"
        )
    head = f"epsilon {found.epsilon:g} ({test.panel}), by {test.scoring}"
    yield f"  Alternative-annotator test, {head}: {outcome}"
    for one in test.people:
        if one.why:
            yield f"    {one.annotator} skipped: {one.why}"
