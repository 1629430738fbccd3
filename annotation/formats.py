"""The lines of batches as a pydantic model.

``docs/reference/formats.md`` shows them, and ``manage.py file_schemas`` writes their JSON Schema.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from operator import attrgetter, itemgetter
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_core import CoreConfig, CoreSchema, SchemaValidator, core_schema

from annotation import wide_table
from annotation.files import Place, Problem, Record, parsed_json
from annotation.files.inspect_logs import SCORES
from annotation.line_format import (
    LONGEST_ID,
    Id,
    Json,
    Line,
    Text,
    Words,
    shortened,
    unescaped,
    unstorable,
    validated_fields,
    whole_number,
)

MOST_MESSAGES = 10_000
ASSISTANT = "assistant"
# What a release's items files say of a text besides; loading derives them again.
DERIVED = ("text_version", "text_sha256", "shown_sha256", "masks")
# What the second reply of a pair has of its own in a row of a release's items files.
SECOND = "_2"
OF_THE_SECOND = ("response_id", "model", "sample", "metadata", "messages")
DERIVED_OF_A_REPLY = (*DERIVED, *(name + SECOND for name in DERIVED))
# What a record may hold besides a reply and what is told of it.
NOT_OF_A_REPLY = frozenset((*DERIVED_OF_A_REPLY, SCORES))


class Message(Line):
    """One message of a conversation; an empty one is kept, for real conversations have them."""

    role: Literal["system", "user", "assistant"]
    content: Text


class ReplyLine(Line):
    """One reply of a batch. Fields that are not named here are kept in ``metadata``."""

    model_config = ConfigDict(extra="ignore", strict=True)

    query_id: Id
    model: Id
    value_a: Id
    value_b: Id
    messages: Annotated[list[Message], Field(min_length=1, max_length=MOST_MESSAGES)]
    response_id: Id | None = None
    scenario_id: Id | None = None
    framing: Literal["neutral", "value_a", "value_b"] = "neutral"
    sample: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    language: Annotated[Text, Field(max_length=35)] = ""
    topics: list[Words] = []
    facts: list[Words] = []
    anchors: dict[Literal["value_a", "value_b"], Annotated[list[Text], Field(max_length=7)]] = {}
    metadata: dict[str, Json] = {}

    @field_validator("messages")
    @classmethod
    def _has_a_reply(cls, messages: list[Message]) -> list[Message]:
        if not any(message.role == "assistant" for message in messages):
            raise ValueError("has no message of the role assistant: there is nothing to judge")
        return messages

    @model_validator(mode="after")
    def _two_values(self) -> "ReplyLine":
        if self.value_a == self.value_b:
            raise ValueError("value_b is the same as value_a: name the two values in conflict")
        return self


_OF_A_REPLY = frozenset(ReplyLine.model_fields)


class Reply(NamedTuple):
    """A good reply; ``said`` is who said what, in order. What a line left out is empty."""

    query_id: str
    model: str
    value_a: str
    value_b: str
    said: list[tuple[str, str]]
    response_id: str | None
    scenario_id: str | None
    framing: str
    sample: int
    language: str
    topics: list[str]
    facts: list[str]
    anchors: dict[str, list[str]]
    metadata: dict[str, Any]


# As a reply's fields come in a line and in a checked line, and what a line may leave out.
_REPLY_FIELDS = tuple("messages" if name == "said" else name for name in Reply._fields)
_LEFT_OUT = {
    name: field.get_default(call_default_factory=False)
    for name, field in ReplyLine.model_fields.items()
    if not field.is_required()
}
_values_of_line = itemgetter(*_REPLY_FIELDS)
_values_of_checked = attrgetter(*_REPLY_FIELDS)
_SAID = _REPLY_FIELDS.index("messages")

# Ids as nearly all are, checked without a call of ours: no control characters, no space in front.
_PlainId = Annotated[str, Field(max_length=LONGEST_ID, pattern=r"^[^\p{Cc}\s][^\p{Cc}]*$")]


_PLAIN_ID = SchemaValidator(TypeAdapter(_PlainId).core_schema, CoreConfig(strict=True))


def _plain_schema(model: type[BaseModel], **instead: CoreSchema) -> CoreSchema:
    """Return what checks a line of JSON of such a model and leaves it a dict, but for ``instead``.

    An object of the model takes twice as long to be made as all of its fields to be checked.
    """
    plain_ids = {Id: _PlainId, Id | None: _PlainId | None}
    fields = {}
    for name, field in model.model_fields.items():
        kind: Any = field.rebuild_annotation()
        fields[name] = core_schema.typed_dict_field(
            instead.get(name) or TypeAdapter(plain_ids.get(kind, kind)).core_schema,
            required=field.is_required(),
        )
    return core_schema.typed_dict_schema(fields, extra_behavior="forbid", strict=True)


_PLAIN = SchemaValidator(
    _plain_schema(
        ReplyLine,
        messages=core_schema.list_schema(
            _plain_schema(Message), min_length=1, max_length=MOST_MESSAGES
        ),
    ),
    CoreConfig(strict=True),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """The replies that one record holds, where each stands, and what is wrong with the others.

    ``units`` counts what stands or falls alone: a line, or each reply of a row of the wide table.
    """

    replies: tuple[tuple[Place, Reply], ...]
    problems: list[Problem]
    units: int = 1


def replies_in(record: Record) -> Reading:
    """Return the replies in a record of any format of batches."""
    plain = _plain_reply(record.fields)
    if plain is not None:
        return Reading(((Place(record.line), plain),), [])
    if wide_table.is_wide(record.fields):
        return _wide(record)
    found = reply_lines(record)
    if isinstance(found, list):
        return Reading((), found)
    return Reading(tuple((Place(record.line), reply_of(line)) for line in found), [])


def _wide(record: Record) -> Reading:
    parts = list(wide_table.replies_of(record.fields))
    plain = _plain_row(parts)
    if plain is not None:
        return Reading(tuple(zip(_places(record, parts), plain, strict=True)), [], len(parts))
    replies: list[tuple[Place, Reply]] = []
    problems: list[Problem] = []
    for place, (column, fields) in zip(_places(record, parts), parts, strict=True):
        found = reply(Record(record.line, fields))
        if isinstance(found, Reply):
            replies.append((place, found))
        else:
            problems += (_of_column(problem, column) for problem in found)
    if not parts:
        reason = "has no reply of any model: every column response_… is empty"
        problems.append(Problem(record.line, "", reason))
    return Reading(tuple(replies), problems, max(len(parts), 1))


def _places(record: Record, parts: Sequence[tuple[str, Any]]) -> list[Place]:
    return [Place(record.line, column) for column, _ in parts]


def _plain_row(parts: Sequence[tuple[str, Mapping[str, Any]]]) -> list[Reply] | None:
    """Return the replies of a row if all are so at first sight; what they share is checked once."""
    if not parts or not all(_is_plain_id(fields["model"]) for _, fields in parts):
        return None
    _, first = parts[0]
    answers = [fields["messages"][1] for _, fields in parts]
    row = _plain_reply({**first, "messages": [first["messages"][0], *answers]})
    if row is None:
        return None
    prompt, *said = row.said
    return [
        row._replace(model=fields["model"], said=[prompt, one])
        for (_, fields), one in zip(parts, said, strict=True)
    ]


@lru_cache(maxsize=1_024)
def _is_plain_id(text: str) -> bool:
    return _PLAIN_ID.isinstance_python(text)


# What a reply's fields are called in the wide table.
_WIDE_NAMES = {
    "value_a": "value1",
    "value_b": "value2",
    "framing": "nudge_direction",
    "query_id": "chunk_index, entry_idx",
    "messages.0.content": "query",
}


def _of_column(problem: Problem, column: str) -> Problem:
    name = _WIDE_NAMES.get(problem.field, problem.field)
    if name.startswith("messages"):
        name = column
    return replace(problem, field=name, part=column)


def reply_lines(record: Record) -> tuple[ReplyLine, ...] | list[Problem]:
    """Return the replies in a record: one, or the two of a pair in a release's items files."""
    fields = unescaped(record.fields)
    if fields.get("response_id" + SECOND) in ("", None):
        found = reply_line(record)
        return found if isinstance(found, list) else (found,)
    own = {name: name + SECOND for name in OF_THE_SECOND}
    shared = {name: value for name, value in fields.items() if name not in own.values()}
    of_second = {name: fields[given] for name, given in own.items() if given in fields}
    second = {name: value for name, value in shared.items() if name not in own} | of_second
    replies = (reply_line(Record(record.line, shared)), reply_line(Record(record.line, second)))
    named: tuple[dict[str, str], ...] = ({}, own)
    problems = [
        Problem(problem.line, names.get(problem.field, problem.field), problem.reason)
        for names, reply in zip(named, replies, strict=True)
        if isinstance(reply, list)
        for problem in reply
    ]
    if problems:
        return list(dict.fromkeys(problems))
    return tuple(reply for reply in replies if isinstance(reply, ReplyLine))


