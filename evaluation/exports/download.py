"""Sending a file of a release so that a cut download goes on where it stopped (RFC 9110).

The entity tag is the SHA-256 that the manifest has, so a range can never be of another file.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from django.http import FileResponse, HttpResponse, HttpResponseBase, StreamingHttpResponse

AT_ONCE = 64 * 1024
TYPE = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file: its first byte, and the one after its last."""

    start: int
    end: int


def download(headers: Mapping[str, str], path: Path, *, sha256: str) -> HttpResponseBase:
    """Return the file, or the part of it that was asked for, always to be saved.

    Raises:
        FileNotFoundError: it is not there.
    """
    tag, size = f'"{sha256}"', path.stat().st_size
    response: HttpResponseBase
    if tag in _tags(headers.get("If-None-Match", "")):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    elif not (part := part_asked(headers, tag=tag, size=size)):
        # The response closes it.
        response = FileResponse(path.open("rb"), content_type=TYPE)
    elif part.start >= part.end:
        response = HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE)
        response["Content-Range"] = f"bytes */{size}"
    else:
        response = StreamingHttpResponse(_bytes(path, part), status=HTTPStatus.PARTIAL_CONTENT)
        response["Content-Type"] = TYPE
        response["Content-Length"] = str(part.end - part.start)
        response["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = tag
    # Names are the manifest's: ASCII letters, digits, dots and hyphens.
    response["Content-Disposition"] = f'attachment; filename="{path.name}"'
    return response


def part_asked(headers: Mapping[str, str], *, tag: str, size: int) -> Part | None:
    """Return the one range that was asked for; None is the whole file.

    A range of another version (``If-Range``), several at once and what is no range give the whole.
    A part that is empty cannot be given.
    """
    found = _RANGE.fullmatch(headers.get("Range", "").strip())
    if not found or headers.get("If-Range", tag).strip() != tag:
        return None
    first, last = found.groups()
    if not first:
        return Part(max(size - int(last), 0), size) if last else None
    if last and int(last) < int(first):
        return None
    return Part(int(first), min(int(last) + 1, size) if last else size)


def _tags(header: str) -> list[str]:
    return [one.strip().removeprefix("W/") for one in header.split(",")]


def _bytes(path: Path, part: Part) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        left = part.end - part.start
        while left and (read := file.read(min(AT_ONCE, left))):
            left -= len(read)
            yield read
