"""What a release freezes: plain rows in a fixed order, streamed, and never an account."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db.models import Count, Exists, F, Max, Min, OuterRef, Q, QuerySet

from annotation.models import (
    Consent,
    Judgment,
    Rater,
    Seat,
    SeatOpening,
    Skip,
)
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.vocabulary import RaterSource, Wave


def judgments_at_seats(study_id: int, *, until: int) -> QuerySet[Judgment]:
    """Return the judgments that count up to a cut-off, and every revision at their seats."""
    counting = Judgment.objects.filter(
        seat=OuterRef("seat"), rater=OuterRef("rater"), current=True, pk__lte=until
    )
    return Judgment.objects.filter(Exists(counting), item__study=study_id, pk__lte=until)


class FrozenRater(NamedTuple):
    """One rater who has judged; ``consent_version`` is the text they agreed to last.

    ``consent_language`` says in which language's words.
    """

    id: int
    source: str
    cohort: str
    judgments: int
    consent_version: int | None
    consent_language: str | None


def frozen_raters(study_id: int, *, until: int) -> Iterator[FrozenRater]:
    """Yield the raters who have judged up to a cut-off, with how many items."""
    judged = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    counted = judged.values("rater_id").annotate(n=Count("pk")).order_by("rater_id")
    rows = counted.values_list("rater_id", "rater__source", "rater__cohort", "n")
    given = Consent.objects.filter(rater__study=study_id).order_by("pk")
    agreed = {
        rater: (version, language or None)
        for rater, version, language in given.values_list("rater_id", "text__version", "language")
    }
    return (
        FrozenRater(*row, *agreed.get(row[0], (None, None)))
        for row in rows.iterator(chunk_size=ROWS_PER_FETCH)
    )


def rater_ids(study_id: int) -> list[int]:
    """Return all raters of the study."""
    return list(Rater.objects.filter(study=study_id).order_by("pk").values_list("pk", flat=True))


class Opening(NamedTuple):
    """One decision to have items judged."""

    design: str
    wave: str
    raters_per_item: int
    seed: int
    items: int
    seats: int
    reason: str
    rule: dict[str, Any]


def openings(study_id: int) -> list[Opening]:
    """Return how the study's items were chosen for judging, in order."""
    rows = SeatOpening.objects.filter(study=study_id).order_by("pk")
    found = rows.values_list(
        "design", "wave", "raters_per_item", "seed", "items", "seats", "reason", "rule"
    )
    return [Opening(design, str(Wave(wave).label), *rest) for design, wave, *rest in found]


def sampled_numbers(study_id: int) -> list[int]:
    """Return the samples at which seats of the first wave were opened, in that order."""
    rows = SeatOpening.objects.filter(study=study_id, wave=Wave.FIRST, design="sample")
    numbers = [rule["sample"] for rule in rows.order_by("pk").values_list("rule", flat=True)]
    return list(dict.fromkeys(numbers))


def items_of_all(study_id: int) -> set[int]:
    """Return the items that have first seats because everything was opened."""
    seats = Seat.objects.filter(study=study_id, wave=Wave.FIRST).exclude(opening__design="sample")
    return set(seats.values_list("item", flat=True).distinct())


class Fates(NamedTuple):
    """What became of the study's judgments up to a cut-off; all but the total add up to it."""

    total: int
    included: int
    superseded: int
    late: int
    abandoned: int
    unfinished: int
    withdrawn: int


def fates(study_id: int, *, until: int) -> Fates:
    """Count judgments by what became of them."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until)
    newer = Judgment.objects.filter(seat=OuterRef("seat"), current=True)
    rows = rows.annotate(superseded=Exists(newer))
    left = Q(seat__abandoned_at__isnull=False)
    withdrawn = Q(current=False, rater__withdrew_at__isnull=False)
    late = Q(current=False, rater__withdrew_at=None, late_turn__isnull=False)
    old = Q(current=False, rater__withdrew_at=None, late_turn=None)
    counted = rows.aggregate(
        n_total=Count("pk"),
        n_included=Count("pk", filter=Q(current=True)),
        n_superseded=Count("pk", filter=old & Q(superseded=True)),
        n_late=Count("pk", filter=late),
        n_abandoned=Count("pk", filter=old & Q(superseded=False) & left),
        n_unfinished=Count("pk", filter=old & Q(superseded=False) & ~left),
        n_withdrawn=Count("pk", filter=withdrawn),
    )
    return Fates(*(int(counted[f"n_{fate}"]) for fate in Fates._fields))


def judgments_by_wave(study_id: int, *, until: int) -> dict[str, int]:
    """Count the current judgments of each wave."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    counted = rows.values_list("seat__wave").annotate(n=Count("pk")).order_by("seat__wave")
    return {str(Wave(wave).label): n for wave, n in counted}


def judgments_by_rule_set(study_id: int, *, until: int) -> dict[str, int]:
    """Return how many judgments that count were made under each rule set of masks."""
    counting = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    rows = counting.order_by("rule_set").values_list("rule_set").annotate(n=Count("pk"))
    return {str(rule_set): n for rule_set, n in rows}


def items_shown_otherwise(study_id: int, *, until: int) -> int:
    """Return at how many items the judgments that count were not all made of the same text.

    A new text or new masks came between them; of a pair either reply's.
    """
    counting = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    shown = counting.values("item").annotate(
        first=Min("shown_sha256"),
        last=Max("shown_sha256"),
        first_2=Min("shown_sha256_2"),
        last_2=Max("shown_sha256_2"),
    )
    return shown.exclude(first=F("last"), first_2=F("last_2")).count()


def judgments_by_rubric(study_id: int, *, until: int) -> dict[str, int]:
    """Count the current judgments made under each rubric version."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    fields = ("rubric__key", "rubric__version")
    counted = rows.values_list(*fields).annotate(n=Count("pk")).order_by(*fields)
    return {f"{key} v{version}": n for key, version, n in counted}


def simulated_judgments(study_id: int, *, until: int) -> int:
    """Count the current judgments that a simulation made."""
    rows = Judgment.objects.filter(item__study=study_id, pk__lte=until, current=True)
    return rows.filter(rater__source=RaterSource.SIMULATED).count()


def skips(study_id: int) -> int:
    """Count how often a rater passed an item over."""
    return Skip.objects.filter(item__study=study_id).count()


def open_seats(study_id: int) -> int:
    """Count the seats that are still open, nobody's or somebody's."""
    waiting = Seat.objects.filter(study=study_id, judged_at=None, abandoned_at=None)
    return waiting.count()
