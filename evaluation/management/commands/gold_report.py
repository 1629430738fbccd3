"""``manage.py gold_report SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.management.printing import UNUSABLE
from evaluation.services import gold
from evaluation.services.gold import RaterOnGold
from evaluation.services.studies import the_study
from evaluation.stats.estimates import Estimate


class Command(BaseCommand):
    """Report how raters stand beside known answers."""

    help = "Raters beside known answers: how many items they judged, and the share that is right."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", help="Only this question.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, question: str | None, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            found = gold.report(study, question=question)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(gold.as_json(study, found), ensure_ascii=False))
            return
        if not found:
            self.stdout.write("No rater has answered where the right answer is known.")
        for one in found:
            self._print(one)

    def _print(self, one: RaterOnGold) -> None:
        said = " (simulated)" if one.simulated else ""
        self.stdout.write(f"\n{one.rater}{said}: {_of(one.items_right, one.items, one.share)}")
        for question in one.questions:
            off = "" if question.distance is None else f", {question.distance:.2f} points off"
            words = _of(question.right, question.judged, question.share)
            self.stdout.write(f"  {question.key:<20}{words}{off}")


def _of(right: int, judged: int, share: Estimate) -> str:
    return (
        f"{right:,} of {judged:,} right, {share.value:.4f}"
        f"  {share.confidence:.0%} interval {share.low:.4f} to {share.high:.4f}"
    )
