"""``manage.py labels SLUG --question KEY``."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.cells import json_text
from evaluation.errors import EvaluationError, OutputInvalid
from evaluation.management.choosing import add_exclusions
from evaluation.management.printing import UNUSABLE, excluded, printed
from evaluation.services import labels
from evaluation.services.asking import counting_as
from evaluation.services.label_checks import Check, Measured
from evaluation.services.label_rows import Row
from evaluation.services.labels import Labelling
from evaluation.services.studies import the_study
from evaluation.views.tables import csv_lines

ENDINGS = (".csv", ".jsonl")


class Command(BaseCommand):
    """Make calibrated labels, and say how far they can be relied on."""

    help = (
        "Labels of one question: shares with intervals, posterior, hard label with its rule; and"
        " how well they foretell raters who were left out, and known answers."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", required=True, help="The question's key.")
        parser.add_argument("--judge", help="Put this judge's probabilities beside the labels.")
        parser.add_argument("--model", help="The judge's model, where the name is not enough.")
        parser.add_argument("--prompt-version", help="Its prompt's version, likewise.")
        parser.add_argument("--rubric-version", help="Its rubric's version, likewise.")
        parser.add_argument("--out", type=Path, help="Write the labels here: .csv or .jsonl.")
        add_exclusions(parser)
        parser.add_argument("--json", action="store_true", help="Print the checks as JSON.")

    def handle(self, *, slug: str, out: Path | None, **options: Any) -> None:
        """Compute, write and print."""
        names = ("question", "judge", "model", "prompt_version", "rubric_version")
        try:
            if out is not None and out.suffix not in ENDINGS:
                raise OutputInvalid(f"Labels are written as .csv or .jsonl, not to {out.name}.")
            study = the_study(slug)
            found = labels.report(
                study,
                filters=counting_as(study, options["exclusions"]),
                **{name: options[name] for name in names},
            )
            number = None if out is None else _write(out, labels.rows(study, found))
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        except OSError as error:
            raise CommandError(
                f"{out} cannot be written: {error.strerror}.", returncode=UNUSABLE
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(labels.as_json(study, found), ensure_ascii=False))
            return
        for line in excluded(found[0].asked.filters.exclusions):
            self.stdout.write(line)
        for one in found:
            self._print(one)
        if number is not None:
            self.stdout.write(f"{number:,} labels written to {out}")

    def _print(self, one: Labelling) -> None:
        errors = one.errors
        self.stdout.write(f"{one.question.key} ({one.asked.scope}), hard label by {one.rule}")
        if errors:
            self.stdout.write(
                f"  Raters' errors learnt from {errors.ratings:,} ratings of {errors.units:,} units"
                f" by {errors.rater.size:,} raters"
            )
        self._print_check("Beside raters left out", one.held_out)
        self._print_check("Beside known answers", one.gold)
        if one.recalibrated:
            judge = one.recalibrated
            self.stdout.write(f"  Judge {judge.judge.name}: {judge.units:,} units {judge.reason}")
            self._print_measures(judge.measured)

    def _print_check(self, what: str, check: Check) -> None:
        self.stdout.write(f"  {what}: {check.reason or f'{check.cases:,} cases'}")
        self._print_measures(check.measured)

    def _print_measures(self, measured: Iterable[Measured]) -> None:
        for one in measured:
            self.stdout.write(f"    {one.kind}: Brier {printed(one.brier, 'cluster')}")
            self.stdout.write(f"      {one.ece.name} {printed(one.ece, 'cluster')}")


def _write(out: Path, rows: Iterable[Row]) -> int:
    """Write rows one by one, under another name until all are there; return how many."""
    waiting = out.with_name(f"{out.name}.part")
    number = 0

    def counted() -> Iterator[Row]:
        nonlocal number
        for number, row in enumerate(rows, start=1):  # noqa: B007 - it is what is returned
            yield row

    if out.suffix == ".csv":
        lines = csv_lines(labels.COLUMNS, (list(row.values()) for row in counted()))
    else:
        lines = (f"{json_text(row)}\n" for row in counted())
    with waiting.open("w", encoding="utf-8", newline="") as file:
        file.writelines(lines)
    waiting.replace(out)
    return number
