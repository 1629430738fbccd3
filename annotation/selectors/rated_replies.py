"""Where raters come from, and what the replies behind ratings are: for judging judges."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from annotation.models import Item, LanguageModel, TextVersion
from annotation.selectors.asked import Asked
from annotation.selectors.raters_met import raters_met
from annotation.vocabulary import Speaker

AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class RaterKind:
    """Where a rater comes from, and the group they were recruited in."""

    source: str
    cohort: str


@dataclass(frozen=True, slots=True)
class ReplyTraits:
    """By what the replies of items can be told apart.

    ``lengths`` are the characters of the model's own messages, one a turn.
    """

    model: str
    family: str
    framing: str
    categories: tuple[str, ...]
    lengths: tuple[int, ...]


def rater_kinds(asked: Asked) -> dict[int, RaterKind]:
    """Return the raters who gave these answers, each with where they come from."""
    rows = raters_met(asked.answers(), asked.study_id(), "pk", "source", "cohort")
    return {pk: RaterKind(source, cohort) for pk, source, cohort in rows}


def reply_traits(items: Iterable[int]) -> Iterator[tuple[int, ReplyTraits]]:
    """Yield each of these items, of one reply each, with what tells its reply from others."""
    wanted = sorted(set(items))
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        rows = Item.objects.filter(pk__in=part).values_list(
            "pk",
            "reply_1_id",
            "reply_1__model__key",
            "reply_1__model__family",
            "reply_1__model__provider",
            "query__framing",
            "query__value_a__category",
            "query__value_b__category",
        )
        lengths = _lengths(part)
        for pk, reply, model, family, provider, framing, first, second in rows:
            categories = tuple(sorted({one for one in (first, second) if one}))
            traits = ReplyTraits(
                model, family or provider, framing, categories, lengths.get(reply, ())
            )
            yield pk, traits


def families_of(study_id: int) -> dict[str, str]:
    """Return the family of each model of a study, by key; its provider where none is known."""
    rows = LanguageModel.objects.filter(study=study_id).order_by("key")
    return {key: family or provider for key, family, provider in rows.values_list(*_FAMILY)}


_FAMILY = ("key", "family", "provider")


def _lengths(items: list[int]) -> dict[int, tuple[int, ...]]:
    texts = TextVersion.objects.filter(response__items__in=items, current=True)
    rows = texts.values_list("response_id", "messages")
    return {reply: lengths_of(messages) for reply, messages in rows}


def lengths_of(messages: Iterable[dict[str, str]]) -> tuple[int, ...]:
    """Return the characters of each of the model's own messages of a conversation."""
    return tuple(
        len(message["content"]) for message in messages if message["role"] == Speaker.ASSISTANT
    )
