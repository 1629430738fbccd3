"""``manage.py load_gold SLUG FILE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.management.loading import LoadCommand
from annotation.models import Study
from annotation.services import gold
from annotation.tally import Tally


class Command(LoadCommand):
    """Load known answers."""

    help = "Load known answers: response_id, question, answer and, if known, turn, reason."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--replace",
            action="store_true",
            help="Where another answer is known, end it and take this one; both are kept.",
        )

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file."""
        return gold.load(
            study=study,
            path=file,
            now=timezone.now(),
            replace=options["replace"],
            strict=options["strict"],
            dry_run=options["dry_run"],
            progress=self.progress,
        )
