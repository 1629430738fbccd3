"""Judges held against people: confusion, accuracy, kappa, and people's own agreement beside it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Filters
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.studies import StudyFacts
from evaluation.errors import JudgeAmbiguous, JudgeUnknown, OptionUnknown
from evaluation.models import Judge, JudgeMember, Verdict
from evaluation.services.agreement import plan_of, scopes_of
from evaluation.services.alternative import alternative_of, check_epsilon
from evaluation.services.calibrations import calibrations
from evaluation.services.judge_reports import JudgeQuestionReport, compared, pairs_of
from evaluation.services.judged import Judged, about_pairs, every, questions, the_one
from evaluation.stats.estimates import Estimate
from evaluation.stats.validation import accuracy, judge_kappa

# So many units of a cell are listed.
MOST_IN_A_CELL = 500
# Longer numbers are none of the database's.
LONGEST_ID = 18


@dataclass(frozen=True, slots=True)
class JudgeFacts:
    """One judge in one version, and how many verdicts it gave.

    ``family`` is that of the language model behind it, where known; ``members`` are the judges of
    an ensemble, by name and version.
    """

    id: int
    name: str
    model: str
    prompt_version: str
    rubric_version: str
    simulated: bool
    verdicts: int
    family: str = ""
    members: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "judge": self.name,
            "model": self.model,
            "prompt_version": self.prompt_version,
            "rubric_version": self.rubric_version,
            "simulated": self.simulated,
            "family": self.family,
            "members": list(self.members),
        }

    @property
    def version(self) -> str:
        """What tells it from others of its name; empty where nothing was said."""
        return ", ".join(part for part in (self.model, *self._versions) if part)

    @property
    def _versions(self) -> tuple[str, str]:
        return (
            f"prompt {self.prompt_version}" if self.prompt_version else "",
            f"rubric {self.rubric_version}" if self.rubric_version else "",
        )

    @property
    def full_name(self) -> str:
        """Its name with its version."""
        return f"{self.name} ({self.version})" if self.version else self.name


@dataclass(frozen=True, slots=True)
class CellItem:
    """One unit behind a cell of the confusion matrix: what people and judge said of it."""

    item: int
    turn: int
    response_id: str
    people: tuple[tuple[str, int], ...]
    judge: str

    def as_json(self) -> dict[str, Any]:
        """Return it as a kept report has it."""
        return {
            "response_id": self.response_id,
            "turn": self.turn,
            "people": dict(self.people),
            "judge": self.judge,
        }


def judges_of(study: StudyFacts) -> list[JudgeFacts]:
    """Return the study's judges by name and version."""
    counted = Verdict.objects.filter(judge=OuterRef("pk")).order_by().values("judge")
    rows = Judge.objects.filter(study=study.id).annotate(
        n=Coalesce(Subquery(counted.annotate(n=Count("pk")).values("n")), 0)
    )
    ordered = rows.order_by("name", "model", "prompt_version", "rubric_version")
    known = {row.pk: _facts(row) for row in ordered}
    members: dict[int, list[str]] = defaultdict(list)
    pairs = JudgeMember.objects.filter(ensemble__in=known)
    for ensemble, member in pairs.values_list("ensemble_id", "member_id"):
        members[ensemble].append(known[member].full_name)
    return [replace(one, members=tuple(sorted(members[one.id]))) for one in known.values()]


def _facts(row: Any) -> JudgeFacts:  # Any: the row carries its number of verdicts
    return JudgeFacts(
        id=row.pk,
        name=row.name,
        model=row.model,
        prompt_version=row.prompt_version,
        rubric_version=row.rubric_version,
        simulated=row.simulated,
        verdicts=row.n,
        family=row.family,
    )


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
            f" {one.rubric_version!r} (id {one.id})"
            for one in found
        )
        raise JudgeAmbiguous(
            f"{len(found)} versions of {judge!r} are there: {shown}. Say which.", versions=versions
        )
    return found[0]


def judge_named(study: StudyFacts, given: str) -> JudgeFacts:
    """Return a judge by what an address or a command names: its id, else its name.

    Raises:
        JudgeUnknown, JudgeAmbiguous: see :func:`judge_of`.
    """
    known = {str(one.id): one for one in judges_of(study)}
    return known[given] if given in known else judge_of(study, given)


