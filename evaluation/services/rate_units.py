"""Everything that a judge gave a verdict on, with what people said and how they came to it."""

import numpy as np
from django.db.models import Q

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.labels import (
    replies_of_items,
    replies_opened_at_everything,
    value_categories,
)
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import RATE_WAVES, ItemKind, Scope
from evaluation.arrays import TURNS, Ints, derived_units, units_of
from evaluation.derived import NOTHING, Derived, with_categories
from evaluation.frames import Marked, Strata, frame_from_json, strata_by_reply
from evaluation.models import Design, Sample, SampledItem, SampleState, Verdict
from evaluation.models.sample import stratum_label
from evaluation.services.agreement import first_id, plan_of
from evaluation.services.asking import asked_of
from evaluation.services.rate_joins import Drawn, Labels, Verdicts, places

ROWS_PER_FETCH = 10_000


def rated(one: QuestionPlan | Derived, scope: Scope, filters: Filters) -> Asked:
    """Return which of people's answers count as labels."""
    return asked_of(first_id(one), scope, filters, waves=RATE_WAVES)


def labels_of(one: QuestionPlan | Derived, asked: Asked) -> Labels:
    """Return people's answers to a question, by reply and turn."""
    if isinstance(one, Derived):
        bound = with_categories(one, value_categories(asked)) if one.needs_categories else one
        question, units = bound.question, derived_units(bound, asked).units
    else:
        question, units = one, units_of(one, asked)
    replies = replies_of_items(asked)
    reply = np.array([replies.get(int(item), -1) for item in units.item], dtype=np.int64)
    order = np.argsort(reply * TURNS + units.turn, kind="stable")
    order = order[reply[order] >= 0]
    return Labels(
        (reply * TURNS + units.turn)[order],
        reply[order],
        units.counts[order],
        tuple(option.code for option in question.options),
    )


def verdicts_of(judge_id: int, one: QuestionPlan | Derived, scope: Scope) -> Verdicts:
    """Return a judge's verdicts on a question, asked or derived."""
    sources = one.sources if isinstance(one, Derived) else (one,)
    read, words = _first(judge_id, sources[0], scope)
    columns = [read[:, 1]]
    for source in sources[1:]:
        other = _first(judge_id, source, scope)[0]
        _, mine, theirs = np.intersect1d(read[:, 0], other[:, 0], return_indices=True)
        read, columns = read[mine], [*(given[mine] for given in columns), other[theirs, 1]]
    if not isinstance(one, Derived):
        return _verdicts(read, columns[0], words, plan_of(one))
    replies = read[:, 0] // TURNS
    bound = one
    if one.needs_categories:
        pairs = zip(replies.tolist(), read[:, 4:6].tolist(), strict=True)
        bound = with_categories(one, {reply: (words[a], words[b]) for reply, (a, b) in pairs})
    column = bound.rule(tuple(columns), replies)
    follows = column != NOTHING
    return _verdicts(read[follows], column[follows], words, bound.question)


def _verdicts(read: Ints, column: Ints, words: tuple[str, ...], question: QuestionPlan) -> Verdicts:
    codes = tuple(option.code for option in question.options)
    return Verdicts(
        read[:, 0], read[:, 2], read[:, 3], read[:, 4:6], column, words, codes, question
    )


def _first(judge_id: int, question: QuestionPlan, scope: Scope) -> tuple[Ints, tuple[str, ...]]:
    """Return reply and turn, column, cluster, model and two categories of each verdict, by key."""
    places = {option.id: column for column, option in enumerate(question.options)}
    given = Verdict.objects.filter(judge=judge_id, question=question.id)
    given = given.filter(turn__gt=0) if scope == Scope.TURN else given.filter(turn=0)
    rows = given.order_by("response_id", "turn").values_list(
        "response_id",
        "turn",
        "option_id",
        "response__query__scenario_id",
        "response__model__key",
        "response__query__value_a__category",
        "response__query__value_b__category",
    )
    words: dict[str, int] = {}

    def number(word: str) -> int:
        return words.setdefault(word or "", len(words))

    read = np.fromiter(
        (
            (reply * TURNS + turn, places[option], cluster, number(model), number(a), number(b))
            for reply, turn, option, cluster, model, a, b in rows.iterator(
                chunk_size=ROWS_PER_FETCH
            )
        ),
        dtype=np.dtype((np.int64, 6)),
    )
    return read.astype(np.int64, copy=False), tuple(words)


