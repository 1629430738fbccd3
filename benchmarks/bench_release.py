"""How many judgments a second leave in a release, with how much memory, beside a bare COPY.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_release.py --judgments 1000000

Makes its own database (SQLite unless ``DATABASE_URL`` names a PostgreSQL server): replies of
``--characters`` through the product's loader, ten judgments each by ``--raters`` raters with one
answer and one stage, and a judge's verdict on each reply, put in by statements.
Then each in a process of its own, whose time, CPU time and peak memory are printed: ``copy`` reads
the answers' table by a bare COPY, ``table`` writes the judgments as JSON Lines, CSV and Parquet,
``release`` is the whole command, and ``verify`` checks its hashes and recomputes alpha. ``load``,
which must be asked for, loads replies, judgments and verdicts of the release into another study.
The whole of what is promised is ``--judgments 10000000``: it takes about 40 GB of disk.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(Path(__file__).resolve().parent)]

from bench_agreement import RUBRIC  # noqa: E402 - needs the path above
from bench_rating import environment  # noqa: E402 - likewise

if TYPE_CHECKING:
    from annotation.selectors.studies import StudyFacts

PER_ITEM = 10
SENTENCE = ' It weighs what "a user" wants against what others need.\n'
STEPS = ("copy", "table", "release", "verify", "load")

RATERS = """
INSERT INTO annotation_rater (study_id, source, external_id, cohort, languages, start, descending,
    cursor, cursors, judged_count, skipped_count, created_at)
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {raters})
SELECT {study}, 'import', 'p' || n, '', '[]', 0, {false}, 0, '{{}}', 0, 0, '2026-01-01 00:00:00Z' FROM n
"""
ITEMS = """
INSERT INTO annotation_item (study_id, kind, reply_1_id, query_id, scenario_id)
SELECT {study}, 'single', r.id, r.query_id, q.scenario_id
FROM annotation_response r JOIN annotation_query q ON q.id = r.query_id ORDER BY r.id
"""
SEATS = """
INSERT INTO annotation_seat (study_id, item_id, query_id, scenario_id, wave, number, place, rater_id,
    turns_judged, parked, judged_at)
WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < {per_item})
SELECT {study}, i.id, i.query_id, i.scenario_id, 6, n.n + 1, 0, r.id, 0, {false}, '2026-01-02 00:00:00Z'
FROM annotation_item i CROSS JOIN n
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM annotation_rater) r
  ON r.place = (i.id * 7 + n.n) % {raters}
"""
JUDGMENTS = """
INSERT INTO annotation_judgment (public_id, seat_id, revision, current, rater_id, item_id, rubric_id,
    shown_sha256, text_version, rule_set, renderer, created_at)
SELECT {uuid}, s.id, 1, {true}, s.rater_id, s.item_id, {rubric},
    t.sha256, 1, 1, 1, {moment}
FROM annotation_seat s JOIN annotation_item i ON i.id = s.item_id
JOIN annotation_textversion t ON t.response_id = i.reply_1_id
ORDER BY s.id
"""
STAGES = """
INSERT INTO annotation_stagerecord (judgment_id, turn, shown_at, submitted_at, active_ms, client,
    questions, signals)
SELECT j.id, 0, j.created_at, j.created_at, 1000 + j.id % 60000, 'wide',
    ('{{"severity": {{"active_ms": ' || (j.id % 977) || ', "last_at": "2026-01-02T00:00:00Z"}}}}'){json},
    ('{{"pastes": 0, "absences": ' || (j.id % 3) || '}}'){json}
FROM annotation_judgment j
"""
ANSWERS = """
INSERT INTO annotation_answer (judgment_id, item_id, cluster_id, question_id, option_id, wave, turn,
    current, single)
SELECT j.id, j.item_id, i.scenario_id, {question}, {option} + (j.id * j.id + j.item_id) % 3, 6, 0,
    {true}, {true}
FROM annotation_judgment j JOIN annotation_item i ON i.id = j.item_id
"""
JUDGE = """
INSERT INTO evaluation_judge (study_id, name, model, family, prompt_version, rubric_version, simulated,
    created_at)
VALUES ({study}, 'bench', 'acme/judge', 'acme', '1', '1', {false}, '2026-01-03 00:00:00Z')
"""
VERDICTS = """
INSERT INTO evaluation_verdict (judge_id, response_id, question_id, option_id, turn, single,
    probability, probabilities, score, reasoning, clauses)
SELECT d.id, r.id, {question}, {option} + r.id % 3, 0, {true},
    0.5 + r.id % 499 / 1000.0, NULL, NULL, 'The reply says so in sentence ' || (r.id % 97) || '.',
    ('[]'){json}
