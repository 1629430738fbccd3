"""Verdicts coming in: placed as raters' answers are, and never overwritten."""

from collections.abc import Iterable
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

from django.db import transaction

from annotation import files
from annotation.files import Problem, Record, RefusedLines
from annotation.line_files import keep_refused, kept_lines
from annotation.selectors.studies import StudyFacts
from annotation.tally import Progress, Tally, chunks, no_progress
from evaluation.intake import ensembles
from evaluation.intake.judge_versions import LONGEST_NAME, LONGEST_VERSION, JudgeVersion
from evaluation.intake.verdict_store import Numbered, VerdictStore
from evaluation.verdict_lines import verdict_line

__all__ = [
    "LONGEST_NAME",
    "LONGEST_VERSION",
    "JudgeVersion",
    "ensembles",
    "load_records",
    "load_verdicts",
]

# What one short transaction stores: more lines cost more memory, fewer more round trips.
LINES_AT_ONCE = 5_000


def load_verdicts(
    *,
    study: StudyFacts,
    path: Path,
    judge: JudgeVersion | None,
    now: datetime,
    name: str = "",
    dry_run: bool = False,
    strict: bool = False,
    refused: Path | None = None,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of verdicts, one a line, in chunks of one short transaction each.

    Loading it again changes nothing; another answer of the same judge to the same question is
    refused, naming both. ``judge`` speaks on every line; without it each line must name its own,
    as those of a release do. ``strict`` and ``dry_run`` run everything in one transaction, which
    is given up when a line is bad, or in any case. ``refused`` gets the refused lines as a file
    to be corrected and loaded again. Memory does not grow with the file.

    Raises:
        FileUnreadable, JudgeInvalid: nothing was loaded.
    """
    if judge is not None:
        judge.check()
    files.check(path, name=name)
    records = files.read(path, name=name)
    with kept_lines(path, refused, name=name) if refused else nullcontext() as kept:
        if not (strict or dry_run):
            return _load(VerdictStore(study, judge, Tally(), now), records, progress, kept)
        with transaction.atomic():
            tally = _load(VerdictStore(study, judge, Tally(), now), records, progress, kept)
            transaction.set_rollback(dry_run or tally.refused > 0)
        return tally


def load_records(
    *,
    study: StudyFacts,
    records: Iterable[Record | Problem],
    judge: JudgeVersion | None,
    now: datetime,
    progress: Progress = no_progress,
) -> Tally:
    """Load verdicts from wherever they come, each record the fields of one line."""
    return _load(VerdictStore(study, judge, Tally(), now), records, progress, None)


def _load(
    store: VerdictStore,
    records: Iterable[Record | Problem],
    progress: Progress,
    kept: RefusedLines | None,
) -> Tally:
    tally = store.tally
    for chunk in chunks(records, LINES_AT_ONCE):
        good: list[Numbered] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else verdict_line(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                good.append((record.line, found))
        store.add(good)
        if kept is not None:
            keep_refused(kept, tally, chunk)
        # A chunk's lines are done with: which of them were refused is not kept for millions.
        tally.forget_places()
        progress(tally.read)
    ensembles.count_again(store.judge_ids)
    return tally
