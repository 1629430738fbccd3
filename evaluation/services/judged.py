"""People's ratings of a question beside a judge's answers: what every report starts from."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from django.db.models import F, QuerySet

from annotation.bulk_reads import numbers
from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.rating_numbers import rating_blocks
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind, QuestionType, Scope
from evaluation.arrays import (
    TURNS,
    Ints,
    Units,
    at_units,
    columns_of,
    derived_units,
    places_of,
    units_of,
)
from evaluation.derived import NOTHING, Derived, derived_of
from evaluation.errors import OptionUnknown, QuestionUnknown
from evaluation.models import Verdict
from evaluation.services.agreement import first_id, plan_of, scopes_of
from evaluation.services.asking import asked_of, counting

ONE_ANSWER = frozenset({QuestionType.SINGLE, QuestionType.SCALE})


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A question in one scope: people's ratings, and a judge's answer at each unit of them.

    Attributes:
        one: the question as the study has it, asked or derived.
        plan: it as one that was asked, with the options these items have.
        asked: which answers are meant.
        units: people's ratings.
        says: shape (n_units,), the position of the judge's option, -1 where it said nothing.
        cluster: what the units' clusters are called.
        rule: of a derived question, its rule for these items.
        definition, left_out: of a derived question, see ``arrays.DerivedUnits``.
    """

    one: QuestionPlan | Derived
    plan: QuestionPlan
    asked: Asked
    units: Units
    says: Ints
    cluster: str
    rule: Derived | None = None
    definition: str = ""
    left_out: int = 0

    @property
    def scope(self) -> Scope:
        """Whether turns or whole conversations were judged."""
        return self.asked.scope

    @property
    def codes(self) -> list[str]:
        """The options' codes, in order."""
        return [option.code for option in self.plan.options]

    def where(self, kept: npt.NDArray[np.bool_]) -> "Judged":
        """Keep these units; shape (n_units,)."""
        units = self.units
        part = Units(
            units.item[kept], units.turn[kept], units.cluster[kept], units.counts[kept], units.sets
        )
        return replace(self, units=part, says=self.says[kept])

    def by(self, judge_id: int) -> Ints:
        """Return another judge's answer at each of these units."""
        return _says(judge_id, self.one, self.rule, self.asked.scope, self.units)

    def unit_of(self, items: Ints, turns: Ints) -> Ints:
        """Return the position of each of these units, -1 where it is not among these."""
        return places_of(self.units, items * TURNS + turns)


def held(judge_id: int, one: QuestionPlan | Derived, asked: Asked, *, cluster: str) -> Judged:
    """Return a judge's answers beside people's ratings of one question in one scope."""
    if not isinstance(one, Derived):
        units, rule, definition, left_out = units_of(one, asked), None, "", 0
        plan = one
    else:
        read = derived_units(one, asked)
        units, rule, definition, left_out = read.units, read.derived, one.definition, read.left_out
        plan = rule.question
    says = _says(judge_id, one, rule, asked.scope, units)
    return Judged(one, plan, asked, units, says, cluster, rule, definition, left_out)


def every(
    study: StudyFacts,
    judge_id: int,
    *,
    question: str | None = None,
    until: int | None = None,
    filters: Filters | None = None,
) -> Iterator[Judged]:
    """Yield each question in each scope in which a judge can be held against people.

    Those on which it gave no verdict are left out unless a question is asked for by name, and so
    are derived ones without a rating. ``filters`` say which judgments of people count; left out,
    those that no exclusion in force leaves out.

    Raises:
        QuestionUnknown: the rubric has no such question with one answer.
    """
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    counted = counting(study) if filters is None else filters
    for one in questions(study, question):
        for scope in scopes_of(one):
            given = not about_pairs(study) and _answered(judge_id, one, scope)
            if question is None and not given:
                continue
            asked = asked_of(first_id(one), scope, counted, until=until)
            found = held(judge_id, one, asked, cluster=cluster)
            if question is None and isinstance(one, Derived) and not found.units.item.size:
                continue
            yield found


