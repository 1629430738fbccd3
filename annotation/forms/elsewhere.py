"""What an admin sends of judgments that were made elsewhere: a file of them."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from annotation.forms import PlainForm
from annotation.line_files import is_plain
from annotation.services.judgment_files import (
    ENDINGS,
    LARGEST,
    LARGEST_AT_ONCE,
    name_problem,
)


class ElsewhereForm(PlainForm):
    """A file of judgments made elsewhere."""

    file = forms.FileField(
        label="File of judgments",
        allow_empty_file=True,
        help_text="CSV, JSON lines or Parquet, one answer a line: response_id, rater, question,"
        " answer and, if you have them, turn and judged_at; of pairs response_id_2 too. Or a JSON"
        " export of Label Studio. Each also gzipped; up to 2 GB. The worker reads all but the"
        " smallest.",
        widget=forms.FileInput(attrs={"accept": ",".join((*ENDINGS, ".gz"))}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what nothing here reads."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        problem = name_problem(str(found.name))
        if problem:
            raise forms.ValidationError(f"The file's name {problem}.")
        if not found.size:
            raise forms.ValidationError("The file is empty.")
        if found.size > LARGEST:
            raise forms.ValidationError("A file has up to 2 GB. Split it, or compress it by gzip.")
        return found

    @property
    def is_read_at_once(self) -> bool:
        """Say whether the file is loaded while the page waits."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        return is_plain(str(found.name)) and (found.size or 0) <= LARGEST_AT_ONCE
