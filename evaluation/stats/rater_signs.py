"""What may show that a rater did not read: pace, one answer throughout, answers in a pattern.

A sign is evidence for a person who decides, never a verdict: an honest rater may show one, and a
careless one none. The limits are conventions of this module, and are named with each sign.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from evaluation.stats.shapes import as_indices, as_numbers

# Characters a second that nobody reads: about 1,000 words a minute, twice a fast reader's.
FASTEST = 100.0
# So many timed judgments before pace may be a sign, and so many answers before the others may.
TIMED_FROM = 5
ANSWERS_FROM = 20
# From this share on one answer, or a repetition, stands for all.
NEARLY_ALL = 0.95
# The others gave the answer at most this often: else it is simply the usual one.
USUAL = 0.8
# By chance at most this often.
RARE = 0.001
LONGEST_PERIOD = 6


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a rater judged.

    Attributes:
        timed: judgments whose time is known.
        seconds: median of seconds a judgment took; ``None`` where none is timed.
        speed: median of characters of text a second; ``None`` likewise.
        too_fast: judgments made faster than ``FASTEST``.
    """

    timed: int
    seconds: float | None
    speed: float | None
    too_fast: int

    @property
    def is_sign(self) -> bool:
        """Say whether more than half of enough judgments were too fast to have been read."""
        return self.timed >= TIMED_FROM and 2 * self.too_fast > self.timed


@dataclass(frozen=True, slots=True)
class OneAnswer:
    """A rater who gave one answer nearly always, where others often gave another.

    Attributes:
        option: the position of the answer.
        times, answers: how often it was given, of how many.
        others: the share of the others who gave it at the same units.
        chance: probability of so many or more if each answer came as the others' do.
    """

    option: int
    times: int
    answers: int
    others: float
    chance: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """Answers that repeat with a period, whatever was read.

    Attributes:
        period: after how many answers they repeat, 2 to ``LONGEST_PERIOD``.
        repeated, compared: answers equal to the one a period before, of how many.
        chance: probability of so many or more if the order of answers meant nothing.
    """

    period: int
    repeated: int
    compared: int
    chance: float


def pace(seconds: npt.ArrayLike, characters: npt.ArrayLike) -> Pace:
    """Say how fast a rater judged: the limit grows with the text, and the time is the server's.

    Args:
        seconds: shape (n,), >= 0, what each judgment took.
        characters: shape (n,), >= 0, the length of what was to be read.

    Raises:
        ValueError: the rows differ in length, or a number is not finite or negative.

    Source:
        M. Brysbaert, "How many words do we read per minute?" (2019): adults read 175 to 300 words
        a minute, hardly anyone above 450. ``FASTEST`` is 1,000 words of six characters.

    Cost:
        O(n log n).
    """
    took = as_numbers(seconds, name="seconds")
    length = as_numbers(characters, name="characters", length=took.size)
    if (took < 0).any() or (length < 0).any():
        raise ValueError("seconds and characters must be >= 0.")
    if not took.size:
        return Pace(0, None, None, 0)
    # A tenth of a second is what clocks and networks leave open.
    speed = length / np.maximum(took, 0.1)
    return Pace(
        took.size,
        float(np.median(took)),
        float(np.median(speed)),
        int((speed > FASTEST).sum()),
    )


def one_answer(used: npt.ArrayLike, others: npt.ArrayLike) -> OneAnswer | None:
    """Say whether one answer was given nearly throughout, though others did not.

    Args:
        used: shape (n_options,), integers >= 0: the rater's answers at units that others rated.
        others: shape (n_options,), numbers >= 0: the others' answers at the same units.

    Returns:
        The sign, or ``None``: fewer than ``ANSWERS_FROM`` answers, the most frequent one below
        ``NEARLY_ALL``, usual among the others (``USUAL``), or not rare enough by chance.

    Raises:
        ValueError: the rows differ in length, or a number is negative.

    Source:
        The upper tail of the binomial distribution with the others' share.

    Cost:
        O(n_options).
    """
    mine = as_numbers(used, name="used")
    theirs = as_numbers(others, name="others", length=mine.size)
    if (mine < 0).any() or (theirs < 0).any():
        raise ValueError("used and others must be >= 0.")
    answers = int(mine.sum())
    if answers < ANSWERS_FROM or not theirs.sum():
        return None
    option = int(np.argmax(mine))
    times, share = int(mine[option]), float(theirs[option] / theirs.sum())
    chance = _tail(times, answers, share)
    if times < NEARLY_ALL * answers or share > USUAL or chance > RARE:
        return None
    return OneAnswer(option, times, answers, share, chance)


def pattern(answers: npt.ArrayLike, *, n_options: int) -> Pattern | None:
    """Say whether answers repeat with a period, in the order in which they were given.

    Args:
        answers: shape (n,), the options chosen, in order.
        n_options: options offered.

    Returns:
        The sign with the shortest period, or ``None``: fewer than ``ANSWERS_FROM`` answers, one
        answer nearly throughout (see ``one_answer``), long runs of one answer, or no period that
        nearly all follow and that is rare by chance, which is corrected for the periods tried
        (Bonferroni).

    Raises:
        ValueError: an answer out of range.

    Source:
        The upper tail of the binomial distribution; two answers of the rater are equal with
        probability sum of their shares squared.

    Cost:
        O(n).
    """
    given = as_indices(answers, name="answers", below=n_options)
    if given.size < ANSWERS_FROM:
        return None
    shares = np.bincount(given, minlength=n_options) / given.size
    if shares.max() >= NEARLY_ALL:
        return None
    # A long run of one answer repeats with every period, and has none.
    if (given[1:] == given[:-1]).sum() >= NEARLY_ALL * (given.size - 1):
        return None
    expected = float((shares**2).sum())
    for period in range(2, LONGEST_PERIOD + 1):
        compared = given.size - period
        repeated = int((given[period:] == given[:-period]).sum())
        chance = min(1.0, (LONGEST_PERIOD - 1) * _tail(repeated, compared, expected))
        if repeated >= NEARLY_ALL * compared and chance <= RARE:
            return Pattern(period, repeated, compared, chance)
    return None


def _tail(successes: int, n: int, share: float) -> float:
    """Return the probability of so many successes or more."""
    if successes == 0:
        return 1.0
    return float(special.betainc(successes, n - successes + 1, share))
