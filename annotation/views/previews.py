"""The questions of a draft as a rater's page makes them."""

from dataclasses import dataclass

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from annotation.rubric_composer.draft import DraftRubric
from annotation.rubric_composer.preview import Previewed, previewed
from annotation.selectors.asking import card_question


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as HTML, and on what it depends."""

    id: int
    only_if: str
    html: SafeString


@dataclass(frozen=True, slots=True)
class Preview:
    """The stages of a draft, each with its questions, in a language."""

    language: str
    stages: tuple[tuple[str, tuple[Shown, ...]], ...]


def preview(draft: DraftRubric, language: str) -> Preview:
    """Return what raters would see; the page's own words too, where the product has them."""
    spoken = language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
    with translation.override(spoken):
        stages = tuple(
            (stage.name, tuple(_shown(question) for question in stage.questions))
            for stage in previewed(draft, language)
        )
    return Preview(language, stages)


def _shown(question: Previewed) -> Shown:
    context = {"question": card_question(question.plan)}
    html = render_to_string("annotation/_question.html", context)
    return Shown(question.id, question.only_if, html)
