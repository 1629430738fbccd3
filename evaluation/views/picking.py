"""Which question a page about raters shows, one at a time, and which judgments it counts."""

import shlex
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from django.utils.http import urlencode

from annotation.selectors.filter_words import filter_words
from annotation.selectors.ratings import rating_count
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Scope
from evaluation import selections
from evaluation.selections import FILTERS, NONE, Selection
from evaluation.services import asked_agreement, exclusions, reports
from evaluation.services.questions import Meant, meant
from evaluation.services.report_kinds import Kind
from evaluation.services.reports import Found
from evaluation.views.agreement_form import CountingForm
from evaluation.views.pages import Visit
from evaluation.views.words import spoken

T = TypeVar("T")
BETWEEN = ":"
WITHOUT = f"&exclusions={NONE}"
# What compares raters with each other takes seconds for so many ratings; a page waits no longer.
MOST_ON_A_PAGE = 300_000


@dataclass(frozen=True, slots=True)
class Choice:
    """A question in one scope, as the form offers it."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class Picked:
    """The question that is shown, and those that are offered.

    Attributes:
        study: with the questions of the rubric version that is asked for.
        selection: which judgments are asked for, as the address has it.
        form: in which that is chosen.
        rules: how many exclusions are in force.
        applied: whether they are, which is so unless the address says none.
    """

    study: StudyFacts
    selection: Selection
    form: CountingForm
    meant: Meant
    choices: tuple[Choice, ...]
    rules: int = 0
    applied: bool = True

    @property
    def label(self) -> str:
        """What was asked, with words for the values that differ from item to item."""
        return spoken(self.meant.question.label)

    @property
    def about(self) -> str:
        """Of what it is asked."""
        return "each turn" if self.meant.scope == Scope.TURN else "the whole conversation"

    @property
    def version(self) -> int:
        """The rubric version whose question it is."""
        return self.study.rubric.version

    @property
    def filtered(self) -> bool:
        """Say whether some judgments are chosen."""
        return self.form.is_filtered

    @property
    def query(self) -> str:
        """The question and what is chosen, as an address asks for them."""
        return f"{self.question}{'' if self.applied else WITHOUT}"

    @property
    def question(self) -> str:
        """The same, with which the exclusions in force are applied."""
        return f"{self._question}{f'&{self.chosen}' if self.chosen else ''}"

    @property
    def chosen(self) -> str:
        """Which judgments are chosen, as an address asks for them; empty for all."""
        return self.selection.chosen

    @property
    def without(self) -> str:
        """The same question and choice as an address asks for them with no exclusion applied."""
        return f"{self.question}{WITHOUT}"

    @property
    def options(self) -> str:
        """The same as options of a command."""
        given = self.selection.given
        named = [("question", self.meant.question.key)]
        if self.meant.question.scope == Scope.BOTH:
            named.append(("scope", str(self.meant.scope)))
        named += [(name, one) for name in FILTERS for one in given.get(name, ())]
        return " ".join(f"--{name.replace('_', '-')} {shlex.quote(one)}" for name, one in named)

    @property
    def start_here(self) -> str:
        """The address of the same page and question with all judgments."""
        return f"?{self._question}"

    @property
    def _question(self) -> str:
        return urlencode({"question": _value(self.meant)})

    @property
    def file_name(self) -> str:
        """The question within the name of a download."""
        return f"{self.meant.question.key}-{self.meant.scope}"

    def context(self, here: str) -> dict[str, Any]:
        """Return what every page about raters needs; ``here`` is its name."""
        return {
            "picked": self,
            "here": here,
            "query": self.query,
            "label": self.label,
            "large": reports.is_large_study(self.study),
        }


def picked(visit: Visit) -> Picked:
    """Return the question in the address, ``key`` or ``key:scope``, and which judgments count.

    Exclusions are not applied: whoever is left out of results is looked at beside the others.

    Raises:
        QuestionUnknown: the rubric asks no such closed question, or not in this scope.
        FilterInvalid: a filter is not one of its kind, or two contradict each other.
    """
    given = visit.request.GET
    asked = selections.read(dict(given.lists()))
    study = asked_agreement.at_version(visit.study, asked.rubric_version)
    counted: Any = {"filters": asked.filters, "waves": asked.waves}
    every = meant(study, None, **counted)
    key, _, scope = (visit.asked("question") or "").partition(BETWEEN)
    one = meant(study, key, scope or None, **counted)[0] if key else every[0]
    choices = tuple(Choice(_value(m), _name(m), _value(m) == _value(one)) for m in every)
    form = CountingForm(visit.study, filter_words(visit.study.id), given)
    return Picked(study, asked, form, one, choices)


def picked_results(visit: Visit) -> Picked:
    """Return the question in the address, about what the study's results are made of.

    The exclusions in force are applied, unless the address has ``exclusions=none``.

    Raises:
        QuestionUnknown, FilterInvalid: as ``picked``.
    """
    found = picked(visit)
    rules = exclusions.in_force(visit.study)
    asked, one = found.selection, found.meant
    filters = exclusions.applied(asked.filters, rules) if asked.exclusions else asked.filters
    counted: Any = {"filters": filters, "waves": asked.waves}
    (within,) = meant(found.study, one.question.key, str(one.scope), **counted)
    return replace(found, meant=within, rules=len(rules), applied=asked.exclusions)


def kept_of(visit: Visit, asked: Picked, kind: Kind[T], **more: str) -> Found[T]:
    """Return the report of one kind on the question that is picked."""
    one = asked.meant
    given = {
        **asked.selection.given,
        "question": [one.question.key],
        "scope": [str(one.scope)],
        **{name: [value] for name, value in more.items()},
    }
    return reports.found(visit.study, kind, given)


def too_many(one: Meant) -> int:
    """Return how many ratings there are where a page would take too long, else 0."""
    n = rating_count(one.asked)
    return n if n > MOST_ON_A_PAGE else 0


def _value(one: Meant) -> str:
    return f"{one.question.key}{BETWEEN}{one.scope}"


def _name(one: Meant) -> str:
    in_both = one.question.scope == Scope.BOTH
    about = " · each turn" if one.scope == Scope.TURN else " · whole"
    return spoken(one.question.label) + (about if in_both else "")
