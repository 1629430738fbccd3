"""What an admin sends about values: a file of them, or what one of them means."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from annotation.files import Record
from annotation.forms import PlainForm
from annotation.line_files import PLAIN
from annotation.services.values import Meaning
from annotation.value_lines import LONGEST_DEFINITION, value_line
from annotation.vocabulary import VALUE_CATEGORIES

LARGEST_FILE = 5 * 1024 * 1024
CATEGORIES = [
    ("", "No category"),
    *((head, [(name, name) for name in names]) for head, names in VALUE_CATEGORIES.items()),
]


class ValuesUploadForm(PlainForm):
    """A file of values."""

    file = forms.FileField(
        label="File of values",
        allow_empty_file=True,
        help_text="CSV with the columns value, definition, category, aliases (these separated"
        " by |), up to 5 MB.",
        widget=forms.FileInput(attrs={"accept": ".csv,.jsonl,.ndjson"}),
    )

    def clean_file(self) -> "UploadedFile[Any]":
        """Refuse what is no such file, or would take longer than a page may."""
        found: UploadedFile[Any] = self.cleaned_data["file"]
        if not str(found.name).lower().endswith(PLAIN):
            raise forms.ValidationError("The file must end in .csv or .jsonl.")
        if not found.size:
            raise forms.ValidationError("The file is empty.")
        if found.size > LARGEST_FILE:
            raise forms.ValidationError(
                "Pages take files up to 5 MB. Load this one on the server:"
                " python manage.py load_values STUDY FILE"
            )
        return found


class ValueForm(PlainForm):
    """What one value means."""

    definition = forms.CharField(
        label="Definition",
        required=False,
        help_text=f"Shown to raters on demand. At most {LONGEST_DEFINITION:,} characters.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    category = forms.ChoiceField(label="Category", required=False, choices=CATEGORIES)
    aliases = forms.CharField(
        label="Aliases",
        required=False,
        help_text="What the value is also called in files of replies, one name a line; case does"
        " not matter.",
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    resolves = forms.BooleanField(
        label="This makes clear what raters found unclear: resolve their flags", required=False
    )

    def clean(self) -> dict[str, Any]:
        """Check the words as a line of a file is checked."""
        cleaned = super().clean() or {}
        definition = (cleaned.get("definition") or "").replace("\r\n", "\n")
        names = [line.strip() for line in (cleaned.get("aliases") or "").splitlines()]
        aliases = [name for name in names if name]
        said = {"definition": definition, "category": cleaned.get("category"), "aliases": aliases}
        line = value_line(Record(0, {"value": "-", **said}))
        if not isinstance(line, list):
            cleaned["meaning"] = Meaning(line.definition, line.category, tuple(line.aliases))
            return cleaned
        for problem in line:
            field, _, place = problem.field.partition(".")
            named = f"“{aliases[int(place)][:80]}” {problem.reason}." if place else ""
            self.add_error(field, named or f"It {problem.reason}.")
        return cleaned
