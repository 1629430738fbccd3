"""The documents of the project, and how a test reads them."""

import re

from tests.environment import PROJECT

DOCS = PROJECT / "docs"
REFERENCE = DOCS / "reference"
OURS = ("annotation", "evaluation", "config")

PAGES = [
    *PROJECT.glob("*.md"),
    *DOCS.rglob("*.md"),
    *(PROJECT / "fixtures").glob("*.md"),
    *(PROJECT / "benchmarks").glob("*.md"),
]


def text(path) -> str:
    return path.read_text(encoding="utf-8")


def relative(path) -> str:
    return str(path.relative_to(PROJECT))


def section(page: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def first_cells(page: str) -> set[str]:
    """Return the words in code style in the first cell of every table row."""
    rows = (line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


def all_tests() -> str:
    return "\n".join(text(path) for path in (PROJECT / "tests").rglob("test_*.py"))
