"""The chance that at least one of several samples draws a unit."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from evaluation.stats.shapes import FloatArray


def union_probabilities(probabilities: npt.ArrayLike, draws: Sequence[int]) -> FloatArray:
    """The probability of each unit to be in at least one of several samples.

    Args:
        probabilities: shape (n_units, n_samples), each sample's probability to draw the unit, 0
            where it could not.
        draws: n_samples, a number for each sample. Samples with the same number came of one draw:
            the same units have the same random numbers in the same strata, so the larger sample
            holds the smaller one. Those with different numbers were drawn independently.

    Returns:
        Shape (n_units,): 1 - product over the draws of (1 - the largest probability in it).

    Raises:
        ValueError: a probability outside [0, 1], or another number of samples.

    Source:
        M. Bankier, "Estimators based on several stratified samples with applications to multiple
        frame surveys", JASA 81 (1986), for independent samples; of one draw because in each stratum
        those with the smallest numbers are taken.

    Cost:
        O(n_units * n_samples).
    """
    chance = np.asarray(probabilities, dtype=np.float64)
    if chance.ndim != 2 or chance.shape[1] != len(draws):
        raise ValueError("probabilities have a column for each of the draws.")
    if (chance < 0).any() or (chance > 1).any():
        raise ValueError("probabilities lie in [0, 1].")
    numbers = np.asarray(draws, dtype=np.int64)
    missed = np.ones(len(chance))
    for number in np.unique(numbers):
        missed *= 1 - chance[:, numbers == number].max(axis=1)
    return np.asarray(1 - missed)
