"""A judge beside people in slices, and tests of two biases: for its own family, and for length."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from annotation.selectors.asked import Filters
from annotation.selectors.rated_replies import ReplyTraits, reply_traits
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Scope
from evaluation.errors import SliceUnknown
from evaluation.services.coefficients import coefficient_json
from evaluation.services.judge_reports import pairs_of
from evaluation.services.judged import Judged, every
from evaluation.services.judges import JudgeFacts, judge_of
from evaluation.stats.ceiling import HumanCeiling, human_ceiling
from evaluation.stats.contrasts import difference_of_means, p_value, slope
from evaluation.stats.estimates import Estimate
from evaluation.stats.multiplicity import holm
from evaluation.stats.validation import accuracy, judge_kappa

SLICES = ("model", "family", "category", "turn", "length", "framing")
NONE = "(none)"
LENGTHS = ("short", "middle", "long")
SIGNIFICANT = 0.05
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SliceRow:
    """A judge in one slice; ``own`` says whether it holds replies of the judge's own family."""

    key: str
    own: bool
    items: int
    pairs: int
    accuracy: Estimate
    kappa: Estimate
    agreement: HumanCeiling

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            "slice": self.key,
            "own_family": self.own,
            "items": self.items,
            "pairs": self.pairs,
            "accuracy": coefficient_json("accuracy", self.accuracy),
            "kappa": coefficient_json("cohen_kappa", self.kappa),
            "human_agreement": coefficient_json("human_agreement", self.agreement.people),
            "judge_agreement": coefficient_json("judge_agreement", self.agreement.judge),
            "difference": coefficient_json("agreement_difference", self.agreement.difference),
        }


@dataclass(frozen=True, slots=True)
class BiasTest:
    """How far the judge says an option more than people do, in one kind of reply against others.

    ``p`` is corrected by Holm for the options that are tested together.
    """

    option: str
    label: str
    found: Estimate
    p: float | None

    @property
    def is_clear(self) -> bool:
        """Say whether chance alone would hardly show such a bias."""
        return self.p is not None and self.p <= SIGNIFICANT

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            "option": self.option,
            "excess": coefficient_json(self.found.name, self.found),
            "p": self.p,
        }


@dataclass(frozen=True, slots=True)
class SlicedQuestion:
    """A judge on one question in one scope, sliced; ``bias`` names what was tested, if anything."""

    key: str
    label: str
    scope: str
    by: str
    cluster: str
    rows: tuple[SliceRow, ...]
    bias: str = ""
    why_no_bias: str = ""
    tests: tuple[BiasTest, ...] = ()
    exclusions: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            "key": self.key,
            "scope": self.scope,
            "by": self.by,
            "cluster": self.cluster,
            "exclusions": list(self.exclusions),
            "slices": [row.as_json() for row in self.rows],
            "bias": self.bias or None,
            "bias_not_tested": self.why_no_bias or None,
            "bias_tests": [one.as_json() for one in self.tests],
        }


def report(
    study: StudyFacts,
    judge: int | str,
    *,
    by: str,
    question: str | None = None,
    filters: Filters | None = None,
) -> list[SlicedQuestion]:
    """Return a judge beside people in slices, for each question of one answer, or for one.

    By turn only what is asked of turns is sliced; by value category an item lies in the slices of
    both its values. ``filters`` say which judgments count; left out, those that no exclusion in
    force leaves out.

    Raises:
        SliceUnknown: judges cannot be sliced by this.
        JudgeUnknown, JudgeAmbiguous, QuestionUnknown: as ``judges.report``.
    """
    if by not in SLICES:
        raise SliceUnknown(f"Cannot slice a judge by {by!r}. Choose one of {', '.join(SLICES)}.")
    facts = judge_of(study, judge)
    return [
        _sliced(found.where((found.says >= 0) & found.units.counts.any(axis=1)), by, facts)
        for found in every(study, facts.id, question=question, filters=filters)
        if by != "turn" or found.scope == Scope.TURN
    ]


def as_json(study: StudyFacts, judge: JudgeFacts, found: list[SlicedQuestion]) -> dict[str, Any]:
    """Return sliced reports in the one shape that command and API share."""
    return {
        "study": study.slug,
        **judge.as_json(),
        "questions": [one.as_json() for one in found],
    }


