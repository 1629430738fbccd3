"""How long the `agreement` command takes, interpreter start-up left out.

    .venv/bin/python benchmarks/bench_agreement.py --items 350 --raters 123

Makes its own database beside the one that DATABASE_URL names, or a SQLite file, loads ``--items``
replies with one judgment by each of ``--raters`` raters, and prints the median of five runs.
"""

import argparse
import io
import json
import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from bench_rating import environment  # noqa: E402 - needs the path above

RUBRIC = {
    "key": "safety",
    "title": "Safety",
    "questions": [
        {
            "key": "safe",
            "label": "Safe?",
            "type": "single",
            "options": [{"code": code, "label": code} for code in ("No", "Yes", "Unsure")],
        }
    ],
}


def load(items: int, raters: int, seed: int) -> None:
    """Make the study through the product's own loaders."""
    from django.core.management import call_command
    from django.utils import timezone

    from annotation.rubric_format import rubric_from_json
    from annotation.services import batches, imports, studies

    call_command("migrate", verbosity=0)
    now = timezone.now()
    study = studies.create(slug="bench", title="Bench", rubric=rubric_from_json(RUBRIC), now=now)
    draw = random.Random(seed)
    replies, judgments = Path("replies.jsonl"), Path("judgments.csv")
    with replies.open("w") as out:
        for item in range(items):
            messages = [{"role": "assistant", "content": f"Reply {item}."}]
            line = {"query_id": f"q{item}", "response_id": f"r{item}", "model": "acme/one",
                    "value_a": "Safety", "value_b": "Help", "messages": messages}  # fmt: skip
            out.write(json.dumps(line) + "\n")
    with judgments.open("w") as out:
        out.write("response_id,rater,question,answer\n")
        for item in range(items):
            lean = draw.random()
            for rater in range(raters):
                answer = "No" if draw.random() < lean else draw.choice(["Yes", "Unsure"])
                out.write(f"r{item},p{rater},safe,{answer}\n")
    batch = batches.register(study=study, file_name="replies.jsonl", now=now)
    batches.load(batch=batch, path=replies)
    imports.load(study=study, path=judgments, now=now)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=350)
    parser.add_argument("--raters", type=int, default=123)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        os.chdir(scratch)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        load(options.items, options.raters, options.seed)
        times = []
        printed = ""
        for _ in range(5):
            out = io.StringIO()
            began = time.perf_counter()
            call_command("agreement", "bench", json=True, stdout=out)
            times.append(time.perf_counter() - began)
            printed = out.getvalue()
        alpha = json.loads(printed)["questions"][0]["coefficients"][0]["value"]
        print(
            f"bench_agreement {connection.vendor} items={options.items} raters={options.raters}"
            f" judgments={options.items * options.raters} first={times[0]:.3f}s"
            f" median={statistics.median(times):.3f}s alpha={alpha:.12f}"
        )
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
