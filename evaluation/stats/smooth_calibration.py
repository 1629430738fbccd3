"""Calibration error without bins: the smooth ECE, where the width is chosen by the data."""

import numpy as np

from evaluation.stats.calibration import Forecasts
from evaluation.stats.shapes import FloatArray

GRID = 2_000
WIDTH_STEPS = 40
SMALLEST_WIDTH = 1e-3


def smooth_calibration_error(forecasts: Forecasts) -> float | None:
    """Mean distance of probability and outcome after smoothing with a reflected Gaussian.

    The width sigma is the one at which the error equals sigma, so nothing has to be chosen.

    Returns:
        In [0, 1], 0 is calibrated; ``None`` without a forecast.

    Source:
        J. Blasiok and P. Nakkiran, "Smooth ECE: principled reliability diagrams via kernel
        smoothing" (ICLR 2024), definitions 2 and 3 and section 4.

    Cost:
        O(n + 40 * 2000 log 2000) time, O(2000) memory.
    """
    if not forecasts.p.size:
        return None
    mass = _on_grid(forecasts)
    low, high = SMALLEST_WIDTH, 1.0
    for _ in range(WIDTH_STEPS):
        width = (low + high) / 2
        if _smoothed_error(mass, width) < width:
            high = width
        else:
            low = width
    return _smoothed_error(mass, high)


def _on_grid(forecasts: Forecasts) -> FloatArray:
    """Sums of (outcome - probability)/n, each shared by the two nearest points of a grid."""
    rest = (forecasts.y - forecasts.p) / forecasts.p.size
    place = forecasts.p * GRID
    below = np.minimum(place.astype(np.int64), GRID - 1)
    upper = place - below
    mass = np.bincount(below, weights=rest * (1 - upper), minlength=GRID + 1)
    mass += np.bincount(below + 1, weights=rest * upper, minlength=GRID + 1)
    return mass.astype(np.float64, copy=False)


def _smoothed_error(mass: FloatArray, width: float) -> float:
    """Integral over [0, 1] of the absolute smoothed mass; the edges reflect.

    Reflection at both edges makes the mass even with period 2, so smoothing multiplies its
    cosine coefficients by exp(-(pi k width)^2 / 2).
    """
    even = np.concatenate([mass, mass[-2:0:-1]])
    # An inner point occurs twice in the period, an edge point once but half outside [0, 1].
    even[[0, GRID]] *= 2
    frequencies = np.arange(GRID + 1)
    damping = np.exp(-((np.pi * frequencies * width) ** 2) / 2)
    smooth = np.fft.irfft(np.fft.rfft(even) * damping, n=2 * GRID)[: GRID + 1]
    return float(np.trapezoid(np.abs(smooth)))
