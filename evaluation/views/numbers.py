"""Numbers on pages: few digits to read, all digits to check."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from evaluation.digits import SMALLEST_P, decimal, percent
from evaluation.stats.estimates import Estimate

DASH = "\N{EN DASH}"


def separated(**numbers: int) -> dict[str, str]:
    """Return counts as a page shows them, with separators, by name."""
    return {name: f"{number:,}" for name, number in numbers.items()}


@dataclass(frozen=True, slots=True)
class Number:
    """A value that may be missing; ``why`` says why."""

    value: float | None
    as_percent: bool = False
    why: str = ""

    @property
    def text(self) -> str:
        """The few digits, or a dash."""
        if self.value is None:
            return DASH
        return percent(self.value) if self.as_percent else decimal(self.value)

    @property
    def html(self) -> SafeString:
        """The few digits with the full ones behind them, as the downloads have them."""
        if self.value is None:
            return format_html('<span class="muted" title="{}">undefined</span>', self.why)
        exact = repr(self.value)
        return format_html('<data value="{0}" title="{0}">{1}</data>', exact, self.text)


@dataclass(frozen=True, slots=True)
class PValue(Number):
    """A p-value: below a thousandth it is said to be so, never 0."""

    @property
    def text(self) -> str:
        """The few digits, or a dash."""
        small = self.value is not None and self.value < SMALLEST_P
        return f"< {SMALLEST_P:.3f}" if small else Number.text.__get__(self)


@dataclass(frozen=True, slots=True)
class Shown:
    """An estimate as a page shows it."""

    estimate: Estimate
    as_percent: bool = False

    @property
    def why(self) -> str:
        """Why the value or its interval is missing; empty where nothing is."""
        return self.estimate.reason.sentence if self.estimate.reason else ""

    @property
    def value(self) -> Number:
        """The value."""
        return Number(self.estimate.value, self.as_percent, self.why)

    @property
    def se(self) -> Number:
        """The standard error."""
        return Number(self.estimate.se, self.as_percent, self.why)

    @property
    def interval(self) -> SafeString:
        """Both ends, or a dash."""
        low = Number(self.estimate.low, self.as_percent)
        high = Number(self.estimate.high, self.as_percent)
        return interval(low, high, self.why)


def interval(low: Number, high: Number, why: str) -> SafeString:
    """Return both ends, or a dash with the reason."""
    if low.value is None or high.value is None:
        return format_html('<span class="muted" title="{}">{}</span>', why, DASH)
    return format_html("{} to {}", low.html, high.html)
