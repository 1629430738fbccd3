"""Agreement as lines of a table that is downloaded: one for each number."""

from collections.abc import Iterable, Sequence

from evaluation.services.agreement import Agreement
from evaluation.services.coefficients import ALPHA, PERCENT
from evaluation.services.span_agreement import Marking
from evaluation.stats.estimates import Estimate

COLUMNS = (
    "question", "scope", "level", "slice_by", "slice", "measure", "option", "value", "low", "high",
    "se", "reason", "items", "pairable_items", "raters", "ratings", "clusters", "cluster", "wave",
    "rubric_version",
)  # fmt: skip


def cells(found: Agreement) -> Iterable[list[object]]:
    """Yield a line for each coefficient and each option's share."""
    before = [found.key, found.scope, found.level, found.slice_by, found.slice_key]
    sizes = [found.items, found.pairable_items, found.raters, found.judgments, found.clusters]
    after = [*sizes, found.cluster, "+".join(found.waves), found.rubric_version]
    for name, one in found.coefficients.items():
        yield [*before, name, None, *_numbers(one), *after]
    for share in found.shares:
        yield [*before, "share", share.option, *_numbers(share.prevalence), *after]
        yield [*before, "option_agreement", share.option, *_numbers(share.agreement), *after]
    yield from _not_asked_cells(found, before)


def _not_asked_cells(found: Agreement, before: Sequence[object]) -> Iterable[list[object]]:
    """Yield the same with "not asked" as an option, of a question that depends on another."""
    beside = found.with_not_asked
    if beside is None:
        return
    sizes = [beside.items, beside.pairable_items, None, beside.judgments, beside.clusters]
    after = [*sizes, found.cluster, "+".join(found.waves), found.rubric_version]
    for name, one in ((ALPHA, beside.alpha), (PERCENT, beside.percent)):
        yield [*before, f"{name}_with_not_asked", None, *_numbers(one), *after]
    share = beside.share
    yield [*before, "share_with_not_asked", share.option, *_numbers(share.prevalence), *after]


def marking_cells(found: Marking) -> Iterable[list[object]]:
    """Yield a line of the CSV for each coefficient; its items are texts."""
    for name, one in found.coefficients.items():
        sizes = [one.items, one.pairable_items, found.raters, found.judgments, one.clusters]
        after = [*sizes, found.cluster, "+".join(found.waves), found.rubric_version]
        before = [found.key, found.scope, None, None, None, name, None]
        yield [*before, *_numbers(one), *after]


def _numbers(one: Estimate) -> list[object]:
    return [one.value, one.low, one.high, one.se, str(one.reason) if one.reason else None]
