"""Files of lines that come as the body of one request, each to be loaded at once."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import UnsupportedMediaType, ValidationError
from rest_framework.request import Request
from rest_framework.serializers import Serializer

from annotation.errors import UploadPartCutOff
from annotation.tally import Tally

# What is loaded while the caller waits: ten thousand lines or so, a few seconds.
LARGEST_LINES = 2 * 1024 * 1024
ENDINGS = {"application/x-ndjson": ".jsonl", "application/jsonl": ".jsonl", "text/csv": ".csv"}
LINES = dict.fromkeys(("application/x-ndjson", "text/csv"), OpenApiTypes.BINARY)
HOW = ("strict", "dry_run")
HOW_PARAMETERS = [
    OpenApiParameter("strict", bool, description="Store nothing if any line is bad."),
    OpenApiParameter("dry_run", bool, description="Store nothing, and say what would become."),
]
_AT_ONCE = 64 * 1024


class LoadedLine(Serializer[Any]):
    """One thing wrong with one line of the body, counted from 1."""

    line = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class Loaded(Serializer[Any]):
    """What became of the lines of a body; ``stored`` is false where nothing was to be stored."""

    study = serializers.CharField()
    stored = serializers.BooleanField()
    read = serializers.IntegerField()
    created = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    updated = serializers.IntegerField()
    refused = serializers.IntegerField()
    errors = LoadedLine(many=True)  # type: ignore[assignment]  # REST framework's own errors, which only forms read


@dataclass(frozen=True, slots=True)
class How:
    """How lines are to be loaded: all or none of them, or none in any case."""

    strict: bool
    dry_run: bool


@contextmanager
def lines_of(request: Request) -> Iterator[tuple[Path, str]]:
    """Put a body of lines into a file while it is loaded; give the file and what to call it.

    Raises:
        UnsupportedMediaType: it is neither JSON Lines nor CSV.
        UploadPartCutOff: it ended before its length; nothing of it counts.
    """
    kind = (request.content_type or "").partition(";")[0].strip().lower()
    if kind not in ENDINGS:
        raise UnsupportedMediaType(kind or "nothing")
    with tempfile.NamedTemporaryFile(suffix=ENDINGS[kind]) as file:
        try:
            while piece := request._request.read(_AT_ONCE):
                file.write(piece)
        except OSError as error:
            raise UploadPartCutOff("The lines were cut off. Send them again.") from error
        file.flush()
        yield Path(file.name), f"lines{ENDINGS[kind]}"


def how_of(request: Request) -> How:
    """Return how lines are to be loaded.

    Raises:
        ValidationError: something else than true or false is said.
    """
    return How(flag_of(request, "strict"), flag_of(request, "dry_run"))


def flag_of(request: Request, name: str) -> bool:
    """Return a parameter that is true or false, false where it is left out.

    Raises:
        ValidationError: it is something else.
    """
    said = request.query_params.get(name, "false").lower()
    if said not in ("true", "false"):
        raise ValidationError({name: ["Say true or false."]})
    return said == "true"


def answer_of(slug: str, tally: Tally, how: How) -> dict[str, Any]:
    """Return what became of the lines, as the API gives it."""
    found = tally.as_json()
    found.pop("notes", None)
    given_up = how.dry_run or (how.strict and tally.refused > 0)
    return {"study": slug, "stored": not given_up, **found}
