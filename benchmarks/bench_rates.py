"""How often 95 % intervals of rates hold the truth, by design, against a judge's own rates.

Everything is made up, so the truth is known: models that mislead at different rates, a judge with
errors, people who see how it is. Goes through the layer that chooses the estimator by the stored
design, as the page, the command and the API do.

    .venv/bin/python benchmarks/bench_rates.py --models 12 --replies 2000 --share 0.2 --repeats 200 --seed 1
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from evaluation.models import Design  # noqa: E402 - needs Django set up
from evaluation.services.rate_methods import (  # noqa: E402 - needs Django set up
    CHANCES,
    Method,
    estimated,
    pooling_of,
)
from evaluation.services.rate_parts import UNLABELLED, Part  # noqa: E402 - needs Django set up

LOWEST, HIGHEST = 0.05, 0.35
SENSITIVITY, SPECIFICITY = 0.80, 0.85
# How much less sensitive, and how much more specific, a judge is towards its own family.
FAVOUR = 0.25


def made(models: int, replies: int, rng: np.random.Generator, *, favours: bool):
    """Make up truth, verdicts and true rates; a reply of each model to each query."""
    truth = np.linspace(LOWEST, HIGHEST, models)
    sensitivity, specificity = np.full(models, SENSITIVITY), np.full(models, SPECIFICITY)
    if favours:
        sensitivity[: models // 4] -= FAVOUR
        specificity[: models // 4] += 0.95 - SPECIFICITY
    model = np.tile(np.arange(models), replies)
    misled = rng.random(model.size) < truth[model]
    hit = rng.random(model.size) < np.where(misled, sensitivity[model], specificity[model])
    return truth, model, misled, np.where(misled, hit, ~hit)


def drawn(design: Design, model, says, share: float, rng: np.random.Generator):
    """Draw as the design does; return stratum, chance, and who is drawn."""
    models, size = int(model.max()) + 1, model.size
    if design == Design.PANEL:
        queries = size // models
        chosen = rng.permutation(queries) < round(share * queries)
        whole = np.repeat(chosen, models)
        return np.zeros(size, dtype=np.int64), np.full(size, chosen.mean()), whole
    stratum = np.zeros(size, dtype=np.int64)
    rates = np.array([share])
    if design == Design.STRATIFIED:
        stratum, rates = says.astype(np.int64), np.array([share / 2, min(share * 2, 1.0)])
    if design == Design.ENRICHED:
        stratum, rates = says.astype(np.int64), np.array([share / 2, 1.0])
    taken = np.zeros(size, dtype=np.bool_)
    chance = np.ones(size)
    for at, rate in enumerate(rates):
        units = np.flatnonzero(stratum == at)
        takes = max(2, round(rate * units.size))
        taken[rng.permutation(units)[:takes]] = True
        chance[units] = takes / units.size
    return stratum, chance, taken


def simulated(design: Design, args: argparse.Namespace, *, favours: bool) -> dict[str, object]:
    """Repeat: make up, draw, estimate each model's rate; count intervals that hold the truth."""
    rng = np.random.default_rng(args.seed)
    chances = CHANCES[design]
    hits = {"naive": 0, "human": 0, "corrected": 0}
    width = dict.fromkeys(hits, 0.0)
    methods: dict[str, int] = {}
    given, pooled, began = 0, 0, time.perf_counter()
    for _ in range(args.repeats):
        truth, model, misled, says = made(args.models, args.replies, rng, favours=favours)
        stratum, chance, taken = drawn(design, model, says, args.share, rng)
        label = np.where(taken, misled, UNLABELLED).astype(np.int64)
        cluster = np.arange(model.size) // args.models
        none = np.zeros(model.size, dtype=np.bool_)
        whole = Part(says, none, label, cluster, stratum, chance)
        parts = [whole.only(model == at) for at in range(args.models)]
        pooling = pooling_of(parts, whole) if design == Design.ENRICHED else None
        for part, rate in zip(parts, truth, strict=True):
            found = estimated(part, chances, pooling=pooling)
            methods[found.method] = methods.get(found.method, 0) + 1
            pooled += found.pooled
            if found.method == Method.REFUSED:
                continue
            given += 1
            for name in hits:
                one = getattr(found, name)
                if one.low is not None and one.high is not None:
                    hits[name] += one.low <= rate <= one.high
                    width[name] += one.high - one.low
    return {
        "design": str(design),
        "judge_favours": favours,
        "rates": args.repeats * args.models,
        "given": given,
        "estimators": methods,
        "pooled": pooled,
        "coverage": {name: round(n / max(given, 1), 4) for name, n in hits.items()},
        "mean_width": {name: round(n / max(given, 1), 4) for name, n in width.items()},
        "labels_per_model": round(float(taken.sum()) / args.models, 1),
        "seconds": round(time.perf_counter() - began, 1),
    }


def tell(result: dict[str, object]) -> None:
    """Print a line of JSON."""
    print(f"bench_rates {json.dumps(result)}", flush=True)


def main() -> None:
    """Simulate each design and print a line of JSON for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=12)
    parser.add_argument("--replies", type=int, default=2_000, help="Of each model.")
    parser.add_argument("--share", type=float, default=0.2, help="Share that is labelled.")
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for design in (Design.SIMPLE, Design.PANEL, Design.STRATIFIED, Design.ENRICHED):
        tell(simulated(design, args, favours=False))
    for design in (Design.SIMPLE, Design.ENRICHED):
        tell(simulated(design, args, favours=True))


if __name__ == "__main__":
    main()
