"""What every researcher's page has: the gate, the study as facts, the tabs, refusals in words."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from annotation import gates
from annotation.selectors.labels import has_simulated_judgments
from annotation.selectors.reports import n_waiting
from annotation.selectors.studies import StudyFacts, facts_of
from evaluation.errors import EvaluationError

View = Callable[..., HttpResponseBase]
READ = ("GET", "HEAD")


@dataclass(frozen=True, slots=True)
class Visit:
    """One researcher's or admin's request about one study; ``tab`` is where the page belongs."""

    request: HttpRequest
    study: StudyFacts
    tab: str
    is_admin: bool

    def page(
        self, template: str, context: dict[str, Any], *, status: int = HTTPStatus.OK
    ) -> HttpResponse:
        """Render a page of the study, with the tabs."""
        known = {
            "study": self.study,
            "study_slug": self.study.slug,
            "study_title": self.study.title,
            "is_admin": self.is_admin,
            "n_reports": n_waiting(self.study.id) if self.is_admin else 0,
            "active": self.tab,
            "tab_url": f"evaluation:{self.tab}",
            "simulated": has_simulated_judgments(self.study.id),
        }
        return render(self.request, f"evaluation/{template}", known | context, status=status)

    def part(self, name: str) -> str:
        """Return the template of a page, or of its part when htmx asks for it."""
        return f"_{name}.html" if self.request.headers.get("HX-Request") else f"{name}.html"

    def asked(self, name: str) -> str | None:
        """Return a field of the address, None where it is left out or empty."""
        return self.request.GET.get(name) or None


def researchers(tab: str, methods: tuple[str, ...] = READ) -> Callable[[View], View]:
    """Gate a view for researchers and admins; it gets ``(visit, …)`` and may refuse by raising."""

    def decorator(view: View) -> View:
        @gates.researcher
        @require_http_methods(methods)
        @wraps(view)
        def gated(request: HttpRequest, study: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
            is_admin = bool(request.user.has_perm("study.administer", study))
            visit = Visit(request, facts_of(study), tab, is_admin)
            try:
                return view(visit, *args, **kwargs)
            except EvaluationError as refusal:
                return refused(visit, refusal)

        return gated

    return decorator


def of_judge(visit: Visit, judge_id: int) -> dict[str, list[str]]:
    """Return what the address of a judge's page asks for, the judge among it.

    What is asked is what the judge's reports are kept by: see ``services.report_kinds``.
    """
    return {**dict(visit.request.GET.lists()), "judge": [str(judge_id)]}


def refused(visit: Visit, refusal: EvaluationError) -> HttpResponse:
    """Say what is wrong and where to go on."""
    context = {
        "refusal": str(refusal),
        "absent": refusal.http_status == HTTPStatus.NOT_FOUND,
    }
    return visit.page("refused.html", context, status=refusal.http_status)
