"""``manage.py file_schemas``: the JSON Schema of every file that is read."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from pydantic import BaseModel

from annotation.formats import ReplyLine
from annotation.gold_lines import GoldLine
from annotation.judgment_lines import JudgmentLine
from annotation.rubric_format import RubricFile
from evaluation.verdict_lines import VerdictLine

SCHEMAS: dict[str, type[BaseModel]] = {
    "reply": ReplyLine,
    "judgment": JudgmentLine,
    "gold": GoldLine,
    "verdict": VerdictLine,
    "rubric": RubricFile,
}


def schema_of(name: str) -> str:
    """Return a format's JSON Schema as it is kept in ``docs/reference/schemas``."""
    found = SCHEMAS[name].model_json_schema(by_alias=True)
    return json.dumps(found, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


class Command(BaseCommand):
    """Write the schemas that the code itself validates with."""

    help = (
        "Write the JSON Schema of replies, judgments, known answers, verdicts and rubrics into a"
        " directory."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--out", type=Path, required=True, help="The directory.")

    def handle(self, *, out: Path, **options: Any) -> None:
        """Write one file a format."""
        out.mkdir(parents=True, exist_ok=True)
        for name in SCHEMAS:
            (out / f"{name}.schema.json").write_text(schema_of(name), encoding="utf-8")
        self.stdout.write(f"{len(SCHEMAS)} schemas in {out}.")
