"""What an admin sends of replies: one or several files."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from annotation.forms import PlainForm
from annotation.services.uploads import LARGEST, name_problem


class SeveralFilesInput(forms.FileInput):
    """A file input that takes several files."""

    allow_multiple_selected = True


class UploadsField(forms.FileField):
    """Several uploads; each is checked, and the refused ones are named."""

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        """Return the files, or say of each wrong one what is wrong with it."""
        uploads = data if isinstance(data, list) else [data] if data else []
        if not uploads:
            raise forms.ValidationError("Choose at least one file.")
        problems = [problem for upload in uploads if (problem := self._problem(upload))]
        if problems:
            raise forms.ValidationError([*problems, "Nothing was uploaded."])
        return uploads

    def _problem(self, upload: "UploadedFile[Any]") -> str:
        name = upload.name or "The file"
        if problem := name_problem(name):
            return f"{name}: {problem}."
        if not upload.size:
            return f"{name}: is empty."
        if upload.size > LARGEST:
            return f"{name}: is larger than 2 GB. Split it, or compress it with gzip."
        return ""


class UploadForm(PlainForm):
    """One or several files of replies."""

    uploads = UploadsField(
        label="Files",
        help_text=(
            "JSON lines, CSV or Parquet, each also gzipped; the public study's wide table; Inspect"
            " logs. Up to 2 GB. Every file becomes a batch."
        ),
        widget=SeveralFilesInput(attrs={"accept": ".jsonl,.ndjson,.csv,.parquet,.gz,.eval,.json"}),
    )
    new_versions = forms.BooleanField(
        label="Where a known reply has another text, add it as a new version",
        required=False,
        help_text="Otherwise such lines are refused. What was judged stays as it was.",
    )
