"""Raters beside known answers, for researchers and admins."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.paginator import Paginator
from django.http import HttpResponse

from evaluation.services import gold
from evaluation.services.gold import Beside, RaterOnGold
from evaluation.views.numbers import Number, Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.words import menu

RATERS_PER_PAGE = 100
NAME_SHOWN = 8


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A rater's answers to one question, to be shown."""

    found: Beside
    label: str

    @property
    def share(self) -> Shown:
        """The share that is right."""
        return Shown(self.found.share, as_percent=True)

    @property
    def distance(self) -> Number:
        """How far off, on a scale."""
        return Number(self.found.distance)


@dataclass(frozen=True, slots=True)
class RaterRow:
    """One rater, to be shown; an admin reads the account's name."""

    found: RaterOnGold
    name: str
    labels: Mapping[str, str]

    @property
    def share(self) -> Shown:
        """The share of items that are all right."""
        return Shown(self.found.share, as_percent=True)

    @property
    def questions(self) -> list[QuestionRow]:
        """The questions the rater answered there."""
        return [QuestionRow(one, self.labels.get(one.key, "")) for one in self.found.questions]


@researchers("gold")
def page(visit: Visit) -> HttpResponse:
    """List the raters who answered where the right answer is known, the least right first."""
    found = gold.report(visit.study)
    shown = Paginator(found, RATERS_PER_PAGE).get_page(visit.request.GET.get("page", "1"))
    labels = dict(menu(visit.study.rubric.questions))
    rows = [RaterRow(one, _name(visit, one), labels) for one in shown]
    return visit.page("gold.html", {"page": shown, "rows": rows, "query": ""})


def _name(visit: Visit, one: RaterOnGold) -> str:
    return one.facts.name if visit.is_admin else one.rater[:NAME_SHOWN]
