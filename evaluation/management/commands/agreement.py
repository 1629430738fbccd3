"""``manage.py agreement SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.selectors.slices import SLICES
from evaluation.errors import EvaluationError
from evaluation.management.choosing import add_exclusions, add_filters, selection_of
from evaluation.services import agreement, asked_agreement
from evaluation.services.coefficients import ALPHA, PERCENT, TITLES, WithNotAsked
from evaluation.services.span_agreement import TITLES as SPAN_TITLES
from evaluation.services.span_agreement import Marking
from evaluation.services.studies import the_study
from evaluation.stats.agreement import Bootstrap
from evaluation.stats.estimates import Estimate

UNUSABLE = 2
WIDEST = max(map(len, TITLES.values()))


class Command(BaseCommand):
    """Report how far raters agree."""

    help = "Every coefficient of agreement that fits, with intervals, for each closed question."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--question", help="Only this question.")
        parser.add_argument(
            "--by", help=f"Slice by one or two of {', '.join(SLICES)}; two with a comma between."
        )
        add_filters(parser)
        add_exclusions(parser)
        parser.add_argument(
            "--bootstrap",
            type=int,
            default=0,
            metavar="N",
            help="Also draw clusters again N times.",
        )
        parser.add_argument("--seed", type=int, default=1, help="Of the draws.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, **options: Any) -> None:
        """Compute and print."""
        drawn = _bootstrap(options["bootstrap"], options["seed"])
        try:
            study = the_study(slug)
            asked = selection_of(options)
            found = asked_agreement.compute(study, asked, bootstrap=drawn)
            marked = asked_agreement.spans(study, asked)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            body = agreement.as_json(study, found, marked)
            self.stdout.write(json.dumps(body, ensure_ascii=False))
            return
        for one in found:
            self._print(one)
        for marking in marked:
            self._print_marking(marking)

    def _print(self, one: agreement.Agreement) -> None:
        where = f", {one.slice_by} {one.slice_key}" if one.slice_by else ""
        self.stdout.write(
            f"{one.key} ({one.scope}{where}): {one.items:,} items, {one.pairable_items:,} of"
            f" them with two raters or more, {one.raters:,} raters, {one.judgments:,} ratings"
        )
        if one.definition:
            self.stdout.write(f"  Derived: {one.definition} {one.left_out:,} ratings left out.")
        if one.filters.exclusions:
            numbers = ", ".join(map(str, one.filters.exclusions))
            self.stdout.write(f"  Exclusions applied: {numbers}.")
        for name, estimate in one.coefficients.items():
            title = TITLES[name] + (f" ({_metric(one)})" if name == ALPHA else "")
            self.stdout.write(f"  {title:<{WIDEST}}  {_printed(estimate, one.cluster)}")
            if name in one.bootstrap:
                again = _printed(one.bootstrap[name], one.cluster)
                self.stdout.write(f"  {'  drawn again':<{WIDEST}}  {again}")
        if one.with_not_asked:
            self._print_not_asked(one.with_not_asked, one.cluster)

    def _print_not_asked(self, beside: WithNotAsked, cluster: str) -> None:
        self.stdout.write(
            f"  With “not asked” as an option ({beside.share.ratings:,} of {beside.judgments:,},"
            f" where {beside.depends_on} is not {' or '.join(beside.asked_if)}):"
        )
        alpha = f"{TITLES[ALPHA]} ({beside.metric})"
        self.stdout.write(f"  {alpha:<{WIDEST}}  {_printed(beside.alpha, cluster)}")
        self.stdout.write(f"  {TITLES[PERCENT]:<{WIDEST}}  {_printed(beside.percent, cluster)}")

    def _print_marking(self, marking: Marking) -> None:
        self.stdout.write(
            f"{marking.key} ({marking.scope}): places marked in {marking.texts:,} texts of"
            f" {marking.items:,} items, {marking.raters:,} raters, {marking.judgments:,} judgments;"
            f" {marking.pairs:,} pairs of raters of one text, in {marking.empty_pairs:,} of them"
            f" neither marked anything; {marking.left_out_pairs:,} pairs left out, who read"
            " different texts"
        )
        for name, estimate in marking.coefficients.items():
            title = SPAN_TITLES[name]
            self.stdout.write(f"  {title:<{WIDEST}}  {_printed(estimate, marking.cluster)}")


def _bootstrap(replicates: int, seed: int) -> Bootstrap | None:
    if replicates and replicates < 2:
        raise CommandError("--bootstrap needs at least 2 draws.", returncode=UNUSABLE)
    return Bootstrap(seed=seed, replicates=replicates) if replicates else None


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
