"""What changed from one release of a study to another, from their files alone. Needs no database.

Judgments have the same id in every release, raters do not. Of each judgment and label 64 bits of
its name are held, not the name.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from evaluation.errors import ReleaseInvalid
from evaluation.exports.names import Names, name_hashes
from evaluation.exports.verify import read_manifest

# So many changed labels are named; all are counted.
MOST_NAMED = 200
_FACTS = (
    "software", "format", "cut-off", "last verdict", "rubric", "rubric versions in use",
    "guidelines version", "specifications", "waves that count", "judgments included", "raters",
    "answers", "verdicts",
)  # fmt: skip
ITEM = ("response_id", "response_id_2")
UNIT = (*ITEM, "question", "scope", "turn")


@dataclass(frozen=True, slots=True)
class Change:
    """One fact of the manifest before and after."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Moved:
    """How many of a kind are in both releases, only in the second, and only in the first."""

    kept: int
    added: int
    gone: int


@dataclass(frozen=True, slots=True)
class LabelChange:
    """One unit that both releases have a label of, and not the same."""

    response_id: str
    response_id_2: str | None
    question: str
    scope: str
    turn: int
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What changed. ``labels_changed`` counts all, ``changed`` names the first of them."""

    before: str
    after: str
    facts: tuple[Change, ...]
    items: Moved
    judgments: Moved
    labels: Moved
    labels_changed: int
    changed: tuple[LabelChange, ...]
    exclusions: tuple[Change, ...]
    headline: tuple[Change, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``compare_releases --json`` and the API give it."""
        return asdict(self)


def compare(before: Path, after: Path) -> Comparison:
    """Compare two releases of one study.

    Raises:
        ReleaseInvalid: one is no release, has no Parquet, or they are of two studies.
    """
    one, other = read_manifest(before), read_manifest(after)
    slugs = [manifest["study"]["slug"] for manifest in (one, other)]
    if slugs[0] != slugs[1]:
        raise ReleaseInvalid(
            f"The releases are of two studies, {slugs[0]} and {slugs[1]}: nothing can be compared."
        )
    try:
        labels = [_labels(folder) for folder in (before, after)]
        items = [_hashes(folder, "items", ITEM) for folder in (before, after)]
        judgments = [_hashes(folder, "judgments", ("judgment",)) for folder in (before, after)]
        altered = _altered(*labels)
        return Comparison(
            before=str(one["name"]),
            after=str(other["name"]),
            facts=tuple(_facts(one, other)),
            items=_moved(*items),
            judgments=_moved(*judgments),
            labels=_moved(labels[0][0], labels[1][0]),
            labels_changed=len(altered),
            changed=tuple(_named(before, after, altered)),
            exclusions=(*_exclusions(one, other), *_rules(before, after)),
            headline=tuple(_headline(one, other)),
        )
    except (OSError, pa.ArrowException, KeyError) as error:
        raise ReleaseInvalid(
            f"{one['name']} and {other['name']} cannot be compared: both must be whole and have"
            f" their Parquet files, which releases of earlier software have not"
            f" ({type(error).__name__})."
        ) from error


def _facts(one: dict[str, Any], other: dict[str, Any]) -> Iterator[Change]:
    """Yield what the manifests say of the whole, where it is not the same."""

    for what, before, after in zip(_FACTS, _said(one), _said(other), strict=True):
        if before != after:
            yield Change(what, before, after)


def _said(manifest: dict[str, Any]) -> list[Any]:
    """Return the facts of a manifest that are compared."""
    rows = {file["name"]: file["rows"] for file in manifest["files"]}
    rubric, used = manifest["rubric"], manifest.get("documents", {})
    return [
        manifest["software"]["version"],
        manifest["format"],
        manifest["cut_off"]["judgment"],
        manifest["cut_off"].get("verdict"),
        f"{rubric['key']} v{rubric['version']}",
        ", ".join(f"{one['key']} v{one['version']}" for one in used.get("rubrics", ())),
        manifest.get("guidelines_version"),
        ", ".join(f"{one['key']} {one['version']}" for one in used.get("specifications", ())),
        ", ".join(manifest["filters"]["waves"]),
        manifest["judgments"]["included"],
        *(rows.get(f"{table}.jsonl") for table in ("raters", "judgments", "verdicts")),
    ]


