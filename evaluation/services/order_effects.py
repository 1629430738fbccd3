"""Whether answers depend on the order of things: which reply stood left, which item came first."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from annotation.plans import QuestionPlan
from annotation.selectors.asked import NO_FILTERS
from annotation.selectors.items import SLOTS
from annotation.selectors.orders import SidedAnswers, placed_answers, sided_answers
from annotation.selectors.profiles import model_keys
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import PAIR_OPTIONS, QuestionType, Scope
from evaluation.services import asking
from evaluation.services.coefficients import coefficient_json
from evaluation.services.questions import Meant, meant
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import cluster_proportion
from evaluation.stats.order_effects import (
    Balance,
    HalfTested,
    Shift,
    Shifts,
    balances,
    early_and_later,
    share_against_half,
)
from evaluation.stats.ratio_contrasts import Contrast, ratio_difference

# Early are a rater's first so many items.
FIRST_PLACES = 5
SLOT_CODES = PAIR_OPTIONS[:2]
LEFT_SHARE, WINS_LEFT, WINS_RIGHT = "left_share", "preferred_left", "preferred_right"
BY_SIDE = "left_minus_right"
SHIFT = "early_minus_later"


@dataclass(frozen=True, slots=True)
class ModelPair:
    """Two models: how often each stood left, and whether the first wins there more often.

    ``balance`` is of all judgments; ``left`` and ``right`` are how often the first is preferred
    where it stood there, of the judgments that prefer one, and ``contrast`` the difference.
    """

    first: str
    second: str
    balance: Balance
    left: Estimate
    right: Estimate
    contrast: Contrast

    @property
    def depends_on_side(self) -> bool:
        """Say whether another one of the two is preferred on the left than on the right."""
        one, other = self.left.value, self.right.value
        return one is not None and other is not None and (one - 0.5) * (other - 0.5) < 0

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        found = self.balance
        return {
            "first": self.first,
            "second": self.second,
            "judgments": found.total,
            "first_left": found.first,
            "expected": found.expected,
            "difference": found.difference,
            "p": found.p,
            "p_holm": found.p_holm,
            "balanced": found.balanced,
            WINS_LEFT: coefficient_json(WINS_LEFT, self.left),
            WINS_RIGHT: coefficient_json(WINS_RIGHT, self.right),
            BY_SIDE: coefficient_json(BY_SIDE, self.contrast.difference),
            "by_side_p": self.contrast.p,
            "depends_on_side": self.depends_on_side,
        }


@dataclass(frozen=True, slots=True)
class LeftRight:
    """A question about two replies: how often the one that stood left is preferred.

    ``undecided`` counts judgments that prefer none, as ties; ``unknown`` those whose side is not
    known; ``same_model`` those of two replies by one model, which are in no pair of models.
    """

    judgments: int
    preferring: int
    left: int
    undecided: int
    unknown: int
    same_model: int
    share: HalfTested
    pairs: tuple[ModelPair, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "judgments": self.judgments,
            "preferring": self.preferring,
            "left": self.left,
            "undecided": self.undecided,
            "side_unknown": self.unknown,
            "same_model": self.same_model,
            LEFT_SHARE: coefficient_json(LEFT_SHARE, self.share.share),
            "p": self.share.p,
            "model_pairs": [one.as_json() for one in self.pairs],
        }


@dataclass(frozen=True, slots=True)
class FirstPlaces:
    """Answers at a rater's first places beside the later ones; ``unplaced`` have no place."""

    shifts: Shifts
    unplaced: int
    options: tuple[tuple[str, str, Shift], ...]

    @property
    def ratings(self) -> int:
        """How many answers there are, with a place or without."""
        return self.shifts.early + self.shifts.later + self.unplaced

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "first_places": FIRST_PLACES,
            "early": self.shifts.early,
            "later": self.shifts.later,
            "unplaced": self.unplaced,
            "raters": self.shifts.raters,
            "raters_in_both": self.shifts.in_both,
            "options": [
                {
                    "option": code,
                    "early": one.early,
                    "later": one.later,
                    "early_share": one.early_share,
                    "later_share": one.later_share,
                    SHIFT: coefficient_json(SHIFT, one.difference),
                    "p": one.p,
                    "p_holm": one.p_holm,
                }
                for code, _, one in self.options
            ],
        }


@dataclass(frozen=True, slots=True)
class OrderEffects:
    """One question in one scope; ``sides`` and ``places`` are None where they do not apply.

    Sides apply to a question about two replies, places to one that takes one answer.
    """

    meant: Meant
    filters: dict[str, Any]
    sides: LeftRight | None
    places: FirstPlaces | None

    @property
    def ratings(self) -> int:
        """How many answers were looked at."""
        return self.places.ratings if self.places else 0

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "key": self.meant.question.key,
            "scope": str(self.meant.scope),
            "filters": self.filters,
            "cluster": self.meant.cluster,
            "left_right": self.sides.as_json() if self.sides else None,
            "first_places": self.places.as_json() if self.places else None,
        }


def report(
    study: StudyFacts,
    *,
    question: str | None = None,
    scope: str | None = None,
    exclusions: bool = True,
) -> list[OrderEffects]:
    """Return the effects of order on each closed question that is asked, or on one.

    Raises:
        QuestionUnknown: the rubric asks no such closed question, or not in this scope.
    """
    filters = asking.counting(study) if exclusions else NO_FILTERS
    found = [of_question(study, one) for one in meant(study, question, scope, filters=filters)]
    return [one for one in found if one.ratings or scope or not _needless(one.meant)]


