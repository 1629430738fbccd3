"""Where raters disagree: items at which too few chose what most chose, or none was chosen most."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Asked
from annotation.selectors.labels import choices, option_counts
from annotation.vocabulary import DEFAULT_WAVES, WHOLE_CONVERSATION, QuestionType, Scope

# How many raters chose each option, or each set of several.
Votes = list[int]


@dataclass(frozen=True, slots=True)
class Rule:
    """What disagreement is: about which question, at which turn, how much of it, among how many.

    Attributes:
        question: a closed one.
        turn: 0 the whole conversation, a number that turn, None any turn.
        share_below: the largest share of raters with one answer is less than this; None asks for a
            tie, where two or more answers were given most often.
        at_least: so many raters answered there; before that nobody can say.
    """

    question: QuestionPlan
    turn: int | None
    share_below: Decimal | None
    at_least: int

    def is_met(self, votes: Votes) -> bool:
        """Say whether raters who voted so disagree by this rule."""
        n = sum(votes)
        if n < max(self.at_least, 2):
            return False
        most = max(votes)
        if self.share_below is None:
            return votes.count(most) > 1
        return most < self.share_below * n

    def as_json(self) -> dict[str, Any]:
        """Return the rule as an opening keeps it."""
        about = {None: "any turn", WHOLE_CONVERSATION: "the whole"}.get(self.turn, self.turn)
        how = {"tie": True} if self.share_below is None else {"share_below": str(self.share_below)}
        return {
            "question": self.question.key,
            "about": about,
            **how,
            "judged_at_least": self.at_least,
            "waves": [str(wave.label) for wave in DEFAULT_WAVES],
        }

    def __str__(self) -> str:
        about = {None: ", at some turn", WHOLE_CONVERSATION: ""}.get(
            self.turn, f", at turn {self.turn}"
        )
        how = (
            "no answer was given most often"
            if self.share_below is None
            else f"the most frequent answer has a share below {self.share_below}"
        )
        return f"{self.question.key}{about}: {how}, of {self.at_least} raters or more"


def disputed_items(rule: Rule) -> Iterator[int]:
    """Yield the items at which raters disagree, from what the labels are made of.

    That is current answers of the first wave and imported ones: a later wave does not make or
    settle the disagreement that it was opened for. One grouped walk, streamed.
    """
    before: int | None = None
    for item, votes in _votes(rule):
        if item != before and rule.is_met(votes):
            before = item
            yield item


def _votes(rule: Rule) -> Iterator[tuple[int, Votes]]:
    """Yield each unit's item with how often each answer was given, by item and turn."""
    scope = Scope.CONVERSATION if rule.turn == WHOLE_CONVERSATION else Scope.TURN
    asked = Asked(rule.question.id, scope)
    for (item, turn), votes in _by_unit(rule.question, asked):
        if rule.turn in (None, turn):
            yield item, votes


def _by_unit(question: QuestionPlan, asked: Asked) -> Iterator[tuple[tuple[int, int], Votes]]:
    if question.type != QuestionType.SEVERAL:
        for unit, rows in groupby(option_counts(asked), key=lambda row: (row.item, row.turn)):
            yield unit, [row.raters for row in rows]
        return
    for unit, chosen in groupby(choices(asked), key=lambda row: (row.item, row.turn)):
        yield unit, _sets(chosen)


def _sets(chosen: Iterable[Any]) -> Votes:
    """Count the raters of each set of several choices; the row "asked" is in every set."""
    by_judgment = groupby(chosen, key=lambda row: row.judgment)
    return list(Counter(frozenset(row.option for row in rows) for _, rows in by_judgment).values())
