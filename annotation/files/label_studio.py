"""Reading a Label Studio JSON export: each choice, rating and text of each annotator is a record.

A task's ``data`` names the reply (``response_id``, for pairs also ``response_id_2``); a control's
``from_name`` is the question; ``data.turn`` or a name like ``safe@2`` says which turn. Who marked
it is ``completed_by``; what was cancelled is passed over, and predictions are no judgments.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from annotation.errors import FileUnreadable
from annotation.files.records import Meter, Problem, Record
from annotation.files.strict_json import parsed_json

LARGEST = 256 * 1024 * 1024
_REPLY = ("response_id", "response_id_2")


def answers(path: Path, *, name: str, meter: Meter) -> Iterator[Record | Problem]:
    """Yield the answers of a Label Studio export as lines of judgments made elsewhere.

    Raises:
        FileUnreadable: not such an export, or larger than is read at once.
    """
    tasks = _tasks(path, name)
    number = 0
    meter.at = lambda: number / len(tasks)
    for number, task in enumerate(tasks, start=1):
        data, marked = task.get("data"), task.get("annotations")
        if not isinstance(data, dict) or not isinstance(marked, list):
            reason = "is no task of Label Studio's JSON export: it needs data and annotations"
            yield Problem(number, "", reason)
            continue
        for annotation in marked:
            if isinstance(annotation, dict) and not annotation.get("was_cancelled"):
                yield from _of_annotation(number, data, annotation)


def _tasks(path: Path, name: str) -> list[dict[str, Any]]:
    if path.stat().st_size > LARGEST:
        raise FileUnreadable(f"{name} is larger than {LARGEST:,} bytes. Export it in parts.")
    try:
        found = parsed_json(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileUnreadable(f"{name} is not UTF-8 text. Save it as UTF-8.") from error
    except ValueError as error:
        raise FileUnreadable(f"{name} is not JSON ({error}).") from error
    if not isinstance(found, list) or not all(isinstance(task, dict) for task in found):
        raise FileUnreadable(f"{name} is no list of tasks. Export as JSON, not as JSON-MIN.")
    if not found:
        raise FileUnreadable(f"{name} holds no tasks.")
    return found


def _of_annotation(
    number: int, data: dict[str, Any], annotation: dict[str, Any]
) -> Iterator[Record | Problem]:
    common: dict[str, Any] = {key: data[key] for key in _REPLY if data.get(key) is not None}
    common["rater"] = _rater(annotation.get("completed_by"))
    if isinstance(annotation.get("created_at"), str):
        common["judged_at"] = annotation["created_at"]
    result = annotation.get("result")
    for region in result if isinstance(result, list) else []:
        if not isinstance(region, dict) or not isinstance(region.get("value"), dict):
            continue
        said = _answers(region)
        if isinstance(said, str):
            yield Problem(number, str(region.get("from_name", "")), said)
            continue
        question, _, turn = str(region.get("from_name", "")).partition("@")
        fields = {**common, "question": question}
        if turn or data.get("turn") is not None:
            fields["turn"] = turn or data["turn"]
        for answer in said:
            yield Record(number, {**fields, "answer": answer})


def _answers(region: dict[str, Any]) -> list[str] | str:
    """Return what a region says, or why it is no answer to a closed question."""
    value, kind = region["value"], str(region.get("type", ""))
    if kind == "choices" and isinstance(value.get("choices"), list):
        return [str(choice) for choice in value["choices"]]
    if kind == "rating" and isinstance(value.get("rating"), int | float):
        return [f"{value['rating']:g}"]
    if kind == "number" and isinstance(value.get("number"), int | float):
        return [f"{value['number']:g}"]
    if kind == "textarea" and isinstance(value.get("text"), list | str):
        text = value["text"]
        return ["\n".join(map(str, text)) if isinstance(text, list) else text]
    if kind == "pairwise" and value.get("selected") in ("left", "right"):
        return ["slot_1" if value["selected"] == "left" else "slot_2"]
    return f"is of the kind {kind!r}; choices, rating, number, textarea and pairwise are read"


def _rater(completed_by: Any) -> str:
    """Return who marked it: an address or a number; exports differ in how they name people."""
    if isinstance(completed_by, dict):
        named = completed_by.get("email") or completed_by.get("username") or completed_by.get("id")
        return "" if named is None else str(named)
    return "" if completed_by is None else str(completed_by)
