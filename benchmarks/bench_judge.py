"""What a judge's report and labels cost at a size: processor time and peak memory of each command.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_judge.py --judgments 1000000

Fills a database as ``bench_agreement.py`` does (its own, or the one that ``DATABASE_URL`` names with
``--in-place``, if that is empty), and gives a judge a verdict on every reply to the question
``severity``, with a probability of each option. Then runs each command in a process of its own:
``judge_report`` of that question, ``labels`` of it written to a file, and a kept report by the worker's
way, with the size of what is kept.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from bench_agreement import fill  # noqa: E402 - needs the path above
from bench_rating import environment  # noqa: E402 - likewise

ROWS_AT_ONCE = 50_000
STEPS = ("judge_report", "labels", "kept")
MEASURED = """
import resource, sys
import django
django.setup()
from bench_judge import step
before = resource.getrusage(resource.RUSAGE_SELF)
said = step(sys.argv[1])
after = resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(f"  {sys.argv[1]}: cpu {cpu:.1f} s, peak {after.ru_maxrss / 1024:.0f} MB"
      f" ({before.ru_maxrss / 1024:.0f} before); {said}", flush=True)
"""


def verdicts(seed: int) -> int:
    """Give a judge a verdict on every reply; return how many."""
    import numpy as np
    from django.db import connection, transaction
    from django.utils import timezone

    from annotation import bulk
    from annotation.models import Question, Response, Study
    from evaluation.models import Judge, Verdict

    study = Study.objects.get(slug="bench")
    judge = Judge.objects.create(study=study, name="bench", created_at=timezone.now())
    question = Question.objects.get(key="severity", rubric=study.rubric_id)
    options = list(question.options.order_by("position").values_list("pk", "code"))
    draw = np.random.default_rng(seed)
    replies = Response.objects.filter(study=study).order_by("pk").values_list("pk", flat=True)
    ids, total = replies.iterator(chunk_size=ROWS_AT_ONCE), 0
    columns = ("judge_id", "response_id", "question_id", "option_id", "turn", "single",
               "probability", "probabilities")  # fmt: skip
    while part := list(islice(ids, ROWS_AT_ONCE)):
        shares = draw.dirichlet(np.ones(len(options)), size=len(part)).round(3)
        rows = [
            (judge.pk, reply, question.pk, options[best][0], 0, True, float(row[best]),
             json.dumps({code: float(p) for (_, code), p in zip(options, row, strict=True)}))
            for reply, row, best in zip(part, shares, shares.argmax(axis=1).tolist(), strict=True)
        ]  # fmt: skip
        with transaction.atomic():
            bulk.insert_values(Verdict, columns, rows)
        total += len(part)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return total


def step(name: str) -> str:
    """Run one step in this process; say what came of it."""
    import io

    from django.core.management import call_command
    from django.utils import timezone

    if name == "kept":
        from evaluation.services import report_kinds, reports
        from evaluation.services.studies import the_study

        study = the_study("bench")
        asked = {"judge": ["bench"], "question": ["severity"]}
        made = reports.request(study, report_kinds.JUDGE, asked, now=timezone.now(), by_id=None)
        kept = reports.write(study, made.number, now=timezone.now())
        return f"{kept.state}, {len(json.dumps(kept.shown)):,} bytes, sha256 {kept.sha256[:12]}"
    printed = io.StringIO()
    if name == "labels":
        out = Path(os.environ["TOUCHSTONE_DATA_DIR"]) / "labels.csv"
        call_command("labels", "bench", question="severity", out=out, json=True, stdout=printed)
        return f"{out.stat().st_size / 1e6:,.0f} MB written"
    call_command("judge_report", "bench", judge="bench", question="severity", json=True,
                 stdout=printed)  # fmt: skip
    one = json.loads(printed.getvalue())["questions"][0]
    brier = one["calibration"][0]["brier"]["value"]
    return f"{one['items']:,} items, {one['pairs']:,} pairs, kappa {one['kappa']['value']:.12f}, Brier {brier:.12f}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=100_000)
    parser.add_argument("--per-item", type=float, default=3.0)
    parser.add_argument("--raters", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--in-place", action="store_true")
    parser.add_argument("--filling", action="store_true", help="For the process that fills.")
    options = parser.parse_args()
    if options.filling:
        import django

        django.setup()
        from django.db import connection

        if "annotation_study" not in connection.introspection.table_names():
            fill(options.judgments, options.per_item, options.raters, options.seed)
        from django.core.management import call_command

        from evaluation.models import Judge

        call_command("migrate", verbosity=0)
        if not Judge.objects.exists():
            print(
                f"bench_judge {connection.vendor}: {verdicts(options.seed):,} verdicts", flush=True
            )
        return 0
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch, in_place=options.in_place)
        os.environ["PYTHONPATH"] = f"{ROOT}:{ROOT / 'benchmarks'}"
        subprocess.run([sys.executable, __file__, "--filling", *sys.argv[1:]], check=True)
        for name in options.steps.split(","):
            subprocess.run([sys.executable, "-c", MEASURED, name], check=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
