"""How far raters mark the same places of a text: overlap, and agreement letter by letter.

A text that several raters read has one mark for each of its code points from each rater: nothing,
or the kinds that the rater gave it. Two questions are answered. *Overlap*: of what two raters
marked, how much did both mark? *Agreement*: do they say the same of each letter more often than
chance would bring?

- **Jaccard**, of two raters of one text: code points that both marked / code points that one of
  them or both marked, whatever the kinds. Two raters who marked nothing agree: 1. The value is the
  mean over pairs of raters of a text, then over texts, so that a text with many raters weighs no
  more than one with two. Since raters who mark nothing may be most, the same stands beside it over
  the pairs of which one rater marked something.
- **Alpha of characters**: Krippendorff's nominal alpha with a code point as the unit; its values
  are nothing, and each set of kinds that was given. Letters of one text are not independent and
  long texts have many, so each text weighs the same: a code point of a text with L of them counts
  m/L, m being the mean length. Where all texts are equally long this is Krippendorff's alpha of
  the characters, to the digit. It counts the lengths on which raters coincide along the whole
  continuum, gaps included, as the coefficients of Krippendorff et al. (2016) do; it is not the
  alpha of 2004 that squares the distances of boundaries.

Sources: P. Jaccard, "The distribution of the flora in the alpine zone" (New Phytologist 11, 1912);
K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C;
K. Krippendorff, Y. Mathet, S. Bouvry, A. Widlöcher, "On the reliability of unitizing textual
continua: Further developments" (Quality & Quantity 50, 2016). Equal weight of texts is ours.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import comb

import numpy as np

from evaluation.stats.coefficient import PAIRABLE_FROM, Sizes, estimate_of
from evaluation.stats.counts import Groups
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.resampling import SANDWICH, Evaluate, Sample, Uncertainty
from evaluation.stats.shapes import FloatArray, as_clusters

JACCARD = "span_jaccard"
JACCARD_MARKED = "span_jaccard_where_marked"
CHARACTER_ALPHA = "span_character_alpha"
UNMARKED = 0


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch that one rater marked: ``start`` to before ``end``; ``kind`` counts from 0."""

    rater: int
    start: int
    end: int
    kind: int = 0


@dataclass(frozen=True, slots=True)
class MarkedText:
    """One text, and what its raters marked in it; those who marked nothing are raters too.

    Attributes:
        cluster: the query or scenario.
        raters: how many read it, at least 1; marks name them 0 … raters - 1.
        marks: in any order; those of one rater may overlap.
        length: code points, at least 1; None where it is not known: then no alpha.
    """

    cluster: int
    raters: int
    marks: tuple[Mark, ...] = ()
    length: int | None = None


@dataclass(frozen=True, slots=True)
class SpanAgreement:
    """How far raters mark the same places.

    Attributes:
        jaccard: mean overlap of two raters, in [0, 1]; 1 where both marked nothing.
        jaccard_where_marked: the same over pairs of which one rater or both marked something.
        alpha: alpha of characters, in (-inf, 1].
        pairs: pairs of raters of one text.
        empty_pairs: those of them of which neither marked anything.
    """

    jaccard: Estimate
    jaccard_where_marked: Estimate
    alpha: Estimate
    pairs: int
    empty_pairs: int


@dataclass(frozen=True, slots=True)
class _Read:
    """One text cut where a mark begins or ends: what each rater says of each piece."""

    text: MarkedText
    widths: tuple[int, ...]
    # Of each piece, for each rater: 0, or a bit for each kind.
    said: tuple[tuple[int, ...], ...]


def span_agreement(
    texts: Sequence[MarkedText],
    *,
    raters: int | None = None,
    confidence: float = 0.95,
    uncertainty: Uncertainty = SANDWICH,
) -> SpanAgreement:
    """Measure how far raters mark the same places of texts.

    Args:
        texts: the texts, each with all of its raters.
        raters: how many different raters there were, if known.
        confidence: level of the intervals, in (0, 1).
        uncertainty: how they are computed over clusters, see ``resampling.spread``.

    Returns:
        Three estimates whose items are texts. Undefined with a reason: ``NO_ITEMS``;
        ``NO_PAIRS`` or ``ONE_RATER`` where no text (of known length, for alpha) has two raters;
        ``NOTHING_MARKED`` where nobody marked anything (alpha, and overlap where marked);
        ``NO_VARIATION`` where alpha has one and the same mark everywhere.

    Raises:
        ValueError: a text without raters or of no length, a mark outside its text, empty, of a
            rater who is none, or of a negative kind; ``confidence`` outside (0, 1).

    Source:
        See the module.

    Cost:
        For a text with r raters and s marks O(r**2 * s) time; memory O(texts * sets of
        kinds in use).
    """
    ordered = sorted(texts, key=lambda text: text.cluster)
    read = [_cut(text) for text in ordered]
    overlaps = [_overlaps(one) for one in read]
    whole = _Case(ordered, raters, confidence, uncertainty)
    pairs = sum(len(one) for one in overlaps)
    met = [[share for share in one if share is not None] for one in overlaps]
    every = [[1.0 if share is None else share for share in one] for one in overlaps]
    marked = any(text.marks for text in ordered)
    return SpanAgreement(
        jaccard=whole.mean(JACCARD, every, Undefined.NO_PAIRS),
        jaccard_where_marked=whole.mean(JACCARD_MARKED, met, Undefined.NOTHING_MARKED),
        alpha=whole.alpha(read, marked=marked),
        pairs=pairs,
        empty_pairs=pairs - sum(len(one) for one in met),
    )


