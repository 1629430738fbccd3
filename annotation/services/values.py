"""What the values of a study mean: definitions and categories from a CSV file."""

from pathlib import Path

from annotation import files
from annotation.files import Problem
from annotation.models import Study, Value
from annotation.tally import Tally

LONGEST = {"value": 200, "category": 100, "definition": 2_000}


def load(*, study: Study, path: Path) -> Tally:
    """Load ``value, category, definition`` lines; a value's later line replaces its earlier one.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    files.check(path)
    tally = Tally()
    for record in files.read(path):
        tally.read += 1
        if isinstance(record, Problem):
            tally.refuse([record])
            continue
        problems = _problems(record.line, record.fields)
        if problems:
            tally.refuse(problems)
            continue
        fields = {"category": record.fields.get("category", "")}
        fields["definition"] = record.fields.get("definition", "")
        _, made = Value.objects.update_or_create(
            study=study, name=record.fields["value"], defaults=fields
        )
        tally.created += made
        tally.updated += not made
    return tally


def _problems(line: int, fields: dict[str, str]) -> list[Problem]:
    if not str(fields.get("value", "")).strip():
        return [Problem(line, "value", "is missing; every line names a value")]
    return [
        Problem(line, name, f"is longer than {longest} characters")
        for name, longest in LONGEST.items()
        if len(str(fields.get(name, ""))) > longest
    ]
