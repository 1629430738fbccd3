"""What an admin sends of judgments that were made elsewhere: a file of them."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from annotation.forms import PlainForm

# Tens of thousands of lines, which take some seconds while the page waits.
LARGEST_FILE = 5 * 1024 * 1024
ENDINGS = (".csv", ".jsonl", ".ndjson", ".parquet", ".json")


class ElsewhereForm(PlainForm):
    """A file of judgments made elsewhere."""

    file = forms.FileField(
        label="File of judgments",
        allow_empty_file=True,
        help_text="CSV, JSON lines or Parquet, one answer a line: response_id, rater, question,"
        " answer and, if you have them, turn and judged_at; of pairs response_id_2 too. Or a JSON"
        " export of Label Studio. Up to 5 MB.",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is no such file, or would take longer than a page may."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        if not str(found.name).lower().endswith(ENDINGS):
            raise forms.ValidationError("The file must end in .csv, .jsonl, .parquet or .json.")
        if not found.size:
            raise forms.ValidationError("The file is empty.")
        if found.size > LARGEST_FILE:
            raise forms.ValidationError(
                "Pages take files up to 5 MB. Send this one in parts, or load it on the server:"
                " python manage.py load_judgments STUDY FILE"
            )
        return found