FROM annotation_response r CROSS JOIN evaluation_judge d ORDER BY r.id
"""
STATEMENTS = (RATERS, ITEMS, SEATS, JUDGMENTS, STAGES, ANSWERS, JUDGE, VERDICTS)
# What differs between the databases' words.
POSTGRESQL = {
    "true": "true", "false": "false", "json": "::jsonb", "uuid": "gen_random_uuid()",
    "moment": "timestamptz '2026-01-02 00:00:00Z' + s.id * interval '1.000123 s'",
}  # fmt: skip
SQLITE = {
    "true": "1", "false": "0", "json": "", "uuid": "lower(hex(randomblob(16)))",
    "moment": "'2026-01-02 00:00:00.123456'",
}  # fmt: skip


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--judgments", type=int, default=100_000)
    parser.add_argument("--raters", type=int, default=123)
    parser.add_argument("--characters", type=int, default=500, help="Of a reply.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=STEPS[:-1])
    parser.add_argument("--step", choices=STEPS, help="For the processes that this one starts.")
    return parser.parse_args()


def fill(options: argparse.Namespace) -> None:
    """Make the study: replies by the loader, judgments by statements."""
    from django.core.management import call_command
    from django.db import connection
    from django.utils import timezone

    from annotation.rubric_format import rubric_from_json
    from annotation.services import studies

    call_command("migrate", verbosity=0)
    rubric = rubric_from_json(RUBRIC)
    study = studies.create(slug="bench", title="Bench", rubric=rubric, now=timezone.now())
    with Path("replies.jsonl").open("w") as out:
        for n in range(max(options.judgments // PER_ITEM, 1)):
            said = f"Reply {n} of seed {options.seed}."
            said += SENTENCE * ((options.characters - len(said)) // len(SENTENCE))
            messages = [{"role": "user", "content": f"Question {n // 12}?"},
                        {"role": "assistant", "content": said}]  # fmt: skip
            line = {"query_id": f"q{n // 12}", "response_id": f"q{n // 12}-m{n % 12}",
                    "model": f"acme/{n % 12}", "value_a": "Safety", "value_b": "Help",
                    "scenario_id": f"s{n // 36}", "messages": messages}  # fmt: skip
            out.write(json.dumps(line) + "\n")
    call_command("load_batch", "bench", "replies.jsonl", stdout=sys.stderr)
    question = study.rubric.questions.get(key="severity")
    option = question.options.order_by("position").values_list("pk", flat=True)[0]
    said = {
        "study": study.pk, "raters": options.raters, "per_item": PER_ITEM,
        "rubric": study.rubric_id, "question": question.pk, "option": option,
        **(POSTGRESQL if connection.vendor == "postgresql" else SQLITE),
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement.format(**said))
        cursor.execute("ANALYZE")


def take(step: str) -> None:
    """Do one step and print what it took, as JSON."""
    import resource
    import time

    import django

    django.setup()
    from evaluation.exports.verify import verify
    from evaluation.services import releases
    from evaluation.services.studies import the_study

    study, out = the_study("bench"), Path("release")
    began, used = time.perf_counter(), time.process_time()
    size = 0
    if step == "copy":
        size = bare_copy()
    elif step == "table":
        size = table(study)
    elif step == "release":
        releases.write_to(study, "bench", out)
        size = sum(file.stat().st_size for file in out.iterdir())
    elif step == "load":
        size = load_back(out)
    else:
        found = verify(out)
        assert not found.differences, found.differences
        size = found.numbers
    took, cpu = time.perf_counter() - began, time.process_time() - used
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"took": took, "cpu": cpu, "peak": peak, "size": size}))


def bare_copy() -> int:
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor, cursor.copy("COPY annotation_answer TO STDOUT") as copy:
        return sum(len(part) for part in copy)


def load_back(out: Path) -> int:
    """Load a release into a study of its own; return how many judgments that has."""
    from django.core.management import call_command

    from annotation.models import Judgment

    rubric = str(out / "rubric.json")
    call_command("create_study", "again", "--rubric", rubric, "--no-consent", stdout=sys.stderr)
    for command, name in (
        ("load_batch", "items.jsonl"),
        ("load_judgments", "judgments.jsonl"),
        ("load_verdicts", "verdicts.jsonl"),
    ):
        call_command(command, "again", str(out / name), stdout=sys.stderr)
    return Judgment.objects.filter(item__study__slug="again").count()


def table(study: "StudyFacts") -> int:
    from annotation.selectors.labels import last_judgment
    from annotation.selectors.released import rater_ids
    from annotation.selectors.studies import pseudonyms
    from evaluation.exports import rows
    from evaluation.exports.columns import JUDGMENTS
    from evaluation.exports.folder import Folder
    from evaluation.exports.snapshot import snapshot

    with tempfile.TemporaryDirectory(dir=".") as scratch, snapshot():
        folder = Folder(Path(scratch))
        names = pseudonyms(study.id, purpose="bench", subjects=rater_ids(study.id))
        until = last_judgment(study.id)
        folder.parts("judgments", JUDGMENTS, rows.judgments(study, names, until=until, rules={}))
        return sum(file.bytes for file in folder.files)


def main() -> int:
    options = arguments()
    if options.step:
        take(options.step)
        return 0
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        os.chdir(scratch)
        import django

        django.setup()
        from django.db import connection

        from annotation.models import Judgment

        fill(options)
        n = Judgment.objects.count()
        print(f"bench_release {connection.vendor} judgments={n} raters={options.raters}")
        connection.close()
        for step in options.steps:
            run = subprocess.run(
                [sys.executable, __file__, "--step", step],
                stdout=subprocess.PIPE, text=True, check=True,
            )  # fmt: skip
            found = json.loads(run.stdout.splitlines()[-1])
            print(
                f"  {step}: {found['took']:.2f} s, {n / found['took']:,.0f} judgments/s,"
                f" CPU {1e6 * found['cpu'] / n:.1f} us a judgment, peak {found['peak']} MB"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
