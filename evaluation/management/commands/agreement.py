"""``manage.py agreement SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.selectors.labels import SLICES
from evaluation.errors import EvaluationError
from evaluation.services import agreement
from evaluation.services.studies import the_study
from evaluation.stats.estimates import Estimate

UNUSABLE = 2


class Command(BaseCommand):
    """Report how far raters agree."""

    help = "Krippendorff's alpha and percent agreement with intervals, for each closed question."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", help="Only this question.")
        parser.add_argument("--by", help=f"Slice by one of {', '.join(SLICES)}.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            found = agreement.report(study, question=options["question"], by=options["by"])
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(agreement.as_json(study, found), ensure_ascii=False))
            return
        for one in found:
            where = f", {one.slice_by} {one.slice_key}" if one.slice_by else ""
            self.stdout.write(
                f"{one.key} ({one.scope}{where}): {one.items:,} items, {one.pairable_items:,} of"
                f" them with two raters or more, {one.raters:,} raters, {one.judgments:,} ratings"
            )
            if one.definition:
                self.stdout.write(f"  Derived: {one.definition} {one.left_out:,} ratings left out.")
            self.stdout.write(f"  alpha ({_metric(one)})  {_printed(one.alpha, one.cluster)}")
            self.stdout.write(f"  percent            {_printed(one.percent, one.cluster)}")


def _metric(one: agreement.Agreement) -> str:
    """Name the distance: of sets, where several options may be chosen, else the level's."""
    return "MASI" if "masi" in one.alpha.name.lower() else one.level


def _printed(estimate: Estimate, cluster: str) -> str:
    if estimate.value is None:
        return f"undefined: {estimate.reason.sentence if estimate.reason else ''}"
    if estimate.low is None or estimate.high is None:
        why = estimate.reason.sentence if estimate.reason else ""
        return f"{estimate.value:.4f} (no interval: {why})"
    level = f"{estimate.confidence:.0%}"
    return (
        f"{estimate.value:.4f}  {level} interval {estimate.low:.4f} to {estimate.high:.4f},"
        f" {estimate.clusters:,} clusters ({cluster})"
    )
