"""Drafts of rubrics in few words, and the parts of them that tests look at."""

import pytest

from annotation.errors import RubricInvalid
from annotation.rubric_composer.acts import acted
from annotation.rubric_composer.draft import DraftOption, DraftQuestion, DraftRubric
from annotation.rubric_composer.problems import problems_of, rubric_in

YES_NO = (DraftOption("yes", "Yes"), DraftOption("no", "No"))


def draft(*questions: DraftQuestion, **more) -> DraftRubric:
    return DraftRubric(key="r", title="R", questions=questions, **more)


def question(id_: int = 1, **more) -> DraftQuestion:
    given = {"key": f"k{id_}", "label": f"Question {id_}?", "options": YES_NO, **more}
    return DraftQuestion(id=id_, **given)


def pressed(before: DraftRubric, do: str, **fields: str) -> DraftRubric:
    return acted(before, do, {name.replace("_", "-"): [one] for name, one in fields.items()}).draft


def ids(rubric: DraftRubric) -> list[int]:
    return [one.id for one in rubric.questions]


def codes(one: DraftQuestion) -> list[str]:
    return [option.code for option in one.options]


def sentences(rubric: DraftRubric, id_: int = 1) -> str:
    """Return what publishing would say of a question."""
    with pytest.raises(RubricInvalid) as refusal:
        rubric_in(rubric)
    return "; ".join(problems_of(rubric, refusal.value).of(rubric.question(id_)))
