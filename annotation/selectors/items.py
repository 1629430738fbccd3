"""Items as researchers may see them, who wrote the reply included: never for raters."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from annotation.models import (
    Answer,
    CitedClause,
    Item,
    Judgment,
    Response,
    SpanAnswer,
    TextAnswer,
    TextVersion,
)
from annotation.plans import with_values
from annotation.vocabulary import PAIR_OPTIONS, Speaker, Wave


@dataclass(frozen=True, slots=True)
class ReplyPlace:
    """What is needed of a reply to place an answer at it."""

    id: int
    turns: int


def replies_by_id(study_id: int, ids: Iterable[str]) -> dict[str, ReplyPlace]:
    """Return those of these replies that the study has, by their outside id."""
    rows = TextVersion.objects.filter(
        response__study=study_id, response__external_id__in=set(ids), current=True
    )
    found = rows.values_list("response__external_id", "response_id", "turns")
    return {key: ReplyPlace(pk, turns) for key, pk, turns in found}


def has_more_replies_than(most: int, study_id: int) -> bool:
    """Say whether a study has more replies than this; one walk over so many of an index."""
    replies = Response.objects.filter(study=study_id).order_by()
    return replies.values("pk")[most : most + 1].exists()


def reply_ids_of_items(item_ids: Iterable[int]) -> dict[int, str]:
    """Return the outside id of each item's reply."""
    found = Item.objects.filter(pk__in=set(item_ids))
    return dict(found.values_list("pk", "reply_1__external_id"))


@dataclass(frozen=True, slots=True)
class ItemMessage:
    """One message as it was uploaded; ``turn`` counts the reply's messages, 0 for the others."""

    role: str
    content: str
    turn: int


@dataclass(frozen=True, slots=True)
class ReplyFacts:
    """One of an item's replies as it is now, and who wrote it."""

    id: int
    response_id: str
    model: str
    sample: int
    text_version: int
    turns: int
    messages: tuple[ItemMessage, ...]


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """An item with everything that is known of its reply, or of its two by slot."""

    item: int
    replies: tuple[ReplyFacts, ...]
    query_id: str
    scenario_id: str | None
    framing: str
    language: str
    value_a: str
    value_b: str
    topics: tuple[str, ...]
    facts: tuple[str, ...]

    @property
    def name(self) -> str:
        """What the item is called: the ids of its replies."""
        return " and ".join(reply.response_id for reply in self.replies)


def item_facts(study_id: int, item_id: int) -> ItemFacts | None:
    """Return one item of the study, or None."""
    item = (
        Item.objects.filter(study=study_id, pk=item_id)
        .select_related("scenario", "query__value_a", "query__value_b")
        .first()
    )
    if item is None:
        return None
    query = item.query
    return ItemFacts(
        item=item.pk,
        replies=tuple(_reply(pk) for pk in (item.reply_1_id, item.reply_2_id) if pk is not None),
        query_id=query.external_id,
        scenario_id=item.scenario.external_id,
        framing=query.framing,
        language=query.language,
        value_a=query.value_a.name,
        value_b=query.value_b.name,
        topics=tuple(query.topics),
        facts=tuple(query.facts),
    )


def _reply(reply_id: int) -> ReplyFacts:
    current = TextVersion.objects.select_related("response__model")
    text = current.get(response=reply_id, current=True)
    return ReplyFacts(
        id=reply_id,
        response_id=text.response.external_id,
        model=text.response.model.key,
        sample=text.response.sample,
        text_version=text.number,
        turns=text.turns,
        messages=_numbered(text.messages),
    )


def _numbered(messages: list[dict[str, str]]) -> tuple[ItemMessage, ...]:
    found = []
    turn = 0
    for message in messages:
        is_reply = message["role"] == Speaker.ASSISTANT
        turn += is_reply
        found.append(ItemMessage(message["role"], message["content"], turn if is_reply else 0))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    """One answer in words; ``code`` is empty for a text and for "none of these"."""

    question: str
    question_label: str
    turn: int
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class GivenSpan:
    """Words that were marked as evidence, where they stand, and what was said of them."""

    question: str
    turn: int
    slot: int
    message: int
    quote: str
    kind: str


@dataclass(frozen=True, slots=True)
class GivenClause:
    """A clause that decided an answer, and what it did for it."""

    question: str
    turn: int
    clause: str
    role: str


