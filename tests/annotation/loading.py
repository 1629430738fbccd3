"""Lines of replies, and what became of the lines of a file."""

from collections.abc import Callable
from pathlib import Path

from annotation.models import Study
from annotation.services import batches
from tests import build
from tests.build import NOW


def tallied(tally):
    """Created, unchanged, updated, refused; every line is in exactly one of them."""
    counts = (tally.created, tally.unchanged, tally.updated, tally.refused)
    assert sum(counts) == tally.read
    return counts


def counts(tally):
    return tally.created, tally.updated, tally.unchanged, tally.refused


def reasons(tally):
    return [(error.line, error.field) for error in tally.errors]


def line(**fields):
    return build.reply_fields(query_id="q", response_id="r", **fields)


def loader(study: Study, tmp_path: Path) -> Callable:
    """Load lines, or a file, as the study's next batch; the tally and the batch."""

    def loaded(lines, *, of=study, name="batch.jsonl", **how):
        path = tmp_path / name
        if isinstance(lines, list):
            build.jsonl(path, lines)
        else:
            path.write_bytes(lines if isinstance(lines, bytes) else lines.encode())
        batch = batches.register(study=of, file_name=name, now=NOW)
        return batches.load(batch=batch, path=path, **how)

    return loaded
