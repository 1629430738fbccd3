"""A sentence in words under each number. Thresholds are conventions, and are named as such."""

from collections.abc import Callable

from evaluation.digits import SMALLEST_P, decimal, level, percent
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.order_effects import RATERS_FROM, Balance, Shift

# Krippendorff, Content Analysis (4th ed., 2019), section 12.3: conventions, not laws of nature.
RELIABLE = 0.800
TENTATIVE = 0.667
# From here on an option leaves so little variation that chance explains most agreement.
ONE_SIDED = 0.8

CONVENTION = (
    f"Krippendorff's convention: reliable from {RELIABLE:.3f}, tentative conclusions from"
    f" {TENTATIVE:.3f}. It is a custom of content analysis, not a law; where values conflict,"
    " disagreement between careful people can be the finding."
)


def spread(estimate: Estimate, cluster: str, *, shown: Callable[[float], str] = decimal) -> str:
    """Say what the interval is and what it generalises over, or why there is none."""
    if estimate.low is None or estimate.high is None:
        return f"No interval: {_why(estimate)}"
    plural = {"query": "queries"}.get(cluster, f"{cluster}s")
    return (
        f"The {level(estimate.confidence)} interval, {shown(estimate.low)} to"
        f" {shown(estimate.high)}, generalises over {plural} ({estimate.clusters:,}), not over"
        " raters."
    )


def of_alpha(alpha: Estimate, cluster: str) -> str:
    """Say how far raters agree beyond chance."""
    if alpha.value is None:
        return f"Alpha is undefined. {_why(alpha)}"
    return f"{_beyond_chance(alpha, alpha.value)} {spread(alpha, cluster)}"


def of_percent(found: Estimate, cluster: str) -> str:
    """Say how often two raters of the same item chose the same, chance included."""
    if found.value is None:
        return f"Percent agreement is undefined. {_why(found)}"
    return (
        f"Two raters of the same item gave the same answer in {percent(found.value)} of pairs;"
        f" what chance alone would bring is not taken out. {spread(found, cluster, shown=percent)}"
    )


def of_accuracy(found: Estimate, cluster: str) -> str:
    """Say how often the judge says what a person said."""
    if found.value is None:
        return f"Accuracy is undefined. {_why(found)}"
    return (
        f"The judge says what a person said in {percent(found.value)} of ratings."
        f" {spread(found, cluster, shown=percent)}"
    )


def of_kappa(kappa: Estimate, cluster: str) -> str:
    """Say how far judge and people agree beyond chance."""
    if kappa.value is None:
        return f"Kappa is undefined. {_why(kappa)}"
    if kappa.high is not None and kappa.high < 0:
        said = "It says the opposite of people more often than chance would bring."
    elif kappa.low is not None and kappa.low > 0:
        said = (
            f"Judge and people agree beyond chance: kappa is {decimal(kappa.value)}, where 0 is"
            " chance and 1 is always."
        )
    else:
        said = "Judge and people do not clearly agree beyond chance."
    return f"{said} {spread(kappa, cluster)}"


def of_prevalence(label: str, share: float | None, alpha: Estimate) -> str:
    """Warn where one option is so common that alpha alone would mislead; empty otherwise."""
    if share is None or share < ONE_SIDED or alpha.value is None:
        return ""
    return (
        f"“{label}” makes up {percent(share)} of the ratings. With so little variation a few"
        " disagreements pull alpha down: read it together with percent agreement."
    )


def of_not_asked(
    share: Estimate, alpha: Estimate, percents: Estimate, *, ratings: int, metric: str
) -> str:
    """Say what agreement on a conditional question is when "not asked" is an option too."""
    return (
        f"With “not asked” as one more option ({ratings:,} of {share.ratings:,} ratings,"
        f" {_with_interval(share, percent)}) alpha ({metric}) is {_with_interval(alpha, decimal)}"
        f" and percent agreement is {_with_interval(percents, percent)}, on"
        f" {alpha.pairable_items:,} units with two raters or more. It says whether raters agree on"
        " whom to ask as well as on what to say."
    )


def of_overlap(found: Estimate, marked: Estimate, cluster: str) -> str:
    """Say how much of what two raters of one text marked they both marked."""
    if found.value is None:
        return f"Overlap is undefined. {_why(found)}"
    if marked.value is None:
        return "No rater whose text another one read marked anything, so all agree on that."
    return (
        f"Of what two raters of one text marked, both marked {percent(marked.value)} on the mean,"
        f" where one of them marked something; {percent(found.value)} if two who marked nothing"
        f" count as alike. {spread(marked, cluster, shown=percent)}"
    )


def of_character_alpha(alpha: Estimate) -> str:
    """Say how far raters agree, letter by letter, on what is marked and as what."""
    if alpha.value is None:
        return f"The alpha of characters is undefined. {_why(alpha)}"
    return (
        f"Letter by letter, kinds included and every text weighing the same, alpha is"
        f" {_with_interval(alpha, decimal)}: 0 is chance, 1 is always."
    )


def _with_interval(found: Estimate, shown: Callable[[float], str]) -> str:
    if found.value is None:
        return f"undefined ({_why(found).rstrip('.')})"
    if found.low is None or found.high is None:
        return f"{shown(found.value)} (no interval: {_why(found).rstrip('.')})"
    sure = level(found.confidence)
    return f"{shown(found.value)} ({sure} interval {shown(found.low)} to {shown(found.high)})"


def of_left_out(found: Estimate, everyone: Estimate, cluster: str) -> str:
    """Say how often the others say what a rater says, beside any two raters."""
    if found.value is None:
        return f"Agreement with the others is undefined. {_why(found)}"
    said = f"The others say what this rater says in {percent(found.value)} of comparisons"
    beside = f"; any two raters agree in {percent(everyone.value)}" if everyone.value else ""
    return f"{said}{beside}. {spread(found, cluster, shown=percent)}"


