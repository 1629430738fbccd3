"""Labels as pages say them when no single item is meant."""

from annotation.plans import with_values


def spoken(label: str) -> str:
    """Return a label with words for the values that differ from item to item."""
    return with_values(label, "value A", "value B")
