"""Reading what an admin sent: every field with what is wrong with it and what to do."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import slugify

from annotation.errors import RubricInvalid
from annotation.files import parsed_json
from annotation.rubric_format import RubricFile, presets, rubric_from_json
from annotation.services.openings import MOST_PAIRS, MOST_RATERS
from annotation.vocabulary import HitDecision, OnWithdrawal, Role

LONGEST_RUBRIC = 1024 * 1024
LONGEST_GUIDELINES = 200_000
MOST_INVITATIONS = 50
LONGEST_SLUG = 80
# Words that stand where a study's name stands in addresses.
RESERVED_SLUGS = frozenset({"new"})


class PlainForm(forms.Form):
    """Base: labels without colons; ``use_required_attribute`` stays, the server checks anyway."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)


class ProseField(forms.CharField):
    """A longer text, its line ends as files have them: a form's own would make it another text."""

    def to_python(self, value: Any) -> Any:
        """Return the text with plain line ends."""
        return (super().to_python(value) or "").replace("\r\n", "\n")


class TopicsField(forms.CharField):
    """Topics with commas between, each once."""

    def prepare_value(self, value: Any) -> Any:
        """Show stored topics as they are entered."""
        return value if isinstance(value, str) else ", ".join(value or ())

    def clean(self, value: Any) -> tuple[str, ...]:
        """Return the topics."""
        parts = (part.strip() for part in str(super().clean(value)).split(","))
        return tuple(dict.fromkeys(part for part in parts if part))


