"""CSV that a spreadsheet opens and does not run."""

from collections.abc import Iterable

# A cell that begins so is a formula to a spreadsheet, also behind white space or an apostrophe.
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n", "'", "\N{FULLWIDTH EQUALS SIGN}")


def safe_row(cells: Iterable[object]) -> list[object]:
    """Put an apostrophe before text that would run; numbers stay numbers, all digits of them."""
    return [safe_cell(cell) for cell in cells]


def safe_cell(cell: object) -> object:
    """Return one cell; None is empty."""
    if isinstance(cell, float):
        return repr(cell)
    if isinstance(cell, str) and cell.lstrip(" ").startswith(RISKY):
        return f"'{cell}"
    return "" if cell is None else cell
