"""What every statistic answers: a value with its interval, or the reason there is none."""

from dataclasses import dataclass
from enum import StrEnum


class Undefined(StrEnum):
    """Why a value, or only its interval, does not exist for these data."""

    NO_ITEMS = "no_items"
    NO_PAIRS = "no_pairs"
    ONE_RATER = "one_rater"
    NO_VARIATION = "no_variation"
    ONE_OPTION = "one_option"
    OPTION_NOT_USED = "option_not_used"
    NOTHING_MARKED = "nothing_marked"
    ONE_CLUSTER = "one_cluster"
    NO_SPREAD = "no_spread"
    ONE_UNIT_DECIDES = "one_unit_decides"
    TIE = "tie"
    NO_JUDGE = "no_judge"
    TOO_FEW = "too_few"
    NOT_INFORMATIVE = "not_informative"
    DESIGN_UNKNOWN = "design_unknown"
    DISCONNECTED = "disconnected"
    UNDEFEATED = "undefeated"
    WINLESS = "winless"
    NOT_SEPARATED = "not_separated"
    CONFOUNDED = "confounded"
    NOT_REACHED = "not_reached"
    NOT_CONVERGED = "not_converged"

    @property
    def sentence(self) -> str:
        """The reason in a sentence for people."""
        return _SENTENCES[self]


_SENTENCES = {
    Undefined.NO_ITEMS: "There is no rated item.",
    Undefined.NO_PAIRS: "No item has ratings from two raters.",
    Undefined.ONE_RATER: "There is only one rater, who cannot agree with anyone.",
    Undefined.NO_VARIATION: "Every rating is the same option, so nothing could disagree by chance.",
    Undefined.ONE_OPTION: "The question offers only one option.",
    Undefined.OPTION_NOT_USED: "Nobody chose this option.",
    Undefined.NOTHING_MARKED: "Nobody marked anything.",
    Undefined.ONE_CLUSTER: "All items belong to one query or scenario, so no interval exists.",
    Undefined.NO_SPREAD: "All queries give the same result, so the data do not show its spread.",
    Undefined.ONE_UNIT_DECIDES: "Without one single item or query the value would not exist.",
    Undefined.TIE: "Two or more options have the most votes.",
    Undefined.NO_JUDGE: "The judge gave no verdict on the items that people rated.",
    Undefined.TOO_FEW: "There are too few ratings for this statistic.",
    Undefined.NOT_INFORMATIVE: (
        "The judge's verdicts are not clearly better than chance: "
        "sensitivity + specificity - 1 is not clearly above 0."
    ),
    Undefined.DESIGN_UNKNOWN: (
        "No stored design says how the labelled items were chosen, so nothing follows about others."
    ),
    Undefined.DISCONNECTED: "Some were never compared with the rest, directly or through others.",
    Undefined.UNDEFEATED: "It never lost, so its strength has no upper end.",
    Undefined.WINLESS: "It never won, so its strength has no lower end.",
    Undefined.NOT_SEPARATED: (
        "One group never lost to another group, so no finite strengths exist."
    ),
    Undefined.CONFOUNDED: (
        "It does not vary, or only together with what it would have to be told apart from."
    ),
    Undefined.NOT_REACHED: "Fewer than half have had the event.",
    Undefined.NOT_CONVERGED: "The computation did not settle.",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its standard error and interval, and what it was computed from.

    Attributes:
        name: the coefficient's standard name.
        value: the estimate, or ``None`` where it is undefined.
        se: its standard error, or ``None`` where ``value`` or its spread is undefined.
        low, high: ends of the interval at ``confidence``; both or neither are ``None``.
        reason: why ``value`` is ``None``, or, where there is a value, why ``se`` or the
            interval is; ``None`` when nothing is missing.
        confidence: level of the interval, 0.95 unless asked otherwise.
        items: items (units) with at least one rating.
        pairable_items: items with at least two ratings.
        ratings: ratings on all items.
        clusters: clusters (queries or scenarios) over which the interval generalises: those
            that hold an item which takes part. The t quantile has ``clusters - 1`` degrees
            of freedom.
        raters: how many raters there were, where the caller told it.
    """

    name: str
    value: float | None
    se: float | None = None
    low: float | None = None
    high: float | None = None
    reason: Undefined | None = None
    confidence: float = 0.95
    items: int = 0
    pairable_items: int = 0
    ratings: int = 0
    clusters: int = 0
    raters: int | None = None
