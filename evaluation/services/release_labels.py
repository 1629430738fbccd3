"""Labels in a release: what is concluded of each unit, calibrated labels, and their checks.

What people's answers give stands in one table, what a judge adds in another, so that nobody takes
one for the other.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from annotation.bulk_reads import TEXT
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.profiles import item_names
from annotation.selectors.studies import StudyFacts
from evaluation.arrays import TURNS
from evaluation.exports.columns import CALIBRATED, LABELS, RECALIBRATED
from evaluation.exports.folder import Folder
from evaluation.models import Verdict
from evaluation.services import label_rows, labels
from evaluation.services.agreement import scopes_of
from evaluation.services.judges import JudgeFacts, judges_of
from evaluation.services.label_truth import takes_one
from evaluation.services.labels import Labelling
from evaluation.services.recalibrations import Recalibration, recalibration


def concluded(
    study: StudyFacts, *, until: int, filters: Filters, chances: Mapping[int, float]
) -> Iterator[pa.Table]:
    """Yield what the study concludes of each unit, for each closed question and scope.

    ``chances`` are the inclusion probabilities of the items that were not certain to be judged.
    """
    for question in labels.offered(study):
        for scope in scopes_of(question):
            asked = Asked(question.id, scope, until=until, filters=filters)
            for part in label_rows.parts(question, asked, None, chances):
                yield part.select([column.name for column in LABELS])


def write(study: StudyFacts, folder: Folder, *, until: int, filters: Filters) -> None:
    """Write the labels' intervals and posteriors, judges' recalibrations, and the checks."""
    found = [
        one
        for question in labels.offered(study)
        for one in labels.report(study, question=question.key, until=until, filters=filters)
    ]
    folder.parts("calibrated", CALIBRATED, _calibrated(found))
    checks: list[dict[str, Any]] = []
    folder.parts("recalibrated", RECALIBRATED, _recalibrated(study, found, checks))
    body = labels.as_json(study, found)
    folder.json("calibration.json", {**body, "judges": checks})


def _calibrated(found: list[Labelling]) -> Iterator[pa.Table]:
    for one in found:
        for part in label_rows.parts(one.question, one.asked, one.errors, {}):
            yield part.select([column.name for column in CALIBRATED])


def _recalibrated(
    study: StudyFacts, found: list[Labelling], checks: list[dict[str, Any]]
) -> Iterator[pa.Table]:
    """Yield every verdict that gave a probability; add how each judge does to ``checks``."""
    for judge in judges_of(study):
        for one in found:
            if not takes_one(one.question) or not _gave_probabilities(judge, one):
                continue
            made = recalibration(study, one.question, one.asked, judge)
            checks.append(
                {"question": one.question.key, "scope": str(one.asked.scope), **made.as_json()}
            )
            yield from _verdicts(one, judge, made)


def _verdicts(one: Labelling, judge: JudgeFacts, made: Recalibration) -> Iterator[pa.Table]:
    same = {
        "question": one.question.key,
        "judge": judge.name,
        "judge_model": judge.model,
        "judge_prompt_version": judge.prompt_version,
        "judge_rubric_version": judge.rubric_version,
    }
    for part in made.parts():
        item, turn = np.divmod(part.given.place, TURNS)
        items, at = np.unique(item, return_inverse=True)
        names = item_names(items.tolist())["response_id"].combine_chunks()
        unknown = ~np.isfinite(part.recalibrated)
        found = {
            "response_id": names.take(pa.array(at.ravel())),
            "turn": pa.array(turn),
            "answer": pa.array(part.codes, TEXT).take(pa.array(part.given.column)),
            "probability": pa.array(part.given.p),
            "recalibrated": pa.array(part.recalibrated, mask=unknown),
            **{name: pa.repeat(pa.scalar(word, TEXT), item.size) for name, word in same.items()},
        }
        yield pa.table(found).select([column.name for column in RECALIBRATED])


def _gave_probabilities(judge: JudgeFacts, one: Labelling) -> bool:
    given = Verdict.objects.filter(judge=judge.id, question=one.question.id)
    return given.exclude(probability=None, probabilities=None).exists()
