"""Labels as pages say them when no single item is meant."""

from collections.abc import Iterable

from annotation.plans import QuestionPlan, with_values
from annotation.vocabulary import Scope


def spoken(label: str) -> str:
    """Return a label with words for the values that differ from item to item."""
    return with_values(label, "value A", "value B")


def captioned(label: str, scope: str) -> str:
    """Return what a picture's title calls a question: the words in which it was asked."""
    return f"“{spoken(label)}”{', each turn' if scope == Scope.TURN else ''}"


def menu(questions: Iterable[QuestionPlan]) -> list[tuple[str, str]]:
    """Return questions as a menu offers them: the key, and what was asked."""
    return [(one.key, spoken(one.label)) for one in questions]
