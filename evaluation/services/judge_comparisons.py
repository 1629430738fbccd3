"""Two judges, or two versions of one, on the same items: which agrees more, and what changed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Filters
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Scope
from evaluation.arrays import Ints
from evaluation.derived import Derived
from evaluation.errors import JudgeInvalid, OptionUnknown
from evaluation.models import Verdict
from evaluation.services.coefficients import coefficient_json
from evaluation.services.judged import Judged, every, given_by
from evaluation.services.judges import JudgeFacts
from evaluation.stats.contrasts import PairedJudges, p_value, paired_judges

MOST_ITEMS = 500


@dataclass(frozen=True, slots=True)
class ChangedItem:
    """One unit of which the two judges say different things, with what people said."""

    item: int
    turn: int
    response_id: str
    first: str
    second: str
    people: tuple[tuple[str, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        return {
            "response_id": self.response_id,
            "turn": self.turn,
            "first": self.first,
            "second": self.second,
            "people": dict(self.people),
        }


@dataclass(frozen=True, slots=True)
class Places:
    """Where both judges gave a verdict, whether people rated it or not, and where they differ."""

    both: int
    differ: int


@dataclass(frozen=True, slots=True)
class ComparedJudges:
    """Two judges on one question; ``table`` counts units, a row the first judge's option.

    ``places`` is ``None`` for a derived question, whose answers are not stored.
    """

    key: str
    label: str
    scope: str
    cluster: str
    options: tuple[str, ...]
    option_labels: tuple[str, ...]
    units: int
    pairs: int
    table: tuple[tuple[int, ...], ...]
    paired: PairedJudges
    places: Places | None
    changed: tuple[ChangedItem, ...]
    n_changed: int
    exclusions: tuple[int, ...] = ()

    @property
    def p(self) -> float | None:
        """Of "both are right equally often"."""
        return p_value(self.paired.accuracy)

    def as_json(self) -> dict[str, Any]:
        """Return it as the command and the API give it."""
        paired = self.paired
        return {
            "key": self.key,
            "scope": self.scope,
            "cluster": self.cluster,
            "exclusions": list(self.exclusions),
            "units": self.units,
            "pairs": self.pairs,
            "options": list(self.options),
            "table": [list(row) for row in self.table],
            "first_accuracy": coefficient_json("accuracy", paired.first),
            "second_accuracy": coefficient_json("accuracy", paired.second),
            "difference": coefficient_json("accuracy_difference", paired.accuracy),
            "p": self.p,
            "kappa_difference": coefficient_json("kappa_difference", paired.kappa),
            "verdicts_of_both": self.places.both if self.places else None,
            "verdicts_that_differ": self.places.differ if self.places else None,
            "changed_units": self.n_changed,
            "changed": [one.as_json() for one in self.changed],
        }


def report(
    study: StudyFacts,
    first: JudgeFacts,
    second: JudgeFacts,
    *,
    question: str | None = None,
    cell: tuple[str, str] | None = None,
    limit: int = MOST_ITEMS,
    filters: Filters | None = None,
) -> list[ComparedJudges]:
    """Compare two judges on each question that both answered, or on one.

    Args:
        study: whose judges they are.
        first, second: differences are second minus first.
        question: only this question.
        cell: of what changed only where the first said the one and the second the other.
        limit: how many changed units are listed.
        filters: which judgments count; left out, those that no exclusion in force leaves out.

    Raises:
        JudgeInvalid: they are one judge in one version.
        QuestionUnknown: as ``judges.report``.
        OptionUnknown: an asked question does not offer what ``cell`` names.
    """
    if first.id == second.id:
        raise JudgeInvalid(
            f"{first.full_name} cannot be compared with itself: they would differ nowhere. Choose"
            " another judge, or another version of this one."
        )
    found = []
    for one in every(study, first.id, question=question, filters=filters):
        other = one.by(second.id)
        if question is None and not (other >= 0).any():
            continue
        found.append(_compared(one, other, (first.id, second.id), cell, limit))
    return found


def as_json(
    study: StudyFacts, first: JudgeFacts, second: JudgeFacts, found: list[ComparedJudges]
) -> dict[str, Any]:
    """Return a comparison in the one shape that command and API share."""
    return {
        "study": study.slug,
        "first": first.as_json(),
        "second": second.as_json(),
        "questions": [one.as_json() for one in found],
    }


def _compared(
    found: Judged,
    other: Ints,
    ids: tuple[int, int],
    cell: tuple[str, str] | None,
    limit: int,
) -> ComparedJudges:
    both = (found.says >= 0) & (other >= 0) & found.units.counts.any(axis=1)
    part, second = found.where(both), other[both]
    unit, said = np.nonzero(part.units.counts)
    n_options = len(part.codes)
    table = np.bincount(part.says * n_options + second, minlength=n_options**2)
    changed = np.flatnonzero(_wanted(part, second, cell))
    return ComparedJudges(
        key=part.plan.key,
        label=part.plan.label,
        scope=str(part.scope),
        cluster=part.cluster,
        options=tuple(part.codes),
        option_labels=tuple(option.label for option in part.plan.options),
        units=int(both.sum()),
        pairs=int(part.units.counts.sum()),
        table=tuple(tuple(int(n) for n in row) for row in table.reshape(n_options, n_options)),
        paired=paired_judges(
            said,
            part.says[unit],
            second[unit],
            n_options=n_options,
            clusters=part.units.cluster[unit],
            units=part.units.counts[unit, said],
        ),
        places=_places(found, *ids),
        changed=_items(part, second, changed[:limit]),
        n_changed=changed.size,
        exclusions=found.asked.filters.exclusions,
    )


def _wanted(part: Judged, second: Ints, cell: tuple[str, str] | None) -> Any:
    """Say of each unit whether it is listed: where the judges differ, or in one cell."""
    if cell is None:
        return part.says != second
    unknown = [code for code in cell if code not in part.codes]
    if unknown:
        raise OptionUnknown(
            f"{part.plan.key!r} does not offer {unknown[0]!r}; it offers {', '.join(part.codes)}."
        )
    first_code, second_code = (part.codes.index(code) for code in cell)
    return (part.says == first_code) & (second == second_code)


def _items(part: Judged, second: Ints, rows: Any) -> tuple[ChangedItem, ...]:
    units, codes = part.units, part.codes
    replies = reply_ids_of_items(int(item) for item in units.item[rows])
    return tuple(
        ChangedItem(
            item=int(units.item[row]),
            turn=int(units.turn[row]),
            response_id=replies[int(units.item[row])],
            first=codes[part.says[row]],
            second=codes[second[row]],
            people=tuple(
                (code, int(n)) for code, n in zip(codes, units.counts[row], strict=True) if n
            ),
        )
        for row in rows
    )


def _places(found: Judged, first_id: int, second_id: int) -> Places | None:
    """Count in the database where both spoke and where they differ."""
    if isinstance(found.one, Derived):
        return None
    question, scope = found.one, found.scope
    both = _beside(first_id, second_id, question, scope)
    same = _beside(first_id, second_id, question, scope, option=OuterRef("option"))
    n_both = both.count()
    return Places(n_both, n_both - same.count())


def _beside(
    first_id: int, second_id: int, question: QuestionPlan, scope: Scope, **more: Any
) -> Any:
    """Return the first judge's verdicts beside which the second has one."""
    other = Verdict.objects.filter(
        judge=second_id,
        question=question.id,
        response=OuterRef("response"),
        turn=OuterRef("turn"),
        **more,
    )
    return given_by(first_id, question, scope).filter(Exists(other))
