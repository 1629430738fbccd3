"""The units of one slice as arrays: what the judge says, what people say, how they were drawn."""

from dataclasses import dataclass

import numpy as np

from evaluation.stats.shapes import BoolArray, FloatArray, IntArray

# What is known of a unit, besides 0 and 1: nobody judged it; people could not tell, or were even.
UNLABELLED, LEFT_OUT = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """The units of one slice, each with a verdict.

    Attributes:
        says: shape (n,), whether the judge chose the option.
        hedged: shape (n,), whether it said that it cannot tell; then ``says`` is False.
        label: shape (n,), what people say: 1, 0, ``UNLABELLED`` or ``LEFT_OUT``.
        cluster: shape (n,), query or scenario.
        stratum: shape (n,), of the sample; 0 where it has one.
        probability: shape (n,), the chance to be drawn; it counts where there is a label.
    """

    says: BoolArray
    hedged: BoolArray
    label: IntArray
    cluster: IntArray
    stratum: IntArray
    probability: FloatArray

    def only(self, kept: BoolArray) -> "Part":
        """Keep these units."""
        return Part(
            self.says[kept],
            self.hedged[kept],
            self.label[kept],
            self.cluster[kept],
            self.stratum[kept],
            self.probability[kept],
        )

    @property
    def labelled(self) -> "Part":
        """The units that people labelled."""
        return self.only(self.label >= 0)

    @property
    def unlabelled(self) -> "Part":
        """The units that nobody judged."""
        return self.only(self.label == UNLABELLED)

    @property
    def clustered(self) -> bool:
        """Say whether any query or scenario has several units here."""
        return bool(np.unique(self.cluster).size < self.cluster.size)

    def names(self, *, clustered: bool) -> IntArray | None:
        """Return the clusters where they are to be regarded."""
        return self.cluster if clustered else None
