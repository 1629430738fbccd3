"""Whether raters recognise who wrote replies, for researchers and admins."""

from dataclasses import dataclass

from django.http import HttpResponse

from annotation.selectors.guesses import asked_every
from evaluation.services import recognition
from evaluation.services.recognition import BothWays, Recognised
from evaluation.views.numbers import Number, Shown
from evaluation.views.pages import Visit, researchers
from evaluation.views.words import menu


@dataclass(frozen=True, slots=True)
class Row:
    """How raters did at one model's replies, to be shown."""

    found: Recognised

    @property
    def share_knew(self) -> Shown:
        """The share of answers that name somebody."""
        return Shown(self.found.share_knew, as_percent=True)

    @property
    def share_right(self) -> Shown:
        """The share of guesses that are right."""
        return Shown(self.found.share_right, as_percent=True)

    @property
    def chance(self) -> Number:
        """The share that would be right by chance."""
        return Number(self.found.chance, as_percent=True, why=self.above.why)

    @property
    def above(self) -> Shown:
        """How much more are right than by chance."""
        return Shown(self.found.above, as_percent=True)


@dataclass(frozen=True, slots=True)
class AgreementRow:
    """Agreement on one question with and without recognised items, to be shown."""

    found: BothWays
    label: str

    @property
    def whole(self) -> Shown:
        """Alpha of all items."""
        return Shown(self.found.whole.alpha)

    @property
    def without(self) -> Shown:
        """Alpha of the items whose author nobody claimed to know."""
        return Shown(self.found.without.alpha)


@researchers("agreement")
def page(visit: Visit) -> HttpResponse:
    """Show what raters said of who wrote replies, beside chance, and what depends on it."""
    found = recognition.report(visit.study)
    labels = dict(menu(visit.study.rubric.questions))
    context = {
        "every": asked_every(visit.study.id),
        "rows": [Row(one) for one in found.rows],
        "agreement": [AgreementRow(one, labels.get(one.whole.key, "")) for one in found.both_ways],
        "left_out": found.items_left_out,
    }
    return visit.page("guesses.html", context)
