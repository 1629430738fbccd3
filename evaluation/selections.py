"""What is asked of agreement: question, slices, and which judgments count. Read from plain words.

The page's address, the API's parameters and the command's options have the same names and are
read here, so that the same words mean the same numbers everywhere.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from annotation.selectors.asked import NO_FILTERS, Filters
from annotation.vocabulary import DEFAULT_WAVES, RaterSource, Wave
from evaluation.errors import FilterInvalid

WAVES = {str(wave.label): wave for wave in Wave}
GOLD = ("without", "only")
NONE = "none"
# Of each name that may be given several times, what it is called in words.
LISTS = ("wave", "cohort", "source", "language", "batch", "rule_set")
SINGLE = ("question", "by", "since", "until_day", "gold", "rubric_version", "exclusions")
NAMES = (*SINGLE, *LISTS)
# Those that say which judgments count, apart from exclusions.
FILTERS = tuple(name for name in NAMES if name not in ("question", "by", "exclusions"))


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked: of which question, in which slices, from which judgments.

    ``rubric_version`` is None for the study's own; ``exclusions`` says whether the rules in force
    are applied.
    """

    question: str | None = None
    by: str | None = None
    waves: tuple[Wave, ...] = DEFAULT_WAVES
    filters: Filters = NO_FILTERS
    rubric_version: int | None = None
    exclusions: bool = True
    given: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def as_query(self) -> str:
        """Return it as the part of an address after the question mark."""
        return urlencode(self.given, doseq=True)

    @property
    def chosen(self) -> str:
        """Which judgments count, exclusions apart, as an address asks for them; empty for all."""
        given = self.given
        return urlencode({name: given[name] for name in FILTERS if name in given}, doseq=True)

    def as_json(self) -> dict[str, Any]:
        """Return it as it was given, to be kept and read again."""
        return {name: list(values) for name, values in self.given.items()}

    def without_exclusions(self) -> "Selection":
        """Return the same with no exclusion applied."""
        given = {**self.given, "exclusions": (NONE,)}
        return replace(self, exclusions=False, given=given)


def read(given: Mapping[str, Sequence[str]]) -> Selection:
    """Read what was given, by name; an empty value is none.

    Raises:
        FilterInvalid: a value is not one of its kind, or two contradict each other.
    """
    kept = {name: [v for v in given.get(name, ()) if v] for name in NAMES}
    said = {name: values for name, values in kept.items() if values}
    for name in FILTERS:
        if any("\0" in value for value in said.get(name, ())):
            raise FilterInvalid(f"{name} has a sign in it that nothing is called by.", field=name)
    filters = Filters(
        since=_day(said, "since"),
        until_day=_day(said, "until_day"),
        cohort=tuple(said.get("cohort", ())),
        source=_words(said, "source", RaterSource.values),
        language=tuple(said.get("language", ())),
        batch=_numbers(said, "batch"),
        rule_set=_numbers(said, "rule_set"),
        gold="".join(_words(said, "gold", GOLD)[-1:]),
    )
    if filters.since and filters.until_day and filters.since > filters.until_day:
        raise FilterInvalid(
            f"No day is both from {filters.since} on and up to {filters.until_day}: exchange them.",
            field="until_day",
        )
    versions = _numbers(said, "rubric_version")
    return Selection(
        question=_last(said, "question"),
        by=_last(said, "by"),
        waves=tuple(WAVES[name] for name in _words(said, "wave", WAVES)) or DEFAULT_WAVES,
        filters=filters,
        rubric_version=versions[-1] if versions else None,
        exclusions=wants_exclusions(said.get("exclusions", ())),
        given=said,
    )


def wants_exclusions(given: Sequence[str]) -> bool:
    """Say whether the exclusions in force are to be applied: unless ``none`` is given.

    Raises:
        FilterInvalid: another word is given.
    """
    return not _words({"exclusions": [word for word in given if word]}, "exclusions", (NONE,))


def _last(said: Mapping[str, Sequence[str]], name: str) -> str | None:
    return said[name][-1] if name in said else None


def _day(said: Mapping[str, Sequence[str]], name: str) -> date | None:
    text = _last(said, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise FilterInvalid(
            f"{name} is {text!r}; write a day as 2026-03-31.", field=name
        ) from error


def _numbers(said: Mapping[str, Sequence[str]], name: str) -> tuple[int, ...]:
    found = []
    for text in said.get(name, ()):
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise FilterInvalid(f"{name} is {text!r}; write a whole number.", field=name)
        found.append(int(text))
    return tuple(found)


def _words(
    said: Mapping[str, Sequence[str]], name: str, known: Sequence[str] | Mapping[str, Any]
) -> tuple[str, ...]:
    for text in said.get(name, ()):
        if text not in known:
            raise FilterInvalid(f"{name} is {text!r}; choose from {', '.join(known)}.", field=name)
    return tuple(said.get(name, ()))
