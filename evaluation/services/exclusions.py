"""Rules that leave judgments out of results: made with a reason, lifted, never changed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from annotation.numbering import numbered
from annotation.selectors.asked import NO_FILTERS, Filters
from annotation.selectors.filter_words import batch_id, item_of_reply, rater_ids
from annotation.selectors.studies import StudyFacts, pseudonyms
from evaluation.errors import ExclusionInvalid, ExclusionUnknown
from evaluation.models import Exclusion, ExclusionKind

PAGES = "pages"
MOST_SECONDS = 86_400


def add(
    study: StudyFacts, *, kind: str, subject: str, reason: str, now: datetime, by_id: int | None
) -> Exclusion:
    """Leave judgments out of the study's results from now on.

    Args:
        study: whose results.
        kind: one of :class:`ExclusionKind`.
        subject: a rater by the name that results' pages give, an item by its response_id, a
            batch by its number, or the seconds below which a judgment is left out.
        reason: why, for whoever reads the results.
        now: when.
        by_id: who.

    Raises:
        ExclusionInvalid: there is no such thing, or no reason.
    """
    if not reason.strip():
        raise ExclusionInvalid("Say why: readers of the results need the reason.", field="reason")
    if kind not in ExclusionKind.values:
        raise ExclusionInvalid(
            f"{kind!r} cannot be left out. Choose from {', '.join(ExclusionKind.values)}.",
            field="kind",
        )
    found = _subject(study, ExclusionKind(kind), subject.strip())
    return numbered(
        Exclusion,
        study_id=study.id,
        kind=kind,
        reason=reason.strip(),
        made_at=now,
        made_by_id=by_id,
        **found,
    )


def _subject(study: StudyFacts, kind: ExclusionKind, subject: str) -> dict[str, int]:
    """Return the field that says what is left out."""
    if kind == ExclusionKind.RATER:
        names = pseudonyms(study.id, purpose=PAGES, subjects=rater_ids(study.id))
        found = next((pk for pk, name in names.items() if name == subject), None)
        return {"rater_id": _there(found, f"The results know no rater {subject!r}.")}
    if kind == ExclusionKind.ITEM:
        found = item_of_reply(study.id, subject)
        return {"item_id": _there(found, f"No item of the study is the reply {subject!r} alone.")}
    number = int(subject) if subject.isascii() and subject.isdigit() else 0
    if kind == ExclusionKind.BATCH:
        found = batch_id(study.id, number)
        return {"batch_id": _there(found, f"The study has no batch {subject!r}.")}
    if not 1 <= number <= MOST_SECONDS:
        raise ExclusionInvalid(
            f"Write a number of seconds from 1 to {MOST_SECONDS:,}, not {subject!r}.",
            field="subject",
        )
    return {"seconds": number}


def _there(found: int | None, otherwise: str) -> int:
    if found is None:
        raise ExclusionInvalid(otherwise, field="subject")
    return found


def lift(study: StudyFacts, number: int, *, now: datetime, by_id: int | None) -> None:
    """Count again what an exclusion left out; the rule and its reason stay on record.

    Raises:
        ExclusionUnknown: the study has no such exclusion in force.
    """
    in_force = Exclusion.objects.filter(study=study.id, number=number, lifted_at=None)
    if not (in_force.exists() and in_force.update(lifted_at=now, lifted_by=by_id)):
        raise ExclusionUnknown(f"The study has no exclusion {number} in force.")


def in_force(study: StudyFacts) -> list[Exclusion]:
    """Return the rules that leave something out now, in the order they were made."""
    rules = Exclusion.objects.filter(study=study.id, lifted_at=None).select_related("batch")
    return list(rules.order_by("number"))


def one_by_one(rules: Sequence[Exclusion]) -> dict[int, Filters]:
    """Return of each rule, by its number, the filters that leave out what it says alone."""
    return {rule.number: applied(NO_FILTERS, [rule]) for rule in rules}


def applied(filters: Filters, rules: Sequence[Exclusion]) -> Filters:
    """Return filters that also leave out what these rules say."""

    def of(kind: ExclusionKind, name: str) -> tuple[int, ...]:
        return tuple(getattr(rule, name) for rule in rules if rule.kind == kind)

    numbers = {rule.batch_id: rule.batch.number for rule in rules if rule.batch is not None}
    return replace(
        filters,
        not_rater=of(ExclusionKind.RATER, "rater_id"),
        not_item=of(ExclusionKind.ITEM, "item_id"),
        not_batch=tuple(numbers[pk] for pk in of(ExclusionKind.BATCH, "batch_id")),
        not_faster_than=max(of(ExclusionKind.FAST, "seconds"), default=0),
        exclusions=tuple(rule.number for rule in rules),
    )
