"""How long the `agreement` command takes beside the bare GROUP BY of the same answers.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_agreement.py --judgments 10000000

Makes its own database beside the one that DATABASE_URL names, or a SQLite file, and fills it:
``--per-item`` judgments of each item on the mean (two to five), twelve models and one query to
twelve items, four questions a judgment, ``--raters`` raters. Then, in turns and ``--rounds`` times:

* bare: ``SELECT count(*) FROM (SELECT item, option, count(*) … GROUP BY item, option)``, of one
  question with its filter;
* command: ``agreement SLUG --question Q --bootstrap N --json``: every coefficient with its
  clustered interval and N draws of the clusters;
* sliced: the same ``--by model``, without and with draws.

Prints the medians, their ratios, and the largest memory of the process. Interpreter start-up is
left out, and the filling, which a process of its own does. With ``--in-place`` DATABASE_URL names the
database itself: an empty one is filled and stays, and one that was filled is measured again. Rows are put into the tables directly, with checks off, because the
product's own way in is another benchmark's matter.
"""

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from bench_rating import environment  # noqa: E402 - needs the path above

MODELS = 12
CHUNK = 100_000
WEIGHTS = {2: 0.35, 3: 0.4, 4: 0.15, 5: 0.1}


def question(key: str, level: str, codes: str) -> dict:
    options = [{"code": code, "label": code} for code in codes]
    kind = "scale" if level == "ordinal" else "single"
    return {"key": key, "label": key, "type": kind, "level": level, "options": options}


RUBRIC = {
    "key": "bench",
    "title": "Bench",
    "questions": [
        question("won", "nominal", "abcd"),
        question("misled", "nominal", "nyu"),
        question("severity", "ordinal", "01234"),
        question("sure", "ordinal", "12345"),
    ],
}


