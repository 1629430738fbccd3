"""The lines of a file of judgments that were made elsewhere."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from annotation.files import Problem, Record
from annotation.line_format import Id, Json, Line, Words, unescaped, validated_fields, whole_number


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


def judgment_line(record: Record) -> JudgmentLine | list[Problem]:
    """Return the answer in a record of either format, or everything that is wrong with it."""
    found: JudgmentLine | list[Problem] = answer_line(JudgmentLine, record)
    return found


def answer_line(model: type[BaseModel], record: Record) -> Any:
    """Return the line that gives an answer, or its problems; scale points may be numbers."""
    given = unescaped(record.fields)
    fields = {name: value for name, value in given.items() if value not in ("", None)}
    problems = (
        whole_number(fields, "turn", record.line) if isinstance(fields.get("turn"), str) else []
    )
    for name in ("answer", "confidence"):
        if isinstance(fields.get(name), int) and not isinstance(fields[name], bool):
            fields[name] = str(fields[name])  # a scale point
    checked = validated_fields(model, fields, record.line)
    if problems or isinstance(checked, list):
        return problems + (checked if isinstance(checked, list) else [])
    return checked
