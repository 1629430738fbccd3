"""Each rater beside the others: agreement, hidden truth, known answers, pace, use of options.

Evidence for a person who decides. Nothing here leaves anybody out.
"""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.selectors.asked import NO_FILTERS, Filters
from annotation.selectors.gold import RaterFacts, rater_facts
from annotation.selectors.ratings import timed
from annotation.selectors.studies import StudyFacts, pseudonyms
from annotation.vocabulary import DEFAULT_WAVES, RaterSource, Scope, Wave
from evaluation.named_ratings import NamedRatings, named_ratings
from evaluation.selections import Selection
from evaluation.services import asked_agreement, gold
from evaluation.services.coefficients import coefficient_json
from evaluation.services.identical_blocks import SharedBlocks
from evaluation.services.questions import (
    Meant,
    answer_labels,
    answer_names,
    meant,
    percent_of,
)
from evaluation.services.rater_signs import Evidence, Sign, signs_of
from evaluation.stats.dawid_skene import HiddenTruth, dawid_skene
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.intervals import cluster_mean
from evaluation.stats.left_out import LeftOut, left_out
from evaluation.stats.rater_signs import Pace, pace, pattern

TRUTH = "hidden_truth"
EVERYONE = "percent_agreement"
# Pace is of so many latest judgments of a rater.
PACE_OF = 200
# With more distinct answers (sets of several choices) a rater's table has hardly a rating a cell.
MOST_ANSWERS = 40
SETTLED, ITERATIONS = 1e-7, 500


@dataclass(frozen=True, slots=True)
class AnswerUse:
    """How often a rater gave an answer, and the others at the same units."""

    answer: str
    label: str
    used: int
    share: float | None
    others: float | None

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "answer": self.answer,
            "ratings": self.used,
            "share": self.share,
            "others_share": self.others,
        }


@dataclass(frozen=True, slots=True)
class OnGold:
    """A rater's answers to the question where the right one is known, of every wave."""

    judged: int
    right: int
    share: Estimate


@dataclass(frozen=True, slots=True)
class RaterOnQuestion:
    """One rater on one question; ``rater`` is a name that means nothing elsewhere.

    ``confusion`` has a row for each hidden truth and a column for each answer: how probable the
    rater's answer is there. ``used`` and its like count units that somebody else rated too.
    """

    rater: str
    facts: RaterFacts
    ratings: int
    shared: int
    agreement: Estimate
    kappa: Estimate
    truth: Estimate
    confusion: tuple[tuple[float, ...], ...]
    gold: OnGold | None
    pace: Pace
    answers: tuple[AnswerUse, ...]
    signs: tuple[Sign, ...]

    @property
    def simulated(self) -> bool:
        """Say whether this is a stand-in, not a person."""
        return self.facts.source == RaterSource.SIMULATED

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it, without an account's name."""
        known = self.gold
        return {
            "rater": self.rater,
            "source": str(self.facts.source),
            "cohort": self.facts.cohort,
            "ratings": self.ratings,
            "shared": self.shared,
            "agreement": coefficient_json(self.agreement.name, self.agreement),
            "kappa": coefficient_json(self.kappa.name, self.kappa),
            "hidden_truth": coefficient_json(TRUTH, self.truth),
            "confusion": [list(row) for row in self.confusion],
            "gold_judged": known.judged if known else 0,
            "gold": coefficient_json(gold.SHARE, known.share) if known else None,
            "pace": {
                "timed": self.pace.timed,
                "seconds": self.pace.seconds,
                "characters_a_second": self.pace.speed,
                "too_fast": self.pace.too_fast,
            },
            "answers": [one.as_json() for one in self.answers],
            "signs": [one.as_json() for one in self.signs],
        }


