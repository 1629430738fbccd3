"""``manage.py load_judgments SLUG FILE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.management.loading import LoadCommand
from annotation.models import Study
from annotation.services import imports
from annotation.tally import Tally


class Command(LoadCommand):
    """Load judgments made elsewhere."""

    help = "Load judgments made elsewhere (CSV or JSONL): response_id, rater, question, answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add where the refused lines go."""
        super().add_arguments(parser)
        self.add_refused(parser)

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file."""
        return imports.load(
            study=study,
            path=file,
            now=timezone.now(),
            strict=options["strict"],
            dry_run=options["dry_run"],
            refused=options["refused"],
            progress=self.progress,
        )
