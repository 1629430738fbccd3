"""``manage.py scrub_again``: run the current rules over texts that older rules masked."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from annotation.errors import SweepRefused, SweepStopped
from annotation.management.loading import REFUSED, UNUSABLE, the_study
from annotation.models import Study, Sweep
from annotation.services import sweeps
from annotation.services.courtesy import Courtesy


class Command(BaseCommand):
    """Mask stored texts by the rules of today."""

    help = (
        "Run the current rules over the texts of a study that older rules masked. What was judged"
        " stays bound to what was shown, and decisions of admins hold. Where a sweep of the study"
        " is under way, this goes on with it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Count what would change; store nothing."
        )
        parser.add_argument("--json", action="store_true", help="Print the result as JSON.")

    def handle(self, *, slug: str, dry_run: bool, **options: Any) -> None:
        """Run them, and say what changed."""
        study = the_study(slug)
        sweep = sweeps.under_way(study)
        if sweep is not None and sweep.trial != dry_run:
            what = "A trial" if sweep.trial else "A sweep"
            raise CommandError(
                f"{what} of this study is under way. Wait for it, or stop it on the page of the"
                " leak report. Nothing was done.",
                returncode=UNUSABLE,
            )
        sweep = sweep or self._asked(study, trial=dry_run)
        if sweep is None:
            return
        try:
            sweep = sweeps.run(sweep_id=sweep.pk, progress=self._progress, courtesy=Courtesy())
        except (SweepRefused, SweepStopped) as refusal:
            raise CommandError(str(refusal), returncode=REFUSED) from refusal
        self._print(sweep, as_json=options["json"])

    def _asked(self, study: Study, *, trial: bool) -> Sweep | None:
        try:
            return sweeps.ask(study=study, trial=trial, now=timezone.now())
        except SweepRefused as refusal:
            self.stdout.write(str(refusal))
            return None

    def _progress(self, texts: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{texts:,} texts looked through", ending="")

    def _print(self, sweep: Sweep, *, as_json: bool) -> None:
        if as_json:
            said = {name: getattr(sweep, name) for name in ("rule_set", "trial", "read", "changed")}
            said |= {"judged": sweep.judged, "held": sweep.held}
            self.stdout.write(json.dumps(said))
            return
        would = "would be" if sweep.trial else "are"
        self.stdout.write(
            f"{sweep.read:,} texts looked through under rules {sweep.rule_set}: {sweep.changed:,}"
            f" {would} shown otherwise, {sweep.judged:,} of them of replies that were judged;"
            f" {sweep.held:,} new findings {'would wait' if sweep.trial else 'wait'} for a"
            " decision." + (" Nothing was stored: a dry run." if sweep.trial else "")
        )
