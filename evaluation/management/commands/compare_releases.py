"""``manage.py compare_releases BEFORE AFTER``."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import ReleaseInvalid
from evaluation.exports.compare import Change, Comparison, Moved, compare
from evaluation.management.printing import UNUSABLE


class Command(BaseCommand):
    """Say what changed from one release to another."""

    help = (
        "Compare two releases of one study: items, judgments that came or went, labels that"
        " changed, headline numbers, rubric versions, exclusions. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("before", type=Path, help="The earlier release's directory.")
        parser.add_argument("after", type=Path, help="The later release's directory.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, before: Path, after: Path, **options: Any) -> None:
        """Compare, and say what changed."""
        try:
            found = compare(before, after)
        except ReleaseInvalid as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(found.as_json(), ensure_ascii=False))
            return
        self._say(found)

    def _say(self, found: Comparison) -> None:
        self.stdout.write(f"From {found.before} to {found.after}:")
        for name in ("items", "judgments", "labels"):
            moved: Moved = getattr(found, name)
            self.stdout.write(
                f"  {name}: {moved.added:,} added, {moved.gone:,} gone, {moved.kept:,} in both"
            )
        self.stdout.write(f"  labels that changed: {found.labels_changed:,}")
        for one in found.changed:
            place = one.response_id + (f" / {one.response_id_2}" if one.response_id_2 else "")
            turn = f", turn {one.turn}" if one.turn else ""
            self.stdout.write(
                f"    {place}, {one.question}{turn}: {one.before or 'tie'} -> {one.after or 'tie'}"
            )
        for title, changes in (
            ("facts", found.facts),
            ("left out", found.exclusions),
            ("alpha", found.headline),
        ):
            for change in changes:
                self.stdout.write(f"  {title}: {_line(change)}")


def _line(change: Change) -> str:
    return f"{change.what}: {_shown(change.before)} -> {_shown(change.after)}"


def _shown(value: Any) -> str:
    if value is None or value == "":
        return "none"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