def _sliced(found: Judged, by: str, facts: JudgeFacts) -> SlicedQuestion:
    traits = dict(reply_traits(int(item) for item in np.unique(found.units.item)))
    of_units = [traits[int(item)] for item in found.units.item]
    lengths = _lengths(found, of_units)
    named = list(_masks(found, by, of_units, lengths))
    family = facts.family.casefold()
    rows = tuple(
        _row(found.where(mask), key, own=by == "family" and key.casefold() == family)
        for key, mask in named
    )
    bias, why = "", ""
    tests: tuple[BiasTest, ...] = ()
    if by == "family":
        own = np.array([one.family.casefold() == family for one in of_units], dtype=np.int64)
        bias, why = "self-preference", _no_families(facts, own)
        tests = () if why else _tests(found, own, difference=True)
    elif by == "length":
        bias = "verbosity"
        tests = _tests(found, np.log2(np.maximum(lengths, 1)), difference=False)
    return SlicedQuestion(
        key=found.plan.key,
        label=found.plan.label,
        scope=str(found.scope),
        by=by,
        cluster=found.cluster,
        rows=rows,
        bias=bias,
        why_no_bias=why,
        tests=tests,
        exclusions=found.asked.filters.exclusions,
    )


def _masks(
    found: Judged, by: str, traits: list[ReplyTraits], lengths: npt.NDArray[np.int64]
) -> Iterable[tuple[str, Mask]]:
    """Yield each slice's name and the units in it."""
    if by == "turn":
        for turn in np.unique(found.units.turn):
            yield f"turn {turn}", found.units.turn == turn
        return
    if by == "length":
        yield from _by_length(lengths)
        return
    keys = [_keys(by, one) for one in traits]
    for key in sorted({key for some in keys for key in some}):
        yield key, np.array([key in some for some in keys], dtype=np.bool_)


def _keys(by: str, traits: ReplyTraits) -> tuple[str, ...]:
    if by == "category":
        return traits.categories or (NONE,)
    return (getattr(traits, by) or NONE,)


def _lengths(found: Judged, traits: list[ReplyTraits]) -> npt.NDArray[np.int64]:
    """Return the characters of what was judged: the turn's message, or all of the model's."""
    turns = found.units.turn.tolist()
    return np.array(
        [
            one.lengths[turn - 1] if 0 < turn <= len(one.lengths) else sum(one.lengths)
            for turn, one in zip(turns, traits, strict=True)
        ],
        dtype=np.int64,
    )


def _by_length(lengths: npt.NDArray[np.int64]) -> Iterable[tuple[str, Mask]]:
    """Yield thirds by length, named with their limits; fewer where lengths repeat."""
    if not lengths.size:
        return
    ends = np.quantile(lengths, [1 / 3, 2 / 3])
    third = np.searchsorted(ends, lengths)
    for number, name in enumerate(LENGTHS):
        inside = third == number
        if inside.any():
            low, high = lengths[inside].min(), lengths[inside].max()
            yield f"{name} ({low:,} to {high:,} characters)", inside


def _row(part: Judged, key: str, *, own: bool) -> SliceRow:
    pairs, items = pairs_of(part)
    return SliceRow(
        key=key,
        own=own,
        items=items,
        pairs=int(pairs.groups.units.sum()),
        accuracy=accuracy(pairs),
        kappa=judge_kappa(pairs),
        agreement=human_ceiling(part.units.counts, part.says, part.units.cluster),
    )


def _no_families(facts: JudgeFacts, own: npt.NDArray[np.int64]) -> str:
    """Say why self-preference cannot be tested; empty where it can."""
    if not facts.family:
        return "The judge's own family is not known. Say it on the judge's page."
    if not own.any():
        return f"No reply that people rated is of the judge's own family, {facts.family}."
    return "" if not own.all() else "All replies are of the judge's own family."


def _tests(
    found: Judged, x: npt.NDArray[np.int64] | npt.NDArray[np.float64], *, difference: bool
) -> tuple[BiasTest, ...]:
    """Test each option that was used; of two options one, for the other is its mirror."""
    counts = found.units.counts
    unit, said = np.nonzero(counts)
    says, weights = found.says[unit], counts[unit, said]
    clusters = found.units.cluster[unit]
    used = sorted({*said.tolist(), *says.tolist()})
    if len(found.codes) == 2:
        used = used[-1:]
    estimates = []
    for option in used:
        excess = (says == option).astype(np.float64) - (said == option)
        if difference:
            estimate = difference_of_means(
                excess, x[unit], clusters=clusters, units=weights, name="excess in own family"
            )
        else:
            estimate = slope(
                excess, x[unit], clusters=clusters, units=weights, name="excess by doubling"
            )
        estimates.append(estimate)
    raw = [p_value(one) for one in estimates]
    adjusted = iter(holm([p for p in raw if p is not None]).p.tolist())
    return tuple(
        BiasTest(
            found.plan.options[option].code,
            found.plan.options[option].label,
            estimate,
            None if p is None else next(adjusted),
        )
        for option, estimate, p in zip(used, estimates, raw, strict=True)
    )
