"""In which order a conversation is judged: turn by turn, then as a whole. Pure."""

from dataclasses import dataclass

from annotation.vocabulary import WHOLE_CONVERSATION, Scope

ABOUT_A_TURN = (Scope.TURN, Scope.BOTH)
ABOUT_THE_WHOLE = (Scope.CONVERSATION, Scope.BOTH)


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of judging a seat: which turn (0 = the whole), of how many, and is it the last."""

    turn: int
    turns: int
    last: bool


def stage_at(scopes: frozenset[Scope], *, turns: int, turns_judged: int) -> Stage:
    """Return the stage that a seat is at.

    Args:
        scopes: the scopes of the rubric's questions.
        turns: how many turns the reply has.
        turns_judged: how many of them were judged and committed.

    A reply of one turn has one stage: its only turn is the whole. So has a longer one when
    nothing is asked about single turns.
    """
    by_turn = turns > 1 and bool(scopes & {Scope.TURN, Scope.BOTH})
    if not by_turn:
        return Stage(WHOLE_CONVERSATION, turns, last=True)
    if turns_judged < turns:
        last = turns_judged == turns - 1 and not scopes & {Scope.CONVERSATION, Scope.BOTH}
        return Stage(turns_judged + 1, turns, last=last)
    return Stage(WHOLE_CONVERSATION, turns, last=True)


def stored_turn(scope: Scope, stage: Stage) -> int | None:
    """Return the turn under which an answer is stored at a stage; None: it is not asked there."""
    if stage.turn != WHOLE_CONVERSATION:
        return stage.turn if scope in ABOUT_A_TURN else None
    if scope in ABOUT_THE_WHOLE:
        return WHOLE_CONVERSATION
    return 1 if stage.turns == 1 else None
