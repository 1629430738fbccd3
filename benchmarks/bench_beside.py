"""What raters feel of a load (R-063): a rater's pages alone, and again while replies are loaded.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_beside.py --rows 100000

Study, rater and server are bench_page's. The rater loads and judges ``--requests`` pages with
nothing beside, then goes on for as many while the command that an admin runs loads ``--rows`` replies of
1,500 characters into the same study. Prints p95 of loading a page and of sending a turn in both, the
quotient, and whether the load lasted to the end of it. Wanted: less than twice.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import bench_import
import bench_page
from bench_rating import ROOT, environment


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    return argparse.Namespace(
        **vars(options), characters=1_500, hits=5.0, format="jsonl", batch="beside.jsonl"
    )


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        cookies = bench_page.fill(options)
        path = Path(scratch) / options.batch
        bench_import.write(path, options)
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi", "-b",
             f"127.0.0.1:{bench_page.PORT}", *bench_page.SERVER],
            cwd=ROOT,
        )  # fmt: skip
        try:
            alone = bench_page.walk(options, cookies)
            loading = subprocess.Popen(
                [sys.executable, "manage.py", "load_batch", "bench", str(path)],
                cwd=ROOT, stdout=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                time.sleep(1)  # until it reads
                beside = bench_page.walk(options, cookies)
                lasted = loading.poll() is None
            finally:
                loading.terminate()
                failed = loading.wait() not in (0, -15)
        finally:
            server.terminate()
            server.wait()
        print(_line(options, alone, beside, lasted=lasted))
    return int(failed)


def _line(options: argparse.Namespace, alone: tuple, beside: tuple, *, lasted: bool) -> str:
    parts = [f"bench_beside rows={options.rows} pages={len(alone[0])}+{len(beside[0])}"]
    for name, before, during in (("load", alone[0], beside[0]), ("send", alone[1], beside[1])):
        first, second = bench_page._at(before, 0.95), bench_page._at(during, 0.95)
        parts.append(f"{name} p95={first:.1f} -> {second:.1f} ms ({second / first:.2f} times)")
    return " ".join([*parts, f"load_lasted={'yes' if lasted else 'no'}"])


if __name__ == "__main__":
    sys.exit(main())
