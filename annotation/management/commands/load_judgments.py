"""``manage.py load_judgments SLUG FILE``."""

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

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file."""
        return imports.load(
            study=study,
            path=file,
            now=timezone.now(),
            strict=options["strict"],
            dry_run=options["dry_run"],
            progress=self.progress,
        )
