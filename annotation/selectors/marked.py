"""What raters marked in a text, beside those who read the same text and marked nothing.

Places count in the text as shown, so only raters of one and the same text can be compared: those
whose judgments have the same hash of what was shown and the same renderer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotation import rendering
from annotation.models import Answer, Item, Judgment, Rendering, SpanAnswer, TextVersion
from annotation.selectors.asked import Asked, not_judgeable
from annotation.spans import Place
from annotation.stages import Stage, stored_turn
from annotation.tally import chunks
from annotation.vocabulary import WHOLE_CONVERSATION, ItemKind, Scope, Speaker

ITEMS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Condition:
    """On which earlier answers a question is asked."""

    question_id: int
    codes: tuple[str, ...]


class MarkedPlace(NamedTuple):
    """A stretch that a judgment marked; ``option`` is its kind, where the question has kinds."""

    judgment: int
    slot: int
    message: int
    start: int
    end: int
    option: int | None


@dataclass(frozen=True, slots=True)
class TextRead:
    """One text of an item, or of one turn of it, as shown to all who judged it.

    Attributes:
        raters: of each judgment its rater; those are there too who marked nothing.
        lengths: of each place that could be marked, its code points; None where the text is not
            kept as it was shown then.
    """

    item: int
    turn: int
    cluster: int
    raters: Mapping[int, int]
    places: tuple[MarkedPlace, ...]
    lengths: Mapping[Place, int] | None


class _Judged(NamedTuple):
    """One judgment and what it was made of."""

    item: int
    judgment: int
    rater: int
    cluster: int
    kind: str
    replies: tuple[int, int | None]
    versions: tuple[int, int | None]
    shown: tuple[str, str]
    renderer: int


@dataclass(frozen=True, slots=True)
class _Texts:
    """What is known of the texts of some items: turns, roles and HTML."""

    turns: Mapping[tuple[int, int], int]
    roles: Mapping[tuple[int, int], list[str]]
    html: Mapping[tuple[str, int], list[str]]


def texts_read(asked: Asked, scope: Scope, condition: Condition | None) -> Iterator[TextRead]:
    """Yield every text that somebody judged and was asked to mark, in the items' order.

    Judgments made elsewhere were not asked, except where they brought marked places.

    Args:
        asked: which judgments count, of which question, about turns or about the whole.
        scope: of what the question is asked.
        condition: on what it is asked, where it is not always.
    """
    stream = map(_judged, _judgments(asked).iterator(chunk_size=ITEMS_AT_ONCE))
    by_item = (list(rows) for _, rows in groupby(stream, key=lambda row: row.item))
    for chunk in chunks(by_item, ITEMS_AT_ONCE):
        rows = [row for item in chunk for row in item]
        ids = [row.judgment for row in rows]
        texts, marked = _texts(rows), _marked(asked.question_id, ids)
        met = None if condition is None else _met(condition, ids)
        units: dict[tuple[int, int, tuple[str, str], int], list[_Judged]] = defaultdict(list)
        for row in rows:
            for turn in _turns(row, asked.scope, scope, texts, met):
                units[row.item, turn, row.shown, row.renderer].append(row)
        for (item, turn, _, _), readers in units.items():
            yield TextRead(
                item=item,
                turn=turn,
                cluster=readers[0].cluster,
                raters={row.judgment: row.rater for row in readers},
                places=tuple(
                    place for row in readers for place in marked.get((row.judgment, turn), ())
                ),
                lengths=_lengths(readers[0], turn, texts),
            )


def _judgments(asked: Asked) -> QuerySet[Judgment, tuple[object, ...]]:
    theirs = SpanAnswer.objects.filter(judgment=OuterRef("pk"), question=asked.question_id)
    found = Judgment.objects.filter(
        Q(position__isnull=False) | Exists(theirs),
        current=True,
        rubric__questions=asked.question_id,
        seat__wave__in=asked.waves,
    )
    if asked.until is not None:
        found = found.filter(pk__lte=asked.until)
    refused = not_judgeable(asked.question_id)
    if refused is not None:
        found = found.exclude(pk__in=refused)
    judgments, items = asked.filters.of_judgments(), asked.filters.of_items()
    if judgments is not None:
        found = found.filter(judgments)
    if items is not None:
        found = found.filter(item__in=Item.objects.filter(items).values("pk"))
    return found.order_by("item_id", "pk").values_list(
        "item_id", "pk", "rater_id", "item__scenario_id", "rubric__kind", "item__reply_1_id",
        "item__reply_2_id", "text_version", "text_version_2", "shown_sha256", "shown_sha256_2",
        "renderer",
    )  # fmt: skip


def _judged(row: tuple[object, ...]) -> _Judged:
    *before, first, second, version, version_2, shown, shown_2, renderer = row
    return _Judged._make(
        [*before, (first, second), (version, version_2), (shown, shown_2), renderer]
    )


def _marked(question_id: int, ids: list[int]) -> dict[tuple[int, int], list[MarkedPlace]]:
    rows = SpanAnswer.objects.filter(question=question_id, judgment__in=ids).order_by("pk")
    found: dict[tuple[int, int], list[MarkedPlace]] = defaultdict(list)
    for turn, *place in rows.values_list("turn", "judgment_id", *MarkedPlace._fields[1:]):
        found[place[0], turn].append(MarkedPlace._make(place))
    return found


def _met(condition: Condition, ids: list[int]) -> set[tuple[int, int]]:
    """Return the judgments, with the turn, in which the condition was met."""
    rows = Answer.objects.filter(
        question=condition.question_id, option__code__in=condition.codes, judgment__in=ids
    )
    return set(rows.values_list("judgment_id", "turn"))


def _texts(rows: Iterable[_Judged]) -> _Texts:
    replies = {reply for row in rows for reply in row.replies if reply is not None}
    turns, roles = {}, {}
    known = TextVersion.objects.filter(response__in=replies)
    for reply, number, n, messages in known.values_list(
        "response_id", "number", "turns", "messages"
    ):
        turns[reply, number] = n
        roles[reply, number] = [message["role"] for message in messages]
    shown = {sha256 for row in rows for sha256 in row.shown if sha256}
    made = Rendering.objects.filter(shown_sha256__in=shown)
    html = {
        (sha256, renderer): found
        for sha256, renderer, found in made.values_list("shown_sha256", "renderer", "html")
    }
    return _Texts(turns, roles, html)


def _turns(
    row: _Judged, wanted: Scope, scope: Scope, texts: _Texts, met: set[tuple[int, int]] | None
) -> list[int]:
    """Return under which turns the question was asked in this judgment."""
    n = texts.turns.get((row.replies[0], row.versions[0]), 1)
    if row.kind == ItemKind.PAIR:
        n = 1
    stages = [Stage(turn, n, last=False) for turn in range(1, n + 1) if n > 1]
    stages.append(Stage(WHOLE_CONVERSATION, n, last=True))
    found = {stage.turn: stored_turn(scope, stage) for stage in stages}
    return [
        turn
        for stage, turn in found.items()
        if turn is not None
        and (turn == WHOLE_CONVERSATION) == (wanted != Scope.TURN)
        and (met is None or {(row.judgment, turn), (row.judgment, stage)} & met)
    ]


def _lengths(row: _Judged, turn: int, texts: _Texts) -> dict[Place, int] | None:
    """Return how long each message is that could be marked, as the renderer of then had it."""
    found: dict[Place, int] = {}
    slots = zip(row.replies, row.versions, row.shown, strict=True)
    for slot, (reply, version, sha256) in enumerate(slots, start=1):
        if reply is None:
            continue
        html = texts.html.get((sha256, row.renderer))
        roles = texts.roles.get((reply, version or 0), [])
        if html is not None and len(html) < len(roles):  # the study hid system messages
            roles = [role for role in roles if role != Speaker.SYSTEM]
        if html is None or len(html) != len(roles):
            return None
        said = [one for one, role in zip(html, roles, strict=True) if role == Speaker.ASSISTANT]
        for message, one in enumerate(said, start=1):
            if turn in (WHOLE_CONVERSATION, message):
                found[slot, message] = len(rendering.text_of(one))
    return found
