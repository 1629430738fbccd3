"""How commands of evaluation print numbers."""

from collections.abc import Sequence

from evaluation.stats.estimates import Estimate

# The exit code of a command whose study, file or question cannot be used.
UNUSABLE = 2


def printed(estimate: Estimate, cluster: str) -> str:
    """Return a value with its interval, or why there is none."""
    why = estimate.reason.sentence if estimate.reason else ""
    if estimate.value is None:
        return f"undefined: {why}"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.4f} (no interval: {why})"
    level = f"{estimate.confidence:.0%}"
    return (
        f"{estimate.value:.4f}  {level} interval {estimate.low:.4f} to {estimate.high:.4f},"
        f" {estimate.clusters:,} clusters ({cluster})"
    )


def excluded(numbers: Sequence[int]) -> list[str]:
    """Return the line that says which exclusions were applied; no line where none was."""
    return [f"Exclusions applied: {', '.join(map(str, numbers))}."] if numbers else []
