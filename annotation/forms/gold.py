"""What an admin sends about known answers: a file of them, or how many raters get such items."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from annotation.forms import PlainForm
from annotation.services.openings import MOST_RATERS

LARGEST_FILE = 5 * 1024 * 1024
ENDINGS = (".csv", ".jsonl", ".ndjson", ".parquet")


class GoldUploadForm(PlainForm):
    """A file of known answers."""

    file = forms.FileField(
        label="File of known answers",
        allow_empty_file=True,
        help_text="CSV, JSON lines or Parquet with response_id, question, answer and, if you have"
        " them, turn and reason; up to 5 MB.",
        widget=forms.FileInput(attrs={"accept": ",".join(ENDINGS)}),
    )
    replace = forms.BooleanField(
        label="Where another answer is known, replace it",
        required=False,
        help_text="Otherwise such lines are refused. What was known before is kept in the list of"
        " what has ended.",
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is no such file, or would take longer than a page may."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        if not str(found.name).lower().endswith(ENDINGS):
            raise forms.ValidationError("The file must end in .csv, .jsonl or .parquet.")
        if not found.size:
            raise forms.ValidationError("The file is empty.")
        if found.size > LARGEST_FILE:
            raise forms.ValidationError(
                "Pages take files up to 5 MB. Load this one on the server:"
                " python manage.py load_gold STUDY FILE"
            )
        return found


class GoldSeatsForm(PlainForm):
    """How many raters each gold item gets, and the seed of their places."""

    raters_per_item = forms.IntegerField(
        label="Raters per gold item", min_value=1, max_value=MOST_RATERS
    )
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=10**18 - 1,
        help_text="Fixes where the items stand among the others.",
    )
