"""The form of a stage: made once for a rubric, and for each item only given its values' names."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from annotation.answers import asked
from annotation.selectors.cards import Card, card_question
from annotation.selectors.rubrics import plan
from annotation.stages import Stage

TEMPLATE = "annotation/_question.html"


def questions_html(card: Card) -> SafeString:
    """Return the questions of a card's stage; a form that came back is made with its input."""
    if card.form is None:
        return mark_safe("".join(_one(question) for question in card.questions))  # noqa: S308
    rubric_id, stage = card.form
    html = _empty_form(rubric_id, stage)
    names = (("{value_a}", card.value_a.name), ("{value_b}", card.value_b.name))
    for mark, name in names:
        html = html.replace(mark, escape(name))
    return mark_safe(html)  # noqa: S308 - made by templates, names escaped


@lru_cache(maxsize=256)
def _empty_form(rubric_id: int, stage: Stage) -> str:
    """Return a stage's empty form with the marks of the values in it; a rubric never changes."""
    return "".join(_one(card_question(question)) for question, _ in asked(plan(rubric_id), stage))


def _one(question: object) -> str:
    return render_to_string(TEMPLATE, {"question": question})
