"""People's answers beside a judge's verdicts, unit by unit, and each unit's place in a sample."""

from dataclasses import dataclass, field

import numpy as np

from annotation.plans import QuestionPlan
from evaluation.arrays import TURNS, Ints
from evaluation.derived import NOTHING
from evaluation.services.rate_parts import LEFT_OUT, UNLABELLED, Part
from evaluation.stats.shapes import BoolArray, FloatArray

# These answers are no answer; rates leave them out and count them.
CANNOT_TELL = frozenset({"unsure", "cannot_tell"})
# How unlike two parts of a sample may be judged: by chance in standard errors, and at all.
FAR, NEAR = 3.0, 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """People's answers to a question.

    Attributes:
        key: shape (n_units,), reply and turn in one number, sorted.
        reply: shape (n_units,).
        counts: shape (n_units, n_codes), how many raters chose each option.
        codes: the options.
    """

    key: Ints
    reply: Ints
    counts: Ints
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A sample's frame as it was when it was drawn, and what it drew.

    Attributes:
        reply: shape (n_replies,), the replies of the frame, sorted.
        stratum: shape (n_replies,).
        words: what each stratum is called.
        drawn: shape (n_drawn,), the replies that were drawn, sorted.
        of: shape (n_drawn,), the stratum of each.
        probability: shape (n_drawn,), the chance with which it was drawn.
    """

    reply: Ints
    stratum: Ints
    words: tuple[str, ...]
    drawn: Ints
    of: Ints
    probability: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """A judge's verdicts on a question; a row a unit: a reply, or one turn of it.

    Attributes:
        key: shape (n_units,), reply and turn in one number, sorted.
        cluster, model: shape (n_units,); ``model`` is a position in ``words``.
        categories: shape (n_units, 2), of the two values, positions in ``words``.
        column: shape (n_units,), the position of the answer in ``codes``.
        words: names of models and categories.
        codes: the options.
    """

    key: Ints
    cluster: Ints
    model: Ints
    categories: Ints
    column: Ints
    words: tuple[str, ...]
    codes: tuple[str, ...]
    question: QuestionPlan

    @property
    def reply(self) -> Ints:
        """The reply of each unit."""
        return self.key // TURNS

    @property
    def turn(self) -> Ints:
        """The turn of each unit, 0 for the whole conversation."""
        return self.key % TURNS

    def only(self, kept: BoolArray) -> "Verdicts":
        """Keep these units."""
        return Verdicts(
            self.key[kept],
            self.cluster[kept],
            self.model[kept],
            self.categories[kept],
            self.column[kept],
            self.words,
            self.codes,
            self.question,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Joined:
    """Verdicts with the people's answers at the same units, and each unit's place in a sample.

    Attributes:
        verdicts: the units.
        at: shape (n_units,), the row of ``labels`` at each, -1 where nobody of the sample judged.
        labels: people's answers.
        stratum, probability: shape (n_units,), see ``Part``.
        outside: judged units that the sample did not draw; they count as not judged.
        silent: judged units on which the judge gave no verdict.
        judged, drawn: shape (n_strata,), replies of each stratum that were judged, and drawn.
    """

    verdicts: Verdicts
    at: Ints
    labels: Labels
    stratum: Ints
    probability: FloatArray
    outside: int
    silent: int
    judged: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    drawn: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def part(self, option: str, kept: BoolArray | None = None) -> Part:
        """Return units with one option against the rest, as the majority of people has it."""
        units = self.verdicts
        label = np.full(len(units.key), UNLABELLED, dtype=np.int64)
        label[self.at >= 0] = self._majority(option)[self.at[self.at >= 0]]
        hedges = [units.codes.index(code) for code in CANNOT_TELL if code in units.codes]
        says = units.codes.index(option) if option in units.codes else NOTHING
        found = Part(
            units.column == says,
            np.isin(units.column, hedges),
            label,
            units.cluster,
            self.stratum,
            self.probability,
        )
        return found if kept is None else found.only(kept)

    def left_out(self, option: str, kept: BoolArray) -> tuple[int, int]:
        """Return at how many units people could not tell, and at how many they were even."""
        rows = self.at[kept & (self.at >= 0)]
        told = self.labels.counts[rows][:, self._telling()].sum(axis=1)
        label = self._majority(option)[rows]
        return int((told == 0).sum()), int(((label == LEFT_OUT) & (told > 0)).sum())

    def _telling(self) -> BoolArray:
        return np.array([code not in CANNOT_TELL for code in self.labels.codes], dtype=np.bool_)

    def _majority(self, option: str) -> Ints:
        codes, counts = self.labels.codes, self.labels.counts
        chosen = np.zeros(len(counts), dtype=np.int64)
        if option in codes:
            chosen = counts[:, codes.index(option)]
        rest = counts[:, self._telling()].sum(axis=1) - chosen
        return np.select([chosen > rest, chosen < rest], [1, 0], LEFT_OUT).astype(np.int64)


def joined(verdicts: Verdicts, labels: Labels, frame: Ints, drawn: Drawn | None) -> Joined:
    """Put people's answers beside verdicts, and keep what is in the frame.

    With a sample only answers to what it drew count; the others stand aside as ``outside``. The
    chance of a stratum's units is that with which they were drawn, times the share of the drawn
    that was judged: judging goes in random order, so those judged so far are a smaller sample.
    """
    units = verdicts.only(np.isin(verdicts.reply, frame))
    ours = labels.key[np.isin(labels.reply, frame)]
    silent = int((~np.isin(ours, units.key)).sum())
    at = places(labels.key, units.key)
    n = len(units.key)
    if drawn is None:
        return Joined(units, at, labels, np.zeros(n, dtype=np.int64), np.ones(n), 0, silent)
    inside = np.isin(units.reply, drawn.drawn)
    outside = int(((at >= 0) & ~inside).sum())
    stratum = drawn.stratum[places(drawn.reply, units.reply)]
    n_strata = len(drawn.words)
    judged = np.bincount(drawn.of[np.isin(drawn.drawn, labels.reply)], minlength=n_strata)
    wanted = np.bincount(drawn.of, minlength=n_strata)
    share = np.divide(judged, wanted, out=np.ones(n_strata), where=judged > 0)
    chance = np.ones(n)
    chance[inside] = drawn.probability[places(drawn.drawn, units.reply[inside])]
    chance[inside] *= share[stratum[inside]]
    at = np.where(inside, at, -1)
    return Joined(units, at, labels, stratum, chance, outside, silent, judged, wanted)


def judged_apart(
    units: Joined, drawn: Drawn, others: Ints, labels: Labels
) -> tuple[float, float] | None:
    """Say whether what had other reasons to be judged is judged unlike the rest of a sample.

    Returns:
        The share of it that is judged, and what it would be were its strata judged at random;
        None where the sample is judged in full, or the two are near to each other.
    """
    if units.judged.sum() >= units.drawn.sum():
        return None
    of = drawn.of[np.isin(drawn.drawn, others)]
    if not 0 < of.size < drawn.drawn.size:
        return None
    judged = np.isin(np.intersect1d(drawn.drawn, others), labels.reply)
    share = (units.judged / np.maximum(units.drawn, 1))[of]
    apart = abs(float((judged - share).sum()))
    by_chance = FAR * float(np.sqrt((share * (1 - share)).sum()))
    if apart <= max(by_chance, NEAR * of.size):
        return None
    return float(judged.mean()), float(share.mean())


def places(known: Ints, wanted: Ints) -> Ints:
    """Return the position of each of these among sorted ones, -1 where it is not there."""
    if not known.size:
        return np.full(wanted.shape, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.where(known[at] == wanted, at, -1).astype(np.int64)
