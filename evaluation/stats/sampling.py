"""Drawing a sample whose inclusion probabilities are known, and how precise it will be.

Every design here is simple random sampling without replacement within strata: one stratum is a
simple random sample, unequal rates are an over-sampled one, units that are whole queries a panel.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from evaluation.stats.intervals import normal_quantile
from evaluation.stats.shapes import FloatArray, IntArray, check_confidence

Numbers = npt.NDArray[np.uint64]
# A stratum with fewer has no variance of its own, and no interval can be computed.
FEWEST_OF_A_STRATUM = 2


def draw_numbers(names: Iterable[str], *, seed: int) -> Numbers:
    """One number per unit that decides who is drawn: from the seed and the unit's own name.

    So a unit's number does not depend on the order of the frame, on other units, or on the software
    that draws random numbers: the same seed draws the same sample anywhere.

    Args:
        names: one per unit, unique in the frame.
        seed: any whole number.

    Returns:
        Shape (n_units,): the first 64 bits of SHA-256 of ``seed:name``.

    Cost:
        O(n_units), about a million a second.
    """
    digests = (hashlib.sha256(f"{seed}:{name}".encode()).digest()[:8] for name in names)
    return np.frombuffer(b"".join(digests), dtype=">u8").astype(np.uint64)


def drawn(numbers: Numbers, stratum: npt.ArrayLike, takes: npt.ArrayLike) -> npt.NDArray[np.bool_]:
    """Which units are drawn: in each stratum those with the smallest numbers.

    Args:
        numbers: shape (n_units,), see ``draw_numbers``.
        stratum: shape (n_units,), position of each unit's stratum.
        takes: shape (n_strata,), how many are drawn of each.

    Returns:
        Shape (n_units,), True for a drawn unit.

    Raises:
        ValueError: a stratum out of range, or one with fewer units than are to be drawn.

    Source:
        A random permutation by sorting random keys: C. Fan, M. Muller and I. Rezucha, "Development
        of sampling plans by using sequential (item by item) selection techniques" (1962).

    Cost:
        O(n_units log n_units).
    """
    of, take = np.asarray(stratum, dtype=np.int64), np.asarray(takes, dtype=np.int64)
    if len(of) and (of.min() < 0 or of.max() >= len(take)):
        raise ValueError(f"stratum must lie in 0 to {len(take) - 1}.")
    sizes = np.bincount(of, minlength=len(take))
    if (take < 0).any() or (take > sizes).any():
        raise ValueError("takes must lie between 0 and the size of each stratum.")
    order = np.lexsort((numbers, of))
    first = np.concatenate(([0], np.cumsum(sizes)))[:-1]
    rank = np.empty(len(of), dtype=np.int64)
    rank[order] = np.arange(len(of)) - first[of[order]]
    return np.asarray(rank < take[of])


def allocate(n: int, *, weights: npt.ArrayLike, sizes: npt.ArrayLike) -> IntArray:
    """Share n draws among strata in proportion to weights, within what each stratum has.

    Args:
        n: units to draw; more than there are means all.
        weights: shape (n_strata,), >= 0: sizes for proportional allocation, ones for equal,
            sizes times the standard deviation for Neyman's.
        sizes: shape (n_strata,), units of each stratum.

    Returns:
        Shape (n_strata,), whole numbers that add up to ``n``. Each stratum gets two units where it
        has them, so that its variance can be estimated; so the sum can be larger than a small n.

    Raises:
        ValueError: n below 1, a negative weight or size, or all weights 0.

    Source:
        W. Cochran, "Sampling Techniques" (1977), sections 5.5 (Neyman) and 5.8 (strata that are
        taken whole); whole numbers by largest remainders.

    Cost:
        O(n_strata^2).
    """
    size = np.asarray(sizes, dtype=np.int64)
    weight = np.where(size > 0, np.asarray(weights, dtype=np.float64), 0.0)
    if n < 1 or (weight < 0).any() or (size < 0).any():
        raise ValueError("n is at least 1, and weights and sizes at least 0.")
    if not weight.any():
        raise ValueError("At least one stratum with units needs a weight above 0.")
    least = np.minimum(size, FEWEST_OF_A_STRATUM)
    wanted = float(min(max(n, int(least.sum())), int(size.sum())))
    share = least.astype(np.float64)
    open_ = np.ones(len(size), dtype=bool)
    while open_.any():
        rest = wanted - share[~open_].sum()
        total = weight[open_].sum()
        split = rest / open_.sum() if total == 0 else rest * weight / total
        share = np.where(open_, split, share)
        over, under = open_ & (share > size), open_ & (share < least)
        # Fixed are those whose bound is exceeded by more in sum: the others may come right.
        excess = (share - size)[over].sum() - (least - share)[under].sum()
        fixed = over if excess > 0 else under if excess < 0 else over | under
        if not fixed.any():
            break
        share = np.where(fixed, np.where(over, size, least), share)
        open_ = open_ & ~fixed
    return _whole(share, least, size, int(wanted))


def _whole(share: FloatArray, least: IntArray, size: IntArray, n: int) -> IntArray:
    """Round to whole numbers that add up to n: the largest remainders are rounded up."""
    found = np.clip(np.floor(share + 1e-9).astype(np.int64), least, size)
    remainder = share - found
    for position in np.argsort(-remainder, kind="stable"):
        if found.sum() >= n:
            break
        found[position] += found[position] < size[position]
    return found


def at_rates(rates: npt.ArrayLike, sizes: npt.ArrayLike) -> IntArray:
    """How many to draw of each stratum for wanted shares of it.

    Args:
        rates: shape (n_strata,), in [0, 1].
        sizes: shape (n_strata,), units of each stratum.

    Returns:
        Shape (n_strata,): the rate times the size, rounded, and at least two where there are two;
        none where the rate is 0, and then nothing can be said about that stratum.

    Raises:
        ValueError: a rate outside [0, 1].
    """
    rate, size = np.asarray(rates, dtype=np.float64), np.asarray(sizes, dtype=np.int64)
    found = np.maximum(wanted_at_rates(rate, size), np.minimum(size, FEWEST_OF_A_STRATUM))
    return np.where(rate > 0, found, 0).astype(np.int64)


def wanted_at_rates(rates: npt.ArrayLike, sizes: npt.ArrayLike) -> IntArray:
    """How many units wanted shares of strata are: the rate times the size, rounded half up.

    Args:
        rates: shape (n_strata,), in [0, 1].
        sizes: shape (n_strata,), units of each stratum.

    Raises:
        ValueError: a rate outside [0, 1].
    """
    rate, size = np.asarray(rates, dtype=np.float64), np.asarray(sizes, dtype=np.int64)
    if (rate < 0).any() or (rate > 1).any():
        raise ValueError("rates lie in [0, 1].")
    return np.floor(rate * size + 0.5).astype(np.int64)


def inclusion_probabilities(takes: npt.ArrayLike, sizes: npt.ArrayLike) -> FloatArray:
    """The probability of each stratum's units to be drawn: takes / sizes, 0 of an empty one."""
    take, size = np.asarray(takes, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    return np.divide(take, size, out=np.zeros_like(take), where=size > 0)


def half_width(
    takes: npt.ArrayLike,
    sizes: npt.ArrayLike,
    *,
    shares: npt.ArrayLike = 0.5,
    design_effect: float = 1.0,
    confidence: float = 0.95,
) -> float | None:
    """Half the width that the interval of a share will have, before anything is labelled.

    Args:
        takes: shape (n_strata,), units drawn of each stratum.
        sizes: shape (n_strata,), units of each stratum.
        shares: the share expected in each stratum, or in all, in [0, 1]; 0.5 is the safest.
        design_effect: clustered variance / that of independent units, > 0.
        confidence: level of the interval, in (0, 1).

    Returns:
        A number >= 0, 0 where everything is drawn; ``None`` where a stratum with units has none
        drawn, because then nothing is known about it.

    Raises:
        ValueError: a number out of its range.

    Source:
        W. Cochran, "Sampling Techniques" (1977), theorem 5.3 with section 3.2 for shares.

    Cost:
        O(n_strata).
    """
    check_confidence(confidence)
    take, size = np.asarray(takes, dtype=np.float64), np.asarray(sizes, dtype=np.float64)
    share = np.broadcast_to(np.asarray(shares, dtype=np.float64), size.shape)
    if (share < 0).any() or (share > 1).any() or design_effect <= 0:
        raise ValueError("shares lie in [0, 1], and the design effect is above 0.")
    there = size > 0
    take, size, share = take[there], size[there], share[there]
    if not len(take) or (take == 0).any():
        return None
    spread = share * (1 - share) * size / np.maximum(size - 1, 1)
    variance = ((size / size.sum()) ** 2 * (1 - take / size) * spread / take).sum()
    return float(normal_quantile((1 + confidence) / 2) * np.sqrt(design_effect * variance))
