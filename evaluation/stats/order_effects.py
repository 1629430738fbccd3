"""Whether answers depend on the order in which things were shown: left or right, early or late."""

from dataclasses import dataclass, replace

import numpy.typing as npt
from scipy import special

from evaluation.stats.contrasts import p_value
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.multiplicity import holm
from evaluation.stats.ratio_contrasts import Contrast, ratio_difference
from evaluation.stats.shapes import IntArray, as_counts, as_indices, check_confidence

# With fewer who took part in both halves a difference between these says nothing: a convention.
RATERS_FROM = 5
UNBALANCED = 0.05


@dataclass(frozen=True, slots=True)
class HalfTested:
    """A share with its interval; ``p`` is of "it is one half", two-sided, or ``None``."""

    share: Estimate
    p: float | None


@dataclass(frozen=True, slots=True)
class Balance:
    """How often the first of two stood first, beside the half that chance would bring.

    Attributes:
        first, total: how often it did, of how many.
        expected: half of the total.
        difference: ``first - expected``.
        p: exact two-sided binomial p of one half; ``None`` where there is nothing.
        p_holm: the same held for all pairs at once.
        balanced: whether ``p_holm`` is at least ``UNBALANCED``; true where there is nothing.
    """

    first: int
    total: int
    expected: float
    difference: float
    p: float | None
    p_holm: float | None
    balanced: bool


@dataclass(frozen=True, slots=True)
class Shift:
    """How often one option was chosen early and later, and the difference.

    ``p_holm`` is held for all options that are tested, of two options for one, since the other is
    its mirror; ``None`` where there is no spread.
    """

    early: int
    later: int
    early_share: float | None
    later_share: float | None
    difference: Estimate
    p: float | None
    p_holm: float | None


@dataclass(frozen=True, slots=True)
class Shifts:
    """The shifts of all options of a question, and whose answers they are of.

    ``early`` and ``later`` count answers, ``raters`` those with any, ``in_both`` those with both.
    """

    options: tuple[Shift, ...]
    early: int
    later: int
    raters: int
    in_both: int


def share_against_half(
    successes: npt.ArrayLike,
    totals: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    name: str = "share",
) -> HalfTested:
    """A share of units that come in clusters, tested against one half.

    Args:
        successes: shape (n_clusters,), units of each cluster that have it, 0 to ``totals``.
        totals: shape (n_clusters,), units of each cluster; one with 0 takes no part.
        confidence: level, in (0, 1).
        name: what the share calls itself.

    Returns:
        The share as ``cluster_proportion`` gives it. ``p`` is Student's t on C - 1 degrees of
        freedom of (share - 1/2) / se; where no unit or every unit has it, the two-sided binomial
        p with the *clusters* as trials, as the interval is there. ``None`` where the share or
        its spread does not exist.

    Raises:
        ValueError: as ``cluster_proportion``.

    Source:
        W. Cochran, "Sampling Techniques" (1977), section 6.4.

    Cost:
        O(n_clusters).
    """
    share = cluster_proportion(successes, totals, confidence=confidence, name=name)
    if share.value is None or share.low is None:
        return HalfTested(share, None)
    if share.se is None:
        return HalfTested(share, binomial_p(share.clusters, share.clusters))
    return HalfTested(share, p_value(replace(share, value=share.value - 0.5)))


def binomial_p(successes: int, n: int) -> float:
    """Exact two-sided p of "success and failure are equally probable", twice the smaller tail.

    Args:
        successes: 0 to ``n``.
        n: independent trials, at least 1.

    Returns:
        In (0, 1]; 1 where both came as often.

    Raises:
        ValueError: successes out of range.

    Source:
        W. Conover, "Practical Nonparametric Statistics" (1999), section 3.4 (sign test). Under
        one half the distribution is symmetric, so that all two-sided tests are this one.

    Cost:
        O(1).
    """
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"successes must lie between 0 and n >= 1, not {successes} of {n}.")
    return min(1.0, 2 * float(special.bdtr(min(successes, n - successes), n, 0.5)))


