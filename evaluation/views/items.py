"""One item for a researcher: the conversation, who wrote it, what people and judges said."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from django.http import HttpResponse

from annotation.selectors.items import GivenClause, GivenSpan, ItemFacts, ReplyFacts
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
    slot: int = 1


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply with its conversation; ``number`` is its slot in a pair, empty for one alone."""

    facts: ReplyFacts
    number: str
    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Quote:
    """Words that were marked, what was said of them, and where they stand, if that needs saying."""

    words: str
    kind: str
    where: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What one rater said to one question: options or words, places, and the clauses cited."""

    words: str
    quotes: tuple[Quote, ...]
    clauses: tuple[GivenClause, ...]

    @property
    def empty(self) -> bool:
        """Say whether nothing was said."""
        return not (self.words or self.quotes or self.clauses)


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """What one rater said of one turn, or of the whole: a cell for each question.

    ``late`` and ``first`` stand at the rater's first row alone: how often a turn was answered
    again after later ones were seen, and which reply of a pair stood first.
    """

    rater: str
    wave: str
    turn: int
    cells: tuple[Cell, ...]
    late: int
    first: int | None


@researchers("judges")
def item(visit: Visit, item_id: int) -> HttpResponse:
    """Show an item with all that was said of it; raters never see this page."""
    found = item_detail(visit.study, item_id)
    questions = [question.key for question in visit.study.rubric.questions]
    context = {
        "item": found.facts,
        "replies": _replies(found),
        "questions": questions,
        "rows": [row for one in found.raters for row in _rows(one, questions, found.facts)],
        "raters": len(found.raters),
        "verdicts": found.verdicts,
    }
    return visit.page("item.html", context)


def _replies(found: ItemDetail) -> list[Reply]:
    several = len(found.facts.replies) > 1
    return [
        Reply(reply, str(slot) if several else "", _messages(reply, slot))
        for slot, reply in enumerate(found.facts.replies, start=1)
    ]


def _messages(reply: ReplyFacts, slot: int) -> tuple[Message, ...]:
    html = safe_html(message.content for message in reply.messages)
    shown = zip(reply.messages, html, strict=True)
    return tuple(Message(m.role, safe, m.turn, slot) for m, safe in shown)


def _rows(one: RaterAnswers, questions: list[str], facts: ItemFacts) -> Iterator[AnswerRow]:
    """Yield a row for each turn the rater answered, the whole conversation last."""
    given = one.judgment
    said: dict[tuple[int, str], list[str]] = defaultdict(list)
    for answer in given.answers:
        said[answer.turn, answer.question].append(answer.words)
    marked: dict[tuple[int, str], list[Quote]] = defaultdict(list)
    for span in given.spans:
        marked[span.turn, span.question].append(_quote(span, facts))
    cited: dict[tuple[int, str], list[GivenClause]] = defaultdict(list)
    for clause in given.clauses:
        cited[clause.turn, clause.question].append(clause)
    turns = {turn for turn, _ in (*said, *marked, *cited)} or {0}
    late, first = given.late, given.side
    for turn in sorted(turns, key=lambda turn: (turn == 0, turn)):
        cells = tuple(
            Cell(
                ", ".join(said.get((turn, key), ())),
                tuple(marked.get((turn, key), ())),
                tuple(cited.get((turn, key), ())),
            )
            for key in questions
        )
        yield AnswerRow(one.rater[:NAME_SHOWN], given.wave, turn, cells, late, first)
        late, first = 0, None


def _quote(span: GivenSpan, facts: ItemFacts) -> Quote:
    where = ""
    if len(facts.replies) > 1:
        where = f"reply {span.slot}"
    elif not span.turn and facts.replies[0].turns > 1:
        where = f"turn {span.message}"
    return Quote(span.quote, span.kind, where)