def _exclusions(one: dict[str, Any], other: dict[str, Any]) -> Iterator[Change]:
    """Yield of each reason how many judgments were left out, before and after."""
    counted = [
        {
            **{found["reason"]: found["judgments"] for found in manifest["exclusions"]},
            "withdrawn and deleted": manifest["withdrawn_and_deleted"]["judgments"],
        }
        for manifest in (one, other)
    ]
    for reason in dict.fromkeys([*counted[0], *counted[1]]):
        values = [found.get(reason, 0) for found in counted]
        if any(values):
            yield Change(reason, *values)


def _rules(before: Path, after: Path) -> Iterator[Change]:
    """Yield each exclusion that is not the same in both: how many judgments it leaves out.

    One that was lifted leaves out none, and releases of earlier software applied none.
    """
    stated = [_of_rules(folder) for folder in (before, after)]
    for number in sorted(stated[0].keys() | stated[1].keys()):
        found = [rules.get(number) for rules in stated]
        values = [rule["judgments"] if rule else 0 for rule in found]
        in_force = [bool(rule and rule["in_force"]) for rule in found]
        if values[0] != values[1] or in_force[0] != in_force[1]:
            kind = next(rule["kind"] for rule in found if rule)
            yield Change(f"exclusion {number} ({kind})", *values)


def _of_rules(folder: Path) -> dict[int, dict[str, Any]]:
    if not (folder / "exclusions.parquet").exists():
        return {}
    columns = ("number", "kind", "in_force", "judgments")
    return {
        row["number"]: row
        for part in _parts(folder, "exclusions", columns)
        for row in part.to_pylist()
    }


def _headline(one: dict[str, Any], other: dict[str, Any]) -> Iterator[Change]:
    """Yield alpha of each question and scope that either release has."""
    alphas = [
        {
            f"{line['key']} ({line['scope']})": line["alpha"]["value"]
            for line in manifest["headline"]
        }
        for manifest in (one, other)
    ]
    for what in dict.fromkeys([*alphas[0], *alphas[1]]):
        yield Change(what, *(found.get(what) for found in alphas))


def _parts(folder: Path, table: str, columns: Sequence[str]) -> Iterator[pa.Table]:
    with pq.ParquetFile(folder / f"{table}.parquet") as file:
        for batch in file.iter_batches(columns=list(columns), use_threads=False):
            yield pa.table(batch)


def _hashes(folder: Path, table: str, columns: Sequence[str]) -> Names:
    """Return what stands for each name in these columns, once, sorted."""
    parts = [np.unique(name_hashes(part, columns)) for part in _parts(folder, table, columns)]
    return np.unique(np.concatenate(parts)) if parts else np.empty(0, dtype=np.uint64)


def _labels(folder: Path) -> tuple[Names, Names]:
    """Return the units that have a label, sorted, and what the label of each is."""
    units, said = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.uint64)]
    for part in _parts(folder, "labels", (*UNIT, "label")):
        units.append(name_hashes(part, UNIT))
        said.append(name_hashes(part, ("label",)))
    unit, label = np.concatenate(units), np.concatenate(said)
    order = np.argsort(unit)
    return unit[order], label[order]


def _moved(before: Names, after: Names) -> Moved:
    kept = int(np.isin(before, after, assume_unique=True).sum())
    return Moved(kept=kept, added=len(after) - kept, gone=len(before) - kept)


def _altered(before: tuple[Names, Names], after: tuple[Names, Names]) -> Names:
    """Return the units of which both have a label, and not the same."""
    units, at, place = np.intersect1d(before[0], after[0], assume_unique=True, return_indices=True)
    found: Names = units[before[1][at] != after[1][place]]
    return found


def _named(before: Path, after: Path, altered: Names) -> Iterator[LabelChange]:
    """Yield the first of the changed labels in words, in the order of the second release."""
    wanted = dict(_in_words(after, altered, most=MOST_NAMED))
    keys = np.array(list(wanted), dtype=np.uint64)
    old = {key: row["label"] for key, row in _in_words(before, keys, most=len(keys))}
    for key, row in wanted.items():
        unit = {name: row[name] for name in UNIT}
        yield LabelChange(**unit, before=old[key], after=row["label"])


def _in_words(folder: Path, units: Names, *, most: int) -> Iterator[tuple[int, dict[str, Any]]]:
    found = 0
    for part in _parts(folder, "labels", (*UNIT, "label")):
        hashes = name_hashes(part, UNIT)
        mine = np.flatnonzero(np.isin(hashes, units))[: most - found]
        rows = part.take(pa.array(mine)).to_pylist()
        yield from zip(hashes[mine].tolist(), rows, strict=True)
        found += len(mine)
