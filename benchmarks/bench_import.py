"""How many replies a second a batch loads at, end to end: parse, validate, scrub, hash, store.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_import.py --rows 100000

Makes its own database (SQLite unless ``DATABASE_URL`` names a PostgreSQL server) and a file of
``--rows`` replies of ``--characters`` signs in words of usual lengths, twelve models to a query, of
which ``--hits`` per cent say who wrote them. Loads it with the command that an admin runs, in a process
of its own whose memory is measured twice a second with its reader's, and on PostgreSQL copies the same texts with a bare COPY
in the same run, for the ratio. On a machine with other work compare the processor's time a reply,
of the process that stores, the one that reads, and the database's: the ratio of both is given too.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_import.py --table-rows 411000

loads as many rows of the public study's wide table as it has (twelve models, two replies in a
hundred missing: 11.8 replies a row, 4.83 million in all). The file is written in parts of 1,000
rows; it takes some 3 GB of TMPDIR, the database some 13 GB, both estimated from smaller runs.
"""

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_rating import ROOT, environment

MODELS = 12
WORDS = [
    "the",
    "a",
    "of",
    "and",
    "to",
    "in",
    "that",
    "it",
    "is",
    "for",
    "you",
    "with",
    "this",
    "not",
    "be",
    "as",
    "are",
    "on",
    "have",
    "we",
    "they",
    "would",
    "can",
    "from",
    "person",
    "decision",
    "honest",
    "careful",
    "reason",
    "perhaps",
    "matter",
    "question",
    "because",
    "other",
    "people",
    "should",
    "whether",
    "between",
    "trust",
    "price",
    "market",
    "plan",
    "letter",
    "friend",
    "colleague",
    "company",
    "report",
    "detail",
    "explain",
    "consider",
    "responsibility",
    "consequence",
    "situation",
    "important",
    "however",
    "information",
]
TELLS = (
    "I'm Claude, an AI made by Anthropic.",
    "As a large language model trained by OpenAI, I cannot.",
    "As ChatGPT I would say yes.",
    "I am Gemini, built by Google.",
)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--rows", type=int, default=100_000, help="Replies, empty ones too.")
    size.add_argument("--table-rows", type=int, help="Rows of a wide table, of twelve models each.")
    parser.add_argument("--characters", type=int, default=1_500)
    parser.add_argument("--hits", type=float, default=5.0, help="Per cent of replies with a tell.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--format", choices=("jsonl", "parquet", "wide"), default="jsonl")
    parser.add_argument(
        "--keep", type=Path, help="Where the file is kept, and taken from if it is there."
    )
    options = parser.parse_args()
    if options.table_rows:
        options.format, options.rows = "wide", options.table_rows * MODELS
    return options


def text(draw: random.Random, options: argparse.Namespace) -> str:
    words: list[str] = []
    length = 0
    while length < options.characters:
        sentence = draw.choices(WORDS, k=draw.randint(6, 18))
        sentence[0] = sentence[0].capitalize()
        words.append(" ".join(sentence) + draw.choice((". ", ". ", "? ", ".\n\n")))
        length += len(words[-1])
    if draw.random() * 100 < options.hits:
        words.insert(draw.randrange(len(words)), draw.choice(TELLS) + " ")
    return "".join(words)[: options.characters + 60]


def replies(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    draw = random.Random(options.seed)
    for n in range(options.rows):
        query = n // MODELS
        yield {
            "query_id": f"q{query}",
            "model": f"vendor{n % MODELS % 4}/model-{n % MODELS}",
            "value_a": f"value {query % 97}",
            "value_b": f"worth {query % 89}",
            "scenario_id": f"s{query // 3}",
            "framing": ("neutral", "value_a", "value_b")[query % 3],
            "messages": [
                {"role": "user", "content": f"Question {query}: " + "why " * 20},
                {"role": "assistant", "content": text(draw, options)},
            ],
        }


def write(path: Path, options: argparse.Namespace) -> int:
    """Write the file; return how many lines it has."""
    if options.format == "jsonl":
        with path.open("w") as out:
            for reply in replies(options):
                out.write(json.dumps(reply) + "\n")
        return options.rows
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = replies(options) if options.format == "parquet" else wide(options)
    writer = None
    chunk: list[dict[str, object]] = []
    lines = 0
    for row in rows:
        chunk.append(row)
        lines += 1
        if len(chunk) == 1_000:
            table = pa.Table.from_pylist(chunk)
            writer = writer or pq.ParquetWriter(path, table.schema)
            writer.write_table(table.cast(writer.schema))
            chunk = []
    if chunk:
        table = pa.Table.from_pylist(chunk)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table.cast(writer.schema))
    writer.close()
    return lines


