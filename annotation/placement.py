"""Where an answer from elsewhere belongs: to the whole conversation, or to one turn. Pure."""

from annotation.plans import QuestionPlan
from annotation.vocabulary import WHOLE_CONVERSATION, Scope


def placed(question: QuestionPlan, turn: int | None, turns: int) -> int | str:
    """Return the turn to store an answer under, or a sentence saying why it cannot be.

    ``turn`` counts the reply's messages from 1; 0 or None names the whole conversation. A reply
    of one turn may be named either way.
    """
    asked_of_turns = question.scope in (Scope.TURN, Scope.BOTH)
    if not turn:
        if question.scope != Scope.TURN:
            return WHOLE_CONVERSATION
        return 1 if turns == 1 else f"turn is missing: {question.key!r} is asked of each turn"
    if turn > turns:
        return f"turn {turn} is beyond the reply's {turns}"
    if turns == 1 and question.scope != Scope.TURN:
        return WHOLE_CONVERSATION
    return turn if asked_of_turns else f"turn: {question.key!r} is asked of the whole conversation"
