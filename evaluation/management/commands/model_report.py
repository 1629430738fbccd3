"""``manage.py model_report SLUG``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.management.choosing import add_exclusions
from evaluation.management.printing import UNUSABLE, excluded, printed
from evaluation.services import model_profiles
from evaluation.services.asking import counting_as
from evaluation.services.model_drift import Drift
from evaluation.services.model_profiles import CATEGORY, RANKED_BY, ModelReport
from evaluation.services.model_rows import Source
from evaluation.services.studies import the_study
from evaluation.services.value_priorities import Priorities

MOST_PRINTED = 10


class Command(BaseCommand):
    """Report what is particular to each model."""

    help = (
        "What each model puts first, how models differ, how they change over turns, and where they"
        " lie apart; from people's answers or a judge's."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--source", help="majority (the default) or ratings.")
        parser.add_argument("--judge", help="Take this judge's verdicts, not people's answers.")
        parser.add_argument("--model", help="The judge's model, where the name is not enough.")
        parser.add_argument("--prompt-version", help="Its prompt's version, likewise.")
        parser.add_argument("--rubric-version", help="Its rubric's version, likewise.")
        parser.add_argument("--by", default=CATEGORY, help=f"Rank by {' or '.join(RANKED_BY)}.")
        add_exclusions(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, **options: Any) -> None:
        """Compute and print."""
        names = ("judge", "by", "model", "prompt_version", "rubric_version")
        try:
            study = the_study(slug)
            report = model_profiles.report(
                study,
                source=options["source"] or Source.MAJORITY,
                filters=counting_as(study, options["exclusions"]),
                **{name: options[name] for name in names},
            )
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), ensure_ascii=False))
            return
        whose = f"judge {report.judge.name}" if report.judge else f"people ({report.source})"
        self.stdout.write(f"From {whose}: {report.question or report.reason}")
        for line in excluded(report.exclusions):
            self.stdout.write(line)
        for ranking in report.priorities:
            self._print_ranking(ranking, report)
        self._print_differences(report)
        for drift in report.drift:
            self._print_drift(drift, report.cluster)
        self._print_spread(report)

    def _print_ranking(self, found: Priorities, report: ModelReport) -> None:
        self.stdout.write(
            f"\n{found.model}: {found.comparisons:,} comparisons, {found.dropped:,} left out within"
            f" one category, {found.without:,} without one"
        )
        if found.why:
            self.stdout.write(f"  No ranking: {found.why}")
        self.stdout.write(f"  framing: {printed(found.framing, report.cluster)}")
        for one in sorted(found.values, key=lambda one: -(one.strength.value or 0.0)):
            self.stdout.write(f"  {one.name}: strength {printed(one.strength, report.cluster)}")
            self.stdout.write(f"    win rate {printed(one.rate, report.cluster)}")

    def _print_differences(self, report: ModelReport) -> None:
        stand = [one for one in report.differences if one.found]
        self.stdout.write(
            f"\nDifferences between models: {len(stand):,} of {len(report.differences):,} stand"
            " (Benjamini and Hochberg, 5 %)"
        )
        for one in stand[:MOST_PRINTED]:
            difference = printed(one.difference, report.cluster)
            self.stdout.write(f"  {one.name}, {one.model} against {one.other}: {difference}")

    def _print_drift(self, drift: Drift, cluster: str) -> None:
        self.stdout.write(f"\n{drift.event} ({drift.seen_by})")
        for course in drift.courses:
            curve = course.curve
            self.stdout.write(
                f"  {course.model}: {curve.events:,} of {curve.conversations:,} conversations,"
                f" median turn {curve.median or 'not reached'}"
            )
            for point in curve.points:
                share = printed(point.survival, cluster)
                self.stdout.write(f"    without it after turn {point.turn}: {share}")
            self.stdout.write(f"    mean number of changes: {printed(course.flips, cluster)}")
            self.stdout.write(f"    recovered later: {printed(course.recovery, cluster)}")

    def _print_spread(self, report: ModelReport) -> None:
        spread = report.spread
        self.stdout.write(f"\nDisagreement: {spread.reason or f'{spread.queries:,} queries'}")
        for one in spread.top[:MOST_PRINTED]:
            self.stdout.write(f"  {one.query}: {one.disagreement:.4f} ({one.models} models)")
        for far in spread.outliers[:MOST_PRINTED]:
            self.stdout.write(
                f"  {far.response_id} ({far.model}) {far.question} {far.score:g}, others"
                f" {far.others_median:g}"
            )