def balances(first: npt.ArrayLike, total: npt.ArrayLike) -> tuple[Balance, ...]:
    """How often the first of each pair stood first, and whether that is still half.

    Args:
        first: shape (n_pairs,), how often it did, 0 to ``total``.
        total: shape (n_pairs,), of how many.

    Returns:
        One a pair, in the order given.

    Raises:
        ValueError: rows of unequal length, or counts out of range.

    Source:
        Exact binomial test (``binomial_p``); S. Holm 1979 over the pairs with any.

    Cost:
        O(n_pairs log n_pairs).
    """
    of = as_indices(total, name="total")
    ahead = as_indices(first, name="first", length=of.size)
    if (ahead > of).any():
        raise ValueError("first must lie between 0 and total.")
    raw = [
        binomial_p(one, n) if n else None
        for one, n in zip(ahead.tolist(), of.tolist(), strict=True)
    ]
    held = _held(raw)
    return tuple(
        Balance(one, n, n / 2, one - n / 2, p, adjusted, adjusted is None or adjusted >= UNBALANCED)
        for one, n, p, adjusted in zip(ahead.tolist(), of.tolist(), raw, held, strict=True)
    )


def early_and_later(
    early: npt.ArrayLike, later: npt.ArrayLike, *, confidence: float = 0.95
) -> Shifts:
    """How the shares of options among raters' first answers differ from those among later ones.

    Args:
        early: shape (n_raters, n_options), how often each rater chose each option early, >= 0.
        later: the same of later answers.
        confidence: level, in (0, 1).

    Returns:
        Of each option the share early minus the share later, in [-1, 1]. The clusters are the
        raters: what changes is a person's reading, one person's answers hang together, and each
        person meets other items early. ``difference.value`` is ``None`` with ``NO_ITEMS`` where
        nothing is early or nothing later, ``TOO_FEW`` where fewer than ``RATERS_FROM`` raters have
        both.

    Raises:
        ValueError: tables of different shapes, or counts out of range.

    Source:
        W. Cochran, "Sampling Techniques" (1977), section 6.4, by ``ratio_difference``; S. Holm
        1979 over the options.

    Cost:
        O(n_raters * n_options).
    """
    check_confidence(confidence)
    first, rest = as_counts(early, name="early"), as_counts(later, name="later")
    if first.shape != rest.shape:
        raise ValueError("early and later must have the same shape.")
    of_first, of_rest = first.sum(axis=1), rest.sum(axis=1)
    in_both = int(((of_first > 0) & (of_rest > 0)).sum())
    found = [
        _shift(first[:, option], of_first, rest[:, option], of_rest, in_both, confidence)
        for option in range(first.shape[1])
    ]
    mirrored = len(found) == 2
    tested = [one.p for one in (found[:1] if mirrored else found)]
    held = _held(tested) * (2 if mirrored else 1)
    return Shifts(
        tuple(replace(one, p_holm=p) for one, p in zip(found, held, strict=True)),
        int(of_first.sum()),
        int(of_rest.sum()),
        int(((of_first > 0) | (of_rest > 0)).sum()),
        in_both,
    )


def _shift(
    early: IntArray,
    of_early: IntArray,
    later: IntArray,
    of_later: IntArray,
    in_both: int,
    confidence: float,
) -> Shift:
    name = "early_minus_later"
    contrast = ratio_difference(
        early, of_early, later, of_later, confidence=confidence, lower=-1.0, upper=1.0, name=name
    )
    if contrast.difference.value is not None and in_both < RATERS_FROM:
        bare = Estimate(name, None, reason=Undefined.TOO_FEW, confidence=confidence)
        contrast = Contrast(bare, None)
    return Shift(
        int(early.sum()),
        int(later.sum()),
        _share(early, of_early),
        _share(later, of_later),
        contrast.difference,
        contrast.p,
        None,
    )


def _share(chosen: IntArray, of: IntArray) -> float | None:
    n = int(of.sum())
    return int(chosen.sum()) / n if n else None


def _held(raw: list[float | None]) -> list[float | None]:
    """Return Holm's p of each, where there is one."""
    adjusted = iter(holm([p for p in raw if p is not None]).p.tolist())
    return [None if p is None else next(adjusted) for p in raw]
