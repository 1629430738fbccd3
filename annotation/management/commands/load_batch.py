"""``manage.py load_batch SLUG FILE``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.management.loading import LoadCommand
from annotation.models import Study
from annotation.services import batches
from annotation.services.courtesy import Courtesy
from annotation.tally import Tally


class Command(LoadCommand):
    """Load replies."""

    help = (
        "Load a batch of replies: JSONL, CSV or Parquet, also gzipped, the public study's wide"
        " table, or an Inspect log. Loading it again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--new-versions",
            action="store_true",
            help="Where a known reply has another text, add it as a new version.",
        )
        self.add_refused(parser)

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file as the study's next batch."""
        batch = batches.register(study=study, file_name=file.name, now=timezone.now())
        return batches.load(
            batch=batch,
            path=file,
            new_versions=options["new_versions"],
            strict=options["strict"],
            dry_run=options["dry_run"],
            refused=options["refused"],
            beside=True,
            courtesy=Courtesy(),
            progress=self.progress,
        )
