"""Judges held against people: confusion, accuracy, kappa, and people's own agreement beside it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db.models import Count, QuerySet

from annotation.plans import QuestionPlan
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.labels import Asked, has_named_scenarios
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind, QuestionType, Scope
from evaluation.arrays import Ints, Units, derived_units, units_of
from evaluation.derived import NOTHING, Derived, derived_of
from evaluation.errors import JudgeAmbiguous, JudgeUnknown, OptionUnknown, QuestionUnknown
from evaluation.models import Judge, Verdict
from evaluation.services.agreement import first_id, plan_of, scopes_of
from evaluation.services.judge_reports import JudgeQuestionReport, compared

ONE_ANSWER = frozenset({QuestionType.SINGLE, QuestionType.SCALE})
ROWS_PER_FETCH = 10_000
# More than any turn: makes one number of an item and a turn.
TURNS = 2**16


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """One judge in one version, and how many verdicts it gave."""

    id: int
    name: str
    model: str
    prompt_version: str
    rubric_version: str
    simulated: bool
    verdicts: int

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "judge": self.name,
            "model": self.model,
            "prompt_version": self.prompt_version,
            "rubric_version": self.rubric_version,
            "simulated": self.simulated,
        }


@dataclass(frozen=True, slots=True)
class CellItem:
    """One unit behind a cell of the confusion matrix: what people and judge said of it."""

    item: int
    turn: int
    response_id: str
    people: tuple[tuple[str, int], ...]
    judge: str


def judges_of(study: StudyFacts) -> list[JudgeFacts]:
    """Return the study's judges by name and version."""
    rows = Judge.objects.filter(study=study.id).annotate(n=Count("verdicts"))
    return [
        JudgeFacts(
            id=row.pk,
            name=row.name,
            model=row.model,
            prompt_version=row.prompt_version,
            rubric_version=row.rubric_version,
            simulated=row.simulated,
            verdicts=row.n,
        )
        for row in rows.order_by("name", "model", "prompt_version", "rubric_version")
    ]


def judge_of(study: StudyFacts, judge: int | str, **version: str | None) -> JudgeFacts:
    """Return a judge by id, or by name with as much of its version as tells it from others.

    ``version`` may give ``model``, ``prompt_version`` and ``rubric_version``.

    Raises:
        JudgeUnknown: the study has none such.
        JudgeAmbiguous: several versions have this name.
    """
    known = judges_of(study)
    wanted = {name: value for name, value in version.items() if value is not None}
    found = [
        one
        for one in known
        if judge in (one.id, one.name)
        and all(getattr(one, name) == value for name, value in wanted.items())
    ]
    if not found:
        names = ", ".join(sorted({one.name for one in known})) or "none yet; load verdicts first"
        raise JudgeUnknown(f"The study has no such judge as {judge!r}. It has {names}.")
    if len(found) > 1:
        versions = [one.as_json() for one in found]
        shown = "; ".join(
            f"model {one.model!r}, prompt version {one.prompt_version!r}, rubric version"
            f" {one.rubric_version!r}"
            for one in found
        )
        raise JudgeAmbiguous(
            f"{len(found)} versions of {judge!r} are there: {shown}. Say which.", versions=versions
        )
    return found[0]


