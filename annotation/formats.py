"""The lines of every file that annotation reads, as pydantic models: one validator for all.

``docs/reference/formats.md`` shows them, and ``manage.py file_schemas`` writes their JSON Schema.
"""

import hashlib
import json
import math
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    field_validator,
    model_validator,
)

from annotation import wide_table
from annotation.files import Place, Problem, Record, parsed_json
from annotation.files.inspect_logs import SCORES

LONGEST_ID = 200
LONGEST_VALUE = 120  # so much of a wrong value is repeated
LONGEST_NUMBER = 9
MOST_MESSAGES = 10_000
CONTROL = dict.fromkeys([*range(32), *range(127, 160)])
# What a release's items files say of a text besides; loading derives them again.
DERIVED = ("text_version", "text_sha256", "shown_sha256", "masks")
# What the second reply of a pair has of its own in a row of a release's items files.
SECOND = "_2"
OF_THE_SECOND = ("response_id", "model", "sample", "metadata", "messages")
DERIVED_OF_A_REPLY = (*DERIVED, *(name + SECOND for name in DERIVED))
# What a record may hold besides a reply and what is told of it.
NOT_OF_A_REPLY = frozenset((*DERIVED_OF_A_REPLY, SCORES))
# A release's CSV files name here the cells of a row that have one apostrophe more in front.
ESCAPED = "csv_escaped"


def _clean(text: str) -> str:
    if "\0" not in text and text.isascii():
        return text
    if "\0" in text:
        raise ValueError("holds a NUL character, which no database stores; remove it")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair; it is not valid Unicode") from None
    return text


def _id(value: Any) -> str:
    """Check an id in one step, for every line has half a dozen; most are printable and short."""
    if type(value) is str and value.isprintable() and value.strip() and len(value) <= LONGEST_ID:
        return value
    text = _clean(_text(value))
    if not text.strip():
        raise ValueError("is empty")
    if len(text) > LONGEST_ID:
        raise ValueError(f"is longer than {LONGEST_ID} characters")
    if len(text.translate(CONTROL)) != len(text):
        raise ValueError("holds control characters; an id may hold any other")
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        kind = type(value).__name__
        # pydantic collects ValueError only.
        raise ValueError(f"must be text in quotes, not {kind}: ids are never numbers")  # noqa: TRY004
    return value


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("is empty")
    return text


