"""Judges beside people: the list with the upload of verdicts, one judge, the items of a cell."""

import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from annotation.errors import FileUnreadable
from evaluation import intake
from evaluation.errors import JudgeInvalid
from evaluation.services import judges
from evaluation.views.judge_sections import Line, Section
from evaluation.views.pages import Visit, researchers

LARGEST_UPLOAD = 5 * 1024 * 1024
ERRORS_SHOWN = 100
ITEMS_SHOWN = 500


class VerdictUpload(forms.Form):
    """A file of verdicts, and which judge in which version gave them."""

    file = forms.FileField(
        label="File", help_text="JSONL or CSV with response_id, question, answer; up to 5 MB."
    )
    name = forms.CharField(label="Judge's name", max_length=intake.LONGEST_NAME)
    model = forms.CharField(label="Model", max_length=intake.LONGEST_NAME, required=False)
    prompt_version = forms.CharField(
        label="Prompt version", max_length=intake.LONGEST_VERSION, required=False
    )
    rubric_version = forms.CharField(
        label="Rubric version", max_length=intake.LONGEST_VERSION, required=False
    )
    simulated = forms.BooleanField(
        label="These verdicts were made by a simulation, not by a judge", required=False
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        """Refuse what would take longer than a page may."""
        found: UploadedFile[bytes] = self.cleaned_data["file"]
        if (found.size or 0) > LARGEST_UPLOAD or str(found.name).endswith(".gz"):
            raise forms.ValidationError(
                "Pages take plain files up to 5 MB. Load this one on the server:"
                " python manage.py load_verdicts STUDY FILE --judge NAME"
            )
        return found

    def judge(self) -> intake.JudgeVersion:
        """Return the judge that the form names."""
        named = {name: self.cleaned_data[name] for name in self.fields if name != "file"}
        return intake.JudgeVersion(**named)


@researchers("judges")
def page(visit: Visit) -> HttpResponse:
    """List the judges, each with its first question's numbers."""
    return _list(visit, VerdictUpload())


@researchers("judges", methods=("POST",))
def upload_verdicts(visit: Visit) -> HttpResponse:
    """Store a file's good lines and list the others; an unreadable file changes nothing."""
    form = VerdictUpload(visit.request.POST, visit.request.FILES)
    if not form.is_valid():
        return _list(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        tally = _loaded(visit, form)
    except (FileUnreadable, JudgeInvalid) as refusal:
        form.add_error("file" if isinstance(refusal, FileUnreadable) else "name", str(refusal))
        return _list(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if tally["refused"]:
        return _list(visit, VerdictUpload(), tally=tally)
    messages.success(visit.request, counted(tally))
    return redirect("evaluation:judges", visit.study.slug)


@researchers("judges")
def judge(visit: Visit, judge_id: int) -> HttpResponse:
    """Show one judge beside people: what may be said, the numbers, the confusion matrix."""
    facts = judges.judge_of(visit.study, judge_id)
    found = judges.report(visit.study, judge_id, question=visit.asked("question"))
    context = {
        "judge": facts,
        "sections": [Section(one) for one in found],
        "questions": judges.offered(visit.study),
        "about_pairs": judges.about_pairs(visit.study),
        "question": visit.asked("question"),
    }
    return visit.page("judge.html", context)


@researchers("judges")
def items(visit: Visit, judge_id: int) -> HttpResponse:
    """List the replies behind one cell of the confusion matrix."""
    cell = {name: visit.request.GET.get(name, "") for name in ("question", "scope", "people")}
    says = visit.request.GET.get("judge", "")
    found = judges.items_in_cell(visit.study, judge_id, says=says, limit=ITEMS_SHOWN + 1, **cell)
    context = {
        **cell,
        "judge": judges.judge_of(visit.study, judge_id),
        "says": says,
        "items": found[:ITEMS_SHOWN],
        "more": len(found) > ITEMS_SHOWN,
    }
    return visit.page("judge_items.html", context)


def counted(tally: dict[str, Any]) -> str:
    """Say what became of a file's lines."""
    return (
        f"{tally['read']:,} lines read: {tally['created']:,} new verdicts, {tally['unchanged']:,}"
        f" known already, {tally['refused']:,} refused."
    )


def _list(
    visit: Visit,
    form: VerdictUpload,
    *,
    tally: dict[str, Any] | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    problems = tally["errors"] if tally else []
    context = {
        "lines": [Line.of(visit.study, one) for one in judges.judges_of(visit.study)],
        "form": form,
        "about_pairs": judges.about_pairs(visit.study),
        "counted": counted(tally) if tally else "",
        "problems": problems[:ERRORS_SHOWN],
        "more": max(len(problems) - ERRORS_SHOWN, 0),
    }
    return visit.page("judges.html", context, status=status)


def _loaded(visit: Visit, form: VerdictUpload) -> dict[str, Any]:
    """Hand the upload to the loader, which reads files line by line."""
    given: UploadedFile[bytes] = form.cleaned_data["file"]
    with tempfile.NamedTemporaryFile() as kept:
        for chunk in given.chunks():
            kept.write(chunk)
        kept.flush()
        tally = intake.load_verdicts(
            study=visit.study,
            path=Path(kept.name),
            judge=form.judge(),
            now=timezone.now(),
            name=str(given.name),
        )
    return tally.as_json()
