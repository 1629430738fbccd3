"""``manage.py release SLUG --out DIR``."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evaluation.errors import EvaluationError
from evaluation.exports.card import personal_data
from evaluation.management.printing import UNUSABLE
from evaluation.services import releases
from evaluation.services.studies import the_study


class Command(BaseCommand):
    """Write a release into a directory."""

    help = (
        "Freeze a study into a directory: labels, judgments, items, verdicts, raters, agreement,"
        " rubric, and a manifest with SHA-256 of every file. Pseudonyms follow from the name."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("slug", help="The study.")
        parser.add_argument(
            "--out", type=Path, required=True, help="A directory that is new or empty."
        )
        parser.add_argument(
            "--name",
            default="release",
            help="The release's name (default: release). The same name, study and cut-off give the"
            " same bytes.",
        )
        parser.add_argument(
            "--keep-flagged",
            action="store_true",
            help="Leave what may be personal data in raters' words, and nobody decided about, as"
            " written; without it a mark stands there.",
        )
        parser.add_argument("--json", action="store_true", help="Print the manifest as JSON.")

    def handle(self, *, slug: str, out: Path, name: str, **options: Any) -> None:
        """Write the release."""
        keep = bool(options["keep_flagged"])
        try:
            manifest = releases.write_to(
                the_study(slug), name, out, progress=self._progress, keep_flagged=keep
            )
        except EvaluationError as refusal:
            raise CommandError(str(refusal), returncode=UNUSABLE) from refusal
        except OSError as error:
            reason = f"{out} cannot be written: {error.strerror or error}."
            raise CommandError(reason, returncode=UNUSABLE) from error
        if self.stderr.isatty():
            self.stderr.write("")
        if options["json"]:
            self.stdout.write(json.dumps(manifest, ensure_ascii=False))
            return
        self.stdout.write(
            f"Wrote {len(manifest['files']) + 1} files to {out}:"
            f" {manifest['judgments']['included']:,} judgments up to number"
            f" {manifest['cut_off']['judgment']:,}."
        )
        if manifest["personal_data"]["texts"]:
            self.stdout.write(f"  {personal_data(manifest)}")
        for one in manifest["headline"]:
            shown = "undefined" if one["alpha"]["value"] is None else f"{one['alpha']['value']:.6f}"
            again = "recomputed alike" if one["equal"] else "RECOMPUTED OTHERWISE"
            self.stdout.write(f"  {one['key']} ({one['scope']}): alpha {shown}, {again}")

    def _progress(self, table: str, rows: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{table}: {rows:,} rows    ", ending="")