@dataclass(frozen=True, slots=True)
class GivenJudgment:
    """One rater's current judgment of an item.

    ``late`` counts how often they answered a turn again after later turns were seen; nothing of
    that is in the answers. ``side`` is the reply of a pair that stood first.
    """

    rater: int
    source: str
    wave: str
    revision: int
    text_version: int
    side: int | None
    late: int
    answers: tuple[GivenAnswer, ...]
    spans: tuple[GivenSpan, ...]
    clauses: tuple[GivenClause, ...]


NONE_CHOSEN = "none of these"
# On a rater's page A and B are what stands first and second; here the replies have numbers.
SLOTS = {PAIR_OPTIONS[0]: "Reply 1", PAIR_OPTIONS[1]: "Reply 2"}


def judgments_at(item: ItemFacts) -> list[GivenJudgment]:
    """Return the current judgments of an item, in the order they were made."""
    current = Judgment.objects.filter(item=item.item, current=True).order_by("pk")
    rows = list(current.select_related("rater", "seat"))
    ids = [row.pk for row in rows]
    answers, spans, clauses = _answers(item, ids), _spans(item, ids), _clauses(ids)
    late = Judgment.objects.filter(item=item.item, late_turn__isnull=False)
    late_of = Counter(late.values_list("seat_id", "rater_id"))
    return [
        GivenJudgment(
            rater=row.rater_id,
            source=row.rater.source,
            wave=str(Wave(row.seat.wave).label),
            revision=row.revision,
            text_version=row.text_version,
            side=row.side,
            late=late_of[row.seat_id, row.rater_id],
            answers=tuple(answers.get(row.pk, ())),
            spans=tuple(spans[row.pk]),
            clauses=tuple(clauses[row.pk]),
        )
        for row in rows
    ]


def _spans(item: ItemFacts, judgment_ids: list[int]) -> dict[int, list[GivenSpan]]:
    found: dict[int, list[GivenSpan]] = defaultdict(list)
    rows = SpanAnswer.objects.filter(judgment__in=judgment_ids).order_by(
        "judgment_id", "question__position", "turn", "slot", "message", "start", "end", "pk"
    )
    fields = ("judgment_id", "question__key", "turn", "slot", "message", "quote", "option__label")
    for pk, key, turn, slot, message, quote, kind in rows.values_list(*fields):
        found[pk].append(GivenSpan(key, turn, slot, message, quote, _put(item, kind or "")))
    return found


def _clauses(judgment_ids: list[int]) -> dict[int, list[GivenClause]]:
    found: dict[int, list[GivenClause]] = defaultdict(list)
    rows = CitedClause.objects.filter(judgment__in=judgment_ids).order_by(
        "judgment_id", "question__position", "turn", "clause__position", "role"
    )
    fields = ("judgment_id", "question__key", "turn", "clause__clause_id", "role")
    for pk, key, turn, clause, role in rows.values_list(*fields):
        found[pk].append(GivenClause(key, turn, clause, role))
    return found


def _answers(item: ItemFacts, judgment_ids: list[int]) -> dict[int, list[GivenAnswer]]:
    found: dict[int, list[GivenAnswer]] = {}
    chosen = Answer.objects.filter(judgment__in=judgment_ids)
    chosen = chosen.order_by("judgment_id", "turn", "question__position", "option__position")
    for pk, key, label, turn, code, words, asked in chosen.values_list(
        "judgment_id",
        "question__key",
        "question__label",
        "turn",
        "option__code",
        "option__label",
        "option__asked",
    ):
        answers = found.setdefault(pk, [])
        if asked and answers and (answers[-1].question, answers[-1].turn) == (key, turn):
            continue  # something was chosen
        of_a_pair = len(item.replies) > 1
        told = SLOTS.get(code, words) if of_a_pair else words
        text = NONE_CHOSEN if asked else _put(item, told)
        answers.append(GivenAnswer(key, _put(item, label), turn, code, text))
    texts = TextAnswer.objects.filter(judgment__in=judgment_ids)
    texts = texts.order_by("judgment_id", "turn", "question__position")
    for pk, key, label, turn, words in texts.values_list(
        "judgment_id", "question__key", "question__label", "turn", "text"
    ):
        found.setdefault(pk, []).append(GivenAnswer(key, _put(item, label), turn, "", words))
    return found


def _put(item: ItemFacts, text: str) -> str:
    return with_values(text, item.value_a, item.value_b)
