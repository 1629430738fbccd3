"""Exclusions in a release: which rules there are, what they leave out, under its own names."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from annotation.selectors.asked import NO_FILTERS, Filters
from annotation.selectors.items import reply_ids_of_items
from annotation.selectors.left_out import left_out_count
from annotation.selectors.studies import StudyFacts
from evaluation.models import Exclusion, ExclusionKind
from evaluation.services import exclusions

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rules:
    """A study's exclusions as they stand at a release's cut-off.

    Attributes:
        study_id: whose.
        every: all of them, in order; those that were lifted too.
        in_force: by number, the filters of each that was not.
        applied: the filters of all of those together.
    """

    study_id: int
    every: tuple[Exclusion, ...]
    in_force: Mapping[int, Filters]
    applied: Filters

    def rows(self, names: Mapping[int, str], *, until: int) -> Iterator[Row]:
        """Yield a row for each rule, a rater under the release's pseudonym."""
        replies = reply_ids_of_items(one.item_id for one in self.every if one.item_id)
        for one in self.every:
            rule = self.in_force.get(one.number)
            yield {
                "number": one.number,
                "kind": one.kind,
                "subject": _subject(one, names, replies),
                "reason": one.reason,
                "made_on": one.made_at.astimezone(UTC).date().isoformat(),
                "in_force": rule is not None,
                "judgments": left_out_count(self.study_id, rule, until=until) if rule else 0,
            }

    def left_out(self, *, until: int) -> int:
        """Count the judgments that at least one rule in force leaves out."""
        if not self.in_force:
            return 0
        return left_out_count(self.study_id, self.applied, until=until)


def read(study: StudyFacts) -> Rules:
    """Read the study's exclusions, once for a whole release."""
    found = Exclusion.objects.filter(study=study.id).select_related("batch").order_by("number")
    every = tuple(found)
    in_force = [one for one in every if one.lifted_at is None]
    return Rules(
        study.id,
        every,
        exclusions.one_by_one(in_force),
        exclusions.applied(NO_FILTERS, in_force),
    )


def _subject(one: Exclusion, names: Mapping[int, str], replies: Mapping[int, str]) -> str:
    if one.kind == ExclusionKind.RATER and one.rater_id is not None:
        return names[one.rater_id]
    if one.kind == ExclusionKind.ITEM and one.item_id is not None:
        return replies[one.item_id]
    return str(one.batch.number if one.batch is not None else one.seconds)
