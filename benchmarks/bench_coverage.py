"""How often 95 % intervals of agreement hold the truth, and how long Dawid and Skene's EM takes.

Ratings are made up, so the truth is known: twelve replies to each query are alike in their truth
and in how hard they are to judge, as replies to one query are. Intervals over queries should hold
the truth 93 to 97 % of the time; those that take every reply for a fact of its own stand beside.

    .venv/bin/python benchmarks/bench_coverage.py --sets 1000 --queries 60 --labels 5000000 --seed 1
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from evaluation.stats.agreement import (
    CountTable,
    gwet_ac1,
    nominal_alpha,
    percent_agreement,
)
from evaluation.stats.dawid_skene import dawid_skene
from evaluation.stats.votes import Votes

REPLIES, RATERS, OPTIONS = 12, 3, 3
# Of the truth: one option is common and one rare, as in most studies.
PREVALENCE = (0.7, 0.2, 0.1)
COEFFICIENTS = {"alpha": nominal_alpha, "ac1": gwet_ac1, "percent": percent_agreement}
# So many queries at a time, until the truth is known far better than an interval is wide.
QUERIES_AT_ONCE, PARTS = 20_000, 10
WANTED = (0.93, 0.97)


def rated(rng: np.random.Generator, queries: int) -> CountTable:
    """Make up ratings: replies of one query share what is usual, and how hard they are."""
    rows = queries * REPLIES
    usual = np.repeat(rng.choice(OPTIONS, queries, p=PREVALENCE), REPLIES)
    other = rng.choice(OPTIONS, rows, p=PREVALENCE)
    truth = np.where(rng.random(rows) < 0.7, usual, other)
    ease = np.repeat(rng.beta(4, 2, queries), REPLIES)
    right = rng.random((rows, RATERS)) < ease[:, None]
    ratings = np.where(right, truth[:, None], rng.integers(0, OPTIONS, (rows, RATERS)))
    counts = (ratings[:, :, None] == np.arange(OPTIONS)).sum(axis=1)
    return CountTable.from_counts(counts, np.repeat(np.arange(queries), REPLIES))


def truths(seed: int, parts: int) -> dict[str, float]:
    """Return each coefficient of very many queries: what the intervals should hold."""
    rng = np.random.default_rng([seed, 0])
    tables = [rated(rng, QUERIES_AT_ONCE) for _ in range(parts)]
    return {
        name: float(np.mean([compute(table).value for table in tables]))
        for name, compute in COEFFICIENTS.items()
    }


def coverage(sets: int, queries: int, seed: int, parts: int) -> None:
    """Count how often intervals hold the truth, over queries and over single replies."""
    truth, rng = truths(seed, parts), np.random.default_rng([seed, 1])
    held = {(name, how): 0 for name in COEFFICIENTS for how in ("clustered", "by reply")}
    width = dict.fromkeys(held, 0.0)
    began = time.perf_counter()
    for _ in range(sets):
        table = rated(rng, queries)
        for how, one in (("clustered", table), ("by reply", table.by_item())):
            for name, compute in COEFFICIENTS.items():
                found = compute(one)
                held[name, how] += found.low <= truth[name] <= found.high
                width[name, how] += found.high - found.low
    print(f"{sets:,} sets of {queries:,} queries with {REPLIES} replies each,"
          f" {time.perf_counter() - began:.1f} s; wanted {WANTED[0]:.0%} to {WANTED[1]:.0%}")  # fmt: skip
    for (name, how), n in held.items():
        share = n / sets
        said = {
            "coefficient": name,
            "intervals": how,
            "truth": round(truth[name], 4),
            "held": round(share, 4),
            "standard_error": round((share * (1 - share) / sets) ** 0.5, 4),
            "mean_width": round(width[name, how] / sets, 4),
            "within": WANTED[0] <= share <= WANTED[1],
        }
        print(json.dumps(said))


def hidden_truth(labels: int, iterations: int, seed: int) -> None:
    """Time the EM on so many labels of four options, five to an item, by 200 raters."""
    rng, options, each, raters = np.random.default_rng([seed, 2]), 4, 5, 200
    items = max(labels // each, 1)
    item = np.repeat(np.arange(items), each)
    truth = rng.integers(0, options, items)[item]
    rater = rng.integers(0, raters, item.size)
    right = rng.random(item.size) < rng.uniform(0.4, 0.95, raters)[rater]
    label = np.where(right, truth, rng.integers(0, options, item.size))
    votes = Votes.from_ratings(
        item, rater, label, n_items=items, n_raters=raters, n_options=options
    )
    began = time.perf_counter()
    dawid_skene(votes, tolerance=1e-300, max_iterations=1)
    first = time.perf_counter() - began
    began = time.perf_counter()
    found = dawid_skene(votes, tolerance=1e-300, max_iterations=1 + iterations)
    took, done = time.perf_counter() - began - first, len(found.log_likelihood) - 1
    print(json.dumps({
        "labels": int(item.size),
        "iterations": done,
        "seconds_an_iteration": round(took / max(done, 1), 4),
        "right": round(float((found.posterior.argmax(axis=1) == truth[::each]).mean()), 4),
    }))  # fmt: skip


def main() -> None:
    """Run both and print what came out, a line of JSON for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=1_000)
    parser.add_argument("--queries", type=int, default=60)
    parser.add_argument("--truth-parts", type=int, default=PARTS)
    parser.add_argument("--labels", type=int, default=5_000_000)
    parser.add_argument("--iterations", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print("bench_coverage")
    coverage(asked.sets, asked.queries, asked.seed, asked.truth_parts)
    hidden_truth(asked.labels, asked.iterations, asked.seed)


if __name__ == "__main__":
    main()
