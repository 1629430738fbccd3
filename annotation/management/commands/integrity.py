"""``manage.py integrity``."""

import json
import sys
from argparse import ArgumentParser
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand

from annotation.services import integrity

FOUND = 1
LISTED = 1_000


class Command(BaseCommand):
    """Compare what is stored twice."""

    help = (
        "Compare counters with counts, copies with originals and hashes with texts. Writes"
        " nothing. Exit code 1 when anything differs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, **options: Any) -> None:
        """Print each difference with its table and row id."""
        counted: Counter[str] = Counter()
        listed: list[dict[str, Any]] = []
        for found in integrity.differences():
            counted[found.check] += 1
            if not options["json"]:
                self.stdout.write(f"{found.check}: {found.table} {found.row} {found.reason}")
            elif len(listed) < LISTED:
                row = {"check": found.check, "table": found.table, "row": found.row}
                listed.append({**row, "reason": found.reason})
        total = sum(counted.values())
        if options["json"]:
            report = {"differences": total, "by_check": dict(counted), "rows": listed}
            self.stdout.write(json.dumps(report, ensure_ascii=False))
        elif not total:
            self.stdout.write(f"No difference in {len(integrity.CHECKS)} checks.")
        if total:
            self.stderr.write(f"{total:,} differences.")
            sys.exit(FOUND)
