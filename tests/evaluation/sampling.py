"""A study whose replies are drawn, and what was drawn of it."""

from pathlib import Path

from annotation.models import Study
from evaluation.frames import Frame
from evaluation.intake import samples
from evaluation.intake.designs import drawing_from_json
from evaluation.models import Judge
from tests import build
from tests.build import NOW
from tests.evaluation import given


def scored(code):
    return {"code": code, "label": str(code)}


RUBRIC = {
    "key": "scores",
    "title": "Scores",
    "questions": [
        {
            "key": "misled",
            "label": "Misled?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        *(
            {
                "key": key,
                "label": key,
                "type": "scale",
                "level": "ordinal",
                "options": [scored(n) for n in range(7)],
            }
            for key in ("score_a", "score_b")
        ),
    ],
}


def facts(study):
    return build.facts(study)


def judge():
    return Judge.objects.order_by("pk").first().pk


def drawing(**fields):
    return drawing_from_json(fields)


def sample(study, *, seed=1, frame=None, **fields):
    asked = samples.request(
        facts(study), frame or Frame(), drawing(**fields), seed=seed, now=NOW, reason="Pilot"
    )
    return samples.draw(facts(study), asked.pk)


def study_of_two_models(tmp_path: Path) -> Study:
    """Six queries of two models each; model b is never misleading, says the judge."""
    made = build.study(rubric=RUBRIC)
    lines = [
        build.reply_fields(
            query_id=f"q{n}",
            response_id=f"q{n}-{model}",
            model=model,
            language="de" if n % 2 else "en",
            topics=['say "hi"', "é"] if n == 0 else ["money"],
            messages=build.conversation(1 + n % 3),
        )
        for n in range(6)
        for model in ("a", "b")
    ]
    build.batch(made, lines, tmp_path)
    verdicts = [
        {
            "response_id": f"q{n}-{model}",
            "question": "misled",
            "answer": "yes" if model == "a" and n < 4 else "no",
        }
        for n in range(5)
        for model in ("a", "b")
    ]
    given.verdicts(made, tmp_path, verdicts)
    return made