def as_json(study: StudyFacts, found: list[OrderEffects]) -> dict[str, Any]:
    """Return a report in the one shape that command and API share."""
    return {"study": study.slug, "questions": [one.as_json() for one in found]}


def of_question(study: StudyFacts, one: Meant) -> OrderEffects:
    """Return the effects of order on one question."""
    plan = one.question
    takes_one = plan.type != QuestionType.SEVERAL
    about_two = takes_one and all(plan.option(code) for code in SLOT_CODES)
    return OrderEffects(
        meant=one,
        filters=one.filters_json(study),
        sides=_left_right(plan, list(sided_answers(one.asked)), study) if about_two else None,
        places=_first_places(one) if takes_one else None,
    )


def _needless(one: Meant) -> bool:
    """Say whether a question asks of turns besides: where replies have but one, nobody was."""
    return one.question.scope == Scope.BOTH and one.scope == Scope.TURN


class _Sums:
    """Judgments that prefer a reply, by cluster: ``won`` of ``of``, on either side."""

    def __init__(self) -> None:
        self.cells: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0, 0])

    def add(self, cluster: int, *, right: bool, won: int, of: int) -> None:
        """Count judgments of one cluster."""
        cell = self.cells[cluster]
        cell[2 * right] += won
        cell[2 * right + 1] += of

    def columns(self) -> list[list[int]]:
        """Return won and of on the left, won and of on the right, a cluster each."""
        table = np.array([self.cells[one] for one in sorted(self.cells)], dtype=np.int64)
        return [list(map(int, column)) for column in table.reshape(-1, 4).T]


def _left_right(plan: QuestionPlan, rows: list[SidedAnswers], study: StudyFacts) -> LeftRight:
    slots = {
        option.id: SLOT_CODES.index(option.code) + 1
        for option in map(plan.option, SLOT_CODES)
        if option
    }
    known = [row for row in rows if row.side is not None]
    chosen = [(row, slots[row.option]) for row in known if row.option in slots]
    left = _Sums()
    for row, slot in chosen:
        n = row.judgments
        left.add(row.cluster, right=False, won=n * (slot == row.side), of=n)
    won, of, _, _ = left.columns()
    judged = sum(row.judgments for row in rows)
    with_side = sum(row.judgments for row in known)
    preferring = sum(of)
    return LeftRight(
        judgments=judged,
        preferring=preferring,
        left=sum(won),
        undecided=with_side - preferring,
        unknown=judged - with_side,
        same_model=sum(row.judgments for row in known if row.first_model == row.second_model),
        share=share_against_half(won, of, name=LEFT_SHARE),
        pairs=_pairs(known, slots, model_keys(study.id)),
    )


def _pairs(
    rows: list[SidedAnswers], slots: dict[int, int], keys: dict[int, str]
) -> tuple[ModelPair, ...]:
    """Return each two models that were judged side by side, by their names."""
    stood: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    wins: dict[tuple[str, str], _Sums] = defaultdict(_Sums)
    for row in rows:
        if row.first_model == row.second_model:
            continue
        names = keys[row.first_model], keys[row.second_model]
        pair = min(names), max(names)
        slot_of_first = 1 + names.index(pair[0])
        is_left = row.side == slot_of_first
        stood[pair][0] += row.judgments * is_left
        stood[pair][1] += row.judgments
        if row.option in slots:
            won = row.judgments * (slots[row.option] == slot_of_first)
            wins[pair].add(row.cluster, right=not is_left, won=won, of=row.judgments)
    named = sorted(stood)
    found = balances([stood[one][0] for one in named], [stood[one][1] for one in named])
    return tuple(
        _pair(*pair, balance, wins[pair]) for pair, balance in zip(named, found, strict=True)
    )


def _pair(first: str, second: str, balance: Balance, wins: _Sums) -> ModelPair:
    left_won, left_of, right_won, right_of = wins.columns()
    return ModelPair(
        first,
        second,
        balance,
        cluster_proportion(left_won, left_of, name=WINS_LEFT),
        cluster_proportion(right_won, right_of, name=WINS_RIGHT),
        ratio_difference(
            left_won, left_of, right_won, right_of, lower=-1.0, upper=1.0, name=BY_SIDE
        ),
    )


def _first_places(one: Meant) -> FirstPlaces:
    options = one.question.options
    column = {option.id: at for at, option in enumerate(options)}
    rows = list(placed_answers(one.asked, first=FIRST_PLACES))
    raters = {rater: at for at, rater in enumerate(sorted({row.rater for row in rows}))}
    early = np.zeros((len(raters), len(options)), dtype=np.int64)
    later = np.zeros_like(early)
    for row in rows:
        at = raters[row.rater], column[row.option]
        early[at] += row.early
        later[at] += row.placed - row.early
    shifts = early_and_later(early, later)
    return FirstPlaces(
        shifts,
        sum(row.all - row.placed for row in rows),
        tuple(
            (option.code, SLOTS.get(option.code, option.label), shift)
            for option, shift in zip(options, shifts.options, strict=True)
        ),
    )
