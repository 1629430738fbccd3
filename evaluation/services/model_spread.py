"""Where models differ: disagreement of each query, and replies whose scores stand apart."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan, RubricPlan
from annotation.selectors.profiles import query_ids, reply_ids
from annotation.vocabulary import QuestionType, Scope
from evaluation.arrays import Ints
from evaluation.services.model_rows import Asking, Floats, Replies, said_of
from evaluation.stats.dispersion import disagreement_by_query
from evaluation.stats.outliers import FEWEST_OTHERS, outlying_scores

SCORES = ("score_a", "score_b")
MOST_LISTED = 50
BIN = 0.5
LEAST_POINTS, SPREADS = 2.0, 3.0
RULE = (
    f"A score is listed where it lies {LEAST_POINTS:g} points or more from the median of the other"
    f" models' scores of the same query, and more than {SPREADS:g} times their scaled median"
    f" absolute deviation from it; it needs {FEWEST_OTHERS} others."
)
NO_QUESTIONS = "The rubric does not ask score_a and score_b of whole replies."
NO_SCORES = "No query has scores of two models."


@dataclass(frozen=True, slots=True)
class QuerySpread:
    """How far models lie apart on one query: the larger deviation of its two scores."""

    query: str
    disagreement: float
    models: int


@dataclass(frozen=True, slots=True)
class OutlyingReply:
    """A score that stands apart from the other models' on the same query."""

    response_id: str
    model: str
    query: str
    question: str
    score: float
    others_median: float
    distance: float


@dataclass(frozen=True, slots=True)
class Spread:
    """Disagreement of models by query; ``reason`` says in a sentence why there is none.

    ``bins`` are (from, to, queries); ``top`` and ``outliers`` list the first fifty.
    """

    queries: int = 0
    replies: int = 0
    bins: tuple[tuple[float, float, int], ...] = ()
    top: tuple[QuerySpread, ...] = ()
    outlying: int = 0
    outliers: tuple[OutlyingReply, ...] = ()
    reason: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the command, the API and downloads give it."""
        return {
            "reason": self.reason or None,
            "queries": self.queries,
            "replies": self.replies,
            "histogram": [{"low": low, "high": high, "queries": n} for low, high, n in self.bins],
            "top": [
                {"query_id": one.query, "disagreement": one.disagreement, "models": one.models}
                for one in self.top
            ],
            "outliers": {
                "rule": RULE,
                "n": self.outlying,
                "replies": [
                    {
                        "response_id": one.response_id,
                        "model": one.model,
                        "query_id": one.query,
                        "question": one.question,
                        "score": one.score,
                        "others_median": one.others_median,
                        "distance": one.distance,
                    }
                    for one in self.outliers
                ],
            },
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Scores:
    """Mean scores of a model on a query: a row each; ``reply`` is the first of its replies."""

    query: Ints
    model: Ints
    reply: Ints
    score: Floats


def spread(rubric: RubricPlan, asking: Asking, replies: Replies, models: dict[int, str]) -> Spread:
    """Return how far models' scores lie apart on each query, and which replies stand alone."""
    asked = [rubric.question(key) for key in SCORES]
    questions = [q for q in asked if q and q.type == QuestionType.SCALE and q.scope != Scope.TURN]
    if len(questions) < len(SCORES):
        return Spread(reason=NO_QUESTIONS)
    scores = _scores(questions, asking, replies)
    known, place = np.unique(scores.query, return_inverse=True)
    found = disagreement_by_query(place.ravel(), scores.score, n_queries=int(known.size))
    several = np.flatnonzero(found.models > 1)
    if not several.size:
        return Spread(reason=NO_SCORES)
    far, outliers = _outliers(scores, place.ravel(), models)
    order = several[np.lexsort((known[several], -found.value[several]))][:MOST_LISTED]
    names = query_ids(known[order].tolist())
    top = tuple(
        QuerySpread(names[int(known[at])], float(found.value[at]), int(found.models[at]))
        for at in order
    )
    return Spread(
        int(several.size), scores.reply.size, _bins(found.value[several]), top, far, outliers
    )


def _scores(questions: list[QuestionPlan], asking: Asking, replies: Replies) -> _Scores:
    """Return the mean score of each model on each query, over raters and over its replies."""
    rows, means = [], []
    for question in questions:
        said = said_of(question, Scope.CONVERSATION, asking, replies)
        points = np.array([float(o.code) if o.value is None else o.value for o in question.options])
        rows.append(said.row)
        means.append(said.counts @ points / said.counts.sum(axis=1))
    both, first, second = np.intersect1d(rows[0], rows[1], return_indices=True)
    score = np.column_stack([means[0][first], means[1][second]])
    cells = np.column_stack([replies.query[both], replies.model[both]])
    known, start, place = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    number = np.bincount(place.ravel(), minlength=len(known))
    sums = [np.bincount(place.ravel(), weights=one, minlength=len(known)) for one in score.T]
    mean = np.column_stack([one / np.maximum(number, 1) for one in sums])
    return _Scores(known[:, 0], known[:, 1], replies.reply[both[start]], mean)


def _outliers(
    scores: _Scores, place: Ints, models: dict[int, str]
) -> tuple[int, tuple[OutlyingReply, ...]]:
    known, column = np.unique(scores.model, return_inverse=True)
    found: list[tuple[int, int, float, float]] = []
    for question in range(len(SCORES)):
        table = np.full((int(place.max(initial=-1)) + 1, known.size), np.nan)
        table[place, column.ravel()] = scores.score[:, question]
        apart = outlying_scores(table, least=LEAST_POINTS, spreads=SPREADS)
        far = apart.outlying[place, column.ravel()]
        found += [
            (int(row), question, float(others), float(distance))
            for row, others, distance in zip(
                np.flatnonzero(far),
                apart.others[place, column.ravel()][far],
                apart.distance[place, column.ravel()][far],
                strict=True,
            )
        ]
    found.sort(key=lambda one: (-abs(one[3]), int(scores.reply[one[0]]), one[1]))
    shown = found[:MOST_LISTED]
    names = reply_ids(scores.reply[[row for row, *_ in shown]].tolist()) if shown else {}
    queries = query_ids(scores.query[[row for row, *_ in shown]].tolist()) if shown else {}
    return len(found), tuple(
        OutlyingReply(
            names[int(scores.reply[row])],
            models[int(scores.model[row])],
            queries[int(scores.query[row])],
            SCORES[question],
            float(scores.score[row, question]),
            others,
            distance,
        )
        for row, question, others, distance in shown
    )


def _bins(values: Floats) -> tuple[tuple[float, float, int], ...]:
    """Count queries in steps of half a point; the last step holds its upper end."""
    steps = max(int(np.ceil(float(values.max(initial=0.0)) / BIN)), 6)
    number, edges = np.histogram(values, bins=np.arange(steps + 1) * BIN)
    return tuple(
        (float(low), float(high), int(n))
        for low, high, n in zip(edges[:-1], edges[1:], number, strict=True)
    )
