"""Reading a specification that an admin gives: its names, its text, and ids given by hand."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import RegexValidator

from annotation.forms import PlainForm
from annotation.services.specifications import LONGEST
from annotation.specification_format import LARGEST, ParsedClause, parse

ENDINGS = (".md", ".markdown", ".txt")
ID_FIELD = "id."


class SpecificationForm(PlainForm):
    """A version of a document as a Markdown file or as pasted text."""

    title = forms.CharField(
        label="Title", max_length=LONGEST["title"], help_text="What raters read."
    )
    key = forms.CharField(
        label="Key of the document",
        max_length=LONGEST["key"],
        help_text="The same for all its versions. Letters, digits, -, _ and dots.",
        validators=[
            RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", "Use letters, digits, -, _ and dots.")
        ],
    )
    version = forms.CharField(
        label="Version",
        max_length=LONGEST["version"],
        help_text="As its authors call it, for example by its date.",
    )
    file = forms.FileField(
        label="Markdown file, or its text below",
        required=False,
        allow_empty_file=True,
        help_text="Up to 5 MB. Each heading begins a clause: ## Title {#id authority=level}",
        widget=forms.FileInput(attrs={"accept": ".md,.markdown,.txt,text/markdown,text/plain"}),
    )
    text = forms.CharField(
        label="Text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "class": "code", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # What a text must not hold is said by line, not by the field.
        self.fields["text"].validators = []

    def clean(self) -> dict[str, Any]:
        """Take the text from the file or the field."""
        cleaned = super().clean() or {}
        upload, text = cleaned.get("file"), cleaned.get("text") or ""
        if upload and text.strip():
            self.add_error("text", "Choose a file or paste the text, not both.")
        elif upload:
            cleaned["text"] = self._text_of(upload)
        elif not text.strip() and not self.errors.keys() & {"file", "text"}:
            self.add_error("file", "Choose a Markdown file, or paste its text below.")
        return cleaned

    def _text_of(self, upload: "UploadedFile[Any]") -> str:
        problem, text = self._read(upload)
        if problem:
            self.add_error("file", problem)
            return ""
        # A browser does not send a file twice: shown again, it stands in the text field.
        self.data = {**self.data.dict(), "text": text}  # type: ignore[attr-defined]  # a QueryDict
        return text

    def _read(self, upload: "UploadedFile[Any]") -> tuple[str, str]:
        if not (upload.name or "").lower().endswith(ENDINGS):
            return "The file must end in .md or .txt.", ""
        if (upload.size or 0) > LARGEST + 3:
            return "The file is larger than 5 MB. Split it.", ""
        try:
            text = str(upload.read(), "utf-8-sig")
        except UnicodeDecodeError:
            return "The file is not UTF-8 text. Save it as UTF-8.", ""
        return ("", text) if text.strip() else ("The file is empty.", "")

    @property
    def text_given(self) -> str:
        """The text as far as it could be read, from the file or from the field."""
        return str(self.data.get("text") or "")


def ids_by_hand(text: str, sent: Any) -> dict[int, str]:
    """Return the ids that were typed, by the clause's position, where they say something new.

    A field is named after the id that the text alone gives its clause: so what was typed stays
    with its heading when the text is corrected elsewhere. A proposal that stands in for an id
    that cannot be is accepted by sending it.
    """
    parsed = parse(text)
    wrong = {problem.line for problem in parsed.problems if problem.field == "id"}
    typed = ((clause, sent.get(field_of(clause), "").strip()) for clause in parsed.clauses)
    return {
        clause.position: new
        for clause, new in typed
        if new and (new != clause.clause_id or clause.line in wrong)
    }


def field_of(clause: ParsedClause) -> str:
    """Return the name of the field for a clause's id, as the text alone gives it."""
    return ID_FIELD + clause.clause_id
