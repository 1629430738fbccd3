"""What raters said of who wrote replies, beside who did. Never for raters."""

from typing import NamedTuple

from annotation.models import Guess, LanguageModel, Study
from annotation.vocabulary import RaterSource


class Guessed(NamedTuple):
    """One rater's word on one item, and the model that wrote it; ``words`` is empty for a no."""

    item: int
    cluster: int
    model: int
    knew: bool
    words: str


class Author(NamedTuple):
    """A model and every name that it is known by in the study."""

    id: int
    name: str
    names: tuple[str, ...]


def guessed(study_id: int) -> list[Guessed]:
    """Return what the study's raters said, in the order of the judgments, without stand-ins.

    What raters who withdrew said is left out, as their judgments are.
    """
    asked = Guess.objects.filter(
        judgment__rater__study=study_id, judgment__rater__withdrew_at=None
    ).exclude(judgment__rater__source=RaterSource.SIMULATED)
    rows = asked.order_by("judgment_id").values_list(
        "judgment__item_id",
        "judgment__item__scenario_id",
        "judgment__item__reply_1__model_id",
        "knew",
        "words",
    )
    return [Guessed(*row) for row in rows]


def authors(study_id: int) -> dict[int, Author]:
    """Return the study's models by their ids."""
    models = LanguageModel.objects.filter(study=study_id).order_by("key")
    return {
        one.pk: Author(
            one.pk, one.display_name, (one.key, one.display_name, one.family, *one.aliases)
        )
        for one in models
    }


def asked_every(study_id: int) -> int:
    """Return after how many items raters are asked; 0 means never."""
    return Study.objects.values_list("guess_every", flat=True).get(pk=study_id)
