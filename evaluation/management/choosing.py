"""Which judgments a command counts: the options that several commands share."""

from argparse import ArgumentParser
from typing import Any

from evaluation import selections
from evaluation.selections import Selection


def add_filters(parser: ArgumentParser) -> None:
    """Add the options that say which judgments count, apart from exclusions."""
    many: Any = {"action": "append", "default": []}
    parser.add_argument("--wave", **many, help=f"Of {', '.join(selections.WAVES)}; repeatable.")
    parser.add_argument("--since", help="Judgments from this day on, as 2026-03-31.")
    parser.add_argument("--until-day", help="Judgments up to this day.")
    parser.add_argument("--cohort", **many, help="Raters of this cohort; repeatable.")
    parser.add_argument("--source", **many, help="Raters from this source; repeatable.")
    parser.add_argument("--language", **many, help="Queries in this language; repeatable.")
    parser.add_argument("--batch", **many, help="Replies of this batch; repeatable.")
    parser.add_argument("--rule-set", **many, help="Shown under this version of scrub rules.")
    parser.add_argument("--gold", help="Items with known answers: without them, or only them.")
    parser.add_argument("--rubric-version", help="The questions of this version.")


def add_scope(parser: ArgumentParser) -> None:
    """Add the option that says of what a question was asked."""
    parser.add_argument(
        "--scope", choices=("conversation", "turn"), help="Only of whole conversations or turns."
    )


def add_exclusions(parser: ArgumentParser) -> None:
    """Add the option that says whether exclusions are applied."""
    parser.add_argument("--exclusions", help="none: apply no exclusion.")


def selection_of(options: dict[str, Any]) -> Selection:
    """Return what the options ask for.

    Raises:
        FilterInvalid: a value is not one of its kind, or two contradict each other.
    """
    given = {}
    for name in selections.NAMES:
        value = options.get(name) or []
        given[name] = value if isinstance(value, list) else [value]
    return selections.read(given)