def set_family(study: StudyFacts, judge_id: int, family: str) -> None:
    """Say of which family the language model behind a judge is; empty: not known."""
    Judge.objects.filter(study=study.id, pk=judge_id).update(family=family.strip())


def id_or_name(asked: str | None) -> int | str | None:
    """Return what an address says of a judge: its number, or else its name."""
    if asked and asked.isascii() and asked.isdigit() and len(asked) < LONGEST_ID:
        return int(asked)
    return asked or None


def report(
    study: StudyFacts,
    judge: int | str,
    *,
    question: str | None = None,
    until: int | None = None,
    epsilon: float | None = None,
    names: Mapping[int, str] | None = None,
    filters: Filters | None = None,
) -> list[JudgeQuestionReport]:
    """Return how a judge compares with people, for each question of one answer, or for one.

    Questions on which the judge gave no verdict are left out unless asked for by name. Of a
    question about two replies side by side nothing is compared: a verdict is about one reply.
    ``epsilon`` is how much worse than a person a judge may be; left out, it follows from who the
    people are. ``names`` are the raters' pseudonyms; left out, those of pages. ``filters`` say
    which judgments count; left out, those that no exclusion in force leaves out.

    Raises:
        JudgeUnknown, JudgeAmbiguous: see :func:`judge_of`.
        QuestionUnknown: the rubric has no such question with one answer.
        EpsilonInvalid: not a share.
    """
    check_epsilon(epsilon)
    judge_id = judge_of(study, judge).id
    found = every(study, judge_id, question=question, until=until, filters=filters)
    return [_reported(study, judge_id, one, epsilon, names) for one in found]


def _reported(
    study: StudyFacts,
    judge_id: int,
    found: Judged,
    epsilon: float | None,
    names: Mapping[int, str] | None,
) -> JudgeQuestionReport:
    return replace(
        compared(found, of_pairs=about_pairs(study)),
        alternative=alternative_of(study, found, epsilon=epsilon, names=names),
        calibrations=calibrations(judge_id, found),
    )


@dataclass(frozen=True, slots=True)
class Glance:
    """What a list of judges says of one: its questions, and the numbers of the first."""

    questions: tuple[str, ...]
    accuracy: Estimate
    kappa: Estimate


def at_a_glance(study: StudyFacts, judge_id: int, filters: Filters) -> Glance | None:
    """Return a judge's numbers on the first question it answered; None where it answered none."""
    found = list(every(study, judge_id, filters=filters))
    if not found:
        return None
    pairs, _ = pairs_of(found[0])
    keys = tuple(dict.fromkeys(one.plan.key for one in found))
    return Glance(keys, accuracy(pairs), judge_kappa(pairs))


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the questions on which a judge can be held against people, derived ones last."""
    return [] if about_pairs(study) else [plan_of(one) for one in questions(study, None)]


def as_json(
    study: StudyFacts, judge: JudgeFacts, found: list[JudgeQuestionReport]
) -> dict[str, Any]:
    """Return a report in the one shape that command, API and release share."""
    return {
        "study": study.slug,
        **judge.as_json(),
        "questions": [one.as_json() for one in found],
    }


def cell_as_json(study: StudyFacts, judge: JudgeFacts, found: list[CellItem]) -> dict[str, Any]:
    """Return the units of a cell as a kept report has them."""
    return {"study": study.slug, **judge.as_json(), "units": [one.as_json() for one in found]}


def items_in_cell(
    study: StudyFacts,
    judge: int | str,
    *,
    question: str,
    scope: str,
    people: str,
    says: str,
    limit: int = MOST_IN_A_CELL,
    filters: Filters | None = None,
) -> list[CellItem]:
    """Return the units where a person chose ``people`` and the judge said ``says``, by item.

    Raises:
        JudgeUnknown, JudgeAmbiguous, QuestionUnknown: as :func:`report`.
        OptionUnknown: the question has no such option, or is not asked in this scope.
    """
    judge_id = judge_of(study, judge).id
    held = the_one(study, judge_id, question=question, scope=scope, filters=filters)
    units, judged, codes = held.units, held.says, held.codes
    if people not in codes or says not in codes:
        raise OptionUnknown(
            f"{question!r} is asked of {', '.join(scopes_of(held.one))} and offers"
            f" {', '.join(codes)}."
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
