"""What an admin asks of a later wave: where raters disagree, and who judges there again."""

from decimal import Decimal
from typing import Any

from django import forms

from annotation.forms import PlainForm
from annotation.models import Study
from annotation.selectors.rubrics import plan
from annotation.services.lanes import LONGEST_COHORT
from annotation.services.later_waves import AFTER_DISAGREEMENT, ANY_TURN, WHOLE
from annotation.services.openings import MOST_RATERS
from annotation.vocabulary import CLOSED_TYPES, Wave

SHARE, TIE = "share", "tie"
TURNS_OFFERED = 20
WHAT_IT_IS = {Wave.EXTRA: "Extra raters", Wave.ADJUDICATION: "Adjudication by a cohort"}
ABOUT = [
    ("", "As the question is asked"),
    (WHOLE, "The whole conversation"),
    (ANY_TURN, "Any turn"),
    *((str(turn), f"Turn {turn}") for turn in range(1, TURNS_OFFERED + 1)),
]


class LaterWaveForm(PlainForm):
    """Which disagreement, and how many further seats at each item that has it."""

    wave = forms.TypedChoiceField(
        label="Who judges there again",
        coerce=lambda number: Wave(int(number)),
        choices=[(wave.value, WHAT_IT_IS[wave]) for wave in AFTER_DISAGREEMENT],
    )
    question = forms.ChoiceField(label="They disagree on")
    about = forms.ChoiceField(label="About", required=False, choices=ABOUT)
    disagreement = forms.ChoiceField(
        label="By disagreement I mean",
        choices=[
            (SHARE, "The most frequent answer has a share below the one given here"),
            (TIE, "A tie: two answers or more were given most often"),
        ],
    )
    share_below = forms.DecimalField(
        label="Share",
        required=False,
        min_value=Decimal("0.01"),
        max_value=Decimal(1),
        decimal_places=4,
        initial=Decimal("0.67"),
        help_text="0.67: two of three do not suffice, three of four do.",
    )
    at_least = forms.IntegerField(
        label="Raters who answered there, at least", min_value=2, max_value=MOST_RATERS
    )
    raters_per_item = forms.IntegerField(
        label="Further raters per item", min_value=1, max_value=MOST_RATERS, initial=1
    )
    cohort = forms.CharField(
        label="Only raters of this cohort",
        required=False,
        max_length=LONGEST_COHORT,
        help_text="Needed for adjudication. Empty: anyone who has not had the item.",
    )
    seed = forms.IntegerField(
        label="Seed",
        min_value=0,
        max_value=10**18 - 1,
        initial=1,
        help_text="Fixes where the items stand among the others.",
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=2_000,
        help_text="Kept for ever with the rule; empty, the rule in words is.",
    )

    def __init__(self, *args: Any, study: Study, **kwargs: Any) -> None:
        # The page has another form with fields of the same names.
        super().__init__(*args, auto_id="later_%s", **kwargs)
        rubric = plan(study.rubric_id or 0)
        question = self.fields["question"]
        assert isinstance(question, forms.ChoiceField)  # noqa: S101 - declared so above
        closed = (q for q in rubric.questions if q.type in CLOSED_TYPES)
        question.choices = [(q.key, f"{q.label} ({q.key})") for q in closed]
        self.fields["at_least"].initial = max(study.raters_per_item, 2)

    def clean(self) -> dict[str, Any]:
        """Require a share where one is meant."""
        cleaned = super().clean() or {}
        if cleaned.get("disagreement") == TIE:
            cleaned["share_below"] = None
        elif cleaned.get("share_below") is None and "share_below" not in self.errors:
            self.add_error("share_below", "Give the share, such as 0.67.")
        return cleaned

    def asked(self) -> dict[str, Any]:
        """Return what the rule is made of."""
        names = ("question", "about", "share_below", "at_least")
        return {name: self.cleaned_data[name] for name in names}

    def how(self) -> dict[str, Any]:
        """Return how seats are opened by it."""
        names = ("raters_per_item", "cohort", "seed", "reason")
        return {name: self.cleaned_data[name] for name in names}
