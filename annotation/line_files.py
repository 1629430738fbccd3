"""Files of lines that wait for a worker: what each keeps, how it is read, what is said of it.

Files of judgments made elsewhere and of verdicts are such files; each is a table of its own, with
what it has beside this.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.http import FileResponse, Http404

from annotation import files
from annotation.files import Problem, Record, RefusedLines
from annotation.tally import Tally, gathered
from annotation.upload_paths import refused_name, refused_path
from annotation.vocabulary import LineFileState

# Formats of one record a line, which are read as they come.
PLAIN = (".jsonl", ".ndjson", ".csv")
LIVE = (LineFileState.WAITING, LineFileState.READING)
REASONS_SHOWN = 100


class LineFile(models.Model):
    """A file of lines that came by page or API, and what became of its lines.

    ``stored_name`` is the file's name here, under which it lies until it was read, and its refused
    lines for good. ``errors`` has the first thousand reasons.
    """

    number = models.PositiveIntegerField()
    file_name = models.CharField(max_length=255)
    stored_name = models.CharField(max_length=64)
    read = models.PositiveBigIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0)
    unchanged = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveBigIntegerField(default=0)
    errors = models.JSONField(default=list)
    failure = models.TextField(blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        abstract = True


def name_problem(file_name: str, endings: tuple[str, ...]) -> str:
    """Say what is wrong with a file's name, if anything is: it says how the file is read."""
    if file_name.lower().removesuffix(".gz").endswith(endings):
        return ""
    return f"must end in {', '.join(endings)}, or in one of these and .gz"


def is_plain(file_name: str) -> bool:
    """Say whether a file's size tells how long reading it takes: it is lines, and not packed."""
    return file_name.lower().endswith(PLAIN)


def outcome(tally: Tally) -> dict[str, Any]:
    """Return what every file of lines keeps of a load."""
    told = tally.as_json()
    return {name: told[name] for name in ("read", "created", "unchanged", "refused", "errors")}


def read(
    mine: "QuerySet[Any, Any]",
    load: Callable[[], dict[str, Any]],
    *,
    refusals: tuple[type[Exception], ...],
    broke_off: str,
    clock: Callable[[], datetime],
) -> bool:
    """Load a file that was taken up, and store how that ended: whatever happens, it does end.

    ``mine`` is the file's row for as long as it is this reader's, and ``load`` returns what it
    keeps of the outcome. A refusal becomes the file's failure; all else is raised again, and
    ``broke_off`` stands there then.

    Returns:
        Whether the file was this reader's to its end, so that what was stored is the outcome.
    """
    found: dict[str, Any] = {"state": LineFileState.FAILED, "failure": broke_off}
    try:
        found = {"state": LineFileState.READY, **load()}
    except refusals as refusal:
        found["failure"] = str(refusal)
    finally:
        ended = mine.update(**found, ended_at=clock()) == 1
    return ended


@contextmanager
def kept_lines(path: Path, refused: Path, *, name: str) -> Iterator[RefusedLines]:
    """Keep refused lines of a file in another while it is read."""
    kept = files.refused_lines(path, refused, name=name)
    try:
        yield kept
    finally:
        kept.close()


class LineNumbers:
    """Numbers of lines, a bit each: of a file of sixty million lines they take 8 MB."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, numbers: Iterable[int]) -> None:
        """Take further numbers."""
        for number in numbers:
            at, bit = divmod(number, 8)
            if at >= len(self._bits):
                self._bits.extend(bytes(at + 1 - len(self._bits)))
            self._bits[at] |= 1 << bit

    def __contains__(self, number: int) -> bool:
        at, bit = divmod(number, 8)
        return at < len(self._bits) and bool(self._bits[at] >> bit & 1)


def keep_refused(kept: RefusedLines, tally: Tally, records: Iterable[Record | Problem]) -> None:
    """Write down those of some records whose lines were refused."""
    if tally.has_refused_any():
        for record in records:
            if tally.has_refused_any_of(record.line):
                kept.add(record)


def refused_lines_of(file: LineFile) -> Path | None:
    """Return where the refused lines of a file lie, None where it has none."""
    path = refused_path(file.stored_name)
    return path if file.refused and path.is_file() else None


def reasons_of(file: LineFile) -> dict[str, Any]:
    """Return what a page says of refused lines: the first causes, and how many lines are left."""
    return {
        "problems": gathered(file.errors[:REASONS_SHOWN]),
        "more": max(file.refused - REASONS_SHOWN, 0),
        "has_refused": refused_lines_of(file) is not None,
    }


def download(path: Path | None, *, file_name: str) -> FileResponse:
    """Send refused lines as a file to be corrected and sent again.

    Raises:
        Http404: there are none.
    """
    if path is None or not path.is_file():
        raise Http404
    return FileResponse(
        path.open("rb"),
        as_attachment=True,
        filename=refused_name(file_name),
        content_type="application/octet-stream",
    )
