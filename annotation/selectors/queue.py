"""Why a rater gets no further item, said honestly."""

from dataclasses import dataclass
from datetime import datetime

from annotation.models import Rater, Seat
from annotation.vocabulary import StudyState


@dataclass(frozen=True, slots=True)
class WhyNothing:
    """The reason as a code, and as a sentence for the rater."""

    code: str
    sentence: str


def last_item(rater: Rater) -> str:
    """Return a sentence where the item a rater holds is their last for now, else nothing."""
    if rater.paused_at is not None:
        return "You are paused in this study. You may finish this item; there is no next one."
    if rater.study.state != StudyState.OPEN:
        state = rater.study.get_state_display().lower()
        return f"The study is {state}. You may finish this item; there is no next one for now."
    return ""


def why_nothing(rater: Rater, *, at: datetime) -> WhyNothing:
    """Return why this rater was given no seat just now."""
    state = rater.study.state
    if state in (StudyState.DRAFT, StudyState.PAUSED):
        return WhyNothing("paused", "The study is not open at the moment. Please come back later.")
    if state == StudyState.CLOSED:
        return WhyNothing("done", "The study is closed. Everything you judged is stored.")
    if rater.paused_at is not None:
        return WhyNothing(
            "rater_paused", "You are paused in this study. Please write to whoever invited you."
        )
    waiting = Seat.objects.filter(study=rater.study_id, judged_at=None, abandoned_at=None)
    if waiting.filter(leased_until__gt=at).exclude(rater=rater.pk).exists():
        return WhyNothing(
            "all_taken",
            "Everything you could judge is with other raters at the moment."
            " If one of them stops, it becomes free: look again in a while.",
        )
    return WhyNothing("done", "There is nothing left in this study that you have not seen.")
