"""The reference cases, read as the statistics want them."""

import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[3] / "fixtures" / "reference"
MISSING = -1


def load(name):
    """Input, expected values and tolerance of one case."""
    case = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return case["input"], case["expected"], case["tolerance"]


def panel_of(ratings, values=None):
    """Ratings (raters x items, null missing) as positions in ``values``, and the values."""
    seen = values or sorted({value for row in ratings for value in row if value is not None})
    return np.array(
        [[MISSING if value is None else seen.index(value) for value in row] for row in ratings]
    ), seen


def counts_of(ratings, values=None):
    """Ratings (raters x items, null missing) as counts (items x options)."""
    panel, seen = panel_of(ratings, values)
    return (panel[:, :, None] == np.arange(len(seen))).sum(axis=0)
