"""Labels as pages say them when no single item is meant."""

import textwrap
from collections.abc import Iterable

from annotation.plans import QuestionPlan, with_values
from annotation.vocabulary import Scope

# What fits beside a chart, with what follows it.
ROW_CHARACTERS = 28


def spoken(label: str) -> str:
    """Return a label with words for the values that differ from item to item."""
    return with_values(label, "value A", "value B")


def captioned(label: str, scope: str) -> str:
    """Return what a picture's title calls a question: the words in which it was asked."""
    return f"“{spoken(label)}”{', each turn' if scope == Scope.TURN else ''}"


def shortened(label: str, scope: str) -> str:
    """Return the first words of a question, as the rows of a chart are called."""
    words = textwrap.shorten(spoken(label), ROW_CHARACTERS, placeholder=" …")
    return f"{words}{', each turn' if scope == Scope.TURN else ''}"


def menu(questions: Iterable[QuestionPlan]) -> list[tuple[str, str]]:
    """Return questions as a menu offers them: the key, and what was asked."""
    return [(one.key, spoken(one.label)) for one in questions]
