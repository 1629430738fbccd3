"""``manage.py load_values SLUG FILE``."""

from pathlib import Path
from typing import Any

from annotation.management.loading import LoadCommand
from annotation.models import Study
from annotation.services import values
from annotation.tally import Tally


class Command(LoadCommand):
    """Load what values mean."""

    help = "Load what the values mean (CSV or JSONL): value, definition, category, aliases."

    def load(self, study: Study, file: Path, **options: Any) -> Tally:
        """Load the file."""
        return values.load(
            study=study,
            path=file,
            strict=options["strict"],
            dry_run=options["dry_run"],
            progress=self.progress,
        )
