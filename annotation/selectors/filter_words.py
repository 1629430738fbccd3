"""By what judgments can be chosen or left out, as others may name it."""

from dataclasses import dataclass

from annotation.models import Batch, Item, Query, Rater
from annotation.vocabulary import ItemKind


@dataclass(frozen=True, slots=True)
class FilterWords:
    """What a study's judgments can be told apart by."""

    cohort: tuple[str, ...]
    source: tuple[str, ...]
    language: tuple[str, ...]
    batch: tuple[tuple[int, str], ...]


def filter_words(study_id: int) -> FilterWords:
    """Return the words that a study's raters, queries and batches have; empty ones left out."""
    raters = Rater.objects.filter(study=study_id).order_by()
    languages = Query.objects.filter(study=study_id).exclude(language="").order_by("language")
    batches = Batch.objects.filter(study=study_id).order_by("number")
    return FilterWords(
        cohort=tuple(sorted(raters.exclude(cohort="").values_list("cohort", flat=True).distinct())),
        source=tuple(sorted(raters.values_list("source", flat=True).distinct())),
        language=tuple(languages.values_list("language", flat=True).distinct()),
        batch=tuple(batches.values_list("number", "file_name")),
    )


def rater_ids(study_id: int) -> list[int]:
    """Return every rater of a study."""
    return list(Rater.objects.filter(study=study_id).values_list("pk", flat=True))


def judged_count(study_id: int) -> int:
    """Return how many judgments a study's raters gave, by their counters."""
    return sum(Rater.objects.filter(study=study_id).values_list("judged_count", flat=True))


def item_of_reply(study_id: int, response_id: str) -> int | None:
    """Return the item at which this reply is judged alone, or None."""
    alone = Item.objects.filter(study=study_id, kind=ItemKind.SINGLE)
    return alone.filter(reply_1__external_id=response_id).values_list("pk", flat=True).first()


def batch_id(study_id: int, number: int) -> int | None:
    """Return the batch of this number, or None."""
    found = Batch.objects.filter(study=study_id, number=number)
    return found.values_list("pk", flat=True).first()
