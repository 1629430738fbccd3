"""``manage.py open_seats SLUG --raters 3 --seed 1``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.errors import AnnotationError
from annotation.management.loading import UNUSABLE, the_study
from annotation.services import openings
from annotation.tasks import prepare_texts


class Command(BaseCommand):
    """Give every reply its seats."""

    help = "Give every reply of the study this many seats for raters; adds what is missing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--raters", type=int, default=3, help="Raters per item (default 3).")
        parser.add_argument("--seed", type=int, default=1, help="Fixes the order (default 1).")
        parser.add_argument(
            "--pairs",
            type=int,
            default=1,
            help="Pairs of replies per query, where the rubric asks about two (default 1).",
        )
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, slug: str, raters: int, seed: int, pairs: int, **options: Any) -> None:
        """Open the seats."""
        study = the_study(slug)
        try:
            opening = openings.open_first_wave(
                study=study,
                raters_per_item=raters,
                seed=seed,
                pairs_per_query=pairs,
                now=timezone.now(),
            )
        except AnnotationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        prepare_texts.enqueue(study.pk)
        if options["json"]:
            self.stdout.write(json.dumps({"items": opening.items, "seats": opening.seats}))
        else:
            self.stdout.write(f"{opening.seats:,} seats added; {opening.items:,} items are open.")
