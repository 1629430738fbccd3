"""Quantities that are known of every reply of a frame: what a design's weights are tried on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import ValidationError

from annotation.plans import with_values
from annotation.selectors.rated_replies import lengths_of
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import QuestionType
from evaluation.errors import FrameInvalid
from evaluation.frames import ROWS_PER_FETCH, Frame, Marked, Units, replies_in
from evaluation.models import Judge, Verdict
from evaluation.stats.shapes import FloatArray

LENGTH = "characters of the model's messages"
# As a judge's answer is written down; empty for the length.
Written = dict[str, Any]


def quantity_from_json(given: Any) -> Marked | None:
    """Return a quantity as it was written down: a judge's answers, or the length for nothing.

    Raises:
        FrameInvalid: it is neither.
    """
    if not given:
        return None
    try:
        return Marked.model_validate(given)
    except ValidationError as error:
        raise FrameInvalid(
            "A quantity is a judge's answers (judge, question, answers), or {} for the length."
        ) from error


def as_json(quantity: Marked | None) -> Written:
    """Return a quantity as it is written down."""
    return quantity.model_dump(mode="json") if quantity else {}


def usual_for(study: StudyFacts, *, besides: Marked | None = None) -> Marked | None:
    """Return what a design is tried on where nobody chose: a judge's answer, or else the length.

    ``besides`` is what the strata are made by: in these it does not vary, so it would tell nothing.
    """
    one_answer = (QuestionType.SINGLE, QuestionType.SCALE)
    for judge in Judge.objects.filter(study=study.id).order_by("pk").values_list("pk", flat=True):
        given = Verdict.objects.filter(judge=judge).order_by().values_list("question").distinct()
        answered = {question for (question,) in given}
        for question in study.rubric.questions:
            if question.id not in answered or question.type not in one_answer:
                continue
            if besides is not None and (besides.judge, besides.question) == (judge, question.key):
                continue
            codes = [option.code for option in question.options]
            answer = "yes" if "yes" in codes else codes[0]
            return Marked(judge=judge, question=question.key, answers=(answer,))
    return None


def in_words(study: StudyFacts, quantity: Marked | None) -> str:
    """Say what a quantity is.

    Raises:
        FrameInvalid: a judge or question that the study has not.
    """
    if quantity is None:
        return LENGTH
    judge = Judge.objects.filter(study=study.id, pk=quantity.judge).first()
    question = study.rubric.question(quantity.question)
    if judge is None or question is None:
        raise FrameInvalid(f"The study has no judge {quantity.judge}, or no such question.")
    labels = {option.code: _spoken(option.label) for option in question.options}
    said = " or ".join(f"“{labels.get(code, code)}”" for code in quantity.answers)
    return f"share of replies of which {judge.name} said {said} ({_spoken(question.label)})"


def _spoken(label: str) -> str:
    return with_values(label, "value A", "value B")


def values_of(study: StudyFacts, frame: Frame, units: Units, quantity: Marked | None) -> FloatArray:
    """Return the quantity of each of a frame's replies, in the order of ``units``.

    A reply on which the judge gave no verdict counts as one of which it did not say so.

    Raises:
        FrameInvalid: a judge, question or answer that the study has not.
    """
    if quantity is None:
        known = _lengths(study, frame)
        return np.array([known[one] for one in units.reply.tolist()], dtype=np.float64)
    marked = replies_in(study, Frame.model_validate({"verdict": as_json(quantity)}))
    replies = np.fromiter(marked.order_by("pk").values_list("pk", flat=True), dtype=np.int64)
    return np.isin(units.reply, replies).astype(np.float64)


def by_query(values: FloatArray, queries: list[str], names: list[str]) -> FloatArray:
    """Return what each query adds, so that the mean over queries is the mean over replies."""
    totals: dict[str, float] = dict.fromkeys(names, 0.0)
    for query, value in zip(queries, values.tolist(), strict=True):
        totals[query] += value
    return np.array([totals[name] for name in names]) * len(names) / max(len(values), 1)


def _lengths(study: StudyFacts, frame: Frame) -> Mapping[int, int]:
    rows = replies_in(study, frame).order_by("pk").values_list("pk", "versions__messages")
    return {
        reply: sum(lengths_of(messages))
        for reply, messages in rows.iterator(chunk_size=ROWS_PER_FETCH // 10)
    }
