"""``manage.py judge_report SLUG --judge NAME``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.management.printing import UNUSABLE, printed
from evaluation.services import judges
from evaluation.services.judge_reports import JudgeQuestionReport
from evaluation.services.studies import the_study


class Command(BaseCommand):
    """Report how a judge compares with people."""

    help = (
        "A judge beside people, for each question of one answer: confusion, accuracy, kappa, and"
        " how well people agree with each other on the same items."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--judge", required=True, help="The judge's name.")
        parser.add_argument("--model", help="Its model, where the name is not enough.")
        parser.add_argument("--prompt-version", help="Its prompt's version, likewise.")
        parser.add_argument("--rubric-version", help="Its rubric's version, likewise.")
        parser.add_argument("--question", help="Only this question.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, judge: str, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            version = {
                name: options[name] for name in ("model", "prompt_version", "rubric_version")
            }
            chosen = judges.judge_of(study, judge, **version)
            found = judges.report(study, chosen.id, question=options["question"])
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(judges.as_json(study, chosen, found), ensure_ascii=False))
            return
        simulated = " (simulated)" if chosen.simulated else ""
        self.stdout.write(f"{chosen.name}{simulated}: {chosen.verdicts:,} verdicts")
        for one in found:
            self._print(one)

    def _print(self, one: JudgeQuestionReport) -> None:
        self.stdout.write(f"\n{one.key} ({one.scope}): {one.items:,} items, {one.pairs:,} pairs")
        if one.definition:
            self.stdout.write(f"  Derived: {one.definition} {one.left_out:,} ratings left out.")
        self.stdout.write(f"  {one.verdict}")
        rows = [
            ("accuracy", one.accuracy),
            ("kappa", one.kappa),
            ("kappa (quadratic)", one.weighted_kappa),
            ("people's agreement", one.agreement.people),
            ("judge's agreement", one.agreement.judge),
            ("judge minus people", one.agreement.difference),
        ]
        for label, estimate in rows:
            if estimate is not None:
                self.stdout.write(f"  {label:<20}{printed(estimate, one.cluster)}")
        width = max(len(option) for option in one.options) + 2
        heads = "".join(f"{option:>{width}}" for option in one.options)
        self.stdout.write(f"  {'people, judge':<{width}}{heads}")
        for option, row in zip(one.options, one.confusion, strict=True):
            self.stdout.write(f"  {option:<{width}}" + "".join(f"{n:>{width},}" for n in row))