class RubricForm(PlainForm):
    """A rubric as a JSON file or as pasted JSON."""

    rubric_file = forms.FileField(
        label="Rubric file",
        required=False,
        allow_empty_file=True,
        help_text="JSON; the format is in the documentation. Errors are listed, all at once.",
        widget=forms.FileInput(attrs={"accept": ".json,application/json"}),
    )
    rubric_text = forms.CharField(
        label="Or paste the JSON",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "class": "code", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        """Read the rubric; every place that is wrong is listed."""
        cleaned = super().clean() or {}
        upload, text = cleaned.get("rubric_file"), cleaned.get("rubric_text") or ""
        if upload and text.strip():
            self.add_error("rubric_text", "Choose a file or paste the JSON, not both.")
            return cleaned
        if upload:
            text = self._text_of(upload)
        if text.strip():
            cleaned["rubric"] = self._parsed(text)
        elif not self.errors:
            self._without_json(cleaned)
        return cleaned

    def _without_json(self, cleaned: dict[str, Any]) -> None:
        self.add_error("rubric_file", "Choose a rubric file, or paste its JSON below.")

    def _text_of(self, upload: "UploadedFile[Any]") -> str:
        if (upload.size or 0) > LONGEST_RUBRIC:
            self.add_error("rubric_file", "The file is larger than 1 MB: not a rubric.")
            return ""
        try:
            text = str(upload.read(), "utf-8-sig")
        except UnicodeDecodeError:
            self.add_error("rubric_file", "The file is not UTF-8 text. Save it as UTF-8.")
            return ""
        if not text.strip():
            self.add_error("rubric_file", "The file is empty.")
        # A browser does not send a file twice: shown again, it stands in the text field.
        self.data = {**self.data.dict(), "rubric_text": text}  # type: ignore[attr-defined]  # a QueryDict
        return text

    def _parsed(self, text: str) -> RubricFile | None:
        try:
            return rubric_from_json(parsed_json(text))
        except RubricInvalid as refusal:
            errors = refusal.details["errors"] or [str(refusal)]
            self.add_error("rubric_text", forms.ValidationError(errors))
        except ValueError as error:
            self.add_error("rubric_text", f"This is not JSON: {error}")
        return None


class StudyForm(RubricForm):
    """A new study."""

    title = forms.CharField(label="Title", max_length=200, help_text="What raters read.")
    slug = forms.SlugField(
        label="Name in addresses",
        max_length=LONGEST_SLUG,
        required=False,
        help_text="Letters, digits, - and _. Left empty, it is made from the title.",
    )
    raters_per_item = forms.IntegerField(
        label="Raters per item", min_value=1, max_value=MOST_RATERS, initial=3
    )
    guidelines = ProseField(
        label="Guidelines",
        required=False,
        max_length=LONGEST_GUIDELINES,
        help_text="Markdown. Raters read them before they rate; you can change them later.",
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    preset = forms.ChoiceField(label="Rubric", required=False)

    field_order = ("title", "slug", "raters_per_item", "preset", "rubric_file", "rubric_text")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ready_made = presets()
        choices = [(key, rubric.title) for key, rubric in self.ready_made.items()]
        field = self.fields["preset"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared so above
        field.choices = [*choices, ("", "My own, as JSON (below)")]
        field.initial = choices[0][0]

    def clean_slug(self) -> str:
        """Return the name given, or one made from the title."""
        given: str = self.cleaned_data["slug"]
        slug = (given or slugify(self.cleaned_data.get("title", "")))[:LONGEST_SLUG].strip("-")
        if not slug and "title" in self.cleaned_data:
            raise forms.ValidationError("No name follows from this title. Give one.")
        if slug in RESERVED_SLUGS:
            raise forms.ValidationError(f"{slug!r} is an address of its own. Choose another name.")
        return slug

    def _without_json(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("preset"):
            cleaned["rubric"] = self.ready_made[cleaned["preset"]]
        else:
            self.add_error("preset", "Choose a rubric, or give your own as JSON.")


class SettingsForm(PlainForm):
    """What an admin may change at any time, but for the promise, which is fixed once it counts."""

    title = forms.CharField(label="Title", max_length=200)
    guidelines = ProseField(
        label="Guidelines",
        required=False,
        max_length=LONGEST_GUIDELINES,
        help_text="Markdown. Another text becomes the next version; judgments keep theirs.",
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    consent = ProseField(
        label="Consent text",
        required=False,
        max_length=LONGEST_GUIDELINES,
        help_text="Markdown. Raters agree to it before they see anything. Another text is the next"
        " version, and everybody is asked again. {withdrawal} is replaced by what is promised"
        " below. Empty: no consent is asked.",
        widget=forms.Textarea(attrs={"rows": 12}),
    )
    consent_language = forms.RegexField(
        r"\A[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z",
        label="Language of the consent text",
        required=False,
        empty_value="en",
        max_length=35,
        help_text="A code such as en, de or pt-BR, for browsers and screen readers. Your own text"
        " is shown to everybody as it is; the ready text comes in each language of raters' pages.",
        error_messages={"invalid": "Give a code of a language, such as en, de or pt-BR."},
    )
    on_withdrawal = forms.ChoiceField(
        label="If a rater leaves, their judgments are",
        choices=OnWithdrawal.choices,
        help_text="Fixed once the study is opened or somebody has agreed. Either way they leave the"
        " study's numbers and later releases, and others judge those items.",
    )
    sensitive_topics = TopicsField(
        label="Topics that raters are warned of before they read",
        required=False,
        max_length=5_000,
        help_text="As they stand in the queries' topics, with commas between.",
    )
    support_text = ProseField(
        label="Where raters can turn",
        required=False,
        max_length=20_000,
        help_text="Markdown: people and places that help. Linked from every page of a rater.",
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    judgments_per_rater = forms.IntegerField(
        label="Items that one rater judges at most",
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text="Empty: no limit.",
    )
    replies_per_query = forms.IntegerField(
        label="Replies to one query that one rater judges at most",
        min_value=1,
        max_value=1_000,
        required=False,
        help_text="Empty: no limit.",
    )
    one_framing_per_scenario = forms.BooleanField(
        label="A rater sees one framing of a scenario only", required=False
    )
    lease_minutes = forms.IntegerField(
        label="Minutes an item is held for a rater",
        min_value=1,
        max_value=10_080,
        help_text="After that without an answer it is free for others.",
    )
    break_minutes = forms.IntegerField(
        label="Minutes at work after which a rater is asked to take a break",
        min_value=0,
        max_value=600,
        help_text="0: never.",
    )
    guess_every = forms.IntegerField(
        label="Items after which a rater is asked whether they recognised the author",
        min_value=0,
        max_value=10_000,
        required=False,
        help_text="0: never. They answer in their own words, after the judgment is stored; names"
        " are never offered. Not asked of pairs.",
    )
    skips_before_review = forms.IntegerField(
        label="Skips after which an item waits until you have looked at it",
        min_value=1,
        max_value=1_000,
    )
    edits_until = forms.DateTimeField(
        label="Until when raters may change their answers (UTC)",
        required=False,
        help_text="Empty: as long as the study is not closed.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    shows_system_messages = forms.BooleanField(
        label="Show system messages to raters", required=False
    )

    def __init__(self, *args: Any, promise_fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on_withdrawal"].disabled = promise_fixed

    def clean_guess_every(self) -> int:
        """Return 0 for an empty one."""
        return self.cleaned_data["guess_every"] or 0


class OpenSeatsForm(PlainForm):
    """How many raters each item gets, and the seed of the order."""

    raters_per_item = forms.IntegerField(
        label="Raters per item", min_value=1, max_value=MOST_RATERS
    )
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=10**18 - 1,
        help_text="Fixes the order of the items. The same seed gives the same order.",
    )
    pairs_per_query = forms.IntegerField(
        label="Pairs of replies per query",
        min_value=1,
        max_value=MOST_PAIRS,
        help_text="Which replies stand side by side is drawn from the seed.",
    )

    def __init__(self, *args: Any, in_pairs: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not in_pairs:
            del self.fields["pairs_per_query"]


class CohortField(forms.CharField):
    """The cohort of raters: seats may be kept for one."""

    def __init__(self, **kwargs: Any) -> None:
        given = {"label": "Cohort of raters", "required": False, "max_length": 100}
        help_text = "Such as “experts”. Seats may be kept for a cohort; raters never see it."
        super().__init__(**{**given, "help_text": help_text, **kwargs})


class LanguagesField(TopicsField):
    """The languages that raters read, as the replies' files name them."""

    def __init__(self, **kwargs: Any) -> None:
        given = {"label": "Languages they read", "required": False, "max_length": 500}
        help_text = "Codes with commas between, as in the uploads: “en, de”. Seats may be kept for"
        super().__init__(**{**given, "help_text": f"{help_text} readers of a language.", **kwargs})


class RaterForm(PlainForm):
    """What kind of rater somebody is, for seats that are kept for some."""

    cohort = CohortField(label="Cohort")
    languages = LanguagesField()


class InviteForm(PlainForm):
    """Whom to invite, and how many."""

    role = forms.ChoiceField(label="Role", choices=Role.choices)
    count = forms.IntegerField(
        label="How many links", min_value=1, max_value=MOST_INVITATIONS, initial=1
    )
    cohort = CohortField()
    languages = LanguagesField()


class LeakFilterForm(PlainForm):
    """Which findings of the leak report are shown."""

    batch = forms.TypedChoiceField(label="Batch", required=False, coerce=int, empty_value=None)
    decision = forms.ChoiceField(
        label="Decision", required=False, choices=[("", "All"), *HitDecision.choices]
    )
    rule = forms.ChoiceField(label="Rule", required=False)

    def __init__(
        self, *args: Any, rules: tuple[str, ...], batches: tuple[int, ...], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choices = {
            "rule": [(rule, rule) for rule in rules],
            "batch": [(str(number), str(number)) for number in batches],
        }
        for name, found in choices.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared so above
            field.choices = [("", "All"), *found]
