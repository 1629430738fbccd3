"""Judges held against people: confusion, accuracy, kappa, and people's own agreement beside it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Count, QuerySet

from annotation.plans import QuestionPlan
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.labels import Asked, has_named_scenarios
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind, QuestionType, Scope
from evaluation.arrays import Ints, Units, units_of
from evaluation.errors import JudgeAmbiguous, JudgeUnknown, OptionUnknown, QuestionUnknown
from evaluation.models import Judge, Verdict
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
    for plan in _questions(study, question):
        for scope in _scopes(plan):
            given = not about_pairs(study) and _given(judge_id, plan, scope).exists()
            if question is None and not given:
                continue
            keys, columns = _verdicts(judge_id, plan, scope)
            units = units_of(plan, Asked(plan.id, scope, until=until))
            judged = _at_units(units, keys, columns)
            found.append(
                compared(plan, scope, units, judged, cluster=cluster, of_pairs=about_pairs(study))
            )
    return found


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the questions on which a judge can be held against people."""
    return [] if about_pairs(study) else _questions(study, None)


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
    plan = _questions(study, question)[0]
    codes = [option.code for option in plan.options]
    if scope not in _scopes(plan) or people not in codes or says not in codes:
        raise OptionUnknown(
            f"{question!r} is asked of {', '.join(_scopes(plan))} and offers {', '.join(codes)}."
        )
    units = units_of(plan, Asked(plan.id, Scope(scope)))
    judged = _at_units(units, *_verdicts(judge_id, plan, Scope(scope)))
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


def _questions(study: StudyFacts, key: str | None) -> list[QuestionPlan]:
    known = [q for q in study.rubric.questions if q.type in ONE_ANSWER]
    found = [q for q in known if key in (None, q.key)]
    if key is not None and not found:
        keys = ", ".join(q.key for q in known)
        raise QuestionUnknown(f"The study has no question {key!r} with one answer. It has {keys}.")
    return found


def _scopes(question: QuestionPlan) -> tuple[Scope, ...]:
    if question.scope == Scope.BOTH:
        return (Scope.CONVERSATION, Scope.TURN)
    return (question.scope,)


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
