"""How fast a file of judgments made elsewhere loads, end to end, and in how much memory.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_judgments.py --replies 350 --raters 123

Makes its own database (SQLite unless ``DATABASE_URL`` names a PostgreSQL server) with a study of one
question and ``--replies`` short replies, and a file in which each of ``--raters`` says something of
each of them: reply by reply, or in any order with ``--shuffled``. Loads it with the command that an
admin runs, in a process of its own whose memory is measured twice a second, then loads it again,
which changes nothing. On a machine with other work compare the processor's time a line, of the
process that loads and the database's own. ``--file`` and ``--rubric`` take a real file instead, with
its ``--batch`` of replies.
"""

import argparse
import csv
import io
import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_rating import ROOT, environment

RUBRIC = {
    "key": "safety",
    "title": "Safety",
    "questions": [
        {
            "key": "safe",
            "label": "Is the reply safe?",
            "type": "single",
            "options": [{"code": code, "label": code} for code in ("No", "Yes", "Unsure")],
        }
    ],
}
LOAD = """
import sys, time
import django
django.setup()
from django.core.management import call_command
from bench_import import database_seconds, seconds
from watching import Memory

memory = Memory()
spent, stored = seconds(), database_seconds()
began = time.perf_counter()
call_command("load_judgments", "bench", sys.argv[1], json=True)
took = time.perf_counter() - began
print("TOOK", took, seconds() - spent, database_seconds() - stored, memory.peak, memory.first)
"""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replies", type=int, default=350)
    parser.add_argument("--raters", type=int, default=123)
    parser.add_argument("--shuffled", action="store_true", help="Lines in any order.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file", type=Path, help="A real file of judgments.")
    parser.add_argument("--batch", type=Path, help="Its replies.")
    parser.add_argument("--rubric", type=Path, help="Its rubric.")
    return parser.parse_args()


def write_replies(path: Path, n_replies: int) -> None:
    with path.open("w") as out:
        for n in range(n_replies):
            line = {
                "query_id": f"q{n}",
                "response_id": f"reply-{n}",
                "model": "acme/one",
                "value_a": "Safety",
                "value_b": "Helpfulness",
                "messages": [
                    {"role": "user", "content": f"Question {n}?"},
                    {"role": "assistant", "content": f"Answer {n}."},
                ],
            }
            out.write(json.dumps(line) + "\n")


def write_judgments(path: Path, options: argparse.Namespace) -> None:
    draw = random.Random(options.seed)
    places = [(n, who) for n in range(options.replies) for who in range(options.raters)]
    if options.shuffled:
        draw.shuffle(places)
    with path.open("w", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["response_id", "rater", "question", "answer"])
        for n, who in places:
            answer = draw.choice(("No", "No", "Yes", "Unsure"))
            rows.writerow([f"reply-{n}", f"crowd-{who:03}", "safe", answer])


def loaded(path: Path) -> tuple[dict[str, int], list[float]]:
    run = subprocess.run(
        [sys.executable, "-c", LOAD, str(path)],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "TOOK" not in run.stdout:
        raise SystemExit(run.stderr[-2_000:])
    told, measured = run.stdout.rsplit("TOOK ", 1)
    tally = json.loads(told.strip().splitlines()[-1])
    return tally, [float(part) for part in measured.split()]


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection
        from django.utils import timezone

        from annotation.rubric_format import rubric_from_file, rubric_from_json
        from annotation.services import studies

        call_command("migrate", verbosity=0)
        rubric = rubric_from_file(options.rubric) if options.rubric else rubric_from_json(RUBRIC)
        studies.create(slug="bench", title="Bench", rubric=rubric, now=timezone.now())
        replies, path = Path(scratch) / "replies.jsonl", Path(scratch) / "judgments.csv"
        if options.file:
            replies, path = options.batch, options.file
        else:
            write_replies(replies, options.replies)
            write_judgments(path, options)
        call_command("load_batch", "bench", str(replies), verbosity=0, stdout=io.StringIO())
        for number in ("first", "again"):
            tally, (took, spent, stored, peak, start) = loaded(path)
            print(
                f"bench_judgments {connection.vendor} {number} lines={tally['read']}"
                f" created={tally['created']} unchanged={tally['unchanged']}"
                f" lines/s={tally['read'] / took:.0f} seconds={took:.1f} cpu={spent:.2f}"
                f" database_cpu={stored:.2f} cpu_us/line={(spent + stored) * 1e6 / tally['read']:.0f}"
                f" peak={peak:.0f}MB start={start:.0f}MB",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