def of_hidden_truth(found: Estimate, cluster: str) -> str:
    """Say how probably a rater's answers are the hidden truth, and that there may be none."""
    if found.value is None:
        return f"Hidden truth is undefined. {_why(found)}"
    return (
        f"By Dawid and Skene's model {percent(found.value)} of this rater's answers are the hidden"
        f" truth. Where values conflict there may be none. {spread(found, cluster, shown=percent)}"
    )


def of_left_share(share: Estimate, p: float | None, cluster: str) -> str:
    """Say whether the reply that stood left is preferred for standing there."""
    if share.value is None:
        return (
            "Whether the reply on the left is preferred cannot be said: no judgment prefers one of"
            " two replies and says on which side they stood."
        )
    said = (
        f"Of the judgments that prefer a reply, {percent(share.value)} prefer the one that stood"
        f" left; half would be expected if the side did not matter{_with_p(p)}."
    )
    if share.low is not None and share.low > 0.5:
        said += " The reply on the left is preferred for standing there."
    elif share.high is not None and share.high < 0.5:
        said += " The reply on the right is preferred for standing there."
    else:
        said += " No preference for a side is shown; that is no proof that there is none."
    return f"{said} {spread(share, cluster, shown=percent)}"


def of_balance(first: str, found: Balance) -> str:
    """Say how often a model stood left, and whether that is as balanced orders have it."""
    said = f"{first} stood left in {found.first:,} of {found.total:,} judgments"
    if found.balanced:
        return f"{said}; half would be {decimal(found.expected, 1)}."
    return (
        f"{said}, {decimal(abs(found.difference), 1)} {'more' if found.difference > 0 else 'less'}"
        f" than half: the orders are not balanced{_with_p(found.p_holm)}, and a preference for a"
        " side leans this comparison."
    )


def of_sides_of_a_pair(first: str, second: str, sides: tuple[Estimate, Estimate]) -> str:
    """Say whether who wins depends on the side."""
    left, right = (one.value for one in sides)
    if left is None or right is None:
        where = "left" if left is None else "right"
        return f"No judgment prefers one of the two where {first} stood {where}."
    said = (
        f"{first} is preferred in {percent(left)} where it stood left and in {percent(right)} where"
        " it stood right"
    )
    if (left - 0.5) * (right - 0.5) < 0:
        ahead = first if left > 0.5 else second
        return f"{said}: who wins depends on the side; {ahead} wins where {first} stood left."
    return f"{said}: the same one is ahead on both sides, or neither."


def of_first_places(label: str, found: Shift, first: int) -> str:
    """Say whether an option is chosen more often among raters' first items than later."""
    if found.early_share is None or found.later_share is None:
        when = f"among anybody's first {first} items" if found.early_share is None else "later"
        return f"There is no answer {when}, so nothing can be compared."
    said = (
        f"“{label}” is {percent(found.early_share)} of the answers to raters' first {first} items"
        f" and {percent(found.later_share)} of the later ones"
    )
    one = found.difference
    if one.value is None or one.low is None or one.high is None:
        return f"{said}. No interval: {why_no_shift(one)}"
    if found.p_holm is not None and found.p_holm < 0.05:
        change = "the answers change with the place"
    else:
        change = "no change is shown"
    return (
        f"{said}: {change}{_with_p(found.p_holm)}. The {level(one.confidence)} interval"
        f" of the difference, {percent(one.low)} to {percent(one.high)}, generalises over raters"
        f" ({one.clusters:,})."
    )


def why_no_shift(found: Estimate) -> str:
    """Say why first and later answers cannot be told apart, where raters are what varies."""
    if found.reason == Undefined.TOO_FEW:
        return f"Fewer than {RATERS_FROM} raters answered both early and later."
    if found.reason == Undefined.NO_SPREAD:
        return "All raters give the same result, so the data do not show its spread."
    return "There are no answers both early and later."


def _with_p(p: float | None) -> str:
    if p is None:
        return ""
    return f" (p < {SMALLEST_P})" if p < SMALLEST_P else f" (p = {decimal(p)})"


def _why(estimate: Estimate) -> str:
    return estimate.reason.sentence if estimate.reason else "These data do not give one."


def _beyond_chance(alpha: Estimate, value: float) -> str:
    if alpha.high is not None and alpha.high < 0:
        return "Raters disagree more than chance would bring: look for options read the wrong way."
    if alpha.low is not None and alpha.low <= 0:
        return "Raters do not clearly agree beyond chance: the interval includes 0."
    if alpha.low is None and value <= 0:
        return "Raters do not agree beyond chance."
    if value >= RELIABLE:
        said = f"Raters agree well: Krippendorff's convention calls {RELIABLE:.3f} reliable."
    elif value >= TENTATIVE:
        said = (
            "Raters agree beyond chance, moderately: Krippendorff's convention allows tentative"
            f" conclusions from {TENTATIVE:.3f} and calls {RELIABLE:.3f} reliable."
        )
    else:
        said = (
            "Raters agree beyond chance, weakly: below the"
            f" {TENTATIVE:.3f} that Krippendorff's convention asks for tentative conclusions."
        )
    return said + _crossed(alpha)


def _crossed(alpha: Estimate) -> str:
    """Name the thresholds that lie inside the interval: the data do not decide about them."""
    if alpha.low is None or alpha.high is None:
        return ""
    inside = [f"{mark:.3f}" for mark in (TENTATIVE, RELIABLE) if alpha.low < mark <= alpha.high]
    return f" The interval reaches across {' and '.join(inside)}." if inside else ""