def _deep_clean(value: Any) -> Any:
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, dict):
        return {_clean(str(key)): _deep_clean(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_deep_clean(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("holds a number too large to be stored")
    return value


Text = Annotated[str, AfterValidator(_clean)]
Words = Annotated[str, AfterValidator(_clean), AfterValidator(_not_blank)]
Id = Annotated[str, PlainValidator(_id, json_schema_input_type=str)]
Json = Annotated[Any, AfterValidator(_deep_clean)]


class Line(BaseModel):
    """Base of every line."""

    model_config = ConfigDict(extra="forbid", strict=True)


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


class JudgmentLine(Line):
    """One answer given elsewhere; without an answer, none of several choices was chosen.

    ``response_id_2`` is the second reply of a pair, which ``slot_2`` stands for. The fields from
    ``wave`` on are those that a release's ``judgments`` files have besides; they tell of the study
    they come from, and loading passes them over.
    """

    response_id: Id
    rater: Id
    question: Id
    response_id_2: Id | None = None
    answer: Words | None = None
    turn: Annotated[int, Field(ge=0, le=32767)] | None = None
    judged_at: str | None = None
    confidence: Words | None = None
    wave: Json = None
    judgment: Json = None
    revision: Json = None
    rubric: Json = None
    rubric_version: Json = None
    guidelines_version: Json = None
    language: Json = None
    client: Json = None
    position: Json = None
    side: Json = None
    text_version: Json = None
    shown_sha256: Json = None
    rule_set: Json = None
    text_version_2: Json = None
    shown_sha256_2: Json = None
    rule_set_2: Json = None
    renderer: Json = None
    specification: Json = None
    specification_version: Json = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The replies that one record holds, where each stands, and what is wrong with the others.

    ``units`` counts what stands or falls alone: a line, or each reply of a row of the wide table.
    """

    replies: tuple[tuple[Place, ReplyLine], ...]
    problems: list[Problem]
    units: int = 1


def replies_in(record: Record) -> Reading:
    """Return the replies in a record of any format of batches."""
    if wide_table.is_wide(record.fields):
        return _wide(record)
    found = reply_lines(record)
    if isinstance(found, list):
        return Reading((), found)
    return Reading(tuple((Place(record.line), reply) for reply in found), [])


def _wide(record: Record) -> Reading:
    replies: list[tuple[Place, ReplyLine]] = []
    problems: list[Problem] = []
    units = 0
    for column, fields in wide_table.replies_of(record.fields):
        units += 1
        found = reply_line(Record(record.line, fields))
        if isinstance(found, ReplyLine):
            replies.append((Place(record.line, column), found))
        else:
            problems += (_of_column(problem, column) for problem in found)
    if not units:
        reason = "has no reply of any model: every column response_… is empty"
        problems.append(Problem(record.line, "", reason))
    return Reading(tuple(replies), problems, max(units, 1))


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


def reply_line(record: Record) -> ReplyLine | list[Problem]:
    """Return the reply in a record of either format, or everything that is wrong with it."""
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
        problems += _whole_number(fields, "sample", record.line)
    fields = {name: value for name, value in fields.items() if value not in ("", None)}
    # Empty ones made here cost a tenth of the copies that pydantic makes of its defaults.
    empty: dict[str, Any] = {"topics": [], "facts": [], "anchors": {}, "metadata": {}}
    checked: ReplyLine | list[Problem] = _validated(ReplyLine, empty | fields, record.line)
    unknown = fields.keys() - _OF_A_REPLY
    kept = {name: fields[name] for name in sorted(unknown)}
    problems += _unstorable(kept, record.line)
    if problems or isinstance(checked, list):
        named = {problem.field for problem in problems}
        more = checked if isinstance(checked, list) else []
        return problems + [problem for problem in more if problem.field not in named]
    if kept:
        checked.metadata = {**kept, **checked.metadata}
    return checked


def response_id(line: ReplyLine) -> str:
    """Return the reply's id: the one given, else one that follows from query, model and sample."""
    if line.response_id is not None:
        return line.response_id
    derived = f"{line.query_id}/{line.model}/{line.sample}"
    if len(derived) <= LONGEST_ID:
        return derived
    return hashlib.sha256(derived.encode()).hexdigest()


def judgment_line(record: Record) -> JudgmentLine | list[Problem]:
    """Return the answer in a record of either format, or everything that is wrong with it."""
    given = unescaped(record.fields)
    fields = {name: value for name, value in given.items() if value not in ("", None)}
    problems = (
        _whole_number(fields, "turn", record.line) if isinstance(fields.get("turn"), str) else []
    )
    for name in ("answer", "confidence"):
        if isinstance(fields.get(name), int) and not isinstance(fields[name], bool):
            fields[name] = str(fields[name])  # a scale point
    checked: JudgmentLine | list[Problem] = _validated(JudgmentLine, fields, record.line)
    if problems or isinstance(checked, list):
        return problems + (checked if isinstance(checked, list) else [])
    return checked


def unescaped(fields: dict[str, Any]) -> dict[str, Any]:
    """Take away the apostrophes that a release's CSV puts before what a spreadsheet would run."""
    if not isinstance(fields.get(ESCAPED), str):
        return dict(fields)
    names = set(fields[ESCAPED].split())
    return {
        name: value.removeprefix("'") if name in names and isinstance(value, str) else value
        for name, value in fields.items()
        if name != ESCAPED
    }


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


def shortened(value: Any) -> str:
    """Return what stands in a field so that a person finds it again: its first signs."""
    text = value if isinstance(value, str) else _dumped(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"


def _dumped(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except ValueError:
        return type(value).__name__


def _unstorable(kept: dict[str, Any], line: int) -> list[Problem]:
    """Return what no database stores of the fields that are kept without being known."""
    problems = []
    for name, value in kept.items():
        try:
            _deep_clean({name: value})
        except ValueError as error:
            problems.append(Problem(line, name, str(error), shortened(value)))
    return problems


def _whole_number(fields: dict[str, Any], name: str, line: int) -> list[Problem]:
    cell = fields.pop(name)
    if not cell.strip():
        return []
    if not (cell.isascii() and cell.isdecimal() and len(cell) <= LONGEST_NUMBER):
        return [Problem(line, name, "must be a whole number", shortened(cell))]
    fields[name] = int(cell)
    return []


def validated_fields(model: type[BaseModel], fields: dict[str, Any], line: int) -> Any:
    """Return the validated line, or its problems; for formats that other apps define."""
    return _validated(model, fields, line)


def _validated(model: type[Any], fields: dict[str, Any], line: int) -> Any:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        return [
            Problem(
                line,
                ".".join(str(part) for part in found["loc"]),
                _sentence(found),
                shortened(found["input"]) if found["type"] != "missing" else "",
            )
            for found in error.errors(include_url=False)
        ]


def _sentence(found: Any) -> str:
    if found["type"] == "missing":
        return "is missing; every line needs it"
    if found["type"] == "extra_forbidden":
        return "is not a field of this format; remove it or check its spelling"
    return str(found["msg"]).removeprefix("Value error, ")
