"""In which order a conversation is judged."""

import pytest

from annotation.stages import Stage, stage_at, stored_turn
from annotation.vocabulary import Scope

BOTH = frozenset({Scope.BOTH})
TURN = frozenset({Scope.TURN})
WHOLE = frozenset({Scope.CONVERSATION})


def walk(scopes, turns):
    """The stages from the first to the last."""
    stages, judged = [], 0
    while not stages or not stages[-1].last:
        stages.append(stage_at(scopes, turns=turns, turns_judged=judged))
        judged = stages[-1].turn
    return [stage.turn for stage in stages]


@pytest.mark.parametrize(
    ("scopes", "turns", "stages"),
    [
        (BOTH, 1, [0]),
        (TURN, 1, [0]),
        (WHOLE, 1, [0]),
        (BOTH, 3, [1, 2, 3, 0]),
        (TURN, 3, [1, 2, 3]),
        (WHOLE, 3, [0]),
        (TURN | WHOLE, 2, [1, 2, 0]),
        (BOTH | TURN, 2, [1, 2, 0]),
    ],
)
def test_R050_turns_come_in_order_and_the_whole_last(scopes, turns, stages):
    assert walk(scopes, turns) == stages


@pytest.mark.parametrize(
    ("scope", "turn", "turns", "stored"),
    [
        (Scope.TURN, 2, 3, 2),
        (Scope.BOTH, 2, 3, 2),
        (Scope.CONVERSATION, 2, 3, None),
        (Scope.TURN, 0, 3, None),
        (Scope.BOTH, 0, 3, 0),
        (Scope.CONVERSATION, 0, 3, 0),
        (Scope.TURN, 0, 1, 1),
        (Scope.BOTH, 0, 1, 0),
    ],
)
def test_an_answer_is_stored_under_the_turn_it_is_about(scope, turn, turns, stored):
    assert stored_turn(scope, Stage(turn, turns, last=True)) == stored