def the_one(
    study: StudyFacts,
    judge_id: int,
    *,
    question: str,
    scope: str,
    filters: Filters | None = None,
) -> Judged:
    """Return one question in one scope; ``filters`` as for :func:`every`.

    Raises:
        QuestionUnknown: as :func:`every`.
        OptionUnknown: it is not asked in this scope.
    """
    one = questions(study, question)[0]
    scopes = scopes_of(one)
    if scope not in scopes:
        raise OptionUnknown(f"{question!r} is asked of {', '.join(scopes)}.")
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    counted = counting(study) if filters is None else filters
    asked = asked_of(first_id(one), Scope(scope), counted)
    return held(judge_id, one, asked, cluster=cluster)


def about_pairs(study: StudyFacts) -> bool:
    """Say whether the study asks about two replies side by side."""
    return study.rubric.kind == ItemKind.PAIR


def questions(study: StudyFacts, key: str | None) -> list[QuestionPlan | Derived]:
    """Return the questions of one answer, derived ones last, or the one of this key.

    Raises:
        QuestionUnknown: the rubric has no such question with one answer.
    """
    known: list[QuestionPlan | Derived] = [
        *(q for q in study.rubric.questions if q.type in ONE_ANSWER),
        *derived_of(study.rubric),
    ]
    found = [one for one in known if key in (None, plan_of(one).key)]
    if key is not None and not found:
        keys = ", ".join(plan_of(one).key for one in known)
        raise QuestionUnknown(f"The study has no question {key!r} with one answer. It has {keys}.")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """Single ratings at units of a question, a row a rating.

    Attributes:
        unit: shape (n,), position of the unit.
        rater: shape (n,), who.
        option: shape (n,), position of the option.
    """

    unit: Ints
    rater: Ints
    option: Ints


def people_of(found: Judged) -> Iterator[People]:
    """Yield who said what at the units of a question, block after block.

    All ratings of a unit are in one block, and the blocks are never held at once; nothing else may
    be asked of the database before the last.
    """
    sources = found.one.sources if isinstance(found.one, Derived) else (found.one,)
    other = sources[1].id if len(sources) > 1 else None
    for rows in rating_blocks(found.asked, other_id=other):
        item = rows[:, 0]
        given = tuple(columns_of(one.options, rows[:, 4 + n]) for n, one in enumerate(sources))
        option = given[0] if found.rule is None else found.rule.rule(given, item)
        unit = found.unit_of(item, rows[:, 1])
        kept = (unit >= 0) & (option != NOTHING)
        yield People(unit[kept], rows[kept, 3], option[kept])


def given_by(judge_id: int, question: QuestionPlan, scope: Scope) -> QuerySet[Verdict]:
    """Return a judge's verdicts on a question, of turns or of whole conversations."""
    found = Verdict.objects.filter(judge=judge_id, question=question.id)
    return found.filter(turn__gt=0) if scope == Scope.TURN else found.filter(turn=0)


def _says(
    judge_id: int, one: QuestionPlan | Derived, rule: Derived | None, scope: Scope, units: Units
) -> Ints:
    if not isinstance(one, Derived) or rule is None:
        return at_units(units, *_verdicts(judge_id, plan_of(one), scope))
    given = tuple(at_units(units, *_verdicts(judge_id, source, scope)) for source in one.sources)
    says = np.full(len(units.item), NOTHING, dtype=np.int64)
    whole = np.all([columns >= 0 for columns in given], axis=0)
    says[whole] = rule.rule(tuple(columns[whole] for columns in given), units.item[whole])
    return says


def _answered(judge_id: int, one: QuestionPlan | Derived, scope: Scope) -> bool:
    """Say whether the judge gave verdicts on a question, or on all that it is derived from."""
    sources = one.sources if isinstance(one, Derived) else (one,)
    return all(given_by(judge_id, source, scope).exists() for source in sources)


def _verdicts(judge_id: int, question: QuestionPlan, scope: Scope) -> tuple[Ints, Ints]:
    """Return a judge's verdicts: the unit's number (item and turn) and the option's position."""
    given = given_by(judge_id, question, scope).filter(response__items__kind=ItemKind.SINGLE)
    cells = ("item", "turn", "option_id")
    found = numbers(given.annotate(item=F("response__items")).values(*cells), cells)
    return found[:, 0] * TURNS + found[:, 1], columns_of(question.options, found[:, 2])
