"""One item for a researcher: the conversation, who wrote it, what people and judges said."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse

from annotation.selectors.safe_html import safe_html
from evaluation.services.items import ItemDetail, RaterAnswers, item_detail
from evaluation.views.pages import Visit, researchers

NAME_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Message:
    """One message as safe HTML; ``turn`` counts the reply's messages, 0 for the others."""

    speaker: str
    html: str
    turn: int


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one rater said of one turn, or of the whole: a cell for each question."""

    rater: str
    wave: str
    turn: int
    cells: tuple[str, ...]


@researchers("judges")
def item(visit: Visit, item_id: int) -> HttpResponse:
    """Show an item with all that was said of it; raters never see this page."""
    found = item_detail(visit.study, item_id)
    questions = [question.key for question in visit.study.rubric.questions]
    context = {
        "item": found.facts,
        "messages_shown": _messages(found),
        "questions": questions,
        "rows": [row for one in found.raters for row in _rows(one, questions)],
        "raters": len(found.raters),
        "verdicts": found.verdicts,
    }
    return visit.page("item.html", context)


def _messages(found: ItemDetail) -> list[Message]:
    given = found.facts.messages
    html = safe_html(message.content for message in given)
    return [Message(m.role, safe, m.turn) for m, safe in zip(given, html, strict=True)]


def _rows(one: RaterAnswers, questions: list[str]) -> Iterator[AnswerRow]:
    """Yield a row for each turn the rater answered, the whole conversation last."""
    said: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for answer in one.judgment.answers:
        said[answer.turn][answer.question].append(answer.words)
    for turn in sorted(said, key=lambda turn: (turn == 0, turn)):
        cells = tuple(", ".join(said[turn][key]) for key in questions)
        yield AnswerRow(one.rater[:NAME_SHOWN], one.judgment.wave, turn, cells)
