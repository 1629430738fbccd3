"""Drawing one design many times: are its probabilities what happens, is its mean unbiased?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import binom, norm

from evaluation.stats.sampling import draw_numbers, drawn, inclusion_probabilities
from evaluation.stats.shapes import FloatArray, IntArray

DRAWS = 2_000
# A design that is right fails the test of its frequencies, or that of its mean, so rarely by
# chance: each once in a thousand rehearsals.
CHANCE = 0.001
# Of a mean without variance: what adding up in floating point may leave.
NEARLY = 1e-9


@dataclass(frozen=True, slots=True)
class Frequencies:
    """How often the units of one stratum were drawn.

    Attributes:
        units: how many it has.
        taken: how many of them each draw takes.
        probability: taken / units, what the design says of each.
        frequency: the mean over its units of the share of draws in which a unit was drawn.
        lowest, highest: that share of the unit drawn least and most often.
        low, high: the Monte-Carlo interval: if the probability is right, the shares of all units
            of all strata lie within theirs in 999 of 1,000 rehearsals.
    """

    units: int
    taken: int
    probability: float
    frequency: float
    lowest: float
    highest: float
    low: float
    high: float

    @property
    def holds(self) -> bool:
        """Say whether every unit was drawn as often as the probability says, but for chance."""
        return self.low <= self.lowest and self.highest <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Rehearsal:
    """What many draws of one design gave.

    Attributes:
        strata: one per stratum with units, in their order.
        means: shape (draws,), the weighted mean of each draw.
        true_mean: of the values over all units.
        spread: the standard deviation that the design says one weighted mean has.
    """

    strata: tuple[Frequencies, ...]
    means: FloatArray
    true_mean: float
    spread: float

    @property
    def mean(self) -> float:
        """The mean of the weighted means."""
        return float(self.means.mean())

    @property
    def standard_error(self) -> float:
        """The standard error that the design says this mean has."""
        return float(self.spread / np.sqrt(len(self.means)))

    @property
    def spread_seen(self) -> float:
        """The standard deviation of the weighted means over the draws."""
        return float(self.means.std(ddof=1))

    @property
    def low(self) -> float:
        """The lower end of what the mean may be by chance, if it is unbiased."""
        return self.true_mean - self._reach

    @property
    def high(self) -> float:
        """The upper end, likewise."""
        return self.true_mean + self._reach

    @property
    def probabilities_hold(self) -> bool:
        """Say whether every unit of every stratum was drawn as often as it should be."""
        return all(one.holds for one in self.strata)

    @property
    def unbiased(self) -> bool:
        """Say whether the mean of the weighted means is the true mean, but for chance."""
        return self.low <= self.mean <= self.high

    @property
    def varies(self) -> bool:
        """Say whether the weighted means differ by more than adding up may leave."""
        return float(np.ptp(self.means)) > self._rounding

    @property
    def _reach(self) -> float:
        return float(norm.isf(CHANCE / 2)) * self.standard_error + self._rounding

    @property
    def _rounding(self) -> float:
        return NEARLY * max(1.0, abs(self.true_mean))


def rehearse(
    names: Sequence[str],
    stratum: npt.ArrayLike,
    takes: npt.ArrayLike,
    values: npt.ArrayLike,
    *,
    draws: int = DRAWS,
    first_seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Rehearsal:
    """Draw a design many times, in the very way in which a sample is drawn.

    Args:
        names, stratum, takes: the frame and the design, see ``draw_numbers`` and ``drawn``.
        values: shape (n_units,), any quantity of the units that is known of all.
        draws: how many, at least 2, with seeds from ``first_seed`` on.
        first_seed: any whole number.
        progress: told after each draw how many there were.

    Returns:
        See ``Rehearsal``. The weighted mean is sum(value / probability) / n_units over the drawn.
        The number of draws with a unit is binomial, for draws with different seeds are
        independent; the interval has its quantiles at 0.001 / 2, divided by the number of units
        whose probability is below 1 (Bonferroni), which needs no independence of units.

    Raises:
        ValueError: as ``drawn``; fewer than two draws; no unit; nothing drawn of a stratum.

    Source:
        D. Horvitz and D. Thompson, "A generalization of sampling without replacement from a finite
        universe" (1952); its variance in strata: W. Cochran, "Sampling Techniques" (1977), theorem
        5.3.

    Cost:
        O(draws * n_units log n_units), about 0.7 microseconds a unit and draw.
    """
    of, value = np.asarray(stratum, dtype=np.int64), np.asarray(values, dtype=np.float64)
    take = np.asarray(takes, dtype=np.int64)
    sizes = np.bincount(of, minlength=len(take))
    if draws < 2 or not len(of) or (take[sizes > 0] == 0).any():
        raise ValueError("A rehearsal needs two draws, and units drawn of every stratum.")
    probability = inclusion_probabilities(take, sizes)[of]
    times = np.zeros(len(of), dtype=np.int64)
    means = np.empty(draws)
    for draw in range(draws):
        chosen = drawn(draw_numbers(names, seed=first_seed + draw), of, take)
        times += chosen
        means[draw] = (value[chosen] / probability[chosen]).sum() / len(of)
        if progress is not None:
            progress(draw + 1)
    return Rehearsal(
        strata=_frequencies(times, of, take, sizes, draws),
        means=means,
        true_mean=float(value.mean()),
        spread=_spread(value, of, take, sizes),
    )


def _frequencies(
    times: IntArray, of: IntArray, take: IntArray, sizes: IntArray, draws: int
) -> tuple[Frequencies, ...]:
    unsure = int(sizes[take < sizes].sum())
    found = []
    for at in np.flatnonzero(sizes):
        drawn_of_it = times[of == at]
        probability = float(take[at] / sizes[at])
        low = high = float(draws)
        if take[at] < sizes[at]:
            tail = CHANCE / 2 / unsure
            low = binom.ppf(tail, draws, probability)
            high = binom.isf(tail, draws, probability)
        found.append(
            Frequencies(
                units=int(sizes[at]),
                taken=int(take[at]),
                probability=probability,
                frequency=float(drawn_of_it.mean() / draws),
                lowest=float(drawn_of_it.min() / draws),
                highest=float(drawn_of_it.max() / draws),
                low=float(low / draws),
                high=float(high / draws),
            )
        )
    return tuple(found)


def _spread(value: FloatArray, of: IntArray, take: IntArray, sizes: IntArray) -> float:
    """Return the standard deviation of the weighted mean, from all units of the frame."""
    variance = 0.0
    for at in np.flatnonzero((sizes > 1) & (take > 0)):
        within = value[of == at].var(ddof=1)
        weight, left = sizes[at] / len(of), 1 - take[at] / sizes[at]
        variance += weight**2 * left * within / take[at]
    return float(np.sqrt(variance))
