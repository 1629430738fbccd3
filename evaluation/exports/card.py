"""The dataset card of a release, in words for people. Pure."""

from typing import Any

from annotation.cells import ESCAPE_RULE
from evaluation.exports.columns import TABLES

WHAT = {
    "labels": "what the study concludes of each reply or pair: vote shares and a majority label",
    "judgments": "every current answer of every rater, under a pseudonym of this release",
    "spans": "the places of replies that raters marked as evidence",
    "clauses": "the clauses of a specification that decided answers",
    "stages": "when each stage was shown and sent, how long it took, with what",
    "revisions": "what raters said before or after what counts; no statistic takes it",
    "items": "the replies or pairs that were judged, with who wrote them; raters never saw that",
    "texts": "what raters were shown where it differs from `items`: older texts, other masks",
    "values": "what raters read of each value, as it is now",
    "verdicts": "what automated judges answered to the same questions",
    "raters": "the raters, under the same pseudonyms",
    "agreement.json": "how far raters agree, with intervals",
    "judges.json": "each judge held against people",
    "rubric.json": "the questions, as they can be loaded into another study",
    "guidelines.md": "what raters were told to read first",
    "sampling.json": "how the items were chosen and how many raters each was to have",
    "dictionary.csv": "every column of every table",
    "manifest.json": "counts, cut-off, exclusions, and the SHA-256 of every file",
}
# Files of which there may be one, several or none.
FAMILIES = {
    "rubric-KEY-vVERSION.json": "each version of the questions that a judgment was made under",
    "guidelines-vVERSION.md": "each version of the guidelines, likewise",
    "specification-KEY-VERSION.json": "each version of a specification, likewise, by clause",
    "consent-vVERSION.md": "each text that raters agreed to; with a language, its translation",
}


def card(manifest: dict[str, Any]) -> str:
    """Return ``README.md``."""
    study, cut_off = manifest["study"], manifest["cut_off"]
    rows = {file["name"]: file["rows"] for file in manifest["files"]}
    simulated = manifest["simulated"]
    parts = [
        f"# {study['title']}: release “{manifest['name']}”",
        (
            f"Human judgments of model replies, frozen from the study `{study['slug']}` with"
            f" Touchstone {manifest['software']['version']} at judgment {cut_off['judgment']}."
            " The release never changes."
        ),
    ]
    if simulated["any"]:
        judges = ", ".join(simulated["judges"]) or "none"
        parts.append(
            f"**This release contains simulated judgments**: {simulated['judgments']:,} judgments"
            f" by simulated raters (`source` in `raters`), simulated judges: {judges}. They stand"
            " for no person."
        )
    parts += [
        "## Files\n\n" + "\n".join(_files(rows)),
        "## What was left out\n\n" + "\n".join(_left_out(manifest)),
        "## Agreement\n\n" + _agreement(manifest["headline"]),
        "## Notes\n\n" + "\n".join(f"- {note}" for note in _notes(manifest)),
        (
            "## To see what raters saw\n\n`manage.py rebuild_screens DIR` shows each judgment's"
            " screen again from these files and compares it with the hash that was kept when the"
            " rater judged; `--judgment ID` prints one. It needs no database."
        ),
        (
            "## To verify it\n\n`manage.py verify_release DIR` compares every hash and recomputes"
            " alpha from `judgments.jsonl` with an independent package; it needs no database."
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _files(rows: dict[str, int | None]) -> list[str]:
    found = []
    for name, words in WHAT.items():
        count = rows.get(f"{name}.jsonl")
        shown = f"`{name}.jsonl`, `{name}.csv`" if name in TABLES else f"`{name}`"
        found.append(f"- {shown}: {words}" + (f" ({count:,} rows)" if count is not None else ""))
    return found + [f"- `{name}`: {words}" for name, words in FAMILIES.items()]


def _left_out(manifest: dict[str, Any]) -> list[str]:
    counted = manifest["judgments"]
    first = f"{counted['total']:,} judgments were stored, {counted['included']:,} are included."
    deleted = manifest["withdrawn_and_deleted"]["judgments"]
    last = f"{deleted:,} more were deleted because their raters left; the total does not have them."
    return [
        first,
        "",
        *(
            f"- {one['judgments']:,} {one['reason']}: {one['explanation']}"
            for one in manifest["exclusions"]
        ),
        "",
        last,
    ]


def _agreement(headline: list[dict[str, Any]]) -> str:
    lines = ["| question | scope | level | alpha | recomputed |", "|---|---|---|---|---|"]
    for one in headline:
        alpha, again = one["alpha"], one["recomputed"]["value"]
        lines.append(
            f"| {one['key']} | {one['scope']} | {one['level']} | {_number(alpha['value'])}"
            f" | {_number(again)} |"
        )
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.6f}"


def _notes(manifest: dict[str, Any]) -> list[str]:
    waves = ", ".join(manifest["filters"]["waves"])
    return [
        (
            f"Labels and agreement take judgments of the waves {waves} made under"
            f" {_rubric(manifest)}; `judgments` has all waves, so filter by `wave` to recompute."
        ),
        "A value judgment may have no hidden truth: use the vote shares beside the label.",
        "Texts that raters wrote are as they wrote them.",
        (
            "In a pair `response_id` is slot 1 and `response_id_2` slot 2, whichever stood first"
            " on the rater's page; `side` says which did."
        ),
        "Pseudonyms of raters mean nothing outside this release.",
        ESCAPE_RULE,
    ]


def _rubric(manifest: dict[str, Any]) -> str:
    return f"rubric {manifest['rubric']['key']} v{manifest['rubric']['version']}"