def fill(judgments: int, per_item: float, raters: int, seed: int) -> None:
    """Put everything into the tables."""
    import numpy as np
    from django.core.management import call_command
    from django.db import connection, transaction
    from django.utils import timezone

    from annotation import bulk, models
    from annotation.rubric_format import rubric_from_json
    from annotation.selectors.rubrics import plan
    from annotation.services import batches, studies

    call_command("migrate", verbosity=0)
    now = timezone.now()
    study = studies.create(slug="bench", title="Bench", rubric=rubric_from_json(RUBRIC), now=now)
    batch = batches.register(study=study, file_name="none.jsonl", now=now)
    draw = np.random.default_rng(seed)
    n_items = max(int(judgments / per_item), MODELS)
    sizes = draw.choice(list(WEIGHTS), size=n_items, p=list(WEIGHTS.values()))
    if per_item > max(WEIGHTS):
        sizes = np.full(n_items, int(per_item))

    def put(table, columns, rows):
        rows = list(rows)
        ids = bulk.new_ids(table, len(rows))
        bulk.insert_values(
            table, ("id", *columns), ((pk, *row) for pk, row in zip(ids, rows, strict=True))
        )
        return ids

    with transaction.atomic():
        if connection.vendor == "postgresql":
            connection.cursor().execute("SET LOCAL session_replication_role = replica")
        value = put(models.Value, ("study_id", "name"), [(study.pk, "A"), (study.pk, "B")])
        model = put(
            models.LanguageModel,
            ("study_id", "key", "display_name"),
            [(study.pk, f"acme/{n:02}", f"Acme {n}") for n in range(MODELS)],
        )
        n_queries = -(-n_items // MODELS)
        scenario = put(models.Scenario, ("study_id",), [(study.pk,)] * n_queries)
        query = put(
            models.Query,
            ("study_id", "external_id", "scenario_id", "framing", "value_a_id", "value_b_id"),
            ((study.pk, f"q{n}", scenario[n], "neutral", *value) for n in range(n_queries)),
        )
        reply = put(
            models.Response,
            ("study_id", "external_id", "query_id", "model_id", "batch_id"),
            (
                (study.pk, f"r{n}", query[n // MODELS], model[n % MODELS], batch.pk)
                for n in range(n_items)
            ),
        )
        item = put(
            models.Item,
            ("study_id", "kind", "reply_1_id", "query_id", "scenario_id"),
            (
                (study.pk, "single", reply[n], query[n // MODELS], scenario[n // MODELS])
                for n in range(n_items)
            ),
        )
        rater = put(
            models.Rater,
            ("study_id", "source", "external_id", "start", "descending", "cursor", "created_at"),
            ((study.pk, "import", f"p{n}", 0, False, 0, now) for n in range(raters)),
        )
        questions = plan(study.rubric_id).questions
        for start in range(0, n_items, CHUNK // 3):
            _judge(put, models, study, questions, item, scenario, rater, sizes, start, draw, now)
        models.Rater.objects.filter(study=study).update(judged_count=1)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _judge(put, models, study, questions, item, scenario, rater, sizes, start, draw, now):
    """Judge some items: their seats, judgments and answers."""
    end = min(start + CHUNK // 3, len(item))
    rows, answers, lean = [], [], []
    for at in range(start, end):
        first = int(draw.integers(len(rater)))
        rows += [(at, n, rater[(first + n) % len(rater)]) for n in range(int(sizes[at]))]
    seats = put(
        models.Seat,
        ("study_id", "item_id", "query_id", "scenario_id", "wave", "number", "place", "rater_id",
         "judged_at"),
        ((study.pk, item[at], 1, scenario[at // MODELS], 1, n + 1, at, who, now)
         for at, n, who in rows),
    )  # fmt: skip
    from django.db import connection

    public_id = models.Judgment._meta.get_field("public_id")
    judged = put(
        models.Judgment,
        ("public_id", "seat_id", "revision", "current", "rater_id", "item_id", "rubric_id",
         "shown_sha256", "text_version", "rule_set", "renderer", "created_at"),
        ((public_id.get_db_prep_value(uuid.UUID(int=seat), connection), seat, 1,
          True, who, item[at], study.rubric_id, "", 1, 1, 1, now)
         for seat, (at, _, who) in zip(seats, rows, strict=True)),
    )  # fmt: skip
    lean = draw.random(end - start)
    for one in questions:
        k = len(one.options)
        common = draw.integers(k, size=end - start)
        same = draw.random(len(rows)) < 0.4 + 0.4 * lean[[at - start for at, _, _ in rows]]
        other = draw.integers(k, size=len(rows))
        for n, (at, _, _) in enumerate(rows):
            chosen = common[at - start] if same[n] else other[n]
            answers.append(
                (judged[n], item[at], scenario[at // MODELS], one.id, one.options[chosen].id, 1, 0,
                 True, True)
            )  # fmt: skip
    put(
        models.Answer,
        ("judgment_id", "item_id", "cluster_id", "question_id", "option_id", "wave", "turn",
         "current", "single"),
        answers,
    )  # fmt: skip


BARE = """
SELECT count(*) FROM (
    SELECT item_id, option_id, count(*) FROM annotation_answer
    WHERE question_id = %s AND turn = 0 AND wave IN (1, 6) AND current
    GROUP BY item_id, option_id
) counted
"""


def timed(do) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=100_000)
    parser.add_argument("--per-item", type=float, default=3.0)
    parser.add_argument("--raters", type=int, default=300)
    parser.add_argument("--replicates", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-place", action="store_true")
    parser.add_argument("--filling", action="store_true", help="For the process that fills.")
    options = parser.parse_args()
    if options.filling:
        import django

        django.setup()
        fill(options.judgments, options.per_item, options.raters, options.seed)
        return 0
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch, in_place=options.in_place)
        os.chdir(scratch)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection

        began = time.perf_counter()
        if not options.in_place or not connection.introspection.table_names():
            subprocess.run([sys.executable, __file__, "--filling", *sys.argv[1:]], check=True)
        filled = time.perf_counter() - began
        print(
            f"bench_agreement {connection.vendor} filled {options.judgments:,} judgments in {filled:.0f} s"
        )
        from annotation.models import Question

        ids = dict(Question.objects.values_list("key", "pk"))
        memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

        def bare():
            with connection.cursor() as cursor:
                cursor.execute(BARE, [ids["severity"]])
                cursor.fetchone()

        printed = io.StringIO()

        def command(**more):
            def run():
                printed.seek(0)
                printed.truncate()
                call_command(
                    "agreement", "bench", question="severity", json=True, stdout=printed, **more
                )

            return run

        draws = {"bootstrap": options.replicates, "seed": options.seed}
        todo = {
            "bare": bare,
            "command": command(),
            "command_with_draws": command(**draws),
            "by_model": command(by="model"),
            "by_model_with_draws": command(by="model", **draws),
        }
        times = {name: [] for name in todo}
        for _ in range(options.rounds):
            for name, do in todo.items():
                times[name].append(timed(do))
        middle = {name: statistics.median(found) for name, found in times.items()}
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        shown = " ".join(f"{name}={seconds:.2f}s" for name, seconds in middle.items())
        command()()
        one = json.loads(printed.getvalue())["questions"][0]
        print(
            f"  {shown}\n  to bare: {middle['command'] / middle['bare']:.2f} without draws,"
            f" {middle['command_with_draws'] / middle['bare']:.2f} with; sliced to whole:"
            f" {middle['by_model'] / middle['command']:.2f} without,"
            f" {middle['by_model_with_draws'] / middle['command_with_draws']:.2f} with;"
            f" peak {peak / 1024:.0f} MB ({memory_before / 1024:.0f} before);"
            f" {one['items']:,} items, {one['clusters']:,} clusters,"
            f" alpha {one['coefficients'][0]['value']:.12f}"
        )
        connection.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
