"""``manage.py simulate_raters SLUG``."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.management.loading import UNUSABLE, the_study
from annotation.services import simulation


class Command(BaseCommand):
    """Let raters who are not people judge."""

    help = "Let simulated raters judge an open study; their judgments are marked as simulated."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--opinions", type=Path, help="JSON: what people say, by reply id.")
        parser.add_argument("--raters", type=int, default=8, help="How many raters (default 8).")
        parser.add_argument("--items", type=int, default=50, help="Items each (default 50).")
        parser.add_argument("--seed", type=int, default=1, help="Fixes their answers (default 1).")

    def handle(self, *, slug: str, opinions: Path | None, **options: Any) -> None:
        """Simulate."""
        try:
            said = json.loads(opinions.read_text(encoding="utf-8")) if opinions else {}
        except (OSError, ValueError) as error:
            reason = f"{opinions} cannot be read: {error}"
            raise CommandError(reason, returncode=UNUSABLE) from error
        made = simulation.run(
            study=the_study(slug),
            opinions=said,
            n_raters=options["raters"],
            items_each=options["items"],
            seed=options["seed"],
            now=timezone.now(),
        )
        self.stdout.write(f"{made:,} simulated judgments.")
