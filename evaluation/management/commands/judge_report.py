"""``manage.py judge_report SLUG --judge NAME``."""

import json
from argparse import ArgumentParser
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from annotation.selectors.studies import StudyFacts
from evaluation.errors import EvaluationError, SliceUnknown
from evaluation.management.choosing import add_exclusions
from evaluation.management.judge_printing import (
    lines_of_comparison,
    lines_of_report,
    lines_of_slices,
)
from evaluation.management.printing import UNUSABLE, excluded
from evaluation.services import judge_comparisons, judge_slices, judges, rates
from evaluation.services.alternative import epsilon_from
from evaluation.services.asking import counting_as
from evaluation.services.judges import JudgeFacts
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
        parser.add_argument("--judge", required=True, help="The judge's name, or its id.")
        parser.add_argument("--model", help="Its model, where the name is not enough.")
        parser.add_argument("--prompt-version", help="Its prompt's version, likewise.")
        parser.add_argument("--rubric-version", help="Its rubric's version, likewise.")
        parser.add_argument("--question", help="Only this question.")
        parser.add_argument(
            "--epsilon",
            help="How much worse than a person a judge may be in the alternative-annotator test."
            " Left out: 0.2 for experts, 0.15 for skilled people, 0.1 for a crowd.",
        )
        parser.add_argument("--by", help=f"In slices, by one of {', '.join(judge_slices.SLICES)}.")
        parser.add_argument(
            "--against", help="Compared with this other judge, by its name or its id."
        )
        add_exclusions(parser)
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, judge: str, **options: Any) -> None:
        """Compute and print."""
        try:
            study = the_study(slug)
            chosen = _chosen(study, judge, options)
            told = _told(study, chosen, options)
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        if options["json"]:
            self.stdout.write(json.dumps(told.as_json, ensure_ascii=False))
            return
        simulated = " (simulated)" if chosen.simulated else ""
        self.stdout.write(f"{chosen.name}{simulated}: {chosen.verdicts:,} verdicts")
        for line in told.lines:
            self.stdout.write(line)


@dataclass(frozen=True, slots=True)
class _Told:
    """What the command says: for programs, and for people."""

    as_json: dict[str, Any]
    lines: list[str]


def _chosen(study: StudyFacts, judge: str, options: dict[str, Any]) -> JudgeFacts:
    version = {name: options[name] for name in ("model", "prompt_version", "rubric_version")}
    if any(value is not None for value in version.values()):
        return judges.judge_of(study, judge, **version)
    return judges.judge_named(study, judge)


def _told(study: StudyFacts, chosen: JudgeFacts, options: dict[str, Any]) -> _Told:
    """Compute what was asked for: the report, slices, or a comparison."""
    question, by, against = options["question"], options["by"], options["against"]
    if by is not None and against is not None:
        raise SliceUnknown("Ask for slices (--by) or for a comparison (--against), not for both.")
    filters = counting_as(study, options["exclusions"])
    if by is not None:
        sliced = judge_slices.report(study, chosen.id, by=by, question=question, filters=filters)
        lines = [line for one in sliced for line in lines_of_slices(one)]
        applied = excluded(sliced[0].exclusions if sliced else ())
        return _Told(judge_slices.as_json(study, chosen, sliced), applied + lines)
    if against is not None:
        other = judges.judge_named(study, against)
        compared = judge_comparisons.report(
            study, chosen, other, question=question, filters=filters
        )
        lines = [line for one in compared for line in lines_of_comparison(one)]
        applied = excluded(compared[0].exclusions if compared else ())
        return _Told(judge_comparisons.as_json(study, chosen, other, compared), applied + lines)
    epsilon = epsilon_from(options["epsilon"])
    found = judges.report(study, chosen.id, question=question, epsilon=epsilon, filters=filters)
    lines = [line for one in found for line in lines_of_report(one)]
    body = rates.added(study, chosen, judges.as_json(study, chosen, found), filters=filters)
    return _Told(body, excluded(found[0].exclusions if found else ()) + lines)
