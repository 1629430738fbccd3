"""Which question is meant, and which of its answers: the one place where pages about raters ask."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import NO_FILTERS, Asked, Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.slices import rater_count
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import CLOSED_TYPES, DEFAULT_WAVES, QuestionType, Scope, Wave
from evaluation.errors import QuestionUnknown
from evaluation.ratings import read
from evaluation.services import asking
from evaluation.services.agreement import scopes_of
from evaluation.stats.agreement import percent_agreement
from evaluation.stats.estimates import Estimate

NOTHING_CHOSEN = "none of these"


@dataclass(frozen=True, slots=True)
class Meant:
    """A question in one scope, the answers that count, and what intervals generalise over."""

    question: QuestionPlan
    asked: Asked
    cluster: str

    @property
    def scope(self) -> Scope:
        """Whether turns are meant, or whole conversations."""
        return self.asked.scope

    @property
    def waves(self) -> tuple[str, ...]:
        """Which seats count, in words."""
        return tuple(str(wave.label) for wave in self.asked.waves)

    @property
    def where(self) -> dict[str, str]:
        """The question and scope as an address asks for them."""
        return {"question": self.question.key, "scope": str(self.scope)}

    def filters_json(self, study: StudyFacts) -> dict[str, Any]:
        """Return which judgments count, as every output says it."""
        return {
            "rubric_version": study.rubric.version,
            "waves": list(self.waves),
            **self.asked.filters.as_json(),
        }

    @property
    def values(self) -> list[float] | None:
        """The points of a scale, or None."""
        points = [option.value for option in self.question.options]
        is_scale = self.question.type == QuestionType.SCALE
        return [p for p in points if p is not None] if is_scale and None not in points else None


def meant(
    study: StudyFacts,
    key: str | None,
    scope: str | None = None,
    *,
    filters: Filters = NO_FILTERS,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
) -> list[Meant]:
    """Return each closed question that raters are asked, in each of its scopes, or one of them.

    ``filters`` and ``waves`` say which judgments count; without filters everybody's, for what is
    shown of raters is the evidence on which exclusions are decided.

    Raises:
        QuestionUnknown: the rubric asks no such closed question, or not in this scope.
    """
    every = list(_all(study, filters, waves))
    found = [one for one in every if key in (None, one.question.key)]
    if not every:
        raise QuestionUnknown(
            "The study asks no closed question, so there are no options to agree on."
        )
    if not found:
        known = ", ".join(dict.fromkeys(one.question.key for one in every))
        raise QuestionUnknown(
            f"Raters are asked no closed question {key!r}. They are asked {known}."
        )
    within = [one for one in found if scope in (None, str(one.scope))]
    if not within:
        known = " and ".join(dict.fromkeys(str(one.scope) for one in found))
        raise QuestionUnknown(f"{key or 'No question'} is not asked of {scope!r}, but of {known}.")
    return within


def _all(study: StudyFacts, filters: Filters, waves: tuple[Wave, ...]) -> Iterator[Meant]:
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    for question in study.rubric.questions:
        if question.type in CLOSED_TYPES:
            for scope in scopes_of(question):
                asked = asking.asked_of(question.id, scope, filters, waves=waves)
                yield Meant(question, asked, cluster)


def percent_of(one: Meant) -> Estimate:
    """Return percent agreement to the digit as the page of agreement has it: counted as it is."""
    (part,) = read(one.question, one.asked).ratings
    raters = rater_count(one.asked) if part.judgments else 0
    return percent_agreement(replace(part.table, raters=raters))


def answer_names(question: QuestionPlan, sets: tuple[frozenset[str], ...]) -> list[str]:
    """Return what each answer is called by code: an option, or a set of several."""
    if question.type != QuestionType.SEVERAL:
        return [option.code for option in question.options]
    return [" + ".join(sorted(codes)) or NOTHING_CHOSEN for codes in sets]


def answer_labels(question: QuestionPlan, sets: tuple[frozenset[str], ...]) -> list[str]:
    """Return what each answer is called for people."""
    labels = {option.code: option.label for option in question.options}
    if question.type != QuestionType.SEVERAL:
        return list(labels.values())
    named = ([label for code, label in labels.items() if code in codes] for codes in sets)
    return [" + ".join(one) or NOTHING_CHOSEN for one in named]
