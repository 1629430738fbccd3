"""What a judge's page shows as files: JSON as command and API give it, a table, the charts."""

import json
from collections.abc import Iterator

from django.http import HttpResponse

from evaluation.errors import ResultUnknown
from evaluation.services import judges, reports
from evaluation.services.judge_reports import JudgeQuestionReport
from evaluation.services.report_kinds import JUDGE
from evaluation.stats.estimates import Estimate
from evaluation.views.downloads import as_file, chart_file, table_file
from evaluation.views.judge_sections import Section
from evaluation.views.pages import Visit, of_judge, researchers

COLUMNS = (
    "judge", "question", "scope", "measure", "option", "judge_option", "value", "low", "high",
    "se", "reason", "items", "clusters", "cluster",
)  # fmt: skip


@researchers("judges")
def as_json(visit: Visit, judge_id: int) -> HttpResponse:
    """Download one judge beside people, with the rates of every answer."""
    body = reports.found(visit.study, JUDGE, of_judge(visit, judge_id)).as_json()
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    kind = "application/json; charset=utf-8"
    return as_file(visit, text.encode(), *_name(visit, judge_id), content_type=kind, ending="json")


@researchers("judges")
def as_csv(visit: Visit, judge_id: int) -> HttpResponse:
    """Download every number of a judge's page and the confusion matrix, a line each."""
    facts = judges.judge_of(visit.study, judge_id)
    found = _found(visit, judge_id)
    rows = ([facts.full_name, one.key, one.scope, *cells] for one in found for cells in _cells(one))
    return table_file(visit, COLUMNS, rows, *_name(visit, judge_id))


@researchers("judges")
def chart(visit: Visit, judge_id: int, chart: str, form: str) -> HttpResponse:
    """Download the chart of the judge beside people on one question."""
    known = {section.chart_key: section for section in map(Section, _found(visit, judge_id))}
    if chart not in known:
        offered = ", ".join(known) or "none: nothing can be compared yet"
        raise ResultUnknown(f"There is no chart {chart!r}. There are {offered}.")
    return chart_file(visit, known[chart].chart, *_name(visit, judge_id), chart, form=form)


def _found(visit: Visit, judge_id: int) -> list[JudgeQuestionReport]:
    return reports.found(visit.study, JUDGE, of_judge(visit, judge_id)).or_refused()


def _name(visit: Visit, judge_id: int) -> tuple[str | None, ...]:
    return ("judge", str(judge_id), visit.asked("question"))


def _cells(one: JudgeQuestionReport) -> Iterator[list[object]]:
    """Yield measure, options, value with its interval and what it rests on."""
    whole = {
        "accuracy": one.accuracy,
        "cohen_kappa": one.kappa,
        "quadratic_kappa": one.weighted_kappa,
        "krippendorff_alpha_of_people": one.human_alpha,
        "krippendorff_alpha_with_judge": one.alpha,
        "judge_agreement": one.agreement.judge,
        "human_agreement": one.agreement.people,
        "agreement_difference": one.agreement.difference,
        "judge_kappa": one.kappas.judge,
        "human_kappa": one.kappas.people,
        "kappa_difference": one.kappas.difference,
    }
    for name, found in whole.items():
        if found is not None:
            yield _line(one, name, None, found)
    for rate in one.rates:
        for name in ("sensitivity", "specificity", "precision"):
            yield _line(one, name, rate.option, getattr(rate, name))
    for people, counts in zip(one.options, one.confusion, strict=True):
        for says, n in zip(one.options, counts, strict=True):
            yield ["confusion", people, says, n, *[None] * 4, one.items, one.clusters, one.cluster]


def _line(
    one: JudgeQuestionReport, measure: str, option: str | None, found: Estimate
) -> list[object]:
    reason = str(found.reason) if found.reason else None
    numbers = [found.value, found.low, found.high, found.se, reason]
    return [measure, option, None, *numbers, found.items, found.clusters, one.cluster]
