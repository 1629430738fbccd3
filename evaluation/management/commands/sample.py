"""``manage.py sample SLUG --design stratified --by model --size 200 --seed 1``."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.errors import AnnotationError
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import Wave
from evaluation.errors import EvaluationError, FrameInvalid
from evaluation.frames import Frame, frame_from_json
from evaluation.intake import plans, quantities, rehearsals, samples
from evaluation.intake.designs import Drawing, drawing_from_json, refuse_unused
from evaluation.management.printing import UNUSABLE
from evaluation.models import Design
from evaluation.services import judges
from evaluation.services.studies import the_study

WAVES = {str(wave.label): wave for wave in (Wave.FIRST, Wave.AUDIT)}


class Command(BaseCommand):
    """Plan or draw a sample, and open seats at it."""

    help = (
        "Draw the replies that people see: a frame, a design, a seed. What was drawn is stored with"
        " stratum and inclusion probability. The same design and seed draw the same."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument("--design", choices=Design.values, default=Design.SIMPLE)
        parser.add_argument("--size", type=int, help="How many replies; of a panel, queries.")
        parser.add_argument(
            "--by", action="append", default=[], help="Make strata by this; several times."
        )
        parser.add_argument(
            "--frame", default="{}", help='Filters as JSON: {"model": ["a"], "turns_from": 2}.'
        )
        parser.add_argument(
            "--parameters",
            default="{}",
            help='More of the design as JSON: {"allocation": "equal", "rate": 0.5}.',
        )
        parser.add_argument("--seed", type=int, default=1, help="Decides who is drawn (default 1).")
        parser.add_argument("--reason", default="", help="Why, for whoever reads it later.")
        parser.add_argument("--dry-run", action="store_true", help="Only say what would be drawn.")
        parser.add_argument(
            "--simulate",
            type=int,
            metavar="DRAWS",
            help="Draw so often, with seeds from --seed on, and compare; store nothing.",
        )
        parser.add_argument(
            "--quantity",
            help='What the weighted mean is of: {"judge": "strict", "question": "misled",'
            ' "answers": ["yes"]}, or {} for the length (default: an answer of the first judge,'
            " or the length).",
        )
        parser.add_argument(
            "--open", type=int, metavar="RATERS", help="Open so many seats at each item."
        )
        parser.add_argument("--wave", choices=WAVES, default="first", help="Why the seats exist.")
        parser.add_argument("--cohort", default="", help="Only raters of this cohort.")
        parser.add_argument("--priority", type=int, default=0, help="Higher ones come first.")
        parser.add_argument("--json", action="store_true", help="Print JSON.")

    def handle(self, *, slug: str, **options: Any) -> None:
        """Plan, simulate or draw."""
        try:
            self._run(slug, options)
        except (EvaluationError, AnnotationError) as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal

    def _run(self, slug: str, options: dict[str, Any]) -> None:
        study = the_study(slug)
        frame = frame_from_json(_parsed(study, "--frame", options["frame"]))
        given = _parsed(study, "--parameters", options["parameters"])
        named = {"design": options["design"], "size": options["size"], "by": options["by"]}
        drawing = drawing_from_json(given | {k: v for k, v in named.items() if v})
        refuse_unused(drawing)
        if options["simulate"]:
            self._say(options, _rehearsed(study, frame, drawing, options))
            return
        if options["dry_run"]:
            self._say(options, plans.plan_as_json(plans.plan(study, frame, drawing)))
            return
        now = timezone.now()
        asked = samples.request(
            study, frame, drawing, seed=options["seed"], now=now, reason=options["reason"]
        )
        drawn = samples.draw(study, asked.pk)
        told = drawn.as_json()
        if options["open"]:
            opening = samples.open_seats(
                study,
                drawn.number,
                wave=WAVES[options["wave"]],
                raters_per_item=options["open"],
                now=now,
                cohort=options["cohort"],
                priority=options["priority"],
            )
            told["seats"] = opening.seats
        self._say(options, told)

    def _say(self, options: dict[str, Any], told: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(told, ensure_ascii=False))
            return
        for name, value in told.items():
            if not isinstance(value, list):
                self.stdout.write(f"{name.replace('_', ' ')}: {value}")
        for one in told.get("strata", ()):
            self.stdout.write(
                f"  {one['label']}: {one['size']:,} of {one['population']:,},"
                f" probability {one['probability']:.6f}{_seen(one)}"
            )


def _rehearsed(
    study: StudyFacts, frame: Frame, drawing: Drawing, options: dict[str, Any]
) -> dict[str, Any]:
    quantity = quantities.usual_for(study, besides=drawing.marked)
    if options["quantity"] is not None:
        quantity = quantities.quantity_from_json(_parsed(study, "--quantity", options["quantity"]))
    return rehearsals.rehearsed(
        study,
        frame,
        drawing,
        quantity=quantity,
        draws=options["simulate"],
        first_seed=options["seed"],
    )


def _seen(stratum: dict[str, Any]) -> str:
    """Say how often the units of a stratum were drawn, where the design was rehearsed."""
    if "frequency" not in stratum:
        return ""
    return (
        f", drawn in {stratum['lowest']:.4f} to {stratum['highest']:.4f} of the draws"
        f" (by chance {stratum['low']:.4f} to {stratum['high']:.4f})"
    )


def _parsed(study: StudyFacts, name: str, text: str) -> dict[str, Any]:
    """Return an option's JSON; a judge may be called by its name."""
    try:
        found = json.loads(text)
    except ValueError as error:
        raise FrameInvalid(f"{name} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise FrameInvalid(f"{name} is not an object in braces.")
    return {key: _with_judges(study, key, value) for key, value in found.items()}


def _with_judges(study: StudyFacts, key: str, value: Any) -> Any:
    if key == "judge" and isinstance(value, str):
        return judges.judge_named(study, value).id
    if isinstance(value, dict):
        return {name: _with_judges(study, name, inner) for name, inner in value.items()}
    return value
