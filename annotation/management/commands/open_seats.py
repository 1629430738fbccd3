"""``manage.py open_seats SLUG --raters 3 --seed 1``."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.errors import AnnotationError
from annotation.management.loading import UNUSABLE, the_study
from annotation.models import SeatOpening, Study
from annotation.selectors.disagreement import disputed_items
from annotation.services import gold, later_waves, openings
from annotation.tasks import prepare_texts
from annotation.vocabulary import Wave

FIRST_RATERS, LATER_RATERS = 3, 1
# The sampling designer opens the wave "audit", and knows what it drew.
WAVES = {str(wave.label): wave for wave in (Wave.FIRST, Wave.GOLD, *later_waves.AFTER_DISAGREEMENT)}


def _share(word: str) -> Decimal:
    try:
        found = Decimal(word)
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise ArgumentTypeError(f"{word!r} is no share such as 0.67")
    return found


class Command(BaseCommand):
    """Give replies their seats: all of them, or those that a later wave is about."""

    help = (
        "Give every reply of the study this many seats for raters; adds what is missing. With"
        " --wave: further seats at gold items, or where raters disagree."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument(
            "--raters",
            type=int,
            help=f"Raters per item (default {FIRST_RATERS}; {LATER_RATERS} in later waves).",
        )
        parser.add_argument("--seed", type=int, default=1, help="Fixes the order (default 1).")
        parser.add_argument(
            "--pairs",
            type=int,
            default=1,
            help="Pairs of replies per query, where the rubric asks about two (default 1).",
        )
        parser.add_argument("--wave", choices=WAVES, default="first", help="Why (default first).")
        parser.add_argument("--reason", default="", help="Why, in words; kept for ever.")
        parser.add_argument("--question", default="", help="On which question raters disagree.")
        parser.add_argument(
            "--about", default="", help="whole, any (some turn), or the number of a turn."
        )
        parser.add_argument(
            "--below",
            type=_share,
            help="The most frequent answer's share is below this, such as 0.67. Left out: a tie.",
        )
        parser.add_argument(
            "--at-least", type=int, help="So many raters answered (default: the study's number)."
        )
        parser.add_argument("--cohort", default="", help="Only raters of this cohort get them.")
        parser.add_argument("--dry-run", action="store_true", help="Count the items that disagree.")
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, slug: str, wave: str, **options: Any) -> None:
        """Open the seats."""
        study = the_study(slug)
        try:
            opening = self._opened(study, WAVES[wave], **options)
        except AnnotationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if opening is None:
            return
        prepare_texts.enqueue(study.pk)
        if options["json"]:
            self.stdout.write(json.dumps({"items": opening.items, "seats": opening.seats}))
        else:
            self.stdout.write(f"{opening.seats:,} seats added; {opening.items:,} items are open.")

    def _opened(
        self, study: Study, wave: Wave, *, raters: int | None, seed: int, **options: Any
    ) -> SeatOpening | None:
        how: dict[str, Any] = {"study": study, "seed": seed, "now": timezone.now()}
        if wave == Wave.FIRST:
            pairs = options["pairs"]
            wanted = FIRST_RATERS if raters is None else raters
            return openings.open_first_wave(raters_per_item=wanted, pairs_per_query=pairs, **how)
        how |= {
            "raters_per_item": LATER_RATERS if raters is None else raters,
            "reason": options["reason"],
        }
        if wave == Wave.GOLD:
            return gold.open_seats(**how)
        rule = later_waves.rule_of(
            study,
            question=options["question"],
            about=options["about"],
            share_below=options["below"],
            at_least=options["at_least"],
        )
        if options["dry_run"]:
            self._count(sum(1 for _ in disputed_items(rule)), as_json=options["json"])
            return None
        return later_waves.open_after_disagreement(
            wave=wave, rule=rule, cohort=options["cohort"], **how
        )

    def _count(self, items: int, *, as_json: bool) -> None:
        found = json.dumps({"items": items}) if as_json else f"Raters disagree at {items:,} items."
        self.stdout.write(found)
