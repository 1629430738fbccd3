"""Items as researchers may see them, who wrote the reply included: never for raters."""

from collections.abc import Iterable
from dataclasses import dataclass

from annotation.models import Answer, Item, Judgment, TextAnswer, TextVersion
from annotation.vocabulary import ItemKind, Speaker, Wave


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
class ItemFacts:
    """An item with everything that is known of its reply."""

    item: int
    response: int
    response_id: str
    query_id: str
    scenario_id: str | None
    framing: str
    language: str
    value_a: str
    value_b: str
    model: str
    sample: int
    topics: tuple[str, ...]
    facts: tuple[str, ...]
    text_version: int
    messages: tuple[ItemMessage, ...]


def item_facts(study_id: int, item_id: int) -> ItemFacts | None:
    """Return one item of the study, or None."""
    item = (
        Item.objects.filter(study=study_id, pk=item_id, kind=ItemKind.SINGLE)
        .select_related(
            "scenario", "query__value_a", "query__value_b", "reply_1__model", "reply_1__query"
        )
        .first()
    )
    if item is None:
        return None
    text = TextVersion.objects.get(response=item.reply_1_id, current=True)
    query = item.query
    return ItemFacts(
        item=item.pk,
        response=item.reply_1_id,
        response_id=item.reply_1.external_id,
        query_id=query.external_id,
        scenario_id=item.scenario.external_id,
        framing=query.framing,
        language=query.language,
        value_a=query.value_a.name,
        value_b=query.value_b.name,
        model=item.reply_1.model.key,
        sample=item.reply_1.sample,
        topics=tuple(query.topics),
        facts=tuple(query.facts),
        text_version=text.number,
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
class GivenJudgment:
    """One rater's current judgment of an item."""

    rater: int
    source: str
    wave: str
    revision: int
    text_version: int
    answers: tuple[GivenAnswer, ...]


NONE_CHOSEN = "none of these"


def judgments_at(item: ItemFacts) -> list[GivenJudgment]:
    """Return the current judgments of an item, in the order they were made."""
    current = Judgment.objects.filter(item=item.item, current=True).order_by("pk")
    rows = list(current.select_related("rater", "seat"))
    answers = _answers(item, [row.pk for row in rows])
    return [
        GivenJudgment(
            rater=row.rater_id,
            source=row.rater.source,
            wave=str(Wave(row.seat.wave).label),
            revision=row.revision,
            text_version=row.text_version,
            answers=tuple(answers.get(row.pk, ())),
        )
        for row in rows
    ]


def _answers(item: ItemFacts, judgment_ids: list[int]) -> dict[int, list[GivenAnswer]]:
    def put(text: str) -> str:
        return text.replace("{value_a}", item.value_a).replace("{value_b}", item.value_b)

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
        text = NONE_CHOSEN if asked else put(words)
        answers.append(GivenAnswer(key, put(label), turn, code, text))
    texts = TextAnswer.objects.filter(judgment__in=judgment_ids)
    texts = texts.order_by("judgment_id", "turn", "question__position")
    for pk, key, label, turn, words in texts.values_list(
        "judgment_id", "question__key", "question__label", "turn", "text"
    ):
        found.setdefault(pk, []).append(GivenAnswer(key, put(label), turn, "", words))
    return found
