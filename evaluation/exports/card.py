"""The dataset card of a release, in words for people. Pure."""

from typing import Any

from annotation.cells import ESCAPE_RULE
from evaluation.exports.columns import TABLES

WHAT = {
    "labels": "what the study concludes of each reply or pair: vote shares and a majority label",
    "calibrated": "the same labels with intervals and posterior, from people's answers alone",
    "judgments": "every current answer of every rater, under a pseudonym of this release",
    "spans": "the places of replies that raters marked as evidence",
    "clauses": "the clauses of a specification that decided answers",
    "stages": "when each stage was shown and sent, how long it took, with what",
    "revisions": "what raters said before or after what counts; no statistic takes it",
    "items": "the replies or pairs that were judged, with who wrote them; raters never saw that",
    "texts": "what raters were shown where it differs from `items`: older texts, other masks",
    "values": "what raters read of each value, as it is now",
    "verdicts": "what automated judges answered to the same questions",
    "recalibrated": "judges' probabilities, raw and recalibrated; part of no label",
    "raters": "the raters, under the same pseudonyms",
    "exclusions": "the rules that leave judgments out of results, with their reasons",
    "agreement.json": "how far raters agree, with intervals",
    "judges.json": "each judge held against people",
    "calibration.json": "whether labels foretell raters left out and known answers",
    "rubric.json": "the questions, as they can be loaded into another study",
    "guidelines.md": "what raters were told to read first",
    "sampling.json": "how the items were chosen and how many raters each was to have",
    "dictionary.csv": "every column of every table",
    "croissant.json": "the files and tables in Croissant 1.0, for tools that load datasets",
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
        "## Files\n\nEach table is there as `.jsonl`, `.csv` and `.parquet`.\n\n"
        + "\n".join(_files(rows)),
        "## What was left out\n\n" + "\n".join(_left_out(manifest)),
        "## Personal data in raters' words\n\n" + personal_data(manifest),
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
        shown = f"`{name}`, three forms" if name in TABLES else f"`{name}`"
        found.append(f"- {shown}: {words}" + (f" ({count:,} rows)" if count is not None else ""))
    return found + [f"- `{name}`: {words}" for name, words in FAMILIES.items()]


def _left_out(manifest: dict[str, Any]) -> list[str]:
    counted = manifest["judgments"]
    first = f"{counted['total']:,} judgments were stored, {counted['included']:,} are included."
    deleted = manifest["withdrawn_and_deleted"]["judgments"]
    marked = _excluded(manifest)
    last = f"{deleted:,} more were deleted because their raters left; the total does not have them."
    return [
        first,
        "",
        *(
            f"- {one['judgments']:,} {one['reason']}: {one['explanation']}"
            for one in manifest["exclusions"]
        ),
        "",
        *((marked, "") if marked else ()),
        last,
    ]


def _excluded(manifest: dict[str, Any]) -> str:
    """Say which exclusions were applied; empty where none was."""
    numbers = manifest["filters"]["exclusions"]
    if not numbers:
        return ""
    count = manifest["judgments"]["included_but_excluded"]
    named = ", ".join(map(str, numbers))
    return (
        f"Applied exclusions (see `exclusions`): {named}. They leave {count:,} of the included"
        " judgments out of labels, agreement and judges. They stay in `judgments`, whose column"
        " `excluded` names the exclusions."
    )


def personal_data(manifest: dict[str, Any]) -> str:
    """Say what was found that may be personal data, and what became of it; in one paragraph."""
    found = manifest["personal_data"]
    if not found["texts"]:
        return "No texts that raters wrote were looked through for personal data: there are none."
    looked = (
        f"{found['texts']:,} texts that raters wrote were looked through for what may tell who"
        " somebody is"
    )
    if not found["findings"]:
        return f"{looked}: nothing was found. Patterns miss what they do not know."
    kinds = "; ".join(
        f"{one['kind']}: {one['masked'] + one['kept'] + one['undecided']:,} ({_decided(one)})"
        for one in found["findings"]
    )
    becomes = "a mark `[redacted: kind]` stands" if found["undecided"] == "masked" else "they stay"
    return (
        f"{looked}; {found['texts_with_findings']:,} hold something. {kinds}. Where nobody decided,"
        f" {becomes}. Patterns miss what they do not know."
    )


def _decided(counted: dict[str, Any]) -> str:
    words = ("masked", "kept", "undecided")
    return ", ".join(f"{counted[word]:,} {word}" for word in words if counted[word])


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
        "Texts that raters wrote are as they wrote them, but for the marks `[redacted: …]`.",
        (
            "In a pair `response_id` is slot 1 and `response_id_2` slot 2, whichever stood first"
            " on the rater's page; `side` says which did."
        ),
        "Pseudonyms of raters mean nothing outside this release.",
        ESCAPE_RULE,
    ]


def _rubric(manifest: dict[str, Any]) -> str:
    return f"rubric {manifest['rubric']['key']} v{manifest['rubric']['version']}"
