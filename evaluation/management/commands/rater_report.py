"""``manage.py rater_report SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.management.choosing import add_filters, add_scope, selection_of
from evaluation.management.printing import UNUSABLE, printed
from evaluation.services import identical_blocks, rater_quality
from evaluation.services.identical_blocks import SharedBlocks
from evaluation.services.rater_quality import RaterOnQuestion, RatersOnQuestion
from evaluation.services.studies import the_study
from evaluation.stats.rater_signs import Pace


class Command(BaseCommand):
    """Report how raters stand beside each other."""

    help = "Raters beside each other: agreement, hidden truth, known answers, pace, signs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", help="Only this question.")
        add_scope(parser)
        add_filters(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, scope: str | None, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            found = rater_quality.report_asked(study, selection_of(options), scope=scope)
            blocks = identical_blocks.report(study)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            body = rater_quality.as_json(study, found, blocks)
            self.stdout.write(json.dumps(body, ensure_ascii=False))
            return
        self._print_blocks(blocks)
        for one in found:
            self._print(one)

    def _print_blocks(self, blocks: SharedBlocks) -> None:
        if not blocks.looked:
            self.stdout.write(
                f"Identical blocks were not looked for: {blocks.ratings:,} ratings are too many."
            )
            return
        self.stdout.write(
            f"{len(blocks.found):,} improbable identical blocks among {blocks.blocks:,} different"
            f" ones at {blocks.items:,} comparable items"
        )
        for one in blocks.found:
            self.stdout.write(f"  {', '.join(name for _, name in one.items)}: {one.sentence}")

    def _print(self, found: RatersOnQuestion) -> None:
        one = found.meant
        self.stdout.write(
            f"\n{one.question.key} ({one.scope}): {found.ratings:,} ratings by"
            f" {len(found.raters):,} raters at {found.units:,} items or turns"
        )
        self.stdout.write(f"  any two raters agree: {printed(found.everyone, one.cluster)}")
        for rater in found.raters:
            self._print_rater(rater, one.cluster)

    def _print_rater(self, one: RaterOnQuestion, cluster: str) -> None:
        said = " (simulated)" if one.simulated else ""
        self.stdout.write(f"  {one.rater}{said}: {one.ratings:,} ratings, {one.shared:,} shared")
        self.stdout.write(f"    with the others  {printed(one.agreement, cluster)}")
        self.stdout.write(f"    kappa            {printed(one.kappa, cluster)}")
        self.stdout.write(f"    hidden truth     {printed(one.truth, cluster)}")
        if one.gold:
            self.stdout.write(f"    gold             {printed(one.gold.share, 'answer')}")
        self.stdout.write(f"    pace             {_pace(one.pace)}")
        for sign in one.signs:
            self.stdout.write(f"    sign: {sign.sentence}")


def _pace(found: Pace) -> str:
    if found.seconds is None or found.speed is None:
        return "no judgment is timed"
    return (
        f"{found.seconds:.1f} seconds, {found.speed:,.0f} characters a second in the median of"
        f" {found.timed:,}; {found.too_fast:,} too fast"
    )
