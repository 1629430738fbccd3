"""``manage.py order_effects SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation import selections, sentences
from evaluation.errors import EvaluationError
from evaluation.management.choosing import add_exclusions, add_scope
from evaluation.management.printing import UNUSABLE, excluded, printed
from evaluation.services import order_effects
from evaluation.services.order_effects import FIRST_PLACES, FirstPlaces, LeftRight, OrderEffects
from evaluation.services.studies import the_study


class Command(BaseCommand):
    """Report whether answers depend on the order of things."""

    help = "Preference for a side, balance of sides by pair of models, first answers and later."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", help="Only this question.")
        add_scope(parser)
        add_exclusions(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, question: str | None, scope: str | None, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            wanted = selections.wants_exclusions([options["exclusions"] or ""])
            found = order_effects.report(study, question=question, scope=scope, exclusions=wanted)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            body = order_effects.as_json(study, found)
            self.stdout.write(json.dumps(body, ensure_ascii=False))
            return
        for one in found:
            self._print(one)

    def _print(self, found: OrderEffects) -> None:
        one = found.meant
        self.stdout.write(f"\n{one.question.key} ({one.scope})")
        for line in excluded(one.asked.filters.exclusions):
            self.stdout.write(f"  {line}")
        if found.sides:
            self._print_sides(found.sides, one.cluster)
        if found.places:
            self._print_places(found.places)

    def _print_sides(self, sides: LeftRight, cluster: str) -> None:
        share = sides.share
        self.stdout.write(
            f"  left is preferred in {sides.left:,} of {sides.preferring:,};"
            f" {sides.undecided:,} prefer none, of {sides.unknown:,} the side is not known"
        )
        self.stdout.write(f"  share of the left  {printed(share.share, cluster)}")
        self.stdout.write(f"  {sentences.of_left_share(share.share, share.p, cluster)}")
        for pair in sides.pairs:
            self.stdout.write(f"  {pair.first} and {pair.second}")
            self.stdout.write(f"    {sentences.of_balance(pair.first, pair.balance)}")
            self.stdout.write(f"    first, on the left   {printed(pair.left, cluster)}")
            self.stdout.write(f"    first, on the right  {printed(pair.right, cluster)}")
            by_side = pair.contrast.difference
            self.stdout.write(f"    difference           {printed(by_side, cluster)}")

    def _print_places(self, places: FirstPlaces) -> None:
        shifts = places.shifts
        self.stdout.write(
            f"  first {FIRST_PLACES} items: {shifts.early:,} answers, later {shifts.later:,};"
            f" {shifts.in_both:,} of {shifts.raters:,} raters have both,"
            f" {places.unplaced:,} answers have no place"
        )
        for code, _, one in places.options:
            self.stdout.write(f"    {sentences.of_first_places(code, one, FIRST_PLACES)}")
