"""Seats that tests of claiming have in common: opened, walked through, and what a claim costs."""

from annotation.services import openings
from tests import build
from tests.build import NOW, claim

# The lease, the candidates, what was had of them, the cursor and the seat in a savepoint.
CLAIM = 7


def items(study, tmp_path, n, *, n_seats=1, **fields):
    """``n`` items, each of a query of its own."""
    build.batch(study, [build.reply_fields(**fields) for _ in range(n)], tmp_path)
    openings.open_first_wave(study=study, raters_per_item=n_seats, seed=1, now=NOW)


def open_seats(study, n, *, seed=1):
    return openings.open_first_wave(study=study, raters_per_item=n, seed=seed, now=NOW)


def walk(by, *, at=NOW):
    """Everything a rater meets until nothing is left, in order."""
    met = []
    while seat := claim(by, at=at):
        met.append(seat.item_id)
        build.submit(by, seat, at=at)
    return met
