"""Which seats a rater may have, and why there is none, said honestly."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from annotation.models import Rater, Seat, Skip
from annotation.models.statements import rows
from annotation.selectors.lanes import levels_of
from annotation.vocabulary import StudyState

# Seats held by others are two for each rater at work; of parked ones a look at some is enough.
LOOKED_AT = 2_000


@dataclass(frozen=True, slots=True)
class WhyNothing:
    """The reason as a code, and as a sentence for the rater."""

    code: str
    sentence: str


def last_item(rater: Rater) -> str:
    """Return a sentence where the item a rater holds is their last for now, else nothing."""
    if rater.paused_at is not None:
        return _("You are paused in this study. You may finish this item; there is no next one.")
    if rater.study.state == StudyState.CLOSED:
        return _("The study is closed. You may finish this item; there is no next one for now.")
    if rater.study.state != StudyState.OPEN:
        return _("The study is paused. You may finish this item; there is no next one for now.")
    return ""


def why_nothing(rater: Rater, *, at: datetime) -> WhyNothing:
    """Return why this rater was given no seat just now."""
    study = rater.study
    if study.state in (StudyState.DRAFT, StudyState.PAUSED):
        return WhyNothing(
            "paused", _("The study is not open at the moment. Please come back later.")
        )
    if study.state == StudyState.CLOSED:
        return WhyNothing("closed", _("The study is closed. Thank you for every judgment."))
    if rater.paused_at is not None:
        return WhyNothing(
            "rater_paused",
            _("You are paused in this study. Please write to whoever invited you."),
        )
    if study.judgments_per_rater is not None and rater.judged_count >= study.judgments_per_rater:
        return WhyNothing(
            "quota",
            _("You have judged as many items as one person may in this study: %s.")
            % study.judgments_per_rater,
        )
    return _why_none_free(rater, at)


def _why_none_free(rater: Rater, at: datetime) -> WhyNothing:
    """Return whether something may still come, looking only at what this rater may judge."""
    waiting = Seat.objects.filter(study=rater.study_id, judged_at=None, abandoned_at=None)
    lanes = [lane for level in levels_of(rater) for lane in level]
    crossed = frozenset(lane.id for lane in lanes if lane.crossed)
    theirs = waiting.filter(Q(lane=None) | Q(lane__in=[lane.id for lane in lanes if lane.id]))
    others = theirs.filter(leased_until__gt=at).exclude(rater=rater.pk)
    if eligible(rater, list(others[:LOOKED_AT]), crossed=crossed):
        return WhyNothing(
            "all_taken",
            _(
                "Everything you could judge is with other raters at the moment."
                " If one of them stops, it becomes free: look again in a while."
            ),
        )
    if eligible(rater, list(theirs.filter(parked=True)[:LOOKED_AT]), crossed=crossed):
        return WhyNothing(
            "parked",
            _(
                "What is left waits for the people who run the study to look at it."
                " It may come back: look again tomorrow."
            ),
        )
    full = theirs.filter(rater=None, lane__in=[lane.id for lane in lanes if lane.full])
    if eligible(rater, list(full[:LOOKED_AT]), crossed=crossed):
        return WhyNothing(
            "enough", _("What you could judge has as many judgments as this study needs.")
        )
    if _in_other_languages(rater, waiting):
        return WhyNothing(
            "languages",
            _(
                "What is left is in languages that you have not said you read."
                " If you read more languages, write to whoever invited you."
            ),
        )
    return WhyNothing("done", _("There is nothing left in this study that you have not seen."))


def _in_other_languages(rater: Rater, waiting: QuerySet[Seat]) -> bool:
    """Say whether free seats are left for the rater's like who read other languages."""
    if not rater.study.has_lanes:
        return False
    kept = waiting.filter(rater=None, lane__cohort__in={"", rater.cohort}).exclude(
        lane__language__in=["", *rater.languages]
    )
    return bool(eligible(rater, list(kept[:LOOKED_AT])))


def eligible(
    rater: Rater, candidates: list[Seat], *, crossed: frozenset[int | None] = frozenset()
) -> list[Seat]:
    """Leave out items the rater had, other framings of a scenario they had, and full queries.

    In ``crossed`` lanes only the items the rater had: there everybody judges everything.
    """
    if not candidates:
        return []
    scenarios = {seat.scenario_id for seat in candidates}
    places = ", ".join(["%s"] * len(scenarios))
    had = rows(
        "SELECT scenario_id, query_id, item_id FROM annotation_seat"
        f" WHERE rater_id = %s AND scenario_id IN ({places})",
        [rater.pk, *scenarios],
    )
    items = {item for __, __, item in had}
    if rater.skipped_count:
        ids = [seat.item_id for seat in candidates]
        skipped = Skip.objects.filter(rater=rater.pk, item__in=ids)
        items |= set(skipped.values_list("item_id", flat=True))
    framings: dict[int, set[int]] = {}
    replies: dict[int, int] = {}
    for scenario, query, __ in had:
        framings.setdefault(scenario, set()).add(query)
        replies[query] = replies.get(query, 0) + 1
    most = rater.study.replies_per_query
    one_framing = rater.study.one_framing_per_scenario
    return [
        seat
        for seat in candidates
        if seat.item_id not in items
        and (
            seat.lane_id in crossed
            or (
                not (one_framing and framings.get(seat.scenario_id, set()) - {seat.query_id})
                and (most is None or replies.get(seat.query_id, 0) < most)
            )
        )
    ]
