"""Reports: computed at once where they are small, else by a worker; kept with what they came from.

This is the one place that decides which. What is kept is computed again on request from the same
judgments, exclusions and verdicts, and must be equal.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

import numpy as np
from django.db.models import Max

from annotation.numbering import numbered
from annotation.selectors.filter_words import judged_count
from annotation.selectors.items import has_more_replies_than
from annotation.selectors.labels import last_judgment
from annotation.selectors.studies import StudyFacts
from evaluation import VERSION, keeping
from evaluation.errors import EvaluationError, ReportNeeded, ReportNotReady, ReportUnknown
from evaluation.models import Exclusion, Report, ReportState, Verdict
from evaluation.services import exclusions, judges, report_kinds
from evaluation.services.report_kinds import Given, Kind, Terms

T = TypeVar("T")
# A study with more judgments, or a judge with more verdicts, has its reports computed by the
# worker; so have those over all replies where there are more of them.
JUDGMENTS_AT_ONCE = 500_000


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A report as a page asks for it.

    Attributes:
        value: the report; None where the worker has to compute it first.
        report: the kept one that it is from; None where it was computed just now.
        last: the latest that was asked for alike, which may wait or have failed.
    """

    kind: Kind[T]
    terms: Terms
    value: T | None
    report: Report | None = None
    last: Report | None = None

    @property
    def needed(self) -> bool:
        """Say whether the worker has to compute it first."""
        return self.value is None

    @property
    def waiting(self) -> bool:
        """Say whether the worker has been asked."""
        return self.last is not None and self.last.state == ReportState.WAITING

    @property
    def given(self) -> list[tuple[str, str]]:
        """What is asked, as the fields of a form."""
        return [(name, one) for name, values in self.terms.given.items() for one in values]

    def or_refused(self) -> T:
        """Return the report, for who does not wait.

        Raises:
            ReportNeeded: the worker has to compute it first.
        """
        if self.value is None:
            raise _needed(self)
        return self.value

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it.

        Raises:
            ReportNeeded: the worker has to compute it first.
        """
        value = self.or_refused()
        kept = self.report.result if self.report else None
        return self.kind.as_json(self.terms, value) if kept is None else dict(kept)


def found(study: StudyFacts, kind: Kind[T], given: Given) -> Found[T]:
    """Return a report as it is asked for: computed now, or the latest that is kept and the same.

    A kept one is taken only from the same software: another may have other numbers.

    Raises:
        EvaluationError: whatever the kind refuses.
    """
    terms = Terms(study, kind.asked(given))
    if not is_large(kind, terms):
        return Found(kind, terms, kind.compute(terms))
    if kind.check:
        kind.check(terms)
    alike = Report.objects.filter(study=study.id, kind=kind.name, asked=terms.given)
    alike = alike.order_by("-number")
    last = alike.defer("result", "shown").first()
    ready = alike.filter(state=ReportState.READY, software=software(), shown__isnull=False).first()
    value = None if ready is None else keeping.read_back(kind.shape, ready.shown)
    return Found(kind, terms, value, ready, last)


def at_once(study: StudyFacts, kind: Kind[T], given: Given) -> Found[T]:
    """Return a report that is computed now.

    Raises:
        ReportNeeded: that takes too long.
        EvaluationError: whatever the kind refuses.
    """
    only_if_small(study, kind, given)
    terms = Terms(study, kind.asked(given))
    return Found(kind, terms, kind.compute(terms))


def only_if_small(study: StudyFacts, kind: Kind[Any], given: Given) -> None:
    """Refuse what takes too long to compute now.

    Raises:
        ReportNeeded: it does.
    """
    if is_large(kind, Terms(study, kind.asked(given))):
        raise _needed(found(study, kind, given))


def is_large(kind: Kind[Any], terms: Terms) -> bool:
    """Say whether a report takes too long for a page to wait.

    Raises:
        JudgeUnknown, JudgeAmbiguous: the judge that is named is none of the study's.
    """
    study, most = terms.study, JUDGMENTS_AT_ONCE
    if is_large_study(study) or (kind.of_replies and has_more_replies_than(most, study.id)):
        return True
    named = [one for name in ("judge", "other") if (one := terms.one(name))]
    return any(judges.judge_named(study, one).verdicts > most for one in named)


def is_large_study(study: StudyFacts) -> bool:
    """Say whether people gave more judgments than a page reads."""
    return judged_count(study.id) > JUDGMENTS_AT_ONCE


def only_if_few_judge(study: StudyFacts) -> None:
    """Refuse to compare raters with each other while somebody waits, where they judged much.

    What is said of single raters is not kept: it is evidence about people, and looked at afresh.

    Raises:
        ReportNeeded: they did.
    """
    if is_large_study(study):
        raise ReportNeeded(
            "The study has too many judgments to compare its raters while you wait. Run"
            f" manage.py rater_report {study.slug} --json on the server."
        )


def _needed(one: Found[Any]) -> ReportNeeded:
    kept = one.report.number if one.report else None
    read = f" Report {kept} has them already." if kept else ""
    return ReportNeeded(
        "There is too much to compute these numbers while you wait. Ask for a report that is kept,"
        f" which the worker computes, and read the numbers there.{read}",
        kind=str(one.kind.name),
        asked={name: list(values) for name, values in one.terms.given.items()},
        report=kept,
    )


def request(
    study: StudyFacts, kind: Kind[Any], given: Given, *, now: datetime, by_id: int | None
) -> Report:
    """Ask for a report that is kept; :func:`write` computes it.

    Raises:
        EvaluationError: it could not be computed, as far as that is cheap to say.
    """
    terms = Terms(study, kind.asked(given))
    if kind.check:
        kind.check(terms)
    rules = exclusions.in_force(study) if terms.selection.exclusions else []
    return numbered(
        Report,
        study_id=study.id,
        kind=kind.name,
        asked=terms.given,
        rules=[rule.number for rule in rules],
        until=last_judgment(study.id),
        verdicts=last_verdict(study),
        software=software(),
        asked_by_id=by_id,
        asked_at=now,
    )


def write(study: StudyFacts, number: int, *, now: datetime) -> Report:
    """Compute a report that was asked for and keep it; of one that is ready nothing changes."""
    report = report_of(study, number)
    if report.state == ReportState.READY:
        return report
    began = time.monotonic()
    kind, terms = _asked(study, report)
    try:
        value = kind.compute(terms)
        result = kind.as_json(terms, value)
    except EvaluationError as refusal:
        report.state, report.failure = ReportState.FAILED, str(refusal)
        report.save(update_fields=["state", "failure"])
        return report
    report.state, report.result, report.sha256 = ReportState.READY, result, digest(result)
    report.shown = keeping.written(kind.kept(value))
    report.seconds, report.done_at = time.monotonic() - began, now
    report.save(update_fields=["state", "result", "shown", "sha256", "seconds", "done_at"])
    return report


def check(study: StudyFacts, number: int, *, now: datetime) -> bool:
    """Compute a report again from what it was computed from; say whether every digit is equal.

    Raises:
        ReportUnknown: there is none.
        ReportNotReady: there is none to compare with, or verdicts have come that it did not see.
    """
    report = comparable(study, number)
    equal = digest(_computed(study, report)) == report.sha256
    Report.objects.filter(pk=report.pk).update(checked_at=now, equal=equal)
    return equal


def comparable(study: StudyFacts, number: int) -> Report:
    """Return a report that can be computed again from what it was computed from.

    Raises:
        ReportUnknown, ReportNotReady: as :func:`check`.
    """
    report = report_of(study, number)
    if report.state != ReportState.READY:
        raise ReportNotReady(f"Report {number} is not ready, so there is nothing to compare with.")
    if report.kind != report_kinds.AGREEMENT.name and report.verdicts != last_verdict(study):
        raise ReportNotReady(
            f"Verdicts came in after report {number} was asked for, so it cannot be computed again"
            " from the same. Have it computed anew."
        )
    return report


def _asked(study: StudyFacts, report: Report) -> tuple[Kind[Any], Terms]:
    rules = list(Exclusion.objects.filter(study=study.id, number__in=report.rules))
    rules.sort(key=lambda rule: rule.number)
    asked: Mapping[str, list[str]] = report.asked
    return report_kinds.kind_of(report.kind), Terms(study, asked, report.until, rules)


def _computed(study: StudyFacts, report: Report) -> dict[str, Any]:
    kind, terms = _asked(study, report)
    shown: dict[str, Any] = kind.as_json(terms, kind.compute(terms))
    return shown


def last_verdict(study: StudyFacts) -> int:
    """Return the highest number among the verdicts of the study's judges, 0 for none."""
    return Verdict.objects.filter(judge__study=study.id).aggregate(n=Max("pk"))["n"] or 0


