"""The benchmarks run, at a hundredth of their size: what they print is no matter here."""

import subprocess
import sys

import pytest

from tests.environment import PROJECT

SMALL = {
    "bench_rating.py": ["--items", "40", "--raters", "3", "--seconds", "1", "--workers", "1"],
    "bench_agreement.py": ["--judgments", "60", "--raters", "9", "--replicates", "20"],
    "bench_import.py": ["--rows", "48"],
    "bench_rates.py": ["--models", "3", "--replies", "60", "--repeats", "2"],
    "bench_verdicts.py": ["--rows", "60"],
    "bench_judgments.py": ["--replies", "4", "--raters", "5"],
    "bench_release.py": ["--judgments", "200"],
    "bench_page.py": ["--items", "4", "--requests", "6"],
    "bench_coverage.py": ["--sets", "10", "--truth-parts", "1", "--labels", "50000"],
    "bench_beside.py": ["--items", "4", "--requests", "6", "--rows", "24"],
    "bench_judge.py": ["--judgments", "90", "--raters", "9"],
}


@pytest.mark.parametrize(
    "name", [path.name for path in (PROJECT / "benchmarks").glob("bench_*.py")]
)
@pytest.mark.xdist_group("benchmarks")  # they share a port and a database's name
def test_a_benchmark_runs(name):
    run = subprocess.run(
        [sys.executable, f"benchmarks/{name}", *SMALL[name]],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.startswith(name.removesuffix(".py"))
