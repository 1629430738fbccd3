"""Reading how a design is to be tried: how often, with which seeds, on what."""

from typing import Any

from django import forms

from annotation.plans import QuestionPlan
from annotation.selectors.studies import StudyFacts
from evaluation.frames import Marked
from evaluation.intake import quantities
from evaluation.intake.rehearsals import MOST_DRAWS, USUAL_DRAWS
from evaluation.services.judges import JudgeFacts
from evaluation.views.words import spoken

LENGTH = "length"
SEPARATOR = ":"
FIRST_SEED = 1


class RehearsalForm(forms.Form):
    """How often a design is drawn, with seeds from which on, and what its weights are tried on."""

    draws = forms.IntegerField(
        label="Draws",
        required=False,
        min_value=2,
        max_value=MOST_DRAWS,
        help_text=f"Empty: {USUAL_DRAWS:,}.",
    )
    first_seed = forms.IntegerField(
        label="First seed",
        required=False,
        help_text="Each draw takes the next one; the same seeds give the same. Empty: 1.",
    )
    quantity = forms.ChoiceField(
        label="Weighted mean of",
        required=False,
        help_text="Anything known of every reply will do. A reply without a verdict counts as one"
        " of which the judge did not say so.",
    )

    def __init__(
        self, data: Any, *, judges: list[JudgeFacts], questions: list[QuestionPlan]
    ) -> None:
        super().__init__(data, label_suffix="")
        usual = "a judge's answer" if judges else "the replies' length"
        said = [
            (
                judge.full_name,
                [
                    (
                        SEPARATOR.join((str(judge.id), one.key, option.code)),
                        f"{spoken(one.label)} {spoken(option.label)}",
                    )
                    for one in questions
                    for option in one.options
                ],
            )
            for judge in judges
        ]
        field: Any = self.fields["quantity"]
        field.choices = [("", f"as usual: {usual}"), (LENGTH, quantities.LENGTH), *said]

    def terms(self, study: StudyFacts, marked: Marked | None) -> dict[str, Any]:
        """Return what was asked for; ``marked`` is what the design's strata are made by."""
        sent = self.cleaned_data
        first_seed = sent["first_seed"]
        return {
            "draws": sent["draws"] or USUAL_DRAWS,
            "first_seed": FIRST_SEED if first_seed is None else first_seed,
            "quantity": _quantity(sent["quantity"], study, marked),
        }


def _quantity(chosen: str, study: StudyFacts, marked: Marked | None) -> Marked | None:
    if not chosen:
        return quantities.usual_for(study, besides=marked)
    if chosen == LENGTH:
        return None
    judge, question, answer = chosen.split(SEPARATOR, 2)
    return Marked(judge=int(judge), question=question, answers=(answer,))
