"""The forms over pages about agreement: the question, the slices, which judgments count."""

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from annotation.selectors.filter_words import FilterWords
from annotation.selectors.rubrics import versions_of
from annotation.selectors.slices import SLICES
from annotation.selectors.studies import StudyFacts
from evaluation import selections
from evaluation.selections import GOLD, NONE, WAVES
from evaluation.services import agreement, span_agreement
from evaluation.views.words import menu

MAPS = ("value_category,model", "model,turn")
SHOWN_FIRST = ("question", "by")


class CountingForm(forms.Form):
    """Which judgments count; what it says is read by ``selections``, like the API's parameters."""

    filters: ClassVar[tuple[str, ...]] = selections.FILTERS

    wave = forms.MultipleChoiceField(
        label="Seats of these waves",
        required=False,
        choices=[(name, name) for name in WAVES],
        widget=forms.CheckboxSelectMultiple,
        help_text="First and imported if none is chosen: extra raters where the first disagreed"
        " would bias agreement.",
    )
    since = forms.DateField(
        label="Judged from this day on", required=False, widget=forms.DateInput({"type": "date"})
    )
    until_day = forms.DateField(
        label="Judged up to this day", required=False, widget=forms.DateInput({"type": "date"})
    )
    cohort = forms.MultipleChoiceField(label="Cohorts of raters", required=False)
    source = forms.MultipleChoiceField(label="Sources of raters", required=False)
    language = forms.MultipleChoiceField(label="Languages of queries", required=False)
    batch = forms.MultipleChoiceField(label="Batches", required=False)
    rule_set = forms.IntegerField(
        label="Shown under version of the scrub rules", required=False, min_value=1
    )
    gold = forms.ChoiceField(
        label="Items with known answers",
        required=False,
        choices=[("", "Count like others"), (GOLD[0], "Left out"), (GOLD[1], "Only these")],
    )
    rubric_version = forms.ChoiceField(label="Questions of rubric version", required=False)

    def __init__(self, study: StudyFacts, words: FilterWords, given: QueryDict) -> None:
        super().__init__(given or None, initial={name: given.get(name, "") for name in given})
        self.given = given
        self._offer("cohort", [(one, one) for one in words.cohort])
        self._offer("source", [(one, one) for one in words.source])
        self._offer("language", [(one, one) for one in words.language])
        self._offer("batch", [(n, f"{n}: {name}") for n, name in words.batch])
        versions = versions_of(study.id, key=study.rubric.key)
        current = f"The study's own ({study.rubric.version})"
        self._offer("rubric_version", [("", current), *((n, str(n)) for n in versions)])

    def _offer(self, name: str, choices: list[tuple[Any, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a field of choices
        if not choices:
            del self.fields[name]

    @property
    def more(self) -> list[forms.BoundField]:
        """Which judgments count."""
        return [self[name] for name in self.fields if name not in SHOWN_FIRST]

    @property
    def is_filtered(self) -> bool:
        """Say whether anything but question and slices is chosen."""
        return any(self.given.getlist(name) not in ([], [""]) for name in self.filters)


class AgreementForm(CountingForm):
    """What the page of agreement shows."""

    filters = (*selections.FILTERS, "exclusions")

    question = forms.ChoiceField(label="Question", required=False)
    by = forms.ChoiceField(label="In slices by", required=False)
    exclusions = forms.ChoiceField(
        label="Exclusions",
        required=False,
        choices=[("", "Applied, and beside it without them"), (NONE, "Not applied")],
    )

    def __init__(self, study: StudyFacts, words: FilterWords, given: QueryDict) -> None:
        super().__init__(study, words, given)
        asked = [*agreement.offered(study), *span_agreement.offered(study)]
        self._offer("question", [("", "All questions"), *menu(asked)])
        # An address may name any two: what is shown is chosen in the menu too.
        asked_for = given.get("by", "")
        two = asked_for.count(",") == 1 and set(asked_for.split(",")) <= set(SLICES)
        pairs = dict.fromkeys((*MAPS, asked_for)) if two else MAPS
        maps = [(both, both.replace(",", " and ").replace("_", " ")) for both in pairs]
        slices = [(key, key.replace("_", " ")) for key in SLICES]
        self._offer("by", [("", "Not sliced"), *slices, *maps])

    @property
    def first(self) -> list[forms.BoundField]:
        """What is chosen most often."""
        return [self[name] for name in SHOWN_FIRST]
