"""``manage.py load_verdicts SLUG FILE --judge NAME``."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from annotation.management.loading import UNUSABLE, LoadCommand
from annotation.selectors.studies import facts_of
from annotation.tally import Tally
from evaluation.errors import EvaluationError
from evaluation.intake import JudgeVersion, load_verdicts


class Command(LoadCommand):
    """Load a judge's verdicts."""

    help = (
        "Load a judge's answers (CSV or JSONL): response_id, question, answer and, if known, turn,"
        " probability or probabilities, score, reasoning, clauses. A second load changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        super().add_arguments(parser)
        parser.add_argument(
            "--judge",
            help="The judge's name. Leave it out where the lines name it, as a release's do.",
        )
        parser.add_argument("--model", default="", help="The language model behind the judge.")
        parser.add_argument("--prompt-version", default="", help="The version of its prompt.")
        parser.add_argument("--rubric-version", default="", help="The rubric it was given.")
        self.add_refused(parser)
        parser.add_argument(
            "--simulated", action="store_true", help="Mark the judge as a simulation."
        )

    # Any: the study is annotation's own row, of which only the facts are taken.
    def load(self, study: Any, file: Path, **options: Any) -> Tally:
        """Load the file."""
        judge = None
        if options["judge"] is not None:
            judge = JudgeVersion(
                name=options["judge"],
                model=options["model"],
                prompt_version=options["prompt_version"],
                rubric_version=options["rubric_version"],
                simulated=options["simulated"],
            )
        try:
            return load_verdicts(
                study=facts_of(study),
                path=file,
                judge=judge,
                now=timezone.now(),
                strict=options["strict"],
                dry_run=options["dry_run"],
                refused=options["refused"],
                progress=self.progress,
            )
        except EvaluationError as refusal:
            raise CommandError(f"{refusal} Nothing was loaded.", returncode=UNUSABLE) from refusal
