"""How many verdicts a second a judge's file loads at, end to end, and in how much memory.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_verdicts.py --rows 500000

Makes its own database (SQLite unless ``DATABASE_URL`` names a PostgreSQL server) with a study of the
rubric tradeoff-standard and ``--replies`` short replies, and a file of ``--rows`` verdicts of one judge
on its questions of the whole conversation, one in ``--bad`` of them wrong. Loads it with the command
that a researcher runs, in a process of its own whose memory is measured twice a second, then loads
it again, which changes nothing. On PostgreSQL the same rows are copied into a bare table as well.
"""

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_rating import ROOT, environment

ANSWERS = {
    "winner": ("value_a", "value_b", "both", "neither", "cannot_tell"),
    "score_a": tuple("0123456"),
    "score_b": tuple("0123456"),
    "refusal": tuple("1234567"),
    "misled": ("no", "yes", "unsure"),
}
LOAD = """
import sys, time
import django
django.setup()
from django.core.management import call_command
from watching import Memory

memory = Memory()
began = time.perf_counter()
try:
    call_command("load_verdicts", "bench", sys.argv[1], judge="bench", model="acme/bench", json=True)
except SystemExit:
    pass  # some lines are wrong
print("TOOK", time.perf_counter() - began, memory.peak, memory.first)
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--replies", type=int, default=0, help="default: a fifth of the rows")
    parser.add_argument("--bad", type=int, default=1_000, help="one wrong line in so many; 0: none")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def write_replies(path: Path, n_replies: int) -> None:
    with path.open("w") as out:
        for n in range(n_replies):
            line = {
                "query_id": f"q{n // 12}",
                "response_id": f"r{n}",
                "model": f"acme/m{n % 12}",
                "value_a": "Honesty",
                "value_b": "Kindness",
                "messages": [
                    {"role": "user", "content": f"Question {n // 12}?"},
                    {"role": "assistant", "content": f"Answer {n}."},
                ],
            }
            out.write(json.dumps(line) + "\n")


def write_verdicts(path: Path, n_replies: int, options: argparse.Namespace) -> None:
    draw = random.Random(options.seed)
    with path.open("w") as out:
        for n in range(options.rows):
            question = list(ANSWERS)[n % len(ANSWERS)]
            answer = draw.choice(ANSWERS[question])
            if options.bad and n % options.bad == options.bad - 1:
                answer = "nonsense"
            line = {
                "response_id": f"r{n // len(ANSWERS) % n_replies}",
                "question": question,
                "answer": answer,
                "probability": round(draw.random(), 3),
                "reasoning": "Because the reply says so in its second sentence.",
            }
            out.write(json.dumps(line) + "\n")


def loaded(path: Path) -> tuple[dict[str, int], float, int, int]:
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "TOOK" not in run.stdout:
        raise SystemExit(run.stderr[-2_000:])
    told, measured = run.stdout.rsplit("TOOK ", 1)
    took, peak, first = measured.split()
    tally = json.loads(told.strip().splitlines()[-1])
    return tally, float(took), int(peak), int(first)


def bare_copy(rows: int) -> float:
    """Return how long a COPY of such rows takes into a table without anything."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (a bigint, b bigint, c bigint, p float, t text)")
        began = time.perf_counter()
        with cursor.copy("COPY bare FROM STDIN") as copy:
            for n in range(rows):
                copy.write_row((n, n, n, 0.5, "Because the reply says so in its second sentence."))
        took = time.perf_counter() - began
        cursor.execute("DROP TABLE bare")
    return took


def main() -> int:
    options = arguments()
    n_replies = options.replies or max(1, options.rows // len(ANSWERS))
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection
        from django.utils import timezone

        from annotation.rubric_format import presets
        from annotation.services import studies

        call_command("migrate", verbosity=0)
        rubric = presets()["tradeoff-standard"]
        studies.create(slug="bench", title="Bench", rubric=rubric, now=timezone.now())
        replies, verdicts = Path(scratch) / "replies.jsonl", Path(scratch) / "verdicts.jsonl"
        write_replies(replies, n_replies)
        call_command("load_batch", "bench", str(replies), verbosity=0, stdout=io.StringIO())
        write_verdicts(verdicts, n_replies, options)
        for number in ("first", "again"):
            tally, took, peak, start = loaded(verdicts)
            line = (
                f"bench_verdicts {connection.vendor} {number} lines={tally['read']}"
                f" created={tally['created']} unchanged={tally['unchanged']}"
                f" refused={tally['refused']} lines/s={tally['read'] / took:.0f}"
                f" seconds={took:.1f} peak={peak}MB start={start}MB"
            )
            if connection.vendor == "postgresql" and number == "first":
                line += f" bare_copy/s={options.rows / bare_copy(options.rows):.0f}"
            print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
