"""``manage.py verify SLUG``."""

import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.exports.recompute import package
from evaluation.management.printing import UNUSABLE
from evaluation.services import verification
from evaluation.services.studies import the_study

DIFFERENT = 1


class Command(BaseCommand):
    """Recompute the headline numbers of a study with another package."""

    help = "Alpha of every question once more, by the krippendorff package; exit 1 if one differs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, **options: Any) -> None:
        """Recompute and say equal or not."""
        try:
            found = verification.verify(the_study(slug))
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        equal = all(one.equal for one in found)
        if options["json"]:
            body = {"study": slug, "equal": equal, "questions": [one.as_json() for one in found]}
            self.stdout.write(json.dumps(body))
        else:
            for one in found:
                said = "equal" if one.equal else "NOT EQUAL"
                self.stdout.write(
                    f"{one.key} ({one.scope}): {_shown(one.ours)}, recomputed {_shown(one.theirs)}:"
                    f" {said}"
                )
            self.stdout.write(f"{'All equal' if equal else 'NOT equal'}, by {package()}.")
        if not equal:
            sys.exit(DIFFERENT)


def _shown(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.12f}"
