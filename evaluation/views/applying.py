"""Whether a page of results applies the exclusions in force, and how to see it the other way."""

from dataclasses import dataclass

from annotation.selectors.asked import NO_FILTERS, Filters
from evaluation import selections
from evaluation.selections import NONE
from evaluation.services import exclusions
from evaluation.views.pages import Visit

NAME = "exclusions"


@dataclass(frozen=True, slots=True)
class Applying:
    """Which judgments a page counts.

    Attributes:
        filters: what is left out; nothing where the address says ``exclusions=none``.
        in_force: how many exclusions the study has in force.
        unapplied: whether the address says so.
        rest: the address's query without that.
    """

    filters: Filters
    in_force: int
    unapplied: bool
    rest: str

    @property
    def kept(self) -> dict[str, str]:
        """What a link adds to lead to numbers of the same judgments."""
        return {NAME: NONE} if self.unapplied else {}

    @property
    def without(self) -> str:
        """The query of the same page with no exclusion applied."""
        return f"{self.rest}&{NAME}={NONE}" if self.rest else f"{NAME}={NONE}"


def applying(visit: Visit) -> Applying:
    """Return which judgments the page in the address counts.

    Raises:
        FilterInvalid: ``exclusions`` is anything but ``none``.
    """
    given = visit.request.GET.copy()
    said = [str(one) for one in given.pop(NAME, [])]
    rules = exclusions.in_force(visit.study)
    applied = selections.read({NAME: said}).exclusions
    filters = exclusions.applied(NO_FILTERS, rules) if applied else NO_FILTERS
    return Applying(filters, len(rules), unapplied=not applied, rest=given.urlencode())
