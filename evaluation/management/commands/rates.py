"""``manage.py rates SLUG --judge NAME --question KEY --option CODE``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.management.choosing import add_exclusions
from evaluation.management.printing import UNUSABLE, excluded, printed
from evaluation.services import judges, rate_words, rates
from evaluation.services.asking import counting_as
from evaluation.services.rate_reports import Rate, RateReport
from evaluation.services.studies import the_study

TERMS = ("question", "option", "by", "scope", "sample", "assume_random", "half_width")


class Command(BaseCommand):
    """Report how often an answer applies."""

    help = (
        "How often an answer applies: by the judge alone, by people alone, and corrected by the"
        " estimator that the stored sampling design allows."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--judge", required=True, help="The judge's name.")
        parser.add_argument("--model", help="Its model, where the name is not enough.")
        parser.add_argument("--prompt-version", help="Its prompt's version, likewise.")
        parser.add_argument("--rubric-version", help="Its rubric's version, likewise.")
        parser.add_argument("--question", required=True, help="The question.")
        parser.add_argument("--option", required=True, help="The answer to it.")
        parser.add_argument("--by", choices=rates.SLICES, help="Slice the rates.")
        parser.add_argument(
            "--scope", choices=("conversation", "turn"), help="Of what, where it is asked of both."
        )
        parser.add_argument("--sample", type=int, help="The sample whose design counts.")
        parser.add_argument(
            "--assume-random",
            action="store_true",
            help="Take labels that no stored sample drew for a simple random sample.",
        )
        parser.add_argument(
            "--half-width",
            type=float,
            help="Say how many labels more it takes for half an interval of this width.",
        )
        add_exclusions(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, judge: str, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            version = {
                name: options[name] for name in ("model", "prompt_version", "rubric_version")
            }
            chosen = judges.judge_of(study, judge, **version)
            found = rates.report(
                study,
                chosen.id,
                filters=counting_as(study, options["exclusions"]),
                **{name: options[name] for name in TERMS},
            )
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(rates.as_json(study, chosen, found), ensure_ascii=False))
            return
        self.stdout.write(f"{found.question.key} = {found.option} ({found.scope})\n{found.why}")
        for line in excluded(found.exclusions):
            self.stdout.write(line)
        for note in found.notes:
            self.stdout.write(note)
        for one in found.rates:
            self._print(found, one)

    def _print(self, found: RateReport, one: Rate) -> None:
        slice_of = f"{found.by}: {one.key}" if found.by else "all"
        self.stdout.write(
            f"\n{slice_of}: {one.verdicts:,} verdicts, {one.labels:,} labels ({one.positives:,} of"
            f" it), {one.unsure + one.ties:,} left out"
        )
        three = (
            ("judge alone", one.found.naive),
            ("people alone", one.found.human),
            ("corrected", one.found.corrected),
        )
        for label, estimate in three:
            self.stdout.write(f"  {label:<14}{printed(estimate, found.cluster)}")
        self.stdout.write(f"  estimator     {rate_words.NAMES[one.found.method]}")
        for warning in one.warnings:
            self.stdout.write(f"  {warning}")
        if one.plan:
            self.stdout.write(f"  for ±{one.plan.half_width}: {one.plan.sentence}")
            for place in one.plan.places:
                self.stdout.write(
                    f"    {place.label}: {place.labels:,} labels now, {place.more:,} more"
                )
