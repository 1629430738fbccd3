"""Numbers as people read them: one way on every page and in every sentence. Pure."""

MINUS = "\N{MINUS SIGN}"
SPACE = "\N{NO-BREAK SPACE}"
# Below this a p-value is said to be below it, never to be 0.
SMALLEST_P = 0.001


def decimal(value: float, places: int = 3) -> str:
    """Return a number with so many places: a true minus, and never minus zero."""
    text = f"{value:.{places}f}"
    if not text.strip("-0."):
        return text.lstrip("-")
    return text.replace("-", MINUS)


def signed(value: float, places: int = 3) -> str:
    """Return a difference with its sign, of which zero has none."""
    text = decimal(value, places)
    return text if text.startswith(MINUS) or not text.strip("0.") else f"+{text}"


def percent(value: float) -> str:
    """Return a share in percent."""
    return f"{decimal(100 * value, 1)}{SPACE}%"


def level(confidence: float) -> str:
    """Return how sure an interval is, such as 95 %."""
    return f"{100 * confidence:.0f}{SPACE}%"