@dataclass(frozen=True, slots=True)
class RatersOnQuestion:
    """All raters on one question in one scope, those with signs first, then the least agreeing."""

    meant: Meant
    filters: dict[str, Any]
    clusters: int
    units: int
    ratings: int
    everyone: Estimate
    answers: tuple[str, ...]
    labels: tuple[str, ...]
    raters: tuple[RaterOnQuestion, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "key": self.meant.question.key,
            "scope": str(self.meant.scope),
            "level": str(self.meant.question.level),
            "filters": self.filters,
            "cluster": self.meant.cluster,
            "clusters": self.clusters,
            "units": self.units,
            "ratings": self.ratings,
            "answers": list(self.answers),
            "everyone": coefficient_json(EVERYONE, self.everyone),
            "raters": [one.as_json() for one in self.raters],
        }


def report(
    study: StudyFacts,
    *,
    question: str | None = None,
    scope: str | None = None,
    filters: Filters = NO_FILTERS,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
) -> list[RatersOnQuestion]:
    """Return every rater beside the others, on each closed question that is asked, or on one.

    ``filters`` and ``waves`` say which answers count; pace and known answers are of all of a
    rater's judgments.

    Raises:
        QuestionUnknown: the rubric asks no such closed question, or not in this scope.
    """
    asked = meant(study, question, scope, filters=filters, waves=waves)
    paces = _paces(study)
    found = [_on_question(study, one, paces) for one in asked]
    return [one for one in found if one.ratings or scope or not _needless(one.meant)]


def report_asked(
    study: StudyFacts, asked: Selection, *, scope: str | None = None
) -> list[RatersOnQuestion]:
    """Return :func:`report` as it is asked for; exclusions are not applied.

    Raises:
        QuestionUnknown: as :func:`report`.
        FilterInvalid: the rubric has no such version.
    """
    return report(
        asked_agreement.at_version(study, asked.rubric_version),
        question=asked.question,
        scope=scope,
        filters=asked.filters,
        waves=asked.waves,
    )


def as_json(
    study: StudyFacts, found: list[RatersOnQuestion], blocks: SharedBlocks
) -> dict[str, Any]:
    """Return a report in the one shape that command and API share."""
    return {
        "study": study.slug,
        "identical_blocks": blocks.as_json(),
        "questions": [one.as_json() for one in found],
    }


def _needless(one: Meant) -> bool:
    """Say whether a question asks of turns besides: where replies have but one, nobody was."""
    return one.question.scope == Scope.BOTH and one.scope == Scope.TURN


def _paces(study: StudyFacts) -> dict[int, Pace]:
    seconds: dict[int, list[float]] = defaultdict(list)
    characters: dict[int, list[int]] = defaultdict(list)
    for one in timed(study.id, waves=DEFAULT_WAVES, latest=PACE_OF):
        seconds[one.rater].append(one.seconds)
        characters[one.rater].append(one.characters)
    return {rater: pace(seconds[rater], characters[rater]) for rater in seconds}


def _on_question(study: StudyFacts, one: Meant, paces: dict[int, Pace]) -> RatersOnQuestion:
    read = named_ratings(one.question, one.asked)
    everyone = percent_of(one)
    raters = _Raters(study, one, read, everyone, paces).all()
    return RatersOnQuestion(
        meant=one,
        filters=one.filters_json(study),
        clusters=len(np.unique(read.cluster)),
        units=read.item.size,
        ratings=read.votes.item.size,
        everyone=everyone,
        answers=tuple(answer_names(one.question, read.sets)),
        labels=tuple(answer_labels(one.question, read.sets)),
        raters=tuple(sorted(raters, key=_order)),
    )


def _order(one: RaterOnQuestion) -> tuple[int, float, str]:
    agreement = one.agreement.value
    return (-len(one.signs), 2.0 if agreement is None else agreement, one.rater)


