"""How far raters mark the same places, for each question that is answered by marking."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import comb
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.marked import Condition, TextRead, texts_read
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import DEFAULT_WAVES, QuestionType, Scope, Wave
from evaluation.services.asking import asked_of, counting
from evaluation.services.coefficients import coefficient_json
from evaluation.stats.estimates import Estimate
from evaluation.stats.spans import (
    CHARACTER_ALPHA,
    JACCARD,
    JACCARD_MARKED,
    Mark,
    MarkedText,
    span_agreement,
)

TITLES = {
    JACCARD: "Overlap (Jaccard)",
    JACCARD_MARKED: "Overlap where one marked something",
    CHARACTER_ALPHA: "Alpha of characters",
}


@dataclass(frozen=True, slots=True)
class Marking:
    """Agreement on the places marked for one question, with everything it depends on.

    Attributes:
        items, texts: that somebody was asked to mark; an item whose text or masks changed between
            two raters has several texts.
        judgments: ratings of these texts, one a judgment and turn, with nothing marked or more.
        pairs, empty_pairs: pairs of raters of one text; of which neither marked anything.
        left_out_pairs: pairs of raters of one item who read different texts.
        unknown_lengths: texts of which the length as shown is not known, so that alpha lacks them.
        coefficients: by name.
    """

    key: str
    label: str
    scope: str
    waves: tuple[str, ...]
    rubric_version: int
    filters: Filters
    cluster: str
    items: int
    texts: int
    raters: int
    judgments: int
    pairs: int
    empty_pairs: int
    left_out_pairs: int
    unknown_lengths: int
    coefficients: dict[str, Estimate]

    @property
    def clusters(self) -> int:
        """How many queries or scenarios hold a text that two raters read."""
        return self.coefficients[JACCARD].clusters

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and releases give it."""
        return {
            "key": self.key,
            "scope": self.scope,
            "wave": "+".join(self.waves),
            "cluster": self.cluster,
            "clusters": self.clusters,
            "items": self.items,
            "texts": self.texts,
            "pairable_texts": self.coefficients[JACCARD].pairable_items,
            "raters": self.raters,
            "judgments": self.judgments,
            "pairs": self.pairs,
            "empty_pairs": self.empty_pairs,
            "left_out_pairs": self.left_out_pairs,
            "unknown_lengths": self.unknown_lengths,
            "filters": {
                "rubric_version": self.rubric_version,
                "waves": list(self.waves),
                **self.filters.as_json(),
            },
            "coefficients": [coefficient_json(name, e) for name, e in self.coefficients.items()],
        }


def report(
    study: StudyFacts,
    *,
    question: str | None = None,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
    until: int | None = None,
    filters: Filters | None = None,
) -> list[Marking]:
    """Return agreement on every question that is answered by marking places, or on one, whole.

    Args:
        study: whose questions, of the rubric version that its facts have.
        question: only the question of this key.
        waves, until, filters: which judgments count, see ``Asked``; without filters those that no
            exclusion in force leaves out.
    """
    cluster = "scenario" if has_named_scenarios(study.id) else "query"
    counted = counting(study) if filters is None else filters
    found = [
        _of_question(
            study,
            one,
            asked_of(one.id, scope, counted, waves=waves, until=until),
            cluster,
        )
        for one in offered(study)
        if question in (None, one.key)
        for scope in one.scopes
    ]
    turns = {one.key for one in found if one.scope == Scope.CONVERSATION}
    # Asked of both, and no conversation of several turns was judged: as closed questions do.
    return [
        one
        for one in found
        if one.judgments or one.scope == Scope.CONVERSATION or one.key not in turns
    ]


def offered(study: StudyFacts) -> list[QuestionPlan]:
    """Return the questions that are answered by marking places."""
    return [one for one in study.rubric.questions if one.type == QuestionType.SPANS]


def is_marked(study: StudyFacts, key: str | None) -> bool:
    """Say whether the question of this key is answered by marking places."""
    return key in {one.key for one in offered(study)}


def _of_question(study: StudyFacts, question: QuestionPlan, asked: Asked, cluster: str) -> Marking:
    read = list(texts_read(asked, question.scope, _condition(study, question)))
    kinds = {option.id: place for place, option in enumerate(question.options)}
    texts = [_marked(one, kinds) for one in read]
    raters = len({rater for one in read for rater in one.raters.values()})
    agreed = span_agreement(texts, raters=raters)
    return Marking(
        key=question.key,
        label=question.label,
        scope=str(asked.scope),
        waves=tuple(str(wave.label) for wave in asked.waves),
        rubric_version=study.rubric.version,
        filters=asked.filters,
        cluster=cluster,
        items=len({one.item for one in read}),
        texts=len(read),
        raters=raters,
        judgments=sum(len(one.raters) for one in read),
        pairs=agreed.pairs,
        empty_pairs=agreed.empty_pairs,
        left_out_pairs=_left_out(read, pairs=agreed.pairs),
        unknown_lengths=sum(text.length is None for text in texts),
        coefficients={
            JACCARD: agreed.jaccard,
            JACCARD_MARKED: agreed.jaccard_where_marked,
            CHARACTER_ALPHA: agreed.alpha,
        },
    )


def _condition(study: StudyFacts, question: QuestionPlan) -> Condition | None:
    earlier = study.rubric.question(question.condition_key)
    return Condition(earlier.id, question.condition_codes) if earlier else None


def _left_out(read: Iterable[TextRead], *, pairs: int) -> int:
    """Return how many pairs of raters of one unit did not read the same text."""
    of_unit: Counter[tuple[int, int]] = Counter()
    for one in read:
        of_unit[one.item, one.turn] += len(one.raters)
    return sum(comb(n, 2) for n in of_unit.values()) - pairs


def _marked(read: TextRead, kinds: dict[int, int]) -> MarkedText:
    """Return a text with its messages put one behind the other."""
    ends: dict[tuple[int, int], int] = {}
    for place in read.places:
        at = (place.slot, place.message)
        ends[at] = max(ends.get(at, 0), place.end)
    known = read.lengths
    if known is not None and any(end > known.get(at, 0) for at, end in ends.items()):
        known = None  # a mark lies beyond the text that is kept: it is not the one that was read
    sizes = ends if known is None else dict(known)
    starts, total = {}, 0
    for at in sorted(sizes):
        starts[at], total = total, total + sizes[at]
    number = {judgment: n for n, judgment in enumerate(read.raters)}
    marks = tuple(
        Mark(
            number[place.judgment],
            starts[place.slot, place.message] + place.start,
            starts[place.slot, place.message] + place.end,
            kinds.get(place.option, 0) if place.option is not None else 0,
        )
        for place in read.places
    )
    length = None if known is None or not total else total
    return MarkedText(read.cluster, len(read.raters), marks, length)
