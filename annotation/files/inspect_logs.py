"""Reading logs of the Inspect framework: a sample is a record, with what scorers said of it.

A log is a zip (``.eval``; its members deflated or in zstd) or one JSON text. Of each sample the
conversation and the last answer are taken, the model from the log's head, and everything that the
sample's ``metadata`` says about the query: ``value_a``, ``value_b``, ``framing`` and so on.
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from annotation.errors import FileUnreadable
from annotation.files.records import Meter, Problem, Record
from annotation.files.strict_json import parsed_json

if TYPE_CHECKING:
    from _typeshed import SupportsRead

ZIP_MAGIC = b"PK\x03\x04"
ZSTD = 93
LARGEST_MEMBER = 256 * 1024 * 1024
LARGEST_JSON = 512 * 1024 * 1024
READ_AT_ONCE = 1024 * 1024
ATTACHMENT = "attachment://"
# What Inspect calls grades, and what a rubric's answers to yes and no are called.
_ROLES = {"system": "system", "user": "user", "assistant": "assistant"}
_OF_THE_QUERY = (
    "value_a",
    "value_b",
    "scenario_id",
    "framing",
    "language",
    "topics",
    "facts",
    "anchors",
)
SCORES = "inspect_scores"


def samples(path: Path, *, name: str, meter: Meter) -> Iterator[Record | Problem]:
    """Yield each sample as a reply's fields; what scorers said stands under :data:`SCORES`.

    Raises:
        FileUnreadable: not an Inspect log, a broken zip, or members too large to be read.
    """
    del meter  # a log is small
    for number, sample in enumerate(_samples(path, name), start=1):
        if isinstance(sample, str):
            yield Problem(number, "", sample)
        else:
            yield _record(number, *sample)


def _samples(path: Path, name: str) -> Iterator[tuple[dict[str, Any], str, str] | str]:
    with path.open("rb") as start:
        zipped = start.read(4) == ZIP_MAGIC
    yield from _of_zip(path, name) if zipped else _of_json(path, name)


def _of_json(path: Path, name: str) -> Iterator[tuple[dict[str, Any], str, str] | str]:
    if path.stat().st_size > LARGEST_JSON:
        reason = f"is larger than {LARGEST_JSON:,} bytes. Save the log as .eval instead."
        raise FileUnreadable(f"{name} {reason}")
    log = _parsed(path.read_bytes(), name)
    model, task = _head(log, name)
    found = log.get("samples")
    if not isinstance(found, list):
        raise FileUnreadable(f"{name} is an Inspect log without samples. Log them, or rerun it.")
    for sample in found:
        yield (sample, model, task) if isinstance(sample, dict) else "Not a sample: no JSON object."


def _of_zip(path: Path, name: str) -> Iterator[tuple[dict[str, Any], str, str] | str]:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            head = next((one for one in ("header.json", "_journal/start.json") if one in names), "")
            if not head:
                raise FileUnreadable(f"{name} is a zip but no Inspect log: it has no header.json.")
            model, task = _head(_parsed(_member(archive, head, name), name), name)
            of_samples = sorted(
                one for one in names if one.startswith("samples/") and one.endswith(".json")
            )
            if not of_samples:
                raise FileUnreadable(f"{name} is an Inspect log without samples.")
            for one in of_samples:
                sample = _parsed(_member(archive, one, name), one)
                yield sample, model, task
    except zipfile.BadZipFile as error:
        raise FileUnreadable(f"{name} is not a whole zip file. Upload it again.") from error


def _member(archive: zipfile.ZipFile, member: str, name: str) -> bytes:
    """Return a member's bytes, whatever it was packed with; never more than is allowed."""
    info = archive.getinfo(member)
    if info.compress_type == ZSTD:
        from backports import zstd

        # The standard library cannot unpack this kind, but can hand out the packed bytes.
        raw = _stored_bytes(archive, info)
        try:
            with zstd.ZstdFile(io.BytesIO(raw)) as unpacked:
                return _bounded(unpacked, member, name)
        except (zstd.ZstdError, EOFError) as error:
            raise FileUnreadable(f"{name}: {member} is broken. Upload the log again.") from error
    try:
        with archive.open(info) as packed:
            return _bounded(packed, member, name)
    except (NotImplementedError, RuntimeError) as error:  # another packing; a password
        reason = f"is packed in a way that is not read here ({error})"
        raise FileUnreadable(f"{name}: {member} {reason}. Save the log again.") from error


