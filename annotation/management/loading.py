"""What every loading command has in common: arguments, progress, the report, exit codes.

Exit code 0: every line is in the study. 1: some lines were refused, the good ones are loaded.
2: the file or the study cannot be used, and nothing was loaded.
"""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.errors import AnnotationError
from annotation.models import Study
from annotation.tally import Tally

REFUSED = 1
UNUSABLE = 2
ERRORS_PRINTED = 20


def the_study(slug: str) -> Study:
    """Return the study of this name, or end the command with exit code 2."""
    try:
        return Study.objects.get(slug=slug)
    except Study.DoesNotExist:
        known = ", ".join(Study.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise CommandError(
            f"There is no study {slug!r}. There are: {known or 'none; create_study makes one'}.",
            returncode=UNUSABLE,
        ) from None


class LoadCommand(BaseCommand):
    """A command that loads one file into one study; subclasses say how in ``load``."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what every load takes."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("file", type=Path, help="A .jsonl, .csv or .parquet file, or .gz.")
        parser.add_argument("--dry-run", action="store_true", help="Check only; store nothing.")
        parser.add_argument(
            "--strict", action="store_true", help="Store nothing if any line is bad."
        )
        parser.add_argument("--json", action="store_true", help="Print the report as JSON.")

    def add_refused(self, parser: ArgumentParser) -> None:
        """Add where the refused lines are written, for loads that keep them."""
        parser.add_argument(
            "--refused",
            type=Path,
            metavar="FILE",
            help="Write the refused lines here, to be corrected and loaded again.",
        )

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file; to be given by the command."""
        raise NotImplementedError(f"{type(self).__name__} must say how it loads")

    def handle(self, *, slug: str, file: Path, **options: Any) -> None:
        """Load, report, and end with the exit code that says how it went."""
        study = the_study(slug)
        if not file.is_file():
            reason = f"There is no file {file}. Nothing was loaded."
            raise CommandError(reason, returncode=UNUSABLE)
        try:
            tally = self.load(study, file, **options)
        except AnnotationError as refusal:
            raise CommandError(f"{refusal} Nothing was loaded.", returncode=UNUSABLE) from refusal
        self._progress_end()
        if options["json"]:
            self.stdout.write(json.dumps(tally.as_json(), ensure_ascii=False))
        else:
            self._print(tally, dry_run=options["dry_run"])
        if tally.refused:
            sys.exit(REFUSED)

    def progress(self, lines: int) -> None:
        """Show on a terminal how many lines were read."""
        if self.stderr.isatty():
            self.stderr.write(f"\r{lines:,} lines read", ending="")

    def _progress_end(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("")

    def _print(self, tally: Tally, *, dry_run: bool) -> None:
        for error in tally.as_json()["errors"][:ERRORS_PRINTED]:
            place = f"line {error['line']}" + (f", {error['field']}" if error["field"] else "")
            there = f" (there stands {error['value']})" if error["value"] else ""
            self.stderr.write(f"{place}: {error['reason']}{there}")
        more = len(tally.errors) - ERRORS_PRINTED
        if more > 0:
            self.stderr.write(f"… and {more} more; --json lists them.")
        for note in tally.notes:
            self.stdout.write(note)
        self.stdout.write(
            f"{tally.read:,} lines read: {tally.created:,} created, {tally.unchanged:,} unchanged,"
            f" {tally.updated:,} updated, {tally.refused:,} refused."
            + (" Nothing was stored: a dry run." if dry_run else "")
        )