def digest(result: dict[str, Any]) -> str:
    """Return the SHA-256 of a result, written in one way only."""
    text = json.dumps(result, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def software() -> str:
    """Return what computes, with its version and that of the array package."""
    return f"touchstone {VERSION}, numpy {np.__version__}"


def report_of(study: StudyFacts, number: int) -> Report:
    """Return a report of the study.

    Raises:
        ReportUnknown: there is none.
    """
    one = Report.objects.filter(study=study.id, number=number).first()
    if one is None:
        raise ReportUnknown(f"The study has no report {number}.")
    return one


def reports_of(study: StudyFacts) -> list[Report]:
    """Return the study's reports without their numbers, the newest first."""
    kept = Report.objects.filter(study=study.id).defer("result", "shown")
    return list(kept.order_by("-number"))


def as_json(report: Report) -> dict[str, Any]:
    """Return a report without its numbers, as the API gives it."""
    return {
        "number": report.number,
        "kind": report.kind,
        "state": report.state,
        "asked": report.asked,
        "exclusions": report.rules,
        "until": report.until,
        "verdicts": report.verdicts,
        "software": report.software,
        "sha256": report.sha256,
        "failure": report.failure,
        "seconds": report.seconds,
        "asked_at": report.asked_at,
        "done_at": report.done_at,
        "checked_at": report.checked_at,
        "equal": report.equal,
    }
