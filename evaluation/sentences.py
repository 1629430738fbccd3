"""A sentence in words under each number. Thresholds are conventions, and are named as such."""

from collections.abc import Callable

from evaluation.stats.estimates import Estimate

# Krippendorff, Content Analysis (4th ed., 2019), section 12.3: conventions, not laws of nature.
RELIABLE = 0.800
TENTATIVE = 0.667
# From here on an option leaves so little variation that chance explains most agreement.
ONE_SIDED = 0.8
MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"

CONVENTION = (
    f"Krippendorff's convention: reliable from {RELIABLE:.3f}, tentative conclusions from"
    f" {TENTATIVE:.3f}. It is a custom of content analysis, not a law; where values conflict,"
    " disagreement between careful people can be the finding."
)


def decimal(value: float, places: int = 3) -> str:
    """Return a number as a page shows it: a true minus, and never minus zero."""
    text = f"{value:.{places}f}"
    if not text.strip("-0."):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{decimal(100 * value, 1)}{SPACE}%"


def spread(estimate: Estimate, cluster: str, *, shown: Callable[[float], str] = decimal) -> str:
    """Say what the interval is and what it generalises over, or why there is none."""
    if estimate.low is None or estimate.high is None:
        return f"No interval: {_why(estimate)}"
    plural = {"query": "queries"}.get(cluster, f"{cluster}s")
    return (
        f"The {100 * estimate.confidence:.0f}{SPACE}% interval, {shown(estimate.low)} to"
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
