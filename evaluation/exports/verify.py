"""Checking a release against its own manifest: hashes, rows, numbers. Needs no database."""

import csv
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from evaluation.errors import ReleaseInvalid
from evaluation.exports.layout import Filters
from evaluation.exports.recompute import alphas, same

MANIFEST = "manifest.json"
READ_AT_ONCE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not as the manifest says: which file or number, and how."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What was checked, and every difference found."""

    name: str
    files: int
    numbers: int
    differences: tuple[Difference, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``verify_release --json`` prints it."""
        return {
            "name": self.name,
            "files": self.files,
            "numbers": self.numbers,
            "differences": [{"what": d.what, "reason": d.reason} for d in self.differences],
        }


def verify(folder: Path) -> Verified:
    """Compare every file with its hash, and every alpha with one recomputed from judgments.jsonl.

    Raises:
        ReleaseInvalid: the directory is not a release, or its manifest cannot be read.
    """
    manifest = read_manifest(folder)
    wrong = [found for file in manifest["files"] for found in _file(folder, file)]
    listed = {file["name"] for file in manifest["files"]} | {MANIFEST}
    wrong += [
        Difference(path.name, "is not in the manifest")
        for path in sorted(folder.iterdir())
        if path.name not in listed
    ]
    if manifest.get("complete") is not True:
        wrong.append(Difference(MANIFEST, "does not say that it is complete"))
    wrong += _numbers(folder, manifest)
    return Verified(
        name=str(manifest["name"]),
        files=len(manifest["files"]),
        numbers=len(manifest["headline"]),
        differences=tuple(wrong),
    )


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return a release's manifest.

    Raises:
        ReleaseInvalid: the directory is not a release, or its manifest cannot be read.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known = str(found["format"]).startswith("touchstone-release/")
        whole = {"name", "files", "headline", "filters", "rubric"} <= found.keys()
    except OSError as error:
        raise ReleaseInvalid(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ReleaseInvalid(f"{path} is not the manifest of a release.") from error
    if not (known and whole):
        raise ReleaseInvalid(f"{path} is not the manifest of a release.")
    return dict(found)


def _file(folder: Path, listed: dict[str, Any]) -> list[Difference]:
    name = str(listed["name"])
    if Path(name).name != name:
        return [Difference(name, "is not the name of a file in this directory")]
    try:
        size, digest = _measured(folder / name)
    except OSError as error:
        return [Difference(name, f"cannot be read: {error.strerror}")]
    if size != listed["bytes"]:
        return [Difference(name, f"has {size:,} bytes; the manifest says {listed['bytes']:,}")]
    if digest != listed["sha256"]:
        return [Difference(name, f"has SHA-256 {digest}, not {listed['sha256']}")]
    rows = None if listed["rows"] is None else _rows(folder / name)
    if rows != listed["rows"]:
        return [Difference(name, f"has {rows:,} rows; the manifest says {listed['rows']:,}")]
    return []


def _measured(path: Path) -> tuple[int, str]:
    """Return how many bytes a file has, and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while part := file.read(READ_AT_ONCE):
            digest.update(part)
            size += len(part)
    return size, digest.hexdigest()


def _rows(path: Path) -> int:
    if path.suffix == ".parquet":
        return int(pq.read_metadata(path).num_rows)
    with path.open(encoding="utf-8", newline="") as lines:
        if path.suffix == ".csv":
            csv.field_size_limit(2**31 - 1)
            return sum(1 for _ in csv.reader(lines)) - 1
        return sum(1 for _ in lines)


def _numbers(folder: Path, manifest: dict[str, Any]) -> list[Difference]:
    """Recompute every headline alpha from the release's own judgments."""
    rubric = manifest["rubric"]
    filters = Filters(
        waves=frozenset(manifest["filters"]["waves"]),
        rubric=rubric["key"],
        rubric_version=rubric["version"],
    )
    try:
        questions = json.loads((folder / "rubric.json").read_text(encoding="utf-8"))
        found = alphas(folder, questions, filters)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [Difference("judgments.jsonl", f"alpha cannot be recomputed from it: {error!r}")]
    again = {(one.key, one.scope): one.value for one in found}
    wrong = []
    for one in manifest["headline"]:
        stated, value = one["alpha"]["value"], again.get((one["key"], one["scope"]))
        if not same(stated, value):
            what = f"alpha of {one['key']} ({one['scope']})"
            wrong.append(Difference(what, f"is {value} by judgments.jsonl, {stated} by manifest"))
    return wrong