def _cut(text: MarkedText) -> _Read:
    _refuse(text)
    ends = {0, *(place for mark in text.marks for place in (mark.start, mark.end))}
    places = sorted(ends | ({text.length} if text.length is not None else set()))
    at = {place: n for n, place in enumerate(places)}
    said = [[UNMARKED] * text.raters for _ in places[1:]]
    for mark in text.marks:
        for piece in range(at[mark.start], at[mark.end]):
            said[piece][mark.rater] |= 1 << mark.kind
    widths = tuple(end - start for start, end in pairwise(places))
    return _Read(text, widths, tuple(map(tuple, said)))


def _refuse(text: MarkedText) -> None:
    if text.raters < 1:
        raise ValueError("A text must have at least one rater.")
    if text.length is not None and text.length < 1:
        raise ValueError("A text must have at least one code point.")
    for mark in text.marks:
        if not 0 <= mark.start < mark.end <= (mark.end if text.length is None else text.length):
            raise ValueError(f"A mark from {mark.start} to {mark.end} lies outside its text.")
        if not 0 <= mark.rater < text.raters or mark.kind < 0:
            raise ValueError(f"A mark has rater {mark.rater} and kind {mark.kind}.")


def _overlaps(read: _Read) -> list[float | None]:
    """Return the Jaccard of each pair of raters, None where neither marked anything."""
    n = read.text.raters
    if not read.text.marks:
        return [None] * comb(n, 2)
    marked = np.array([[mark != UNMARKED for mark in said] for said in read.said], dtype=np.float64)
    # Sums of whole numbers far below 2**53, so exact.
    both = (marked.T @ (marked * np.array(read.widths)[:, None])).tolist()
    found: list[float | None] = []
    for one, other in combinations(range(n), 2):
        either = both[one][one] + both[other][other] - both[one][other]
        found.append(both[one][other] / either if either else None)
    return found


def _mean_of(totals: FloatArray) -> FloatArray:
    return totals[:, 1] / totals[:, 0]


def _alpha_of(totals: FloatArray) -> FloatArray:
    """Alpha from totals of: texts, lengths, disagreement and shares, the last per code point."""
    mean_length = totals[:, 1] / totals[:, 0]
    observed = totals[:, 2] * mean_length
    counts = totals[:, 3:] * mean_length[:, None]
    n = counts.sum(axis=1)
    expected = n**2 - (counts**2).sum(axis=1)
    # What is left of a difference of squares of one value is rounding.
    there = expected > 1e-12 * n**2
    return np.where(there, 1 - (n - 1) * observed / expected, np.nan)


@dataclass(frozen=True, slots=True)
class _Case:
    """Texts in the order of their clusters, and how their estimates are to be computed."""

    texts: Sequence[MarkedText]
    raters: int | None
    confidence: float
    uncertainty: Uncertainty

    def mean(self, name: str, shares: list[list[float]], none: Undefined) -> Estimate:
        """Return the mean over the texts that have shares of each one's mean share."""
        kept = [n for n, one in enumerate(shares) if one]
        rows = [[1.0, float(np.mean(shares[n]))] for n in kept]
        why = None if rows else self._missing() or none
        return self._estimate(name, kept, np.array(rows).reshape(-1, 2), _mean_of, why, lower=0.0)

    def alpha(self, read: list[_Read], *, marked: bool) -> Estimate:
        """Return the alpha of characters."""
        kept = [n for n, text in enumerate(self.texts) if text.raters >= 2 and text.length]
        why = None if kept else self._missing() or Undefined.NO_PAIRS
        if why is None and not marked:
            why = Undefined.NOTHING_MARKED
        features = _letters([read[n] for n in kept])
        return self._estimate(CHARACTER_ALPHA, kept, features, _alpha_of, why)

    def _missing(self) -> Undefined | None:
        if not self.texts:
            return Undefined.NO_ITEMS
        if all(text.raters < PAIRABLE_FROM for text in self.texts):
            return Undefined.ONE_RATER if self.raters == 1 else Undefined.NO_PAIRS
        return None

    def _estimate(
        self,
        name: str,
        kept: list[int],
        features: FloatArray,
        evaluate: Evaluate,
        why: Undefined | None,
        *,
        lower: float = -np.inf,
    ) -> Estimate:
        clusters, n_clusters = as_clusters([self.texts[n].cluster for n in kept], length=len(kept))
        alone = np.ones(len(kept), dtype=np.int64)
        groups = Groups(np.arange(len(kept)), alone, clusters)
        return estimate_of(
            Sample(features, groups, evaluate, n_clusters),
            name=name,
            sizes=Sizes(
                items=len(self.texts),
                pairable_items=len(kept),
                ratings=sum(text.raters for text in self.texts),
                raters=self.raters,
            ),
            reason=why,
            confidence=self.confidence,
            uncertainty=self.uncertainty,
            lower=lower,
        )


def _letters(read: list[_Read]) -> FloatArray:
    """Return of each text: 1, its length, its disagreement and the share of each mark."""
    marks = sorted({mark for one in read for said in one.said for mark in said})
    column = {mark: 3 + n for n, mark in enumerate(marks)}
    features = np.zeros((len(read), 3 + len(marks)))
    for row, one in zip(features, read, strict=True):
        length, others = sum(one.widths), one.text.raters - 1
        row[0], row[1] = 1, length
        for width, said in zip(one.widths, one.said, strict=True):
            for mark, n in Counter(said).items():
                row[2] += width / length * n * (one.text.raters - n) / others
                row[column[mark]] += width / length * n
    return features
