"""Judges beside people: the list with the upload of verdicts, one judge, the items of a cell."""

import hashlib
import secrets
import tempfile
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode

from annotation import gates
from annotation.errors import FileUnreadable
from annotation.selectors.studies import StudyFacts
from annotation.tally import gathered
from annotation.upload_paths import refused_name
from evaluation import intake, tasks
from evaluation.errors import JudgeInvalid
from evaluation.intake import verdict_files
from evaluation.services import judges, reports
from evaluation.services.judged import about_pairs
from evaluation.services.report_kinds import CELL, JUDGE
from evaluation.views.applying import applying
from evaluation.views.judge_details import FamilyForm, families
from evaluation.views.judge_sections import Line, Section
from evaluation.views.pages import Visit, of_judge, researchers
from evaluation.views.words import menu, spoken

# A page reads files up to this size itself; larger ones are for the worker.
LARGEST_AT_ONCE = 5 * 1024 * 1024
LARGEST_BODY = verdict_files.LARGEST + 1024 * 1024
ERRORS_SHOWN = 100
REFUSED_KEPT_SECONDS = 24 * 3600


class VerdictUpload(forms.Form):
    """A file of verdicts, and which judge in which version gave them."""

    file = forms.FileField(
        label="File",
        help_text="JSON Lines, CSV or Parquet with response_id, question, answer, each also"
        " gzipped; up to 2 GB. More than 5 MB, and what is packed, the worker reads.",
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
        """Refuse what nothing here reads."""
        found: UploadedFile[bytes] = self.cleaned_data["file"]
        problem = verdict_files.name_problem(str(found.name))
        if problem:
            raise forms.ValidationError(f"The file's name {problem}.")
        if (found.size or 0) > verdict_files.LARGEST:
            raise forms.ValidationError("A file has up to 2 GB. Split it, or compress it by gzip.")
        return found

    @property
    def is_read_at_once(self) -> bool:
        """Say whether the file is read while the page waits."""
        found: UploadedFile[bytes] = self.cleaned_data["file"]
        plain = str(found.name).lower().endswith((".jsonl", ".ndjson", ".csv"))
        return plain and (found.size or 0) <= LARGEST_AT_ONCE

    def judge(self) -> intake.JudgeVersion:
        """Return the judge that the form names."""
        named = {name: self.cleaned_data[name] for name in self.fields if name != "file"}
        return intake.JudgeVersion(**named)


class EnsembleForm(forms.Form):
    """Which judges make an ensemble, and what it is called."""

    name = forms.CharField(label="Ensemble's name", max_length=intake.LONGEST_NAME)
    members = forms.MultipleChoiceField(
        label="Members", widget=forms.CheckboxSelectMultiple, help_text="Two or more."
    )

    def __init__(self, *args: Any, study: StudyFacts, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = "ensemble_%s"  # the page has another form with a name
        plain = [one for one in judges.judges_of(study) if not one.members]
        field = self.fields["members"]
        assert isinstance(field, forms.MultipleChoiceField)  # noqa: S101 - it is, above
        field.choices = [(str(one.id), one.full_name) for one in plain]

    @property
    def is_possible(self) -> bool:
        """Whether the study has judges enough."""
        field = self.fields["members"]
        return len(getattr(field, "choices", ())) >= intake.ensembles.FEWEST_MEMBERS


@researchers("judges")
def page(visit: Visit) -> HttpResponse:
    """List the judges, each with its first question's numbers."""
    return _list(visit, VerdictUpload())


@gates.takes_bodies(LARGEST_BODY)
@researchers("judges", methods=("POST",))
def upload_verdicts(visit: Visit) -> HttpResponse:
    """Store a file's good lines and list the others; an unreadable file changes nothing.

    A file that takes longer than a page may is stored, and read by the worker.
    """
    form = VerdictUpload(visit.request.POST, visit.request.FILES)
    if not form.is_valid():
        return _list(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        if not form.is_read_at_once:
            return _taken_in(visit, form)
        tally, refused = _loaded(visit, form)
    except (FileUnreadable, JudgeInvalid) as refusal:
        form.add_error("file" if isinstance(refusal, FileUnreadable) else "name", str(refusal))
        return _list(visit, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    if tally["refused"]:
        key = _keep_refused(visit, str(form.cleaned_data["file"].name), refused)
        return _list(visit, VerdictUpload(), tally=tally, refused_key=key)
    messages.success(visit.request, counted(tally))
    return redirect("evaluation:judges", visit.study.slug)


@researchers("judges")
def refused_lines(visit: Visit, key: str) -> HttpResponse:
    """Give the refused lines of an upload as a file to correct and upload again."""
    kept = cache.get(_refused_key(visit, key))
    if kept is None:
        raise Http404
    name, text = kept
    response = HttpResponse(text, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=refused_name(name)
    )
    return response


@researchers("judges", methods=("POST",))
def make_ensemble(visit: Visit) -> HttpResponse:
    """Make a judge of the majority of others."""
    form = EnsembleForm(visit.request.POST, study=visit.study)
    if form.is_valid():
        try:
            made = intake.ensembles.make(
                study=visit.study,
                name=form.cleaned_data["name"],
                member_ids=map(int, form.cleaned_data["members"]),
                now=timezone.now(),
            )
        except JudgeInvalid as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("evaluation:judge", visit.study.slug, made.pk)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return _list(visit, VerdictUpload(), ensemble=form, status=status)


@researchers("judges")
def judge(visit: Visit, judge_id: int) -> HttpResponse:
    """Show one judge beside people: what may be said, the numbers, the confusion matrix."""
    facts = judges.judge_of(visit.study, judge_id)
    counts = applying(visit)
    kept = reports.found(visit.study, JUDGE, of_judge(visit, judge_id))
    found = kept.value or []
    context = {
        "applying": counts,
        "kept": kept,
        "query": _query(visit),
        "judge": facts,
        "sections": [Section(one, counts.kept) for one in found],
        "exclusions": found[0].exclusions if found else (),
        "questions": menu(judges.offered(visit.study)),
        "about_pairs": about_pairs(visit.study),
        "question": visit.asked("question"),
        "epsilon": visit.asked("epsilon") or "",
        "form": FamilyForm({"family": facts.family}),
        "families": families(visit),
    }
    return visit.page("judge.html", context)


@researchers("judges")
def items(visit: Visit, judge_id: int) -> HttpResponse:
    """List the replies behind one cell of the confusion matrix."""
    cell = {name: visit.request.GET.get(name, "") for name in ("question", "scope", "people")}
    says = visit.request.GET.get("judge", "")
    counts = applying(visit)
    kept = reports.found(visit.study, CELL, of_judge(visit, judge_id) | {"says": [says]})
    found = kept.value or []
    words = _words(visit, cell["question"])
    context = {
        "applying": counts,
        "kept": kept,
        "question": cell["question"],
        "scope": cell["scope"],
        "people": words.get(cell["people"], cell["people"]),
        "judge": judges.judge_of(visit.study, judge_id),
        "says": words.get(says, says),
        "items": found[: judges.MOST_IN_A_CELL],
        "rows": [
            (one, [(words.get(code, code), n) for code, n in one.people])
            for one in found[: judges.MOST_IN_A_CELL]
        ],
        "more": len(found) > judges.MOST_IN_A_CELL,
        "exclusions": counts.filters.exclusions,
    }
    return visit.page("judge_items.html", context)


def _words(visit: Visit, key: str) -> dict[str, str]:
    """Return the options of a question by code, as people read them."""
    asked = [one for one in judges.offered(visit.study) if one.key == key]
    return {option.code: spoken(option.label) for one in asked for option in one.options}


def _query(visit: Visit) -> str:
    asked = {name: visit.asked(name) for name in ("question", "epsilon", "exclusions")}
    return urlencode({name: value for name, value in asked.items() if value})


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
    refused_key: str = "",
    ensemble: EnsembleForm | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    problems = gathered(tally["errors"]) if tally else []
    counts = applying(visit)
    known = judges.judges_of(visit.study)
    context = {
        "applying": counts,
        "lines": [Line.of(visit.study, one, counts.filters) for one in known],
        "exclusions": counts.filters.exclusions,
        "form": form,
        "files": verdict_files.files_of(visit.study),
        "ensemble": ensemble or EnsembleForm(study=visit.study),
        "about_pairs": about_pairs(visit.study),
        "counted": counted(tally) if tally else "",
        "refused_key": refused_key,
        "problems": problems[:ERRORS_SHOWN],
        "more": max(len(problems) - ERRORS_SHOWN, 0),
    }
    return visit.page("judges.html", context, status=status)


def _taken_in(visit: Visit, form: VerdictUpload) -> HttpResponse:
    """Hand the upload to the worker, and lead to where it is said how far it is."""
    file = tasks.take_in_verdicts(
        visit.study,
        form.cleaned_data["file"],
        judge=form.judge(),
        by_id=visit.request.user.pk,
        now=timezone.now(),
    )
    messages.success(visit.request, f"{file.file_name} is uploaded.")
    return redirect("evaluation:verdict_file", visit.study.slug, file.number)


def _loaded(visit: Visit, form: VerdictUpload) -> tuple[dict[str, Any], bytes]:
    """Hand the upload to the loader, which reads line by line; return the refused lines too."""
    given: UploadedFile[bytes] = form.cleaned_data["file"]
    with tempfile.TemporaryDirectory() as room, tempfile.NamedTemporaryFile() as kept:
        refused = Path(room) / "refused"
        for chunk in given.chunks():
            kept.write(chunk)
        kept.flush()
        tally = intake.load_verdicts(
            study=visit.study,
            path=Path(kept.name),
            judge=form.judge(),
            now=timezone.now(),
            name=str(given.name),
            refused=refused,
        )
        lines = refused.read_bytes() if refused.is_file() else b""
    return tally.as_json(), lines


def _keep_refused(visit: Visit, name: str, lines: bytes) -> str:
    """Keep refused lines for a day, and return under what key; empty where none can be given."""
    if not lines:
        return ""
    key = secrets.token_hex(16)
    cache.set(_refused_key(visit, key), (name, lines), REFUSED_KEPT_SECONDS)
    return key


def _refused_key(visit: Visit, key: str) -> str:
    return f"refused-verdicts-{visit.study.id}-{hashlib.sha256(key.encode()).hexdigest()}"
