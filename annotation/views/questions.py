"""The form of a stage: made once for a rubric, and for each item only given its values' names."""

from functools import lru_cache

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from annotation.answers import asked
from annotation.plans import with_values
from annotation.selectors.asking import card_question
from annotation.selectors.cards import Card, CardForm, on_side
from annotation.selectors.rubrics import plan

TEMPLATE = "annotation/_question.html"


def questions_html(card: Card) -> SafeString:
    """Return the questions of a card's stage; a form that came back is made with its input."""
    if card.form is None:
        return mark_safe("".join(_one(question) for question in card.questions))  # noqa: S308 - made by templates
    names = escape(card.value_a.name), escape(card.value_b.name)
    html = with_values(_empty_form(card.form), *names)
    return mark_safe(html)  # noqa: S308 - made by templates, names escaped


@lru_cache(maxsize=512)
def _empty_form(form: CardForm) -> str:
    """Return a stage's empty form with the marks of the values in it; a rubric never changes."""
    rubric = plan(form.rubric_id, form.language)
    with translation.override(form.language or "en"):
        return "".join(
            _one(card_question(on_side(question, form.side)))
            for question, _ in asked(rubric, form.stage)
        )


def _one(question: object) -> str:
    return render_to_string(TEMPLATE, {"question": question})
