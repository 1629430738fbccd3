"""Studies with rates: judgments, verdicts and drawn samples, and parts of them as arrays."""

import numpy as np

from evaluation.frames import frame_from_json
from evaluation.intake import samples
from evaluation.services import rates
from evaluation.services.rate_parts import UNLABELLED, Part
from tests import build
from tests.evaluation import given
from tests.evaluation.test_rate_designs import RUBRIC

WINNER = {
    "key": "winner",
    "title": "Winner",
    "questions": [
        {
            "key": "winner",
            "label": "Which value?",
            "type": "single",
            "options": [
                {"code": code, "label": code}
                for code in ("value_a", "value_b", "both", "cannot_tell")
            ],
        }
    ],
}

MANY = {f"r{n}": "yes" if n % 3 == 0 else "no" for n in range(60)}
HALF = dict(list(MANY.items())[:30])

CATEGORIES = ("Critical thinking", "Ethical interaction", "Security and stability")


def misled(tmp_path, table, judged, *, rubric=RUBRIC, slug="s"):
    """A study with imported judgments ``{reply: "yes no"}`` and verdicts ``{reply: "yes"}``."""
    made = build.study(slug, rubric=rubric)
    given.replies(made, tmp_path, *judged)
    lines = [
        (reply, f"rater-{n}", "misled", answer)
        for reply, answers in table.items()
        for n, answer in enumerate(answers.split())
    ]
    if lines:
        given.judgments(made, tmp_path, lines)
    given.verdicts(made, tmp_path, [given.verdict(r, v, "misled") for r, v in judged.items()])
    return made


def report(study, **asked):
    terms = {"question": "misled", "option": "yes", **asked}
    return rates.report(build.facts(study), "robo", **terms)


def only(study, **asked):
    (found,) = report(study, **asked).rates
    return found


def drawn(study, tmp_path, said, *, name="said", seed=1, frame=None, **drawing):
    """Draw a sample and bring in judgments on what it drew."""
    facts = build.facts(study)
    design = samples.drawing_from_json(drawing)
    asked = samples.request(facts, frame_from_json(frame or {}), design, seed=seed, now=build.now())
    sample = samples.draw(facts, asked.pk)
    replies = [reply for reply, _, _ in samples.drawn_of(sample)]
    given.judgments(study, tmp_path, [(r, name, "misled", said[r]) for r in replies])
    return replies


def by_value(tmp_path):
    """Three replies: two put the first category against others, the third has none in common."""
    from annotation.models import Value

    study = build.study("v", rubric=WINNER)
    names = {"a": ("X", "Y"), "b": ("X", "Z"), "c": ("Y", "Z")}
    for reply, (one, two) in names.items():
        given.replies(study, tmp_path, reply, value_a=one, value_b=two)
    for name, category in zip("XYZ", CATEGORIES, strict=True):
        Value.objects.filter(study=study, name=name).update(category=category)
    rows = {"a": "value_a", "b": "value_b", "c": "value_a"}
    given.verdicts(study, tmp_path, [given.verdict(r, v, "winner") for r, v in rows.items()])
    given.judgments(study, tmp_path, [("a", "ann", "winner", "value_a")])
    return study


def part(
    rng, n=400, *, rate=0.3, sensitivity=0.85, specificity=0.9, enriched=True, queries=0, share=0.3
):
    truth = rng.random(n) < rate
    says = np.where(truth, rng.random(n) < sensitivity, rng.random(n) >= specificity)
    chance = np.where(says, 1.0, share) if enriched else np.full(n, 0.5)
    label = np.where(rng.random(n) < chance, truth, UNLABELLED)
    cluster = np.arange(n) % (queries or n)
    return Part(
        says, np.zeros(n, dtype=bool), label.astype(np.int64), cluster,
        says.astype(np.int64) if enriched else np.zeros(n, dtype=np.int64), chance,
    )  # fmt: skip


def together(parts):
    names = ("says", "hedged", "label", "cluster", "stratum", "probability")
    return Part(*(np.concatenate([getattr(one, name) for one in parts]) for name in names))