def wide(options: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Rows of the public study's table, a reply in twelve missing now and then."""
    sys.path.insert(0, str(ROOT))
    from annotation.wide_table import MODELS as KEYS

    draw = random.Random(options.seed)
    for n in range(options.rows // len(KEYS)):
        row: dict[str, object] = {
            "rank": n,
            "query_generator": "claude",
            "value1": f"value {n % 97}",
            "value2": f"worth {n % 89}",
            "nudge_direction": ("neutral", "value1", "value2")[n % 3],
            "query": f"Question {n}: " + "why " * 20,
        }
        for key in KEYS:
            missing = draw.random() < 0.02
            row[f"response_{key}"] = None if missing else text(draw, options)
            for value in (1, 2):
                row[f"{key}_value{value}_position"] = None if missing else draw.randrange(7)
        yield row | {"chunk_index": n // 3_000, "entry_idx": n // 3}


LOAD = """
import resource, sys, time
import django
django.setup()
from django.core.management import call_command
from bench_import import database_seconds, seconds
from watching import Memory

memory = Memory()
spent, stored = seconds(), database_seconds()
began = time.perf_counter()
call_command("load_batch", "bench", sys.argv[1])
took = time.perf_counter() - began
spent, stored = seconds() - spent, database_seconds() - stored
print("TOOK", took, memory.peak, spent, seconds(resource.RUSAGE_CHILDREN), stored)
"""


def seconds(whose: int = resource.RUSAGE_SELF) -> float:
    """Return the processor's time that this process has had, or its ended children."""
    used = resource.getrusage(whose)
    return used.ru_utime + used.ru_stime


def database_seconds() -> float:
    """Return what the database's process behind this connection has had; of SQLite there is none."""
    from django.db import connection

    connection.ensure_connection()
    if connection.vendor != "postgresql":
        return 0.0
    try:
        stat = Path(f"/proc/{connection.connection.info.backend_pid}/stat").read_text()
    except OSError:  # on another machine
        return 0.0
    ticks = stat.rsplit(")", 1)[1].split()
    return (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")


def bare_copy(path: Path) -> tuple[float, float]:
    """Return how long a COPY of the same texts takes into a table without anything.

    First by the clock, then of the processor, this process and the database's together.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (line integer, messages jsonb, sha256 text)")
        spent = seconds() + database_seconds()
        began = time.perf_counter()
        with cursor.copy("COPY bare FROM STDIN") as copy, path.open() as lines:
            for n, line in enumerate(lines):
                copy.write_row((n, line, "0" * 64))
        took = time.perf_counter() - began
        spent = seconds() + database_seconds() - spent
        cursor.execute("DROP TABLE bare")
    return took, spent


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        import django

        django.setup()
        from django.core.management import call_command
        from django.db import connection
        from django.utils import timezone

        from annotation.models import Hit, Response
        from annotation.rubric_format import presets
        from annotation.services import studies

        call_command("migrate", verbosity=0)
        rubric = presets()["tradeoff-quick"]
        studies.create(slug="bench", title="Bench", rubric=rubric, now=timezone.now())
        path = Path(scratch) / f"batch.{'jsonl' if options.format == 'jsonl' else 'parquet'}"
        path = options.keep or path
        lines = "kept" if path.exists() else write(path, options)
        run = subprocess.run(
            [sys.executable, "-c", LOAD, str(path)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if run.returncode:
            print(run.stderr[-2_000:], file=sys.stderr)
            return 1
        took, peak, *spent = run.stdout.rsplit("TOOK ", 1)[1].split()
        stored = Response.objects.count()
        rate = stored / float(took)
        line = (
            f"bench_import {connection.vendor} format={options.format} rows={lines} replies={stored}"
            f" replies/s={rate:.0f} seconds={float(took):.1f} minutes={float(took) / 60:.2f}"
            f" peak={peak}MB hits={Hit.objects.count()}"
        )
        each = [float(part) * 1e6 / stored for part in spent]
        line += " cpu_us/reply storer={:.0f} reader={:.0f} database={:.0f}".format(*each)
        if connection.vendor == "postgresql" and options.format == "jsonl":
            copying, copying_spent = bare_copy(path)
            copied, bare = options.rows / copying, copying_spent * 1e6 / options.rows
            line += f" bare={bare:.0f} cpu_ratio={bare / sum(each):.2f}"
            line += f" bare_copy/s={copied:.0f} ratio={rate / copied:.2f}"
        print(line)
    return 0 if stored else 1


if __name__ == "__main__":
    sys.exit(main())
