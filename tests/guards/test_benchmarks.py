"""The benchmarks run, at a hundredth of their size: what they print is no matter here."""

import subprocess
import sys

import pytest

from tests.environment import PROJECT

SMALL = {
    "bench_rating.py": ["--items", "40", "--raters", "3", "--seconds", "1", "--workers", "1"],
    "bench_agreement.py": ["--items", "20", "--raters", "5"],
    "bench_import.py": ["--rows", "48"],
    "bench_page.py": ["--items", "4", "--requests", "6"],
}


@pytest.mark.parametrize("name", [path.name for path in (PROJECT / "benchmarks").glob("*.py")])
@pytest.mark.xdist_group("benchmarks")  # they share a port and a database's name
def test_a_benchmark_runs(name):
    run = subprocess.run(
        [sys.executable, f"benchmarks/{name}", *SMALL[name]],
        cwd=PROJECT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.startswith(name.removesuffix(".py"))