def report(
    study: StudyFacts,
    judge: int | str,
    *,
    question: str | None = None,
    until: int | None = None,
) -> list[JudgeQuestionReport]:
    """Return how a judge compares with people, for each question of one answer, or for one.

    Questions on which the judge gave no verdict are left out unless asked for by name. Of a
    question about two replies side by side nothing is compared: a verdict is about one reply.

    Raises:
        JudgeUnknown, JudgeAmbiguous: see :func:`judge_of`.
        QuestionUnknown: the rubric has no such question with one answer.
    """
    judge_id = judge_of(study, judge).id
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    found = []
    for one in _questions(study, question):
        for scope in scopes_of(one):
            given = not about_pairs(study) and _answered(judge_id, one, scope)
            if question is None and not given:
                continue
            held = _held(judge_id, one, Asked(first_id(one), scope, until=until))
            compared_one = compared(
                held.plan,
                scope,
                held.units,
                held.judged,
                cluster=cluster,
                of_pairs=about_pairs(study),
            )
            if question is None and isinstance(one, Derived) and not held.units.item.size:
                continue
            found.append(replace(compared_one, definition=held.definition, left_out=held.left_out))
    return found


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the questions on which a judge can be held against people, derived ones last."""
    return [] if about_pairs(study) else [plan_of(one) for one in _questions(study, None)]


def about_pairs(study: StudyFacts) -> bool:
    """Say whether the study asks about two replies side by side."""
    return study.rubric.kind == ItemKind.PAIR


def as_json(
    study: StudyFacts, judge: JudgeFacts, found: list[JudgeQuestionReport]
) -> dict[str, Any]:
    """Return a report in the one shape that command, API and release share."""
    return {
        "study": study.slug,
        **judge.as_json(),
        "questions": [one.as_json() for one in found],
    }


def items_in_cell(
    study: StudyFacts,
    judge: int | str,
    *,
    question: str,
    scope: str,
    people: str,
    says: str,
    limit: int = 500,
) -> list[CellItem]:
    """Return the units where a person chose ``people`` and the judge said ``says``, by item.

    Raises:
        JudgeUnknown, JudgeAmbiguous, QuestionUnknown: as :func:`report`.
        OptionUnknown: the question has no such option, or is not asked in this scope.
    """
    judge_id = judge_of(study, judge).id
    one = _questions(study, question)[0]
    asked_of = scopes_of(one)
    if scope not in asked_of:
        raise OptionUnknown(f"{question!r} is asked of {', '.join(asked_of)}.")
    held = _held(judge_id, one, Asked(first_id(one), Scope(scope)))
    units, judged = held.units, held.judged
    codes = [option.code for option in held.plan.options]
    if people not in codes or says not in codes:
        raise OptionUnknown(
            f"{question!r} is asked of {', '.join(asked_of)} and offers {', '.join(codes)}."
        )
    here = (units.counts[:, codes.index(people)] > 0) & (judged == codes.index(says))
    rows = np.flatnonzero(here)[:limit]
    replies = reply_ids_of_items(int(item) for item in units.item[rows])
    return [
        CellItem(
            item=int(units.item[row]),
            turn=int(units.turn[row]),
            response_id=replies[int(units.item[row])],
            people=tuple(
                (code, int(n)) for code, n in zip(codes, units.counts[row], strict=True) if n
            ),
            judge=says,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    """People's ratings of a question, and a judge's answer at each unit of them."""

    plan: QuestionPlan
    units: Units
    judged: Ints
    definition: str = ""
    left_out: int = 0


def _held(judge_id: int, one: QuestionPlan | Derived, asked: Asked) -> _Held:
    if not isinstance(one, Derived):
        units = units_of(one, asked)
        return _Held(one, units, _at_units(units, *_verdicts(judge_id, one, asked.scope)))
    read = derived_units(one, asked)
    derived, units = read.derived, read.units
    given = tuple(
        _at_units(units, *_verdicts(judge_id, source, asked.scope)) for source in one.sources
    )
    judged = np.full(len(units.item), NOTHING, dtype=np.int64)
    whole = np.all([columns >= 0 for columns in given], axis=0)
    judged[whole] = derived.rule(tuple(columns[whole] for columns in given), units.item[whole])
    return _Held(derived.question, units, judged, one.definition, read.left_out)


def _questions(study: StudyFacts, key: str | None) -> list[QuestionPlan | Derived]:
    known: list[QuestionPlan | Derived] = [
        *(q for q in study.rubric.questions if q.type in ONE_ANSWER),
        *derived_of(study.rubric),
    ]
    found = [one for one in known if key in (None, plan_of(one).key)]
    if key is not None and not found:
        keys = ", ".join(plan_of(one).key for one in known)
        raise QuestionUnknown(f"The study has no question {key!r} with one answer. It has {keys}.")
    return found


def _answered(judge_id: int, one: QuestionPlan | Derived, scope: Scope) -> bool:
    """Say whether the judge gave verdicts on a question, or on all that it is derived from."""
    sources = one.sources if isinstance(one, Derived) else (one,)
    return all(_given(judge_id, source, scope).exists() for source in sources)


def _given(judge_id: int, question: QuestionPlan, scope: Scope) -> QuerySet[Verdict]:
    found = Verdict.objects.filter(judge=judge_id, question=question.id)
    return found.filter(turn__gt=0) if scope == Scope.TURN else found.filter(turn=0)


def _verdicts(judge_id: int, question: QuestionPlan, scope: Scope) -> tuple[Ints, Ints]:
    """Return a judge's verdicts: the unit's number (item and turn) and the option's position."""
    columns = {option.id: column for column, option in enumerate(question.options)}
    given = _given(judge_id, question, scope).filter(response__items__kind=ItemKind.SINGLE)
    rows = given.values_list("response__items__pk", "turn", "option_id")
    found = np.array(
        [
            (item * TURNS + turn, columns[option])
            for item, turn, option in rows.iterator(chunk_size=ROWS_PER_FETCH)
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _at_units(units: Units, keys: Ints, columns: Ints) -> Ints:
    """Return the verdict on each unit, -1 where there is none."""
    judged = np.full(len(units.item), -1, dtype=np.int64)
    known = units.item * TURNS + units.turn  # sorted, because units are
    if not known.size or not keys.size:
        return judged
    at = np.minimum(np.searchsorted(known, keys), known.size - 1)
    hit = known[at] == keys
    judged[at[hit]] = columns[hit]
    return judged
