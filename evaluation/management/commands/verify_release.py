"""``manage.py verify_release DIR``."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import ReleaseInvalid
from evaluation.exports.verify import verify
from evaluation.management.printing import UNUSABLE

DIFFERS = 1


class Command(BaseCommand):
    """Check a release against its manifest."""

    help = (
        "Compare every file of a release with its SHA-256 and recompute alpha from its judgments"
        " with an independent package. Needs no database. Exit code 1 if anything differs."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("directory", type=Path, help="The release's directory.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, directory: Path, **options: Any) -> None:
        """Verify, and say what differs."""
        try:
            found = verify(directory)
        except ReleaseInvalid as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
        else:
            for difference in found.differences:
                self.stderr.write(f"{difference.what}: {difference.reason}")
            state = "differs" if found.differences else "is whole"
            self.stdout.write(
                f"Release {found.name} {state}: {found.files} files and {found.numbers} numbers"
                f" checked, {len(found.differences)} differences."
            )
        if found.differences:
            sys.exit(DIFFERS)
