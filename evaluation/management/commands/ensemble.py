"""``manage.py ensemble SLUG --name NAME --judge A --judge B``."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from evaluation.errors import EvaluationError
from evaluation.intake import ensembles
from evaluation.management.printing import UNUSABLE
from evaluation.services import judges
from evaluation.services.studies import the_study


class Command(BaseCommand):
    """Make a judge of the majority of others."""

    help = (
        "Make a judge that says what most of several stored judges say. Where they tie, or fewer"
        " than two spoke, it says nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--name", required=True, help="What the ensemble is called.")
        parser.add_argument(
            "--judge",
            action="append",
            required=True,
            help="A member, by its name or its id; several times.",
        )

    def handle(self, *, slug: str, name: str, judge: list[str], **options: Any) -> None:
        """Make it, and say how many verdicts follow."""
        try:
            study = the_study(slug)
            members = [judges.judge_named(study, one).id for one in judge]
            made = ensembles.make(study=study, name=name, member_ids=members, now=timezone.now())
            found = judges.judge_of(study, made.pk)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        self.stdout.write(
            f"{found.name}: {found.verdicts:,} verdicts, of {', '.join(found.members)}"
        )
