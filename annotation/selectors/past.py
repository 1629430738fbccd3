"""A rater's own past judgments, as blind as the items were."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from annotation.models import Judgment, Rater, TextVersion
from annotation.selectors import renderings
from annotation.selectors.cards import (
    CardMessage,
    CardValue,
    EarlierAnswers,
    answers_in_words,
    numbered,
    shown_text,
)
from annotation.shown import shown_sha256

LISTED = 200


@dataclass(frozen=True, slots=True)
class PastJudgment:
    """One line of the rater's own list."""

    public_id: UUID
    created_at: datetime
    value_a: str
    value_b: str


@dataclass(frozen=True, slots=True)
class PastCard:
    """A judged conversation with the rater's own answers."""

    value_a: CardValue
    value_b: CardValue
    messages: tuple[CardMessage, ...]
    language: str
    answers: tuple[EarlierAnswers, ...]
    text_changed: bool


def judgments_of(rater: Rater) -> list[PastJudgment]:
    """Return the rater's latest judgments."""
    rows = (
        Judgment.objects.filter(rater=rater.pk, current=True)
        .order_by("-pk")
        .values_list(
            "public_id",
            "created_at",
            "item__query__value_a__name",
            "item__query__value_b__name",
        )[:LISTED]
    )
    return [PastJudgment(*row) for row in rows]


def judgment_of(rater: Rater, public_id: UUID) -> PastCard | None:
    """Return one of the rater's own judgments as it was shown, or None."""
    judgment = (
        Judgment.objects.filter(rater=rater.pk, public_id=public_id, current=True)
        .select_related("item__query__value_a", "item__query__value_b", "rater__study")
        .first()
    )
    if judgment is None:
        return None
    text = TextVersion.objects.get(response=judgment.item.reply_1_id, number=judgment.text_version)
    shown = shown_text(text, with_system=judgment.rater.study.shows_system_messages)
    sha256 = shown_sha256(shown)
    query = judgment.item.query
    return PastCard(
        value_a=CardValue(query.value_a.name, query.value_a.definition),
        value_b=CardValue(query.value_b.name, query.value_b.definition),
        messages=numbered(shown, renderings.html_of(sha256, shown)),
        language=query.language,
        answers=answers_in_words(judgment, (query.value_a.name, query.value_b.name)),
        text_changed=sha256 != judgment.shown_sha256,
    )
