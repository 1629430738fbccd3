"""A study whose designs are tried, and rehearsals of one of them."""

from pathlib import Path

from annotation.selectors.studies import StudyFacts
from evaluation import tasks
from evaluation.frames import frame_from_json
from evaluation.intake import rehearsals
from evaluation.intake.designs import drawing_from_json
from evaluation.services.studies import the_study
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.sampling import RUBRIC

BY_MODEL = {"design": "stratified", "by": ["model"], "size": 6}
EVERYTHING = frame_from_json({})


def asked(study, **fields):
    given = {"quantity": None, "draws": 20, "first_seed": 1, "by_id": None, **fields}
    return tasks.request_rehearsal(study, EVERYTHING, drawing_from_json(BY_MODEL), **given, now=NOW)


def waiting(study):
    return rehearsals.request(
        study, EVERYTHING, drawing_from_json(BY_MODEL), quantity=None, draws=100, now=NOW
    )


def study_of_uneven_queries(tmp_path: Path) -> StudyFacts:
    """Eight queries, the first of three replies and the others of two; verdicts on six replies."""
    made = build.study("s", rubric=RUBRIC)
    lines = [
        build.reply_fields(
            query_id=f"q{n}",
            response_id=f"q{n}-{model}",
            model=model,
            messages=build.conversation(1 + n % 3),
        )
        for n in range(8)
        for model in ("a", "b", "c")[: 3 if n == 0 else 2]
    ]
    build.batch(made, lines, tmp_path)
    verdicts = [
        {"response_id": f"q{n}-a", "question": "misled", "answer": "yes" if n < 4 else "no"}
        for n in range(6)
    ]
    given.verdicts(made, tmp_path, verdicts)
    return the_study("s")
