"""The lines of a file of verdicts, as a pydantic model. Pure."""

import json
import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from annotation.files import Problem, Record
from annotation.line_format import Id, Json, Line, Text, Words, unescaped, validated_fields

SUM_OF_PROBABILITIES_WITHIN = 1e-6
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
FALSE_WORDS = frozenset({"false", "0", "no"})
TRUE_WORDS = frozenset({"true", "1", "yes"})


def _is_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("must be a number")  # noqa: TRY004 - what pydantic listens to
    return value


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be a finite number")
    return value


def _probability(value: float) -> float:
    if not 0 <= value <= 1:
        raise ValueError(f"is {value:g}; a probability lies between 0 and 1")
    return value


Number = Annotated[float, BeforeValidator(_is_number), AfterValidator(_finite)]
Probability = Annotated[Number, AfterValidator(_probability)]
Name = Annotated[Text, Field(max_length=200)]
Version = Annotated[Text, Field(max_length=100)]


class VerdictLine(Line):
    """One answer of a judge; without an answer, none of several choices was chosen.

    A release's ``verdicts`` files say on each line which judge speaks.
    """

    response_id: Id
    question: Id
    answer: Words | None = None
    turn: Annotated[int, Field(ge=0, le=32767)] | None = None
    probability: Probability | None = None
    probabilities: dict[str, Probability] | None = None
    score: Number | None = None
    reasoning: Text = ""
    clauses: list[Words] = []
    judge: Id | None = None
    judge_model: Name = ""
    judge_prompt_version: Version = ""
    judge_rubric_version: Version = ""
    judge_simulated: bool = False
    rubric: Json = None
    rubric_version: Json = None


def verdict_line(record: Record) -> VerdictLine | list[Problem]:
    """Return the verdict in a record of either format, or everything that is wrong with it."""
    given = unescaped(record.fields)
    fields = {name: value for name, value in given.items() if value not in ("", None)}
    answer = fields.get("answer")
    if isinstance(answer, int) and not isinstance(answer, bool):
        fields["answer"] = str(answer)  # a scale point
    problems = _cells(fields, record.line)
    checked = validated_fields(VerdictLine, fields, record.line)
    if not problems and not isinstance(checked, list):
        return _agreeing(checked, record.line)
    named = {problem.field for problem in problems}
    more = checked if isinstance(checked, list) else []
    return problems + [problem for problem in more if problem.field not in named]


def _cells(fields: dict[str, Any], line: int) -> list[Problem]:
    """Turn the cells of a CSV row into what they stand for; what cannot be is taken out."""
    problems = []
    for name in ("turn", "probability", "score"):
        if isinstance(fields.get(name), str):
            problems += _number_cell(fields, name, line)
    for name in ("probabilities", "clauses"):
        if isinstance(fields.get(name), str):
            problems += _json_cell(fields, name, line)
    word = fields.get("judge_simulated")
    if isinstance(word, str):
        if word.lower() not in TRUE_WORDS | FALSE_WORDS:
            problems.append(Problem(line, "judge_simulated", "must be true or false"))
        fields["judge_simulated"] = word.lower() in TRUE_WORDS
    return problems


def _number_cell(fields: dict[str, Any], name: str, line: int) -> list[Problem]:
    cell = fields.pop(name).strip()
    whole = name == "turn"
    if not NUMBER.fullmatch(cell) or (whole and not cell.isdecimal()):
        kind = "a whole number" if whole else "a number with a decimal point, such as 0.85"
        return [Problem(line, name, f"must be {kind}, not {cell[:40]!r}")]
    fields[name] = int(cell) if whole else float(cell)
    return []


def _json_cell(fields: dict[str, Any], name: str, line: int) -> list[Problem]:
    cell = fields.pop(name)
    try:
        fields[name] = json.loads(cell)
    except (ValueError, RecursionError):
        if name == "clauses":
            fields[name] = [part.strip() for part in cell.split(";") if part.strip()]
            return []
        return [Problem(line, name, 'is not JSON; write it like {"yes": 0.8, "no": 0.2}')]
    return []


def _agreeing(line: VerdictLine, number: int) -> VerdictLine | list[Problem]:
    """Complete a line whose probability and probabilities say the same; refuse another."""
    if line.probabilities is None or line.answer is None:
        return line
    stated = line.probabilities.get(line.answer.strip())
    if line.probability is None:
        return line.model_copy(update={"probability": stated})
    if stated is None or abs(stated - line.probability) > SUM_OF_PROBABILITIES_WITHIN:
        given = "nothing" if stated is None else f"{stated:g}"
        reason = f"is {line.probability:g}, but probabilities gives {line.answer!r} {given}"
        return [Problem(number, "probability", f"{reason}; leave one of them out")]
    return line


def unlikely(line: VerdictLine, *, offered: list[str], one_answer: bool) -> str:
    """Say what is wrong with a line's probabilities, given the options on offer; empty if nothing.

    The probabilities of several choices need not sum to 1.
    """
    if line.probabilities is None:
        return ""
    unknown = sorted(line.probabilities.keys() - set(offered))
    if unknown:
        return f"names {', '.join(unknown)!s:.80}; the question offers {', '.join(offered)}"
    total = math.fsum(line.probabilities.values())
    if one_answer and abs(total - 1) > SUM_OF_PROBABILITIES_WITHIN:
        return f"sum to {total:.8g}; those of one answer sum to 1"
    return ""
