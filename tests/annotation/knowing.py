"""Replies of which the right answer is known, and what is stored of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from annotation.models import GoldAnswer, Study
from annotation.services import gold
from tests import build
from tests.build import NOW
from tests.evaluation import given

LATER = NOW + timedelta(hours=1)


def known(answer="yes", reply="r", question="misled", **more):
    return {"response_id": reply, "question": question, "answer": answer, **more}


def stored(*, in_force=True):
    """What is known, in words; the row that several choices have besides is an empty code."""
    rows = GoldAnswer.objects.filter(ended_at__isnull=in_force)
    rows = rows.order_by("item", "question__position", "turn", "option__position")
    names = ("item__reply_1__external_id", "question__key", "turn", "option__code")
    return list(rows.values_list(*names))


def study_of_turns(tmp_path: Path) -> Study:
    """A study of turns, several choices and a scale; r of one turn, t of two."""
    made = build.study("s", rubric=given.TURNS)
    given.replies(made, tmp_path, "r", "s")
    given.replies(made, tmp_path, "t", messages=build.conversation(2))
    return made


def loader(study: Study, tmp_path: Path) -> Callable:
    """Load lines as a file of known answers."""

    def loaded(*lines, name="gold.jsonl", **how):
        path = build.jsonl(tmp_path / name, list(lines))
        return gold.load(study=study, path=path, **{"now": NOW, **how})

    return loaded