class _Raters:
    """What all raters of one question share, while each is put together."""

    def __init__(
        self,
        study: StudyFacts,
        one: Meant,
        read: NamedRatings,
        everyone: Estimate,
        paces: dict[int, Pace],
    ) -> None:
        ids = [int(rater) for rater in read.raters]
        self.ids, self.read, self.everyone, self.paces = ids, read, everyone, paces
        self.facts = rater_facts(study.id, ids)
        self.names = pseudonyms(study.id, purpose="pages", subjects=ids)
        self.answers = answer_names(one.question, read.sets)
        self.labels = answer_labels(one.question, read.sets)
        self.gold = _gold(study, one.question.key)
        judged = sum(known.judged for known in self.gold.values())
        right = sum(known.right for known in self.gold.values())
        self.all_gold = right / judged if judged else None
        self.truth = _hidden_truth(read)

    def all(self) -> list[RaterOnQuestion]:
        """Return every rater."""
        return [self._one(beside) for beside in left_out(self.read.votes, self.read.cluster)]

    def _one(self, beside: LeftOut) -> RaterOnQuestion:
        rater = self.ids[beside.rater]
        name = self.names[rater]
        known = self.gold.get(name)
        took = self.paces.get(rater, Pace(0, None, None, 0))
        in_order = self.read.in_order(beside.rater)
        evidence = Evidence(
            beside=beside,
            labels=self.labels,
            pace=took,
            pattern=pattern(in_order, n_options=self.read.votes.n_options),
            everyone=self.everyone,
            gold=known.share if known else None,
            all_gold=self.all_gold,
        )
        hidden = self.truth
        return RaterOnQuestion(
            rater=name,
            facts=self.facts[rater],
            ratings=beside.ratings,
            shared=beside.shared,
            agreement=beside.agreement,
            kappa=beside.kappa,
            truth=_accuracy(self.read, hidden, beside.rater),
            confusion=_matrix(hidden, beside.rater),
            gold=known,
            pace=took,
            answers=self._uses(beside),
            signs=signs_of(evidence),
        )

    def _uses(self, beside: LeftOut) -> tuple[AnswerUse, ...]:
        n = beside.shared
        return tuple(
            AnswerUse(
                answer=answer,
                label=label,
                used=int(beside.shared_use[at]),
                share=int(beside.shared_use[at]) / n if n else None,
                others=float(beside.others_use[at]) / n if n else None,
            )
            for at, (answer, label) in enumerate(zip(self.answers, self.labels, strict=True))
        )


def _gold(study: StudyFacts, key: str) -> dict[str, OnGold]:
    """Return by pseudonym how raters did where the answer is known."""
    return {
        one.rater: OnGold(beside.judged, beside.right, beside.share)
        for one in gold.report(study, question=key)
        for beside in one.questions
    }


def _hidden_truth(read: NamedRatings) -> HiddenTruth | Undefined:
    """Return Dawid and Skene's model of these ratings, or why there is none."""
    votes = read.votes
    if not votes.item.size:
        return Undefined.NO_ITEMS
    if votes.n_raters < 2:
        return Undefined.ONE_RATER
    if np.bincount(votes.item).max() < 2:
        return Undefined.NO_PAIRS
    if votes.n_options > MOST_ANSWERS:
        return Undefined.TOO_FEW
    found = dawid_skene(votes, tolerance=SETTLED, max_iterations=ITERATIONS)
    return found if found.converged else Undefined.NOT_CONVERGED


def _accuracy(read: NamedRatings, hidden: HiddenTruth | Undefined, rater: int) -> Estimate:
    """Return how probable it is that the rater's answers are the hidden truth, on average."""
    if isinstance(hidden, Undefined):
        return Estimate(TRUTH, None, reason=hidden)
    votes = read.votes
    mine = np.flatnonzero(votes.rater == rater)
    where = votes.item[mine]
    right = hidden.posterior[where, votes.label[mine]]
    return cluster_mean(right, read.cluster[where], lower=0.0, upper=1.0, name=TRUTH)


def _matrix(hidden: HiddenTruth | Undefined, rater: int) -> tuple[tuple[float, ...], ...]:
    if isinstance(hidden, Undefined):
        return ()
    return tuple(tuple(float(share) for share in row) for row in hidden.raters[rater])