def samples_with(study: StudyFacts, labels: Labels) -> list[tuple[Sample, int]]:
    """Return the study's samples with how many of their replies are labelled, the most first."""
    labelled = np.unique(labels.reply)
    found = []
    for sample in Sample.objects.filter(study=study.id, state=SampleState.READY):
        drawn = SampledItem.objects.filter(sample=sample.pk, item__kind=ItemKind.SINGLE)
        replies = np.fromiter(drawn.values_list("item__reply_1", flat=True), dtype=np.int64)
        n = int(np.isin(replies, labelled).sum())
        if n:
            found.append((sample, n))
    return sorted(found, key=lambda one: (-one[1], -one[0].number))


def of_other_reasons(sample: Sample) -> Ints:
    """Return the replies it drew that others samples drew too, or that were judged before, sorted.

    These may be judged sooner than the rest, so that they are no random part of it.
    """
    elsewhere = SampledItem.objects.filter(
        sample__study=sample.study_id, sample__state=SampleState.READY
    ).exclude(sample=sample.pk)
    drawn = SampledItem.objects.filter(sample=sample.pk, item__kind=ItemKind.SINGLE)
    found = drawn.filter(
        Q(item__in=elsewhere.values("item")) | Q(item__seats__judged_at__lt=sample.drawn_at)
    )
    replies = found.values_list("item__reply_1", flat=True)
    return np.unique(np.fromiter(replies.iterator(ROWS_PER_FETCH), dtype=np.int64))


def drawn_of(study: StudyFacts, sample: Sample) -> Drawn:
    """Return a sample's frame, as it was then, and what it drew.

    Raises:
        FrameInvalid: the frame names a judge or question that the study has no more.
    """
    given = sample.parameters
    strata = Strata()
    if sample.design in (Design.STRATIFIED, Design.ENRICHED):
        marked = given.get("marked")
        strata = Strata(
            tuple(given.get("by", ())), Marked.model_validate(marked) if marked else None
        )
    frame = frame_from_json(sample.frame)
    reply, stratum, words = strata_by_reply(study, frame, strata, as_of=sample.drawn_at)
    known = [stratum_label(one) for one in words]
    stored = {one.pk: one for one in sample.strata.order_by("position")}
    known += [one.label for one in stored.values() if one.label not in known]
    place = {pk: known.index(one.label) for pk, one in stored.items()}
    rows = np.array(
        sorted(
            (reply_id, place[at], probability)
            for reply_id, at, probability in sample.items.values_list(
                "item__reply_1", "stratum", "probability"
            ).iterator(chunk_size=ROWS_PER_FETCH)
        ),
        dtype=np.float64,
    ).reshape(-1, 3)
    drawn, of = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    # What was drawn keeps the stratum it was drawn from, whatever judges said since.
    at = places(reply, drawn)
    stratum = stratum.copy()
    stratum[at[at >= 0]] = of[at >= 0]
    return Drawn(reply, stratum, tuple(known), drawn, of, rows[:, 2])


def everything(study: StudyFacts) -> Ints:
    """Return the study's replies that may be judged, sorted: the frame where no sample is."""
    return strata_by_reply(study, frame_from_json({}), Strata())[0]


def opened_at_all(study: StudyFacts) -> Ints:
    """Return those of them at which seats were opened because they were opened at every reply."""
    opened = np.fromiter(replies_opened_at_everything(study.id), dtype=np.int64)
    return np.intersect1d(everything(study), opened)