def _stored_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.compress_size > LARGEST_MEMBER:
        raise FileUnreadable(f"{info.filename} is larger than {LARGEST_MEMBER:,} bytes.")
    file = archive.fp
    if file is None:
        raise FileUnreadable(f"{info.filename} cannot be read.")
    file.seek(info.header_offset)
    head = file.read(30)
    if head[:4] != ZIP_MAGIC:
        raise zipfile.BadZipFile(f"no local header of {info.filename}")
    name_length, extra_length = (int.from_bytes(head[at : at + 2], "little") for at in (26, 28))
    file.seek(name_length + extra_length, io.SEEK_CUR)
    return file.read(info.compress_size)


def _bounded(packed: "SupportsRead[bytes]", member: str, name: str) -> bytes:
    parts, size = [], 0
    while part := packed.read(READ_AT_ONCE):
        size += len(part)
        if size > LARGEST_MEMBER:
            reason = f"{member} unpacks to more than {LARGEST_MEMBER:,} bytes"
            raise FileUnreadable(f"{name}: {reason}. Nothing was loaded.")
        parts.append(part)
    return b"".join(parts)


def _parsed(text: bytes, name: str) -> dict[str, Any]:
    try:
        found = parsed_json(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise FileUnreadable(f"{name} is not UTF-8 text. Save it as UTF-8.") from error
    except ValueError as error:
        raise FileUnreadable(f"{name} is not JSON ({error}).") from error
    if not isinstance(found, dict):
        raise FileUnreadable(f"{name} is not an Inspect log: it holds no JSON object.")
    return found


def _head(log: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return the model and the task of a log."""
    ran = log.get("eval")
    if not isinstance(ran, dict) or not isinstance(ran.get("model"), str):
        raise FileUnreadable(f"{name} is not an Inspect log: it does not say which model ran.")
    return ran["model"], str(ran.get("task", ""))


def _record(number: int, sample: Mapping[str, Any], model: str, task: str) -> Record | Problem:
    given = sample.get("metadata")
    metadata = dict(given) if isinstance(given, dict) else {}
    messages = _messages(sample)
    if isinstance(messages, str):
        return Problem(number, "messages", messages)
    fields: dict[str, Any] = {
        name: metadata.pop(name) for name in _OF_THE_QUERY if name in metadata
    }
    fields["query_id"] = _query_id(sample, metadata, task)
    fields["model"] = model
    fields["messages"] = messages
    if isinstance(sample.get("epoch"), int):
        fields["sample"] = sample["epoch"]
    kept = {"inspect_task": task, "target": sample.get("target")}
    fields["metadata"] = {**metadata, **{k: v for k, v in kept.items() if v not in ("", None)}}
    fields[SCORES] = sample.get("scores") or {}
    return Record(number, fields)


def _query_id(sample: Mapping[str, Any], metadata: dict[str, Any], task: str) -> Any:
    if "query_id" in metadata:
        return metadata.pop("query_id")
    own = sample.get("id")
    # Inspect numbers samples that bring no id of their own, from 1 in each task.
    return f"{task}/{own}" if isinstance(own, int) and not isinstance(own, bool) else own


def _messages(sample: Mapping[str, Any]) -> list[dict[str, str]] | str:
    attachments = sample.get("attachments")
    attached = attachments if isinstance(attachments, dict) else {}
    found = sample.get("messages")
    if not isinstance(found, list):
        return "is missing: the log keeps no conversation of this sample"
    messages = []
    for message in found:
        if not isinstance(message, dict):
            return "holds something that is no message"
        role = _ROLES.get(str(message.get("role")))
        if role is None:  # what a tool answered: no rater sees it
            continue
        text = _text(message.get("content"), attached)
        if text or role != "assistant" or not message.get("tool_calls"):
            messages.append({"role": role, "content": text})
    return messages


def _text(content: Any, attached: Mapping[str, Any]) -> str:
    if isinstance(content, list):
        parts = [part.get("text", "") for part in content if isinstance(part, dict)]
        return "\n\n".join(_text(part, attached) for part in parts if part)
    if isinstance(content, str):
        if content.startswith(ATTACHMENT):
            return str(attached.get(content.removeprefix(ATTACHMENT), ""))
        return content
    return "" if content is None else json.dumps(content, ensure_ascii=False)
