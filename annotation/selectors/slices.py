"""By what results are sliced: which key an item's units have, and in which slices they lie.

A unit has the key of its models, its batches, its query or its turn; what a slice is called is
looked up from the few keys there are, so that no text is grouped. A pair lies in the slices of both
its models, and a query with two categories or several topics in the slice of each.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import Count, Q

from annotation.models import Batch, Item, LanguageModel, Query
from annotation.selectors.asked import Asked
from annotation.selectors.frames import about
from annotation.selectors.raters_met import raters_met

KEYS_PER_FETCH = 10_000
NONE = "(none)"
Labels = dict[int, tuple[str, ...]]
BETWEEN = " / "


class Key(StrEnum):
    """What a unit has that its slice follows from; of a pair, one for each reply."""

    MODEL = "model"
    BATCH = "batch"
    QUERY = "query"
    TURN = "turn"


@dataclass(frozen=True, slots=True)
class Slicing:
    """One way to slice.

    Attributes:
        key: by which key of a unit.
        labels: of a study, the names of the slices in which each key lies.
        within: of a study and a slice's name, the condition that its items fulfil.
    """

    key: Key
    labels: Callable[[int], Labels]
    within: Callable[[int, str], Q]


def _of_models(name: str) -> Slicing:
    def labels(study_id: int) -> Labels:
        rows = LanguageModel.objects.filter(study=study_id).values_list("pk", name)
        return {pk: (text or NONE,) for pk, text in rows}

    def within(_: int, label: str) -> Q:
        return _either(f"reply_1__model__{name}", f"reply_2__model__{name}", label)

    return Slicing(Key.MODEL, labels, within)


def _of_queries(
    paths: Sequence[str],
    named: Callable[[list[Any]], Iterable[str]],
    within: Callable[[int, str], Q],
) -> Slicing:
    def labels(study_id: int) -> Labels:
        rows = Query.objects.filter(study=study_id).values_list("pk", *paths)
        shared: dict[tuple[str, ...], tuple[str, ...]] = {}
        found = {}
        for pk, *values in rows.iterator(chunk_size=KEYS_PER_FETCH):
            names = tuple(sorted(set(named(values))))
            found[pk] = shared.setdefault(names, names)
        return found

    return Slicing(Key.QUERY, labels, within)


def _names(values: list[Any]) -> list[str]:
    return [value or NONE for value in values]


def _pair_name(values: list[Any]) -> list[str]:
    return [BETWEEN.join(_names(values))]


def _topics(values: list[Any]) -> list[str]:
    return [str(topic) or NONE for topic in values[0]] or [NONE]


def _text(label: str) -> str:
    return "" if label == NONE else label


def _either(one: str, other: str, label: str) -> Q:
    return Q(**{one: _text(label)}) | Q(**{other: _text(label)})


def _of_value_pair(_: int, label: str) -> Q:
    # A name may hold the sign between the two, so every place where it could stand is tried.
    parts = label.split(BETWEEN)
    found = Q(pk__in=())
    for n in range(1, len(parts)):
        first, second = BETWEEN.join(parts[:n]), BETWEEN.join(parts[n:])
        found |= Q(query__value_a__name=_text(first), query__value_b__name=_text(second))
    return found


def _of_topic(study_id: int, label: str) -> Q:
    if label == NONE:
        return Q(query__topics=[])
    return Q(query__in=about(study_id, (label,)).values("pk"))


def _batches(study_id: int) -> Labels:
    rows = Batch.objects.filter(study=study_id).values_list("pk", "number")
    return {pk: (str(number),) for pk, number in rows}


SLICINGS: Mapping[str, Slicing] = {
    "model": _of_models("key"),
    "family": _of_models("family"),
    "provider": _of_models("provider"),
    "value_pair": _of_queries(("value_a__name", "value_b__name"), _pair_name, _of_value_pair),
    "value_category": _of_queries(
        ("value_a__category", "value_b__category"),
        _names,
        lambda _, label: _either("query__value_a__category", "query__value_b__category", label),
    ),
    "framing": _of_queries(("framing",), _names, lambda _, label: Q(query__framing=_text(label))),
    "language": _of_queries(
        ("language",), _names, lambda _, label: Q(query__language=_text(label))
    ),
    "topic": _of_queries(("topics",), _topics, _of_topic),
    "batch": Slicing(
        Key.BATCH,
        _batches,
        lambda _, label: _either("reply_1__batch__number", "reply_2__batch__number", label),
    ),
    "turn": Slicing(Key.TURN, lambda _: {}, lambda *_: Q()),
}
SLICES = tuple(SLICINGS)


def rater_count(asked: Asked) -> int:
    """Return how many raters gave these answers."""
    return len(raters_met(asked.answers(), asked.study_id(), "pk"))


def raters_within(asked: Asked, names: Sequence[tuple[str, str]], *, rare: bool) -> int:
    """Return how many raters gave these answers in a slice: of each way to slice, its name.

    ``rare`` says that the slice has a small share of the answers, so that they are counted from
    its own items instead of looking at rater after rater, most of whom have none.
    """
    study_id = asked.study_id()
    items = Q()
    answers = asked.answers()
    for by, label in names:
        if SLICINGS[by].key == Key.TURN:
            answers = answers.filter(turn=int(label))
        else:
            items &= SLICINGS[by].within(study_id, label)
    if items:
        answers = answers.filter(item__in=Item.objects.filter(items, study=study_id).values("pk"))
    if rare:
        counted = answers.aggregate(n=Count("judgment__rater", distinct=True))
        return int(counted["n"])
    return len(raters_met(answers, study_id, "pk"))