def reply(record: Record) -> Reply | list[Problem]:
    """Return the one reply in a record of either format, or everything that is wrong with it."""
    plain = _plain_reply(record.fields)
    if plain is not None:
        return plain
    checked = reply_line(record)
    return checked if isinstance(checked, list) else reply_of(checked)


def reply_of(line: ReplyLine) -> Reply:
    """Return the reply that a checked line holds."""
    values = list(_values_of_checked(line))
    values[_SAID] = [(message.role, message.content) for message in line.messages]
    return Reply._make(values)


def _plain_reply(fields: Mapping[str, Any]) -> Reply | None:
    """Return the reply if it is one at first sight, as nearly all are."""
    try:
        found = _PLAIN.validate_python(fields)
    except ValidationError:
        return None
    values = list(_values_of_line(_LEFT_OUT | found))
    values[_SAID] = said = [(one["role"], one["content"]) for one in found["messages"]]
    if found["value_a"] == found["value_b"] or ASSISTANT not in [role for role, _ in said]:
        return None
    return Reply._make(values)


def _empty() -> dict[str, Any]:
    """Return what a line may leave out; pydantic's copies of its defaults take ten times longer."""
    return {"topics": [], "facts": [], "anchors": {}, "metadata": {}}


def reply_line(record: Record) -> ReplyLine | list[Problem]:
    """Return the checked line of a record of either format, or everything that is wrong with it."""
    fields = unescaped(record.fields)
    for name in NOT_OF_A_REPLY & fields.keys():
        del fields[name]
    problems: list[Problem] = []
    if not fields.get("messages") and ("prompt" in fields or "response" in fields):
        fields["messages"] = [
            {"role": role, "content": fields.pop(column)}
            for column, role in (("prompt", "user"), ("response", "assistant"))
            if fields.get(column)
        ]
    for name in ("messages", "topics", "facts", "anchors", "metadata"):
        # A CSV cell holds these as JSON, or nothing.
        if isinstance(fields.get(name), str):
            problems += _from_cell(fields, name, record.line)
    if isinstance(fields.get("sample"), str):
        problems += whole_number(fields, "sample", record.line)
    fields = {name: value for name, value in fields.items() if value not in ("", None)}
    checked: ReplyLine | list[Problem] = validated_fields(ReplyLine, _empty() | fields, record.line)
    unknown = fields.keys() - _OF_A_REPLY
    kept = {name: fields[name] for name in sorted(unknown)}
    problems += unstorable(kept, record.line)
    if problems or isinstance(checked, list):
        named = {problem.field for problem in problems}
        more = checked if isinstance(checked, list) else []
        return problems + [problem for problem in more if problem.field not in named]
    if kept:
        checked.metadata = {**kept, **checked.metadata}
    return checked


def response_id(line: Reply | ReplyLine) -> str:
    """Return the reply's id: the one given, else one that follows from query, model and sample."""
    if line.response_id is not None:
        return line.response_id
    derived = f"{line.query_id}/{line.model}/{line.sample}"
    if len(derived) <= LONGEST_ID:
        return derived
    return hashlib.sha256(derived.encode()).hexdigest()


def _from_cell(fields: dict[str, Any], name: str, line: int) -> list[Problem]:
    cell = fields.pop(name)
    if not cell.strip():
        return []
    if name in {"topics", "facts"} and not cell.lstrip().startswith("["):
        fields[name] = [part.strip() for part in cell.split(";") if part.strip()]
        return []
    try:
        fields[name] = parsed_json(cell)
    except ValueError as error:
        reason = f"is not JSON ({error}); write it as the JSON Lines format does"
        return [Problem(line, name, reason, shortened(cell))]
    return []
