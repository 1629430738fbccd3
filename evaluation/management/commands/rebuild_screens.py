"""``manage.py rebuild_screens DIR``."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import ReleaseInvalid
from evaluation.exports.rebuild import rebuild, rebuild_one
from evaluation.management.printing import UNUSABLE

DIFFERS = 1


class Command(BaseCommand):
    """Show again what raters saw, from a release."""

    help = (
        "Make every rater's screen again from a release's files and compare it with the hash that"
        " was kept when the rater judged. Needs no database. Exit code 1 if anything differs."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("directory", type=Path, help="The release's directory.")
        parser.add_argument(
            "--judgment", default="", help="Print the screen of this one judgment, as JSON."
        )
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, directory: Path, judgment: str, **options: Any) -> None:
        """Rebuild, and say what differs."""
        try:
            if judgment:
                self._one(directory, judgment)
            else:
                self._all(directory, as_json=options["json"])
        except ReleaseInvalid as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal

    def _one(self, directory: Path, judgment: str) -> None:
        found = rebuild_one(directory, judgment)
        self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False, indent=1))
        if found.differences:
            sys.exit(DIFFERS)

    def _all(self, directory: Path, *, as_json: bool) -> None:
        found = rebuild(directory)
        if as_json:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
        else:
            for difference in found.differences:
                self.stderr.write(f"{difference.what}: {difference.reason}")
            more = f" {found.unchecked} places are of another renderer." if found.unchecked else ""
            self.stdout.write(
                f"Release {found.name}: the screens of {found.judgments:,} judgments and"
                f" {found.spans:,} marked places made again, {found.differing:,} differences.{more}"
            )
        if found.differing:
            sys.exit(DIFFERS)
