"""Reading what a researcher asks of the sampling designer."""

from typing import Any

from django import forms

from annotation.plans import QuestionPlan
from annotation.selectors.frames import STRATIFIERS, FrameWords
from annotation.vocabulary import Framing, Wave
from evaluation.errors import FrameInvalid
from evaluation.frames import Frame, frame_from_json
from evaluation.intake.designs import Drawing, drawing_from_json, used_by
from evaluation.intake.samples import MOST_RATERS
from evaluation.models import Design
from evaluation.services.judges import JudgeFacts
from evaluation.views.sample_words import SINGLE
from evaluation.views.words import menu, spoken

LISTS = ("model", "family", "framing", "category", "topic", "language", "batch")
ROWS_OF_A_LIST = 4
SEPARATOR = ":"
# Value and words; or the name of a group and its choices.
Choices = list[tuple[str, Any]]


class DesignForm(forms.Form):
    """A frame, a design, a seed; all of it fits into an address, so a plan can be linked."""

    model = forms.MultipleChoiceField(label="Models", required=False)
    family = forms.MultipleChoiceField(label="Model families", required=False)
    framing = forms.MultipleChoiceField(label="Framings", required=False)
    category = forms.MultipleChoiceField(label="Value categories (either value)", required=False)
    topic = forms.MultipleChoiceField(label="Topics", required=False)
    language = forms.MultipleChoiceField(label="Languages", required=False)
    batch = forms.MultipleChoiceField(label="Batches", required=False)
    turns_from = forms.IntegerField(label="Turns, at least", required=False, min_value=1)
    turns_to = forms.IntegerField(label="Turns, at most", required=False, min_value=1)
    seats = forms.ChoiceField(
        label="Seats",
        required=False,
        choices=[("", "with or without"), ("none", "none yet"), ("some", "some")],
    )
    judge = forms.ChoiceField(label="A judge's verdicts", required=False)
    answers = forms.MultipleChoiceField(label="… said", required=False)
    judges_differ = forms.ChoiceField(label="Judges differ about", required=False)
    spread_least = forms.FloatField(
        label="Models disagree, at least",
        required=False,
        min_value=0,
        help_text="D: the larger standard deviation of the models' two scores, by the judge above.",
    )
    spread_most = forms.FloatField(label="Models disagree, at most", required=False, min_value=0)

    design = forms.ChoiceField(label="Design", choices=Design.choices, required=False)
    size = forms.IntegerField(
        label="Replies to draw",
        required=False,
        min_value=1,
        help_text="Of a panel: queries, each with all of its replies.",
    )
    by = forms.MultipleChoiceField(
        label="Strata by", required=False, choices=[(name, SINGLE[name]) for name in STRATIFIERS]
    )
    allocation = forms.ChoiceField(
        label="Allocation",
        required=False,
        choices=[
            ("proportional", "proportional to the stratum"),
            ("equal", "the same of each"),
            ("neyman", "Neyman's, by the shares expected"),
        ],
    )
    shares = forms.CharField(
        label="Shares expected",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="A stratum a line, as below: “model: a = 0.2”. Those not named count as 0.5.",
    )
    marked_judge = forms.ChoiceField(label="Marked by judge", required=False)
    marked = forms.MultipleChoiceField(
        label="… with", required=False, help_text="For “more of what a judge marked”, or as strata."
    )
    rate = forms.FloatField(
        label="Share drawn of what is marked", required=False, min_value=0, max_value=1
    )
    rate_others = forms.FloatField(
        label="Share drawn of the rest", required=False, min_value=0, max_value=1
    )
    seed = forms.IntegerField(
        label="Seed",
        required=False,
        help_text="Decides who is drawn: the same design and seed draw the same. Empty: 1.",
    )
    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=1_000,
        help_text="For whoever reads it later; stored with the sample.",
    )
    correlation = forms.FloatField(
        label="Correlation of a judge with people",
        required=False,
        min_value=-0.999,
        max_value=0.999,
        help_text="From a pilot. With it the plan says what the judge's verdicts on all other"
        " replies add to the labels.",
    )
    label_cost = forms.FloatField(label="Cost of a label", required=False, min_value=0.000001)
    verdict_cost = forms.FloatField(label="Cost of a verdict", required=False, min_value=0.000001)

    def __init__(
        self,
        data: Any,
        *,
        words: FrameWords,
        judges: list[JudgeFacts],
        questions: list[QuestionPlan],
    ) -> None:
        super().__init__(data, label_suffix="")
        known: dict[str, Choices] = {
            name: [(word, f"{word} ({n:,})") for word, n in getattr(words, name)]
            for name in ("model", "family", "topic", "language")
        }
        known["framing"] = [(word, f"{Framing(word).label} ({n:,})") for word, n in words.framing]
        known["category"] = [(word, word) for word in words.category]
        known["batch"] = [(str(n), f"{n}: {file}") for n, file in words.batch]
        anyone = [("", "any")]
        of_judges = [
            *anyone,
            *((str(one.id), " ".join((one.name, one.prompt_version)).strip()) for one in judges),
        ]
        said: Choices = [
            (
                spoken(one.label),
                [(f"{one.key}{SEPARATOR}{o.code}", spoken(o.label)) for o in one.options],
            )
            for one in questions
        ]
        known |= {"judge": of_judges, "marked_judge": of_judges, "answers": said, "marked": said}
        known["judges_differ"] = [*anyone, *menu(questions)]
        for name, choices in known.items():
            field: Any = self.fields[name]
            field.choices = choices
        for name in (*LISTS, "answers", "marked", "by"):
            self.fields[name].widget.attrs["size"] = ROWS_OF_A_LIST
        # What has nothing to choose from is not asked.
        self.empty = {name for name in LISTS if not known[name]}
        if not judges:
            self.empty |= {"judge", "answers", "judges_differ", "spread_least", "spread_most"}
            self.empty |= {"marked_judge", "marked", "rate", "rate_others"}

    @property
    def of_frame(self) -> list[Any]:
        """Return the fields of the frame that have something to choose from."""
        after = list(self.fields).index("design")
        return [self[name] for name in list(self.fields)[:after] if name not in self.empty]

    @property
    def of_design(self) -> list[Any]:
        """Return the fields of the design, likewise."""
        names = list(self.fields)
        first, last = names.index("design"), names.index("correlation")
        return [self[name] for name in names[first:last] if name not in self.empty]

    @property
    def of_cost(self) -> list[Any]:
        """Return the fields about what a judge adds."""
        return [self["correlation"], self["label_cost"], self["verdict_cost"]]

    def frame(self) -> Frame:
        """Return the frame that was asked for.

        Raises:
            FrameInvalid: a verdict without its judge, or answers to two questions.
        """
        sent = self.cleaned_data
        given: dict[str, Any] = {name: sent[name] for name in LISTS if sent.get(name)}
        given |= {
            name: sent[name]
            for name in ("turns_from", "turns_to", "seats", "judges_differ")
            if sent.get(name)
        }
        if sent.get("answers"):
            given["verdict"] = _marked(sent.get("judge"), sent["answers"], "verdict")
        if sent.get("spread_least") is not None or sent.get("spread_most") is not None:
            if not sent.get("judge"):
                raise FrameInvalid("Disagreement of models: choose by whose scores (the judge).")
            given["spread"] = {
                "judge": sent["judge"],
                "least": sent.get("spread_least") or 0,
                "most": sent.get("spread_most"),
            }
        return frame_from_json(given)

    def drawing(self) -> Drawing:
        """Return the design that was asked for.

        Raises:
            FrameInvalid: what it lacks, or a line of the shares that cannot be read.
        """
        sent = self.cleaned_data
        design = sent.get("design") or Design.SIMPLE
        given: dict[str, Any] = {"design": design}
        given |= {name: sent[name] for name in ("size", "by") if sent.get(name)}
        if sent.get("marked"):
            given["marked"] = _marked(sent.get("marked_judge"), sent["marked"], "marked")
        given |= {
            name: sent[name] for name in ("rate", "rate_others") if sent.get(name) is not None
        }
        if design == Design.STRATIFIED:
            given["allocation"] = sent.get("allocation") or "proportional"
            given["shares"] = dict(
                _share(line) for line in sent.get("shares", "").splitlines() if line.strip()
            )
        used = used_by(Design(design))
        return drawing_from_json({name: said for name, said in given.items() if name in used})


class SampleSeatsForm(forms.Form):
    """Seats at what a sample drew."""

    raters_per_item = forms.IntegerField(
        label="Raters per item", min_value=1, max_value=MOST_RATERS, initial=3
    )
    wave = forms.TypedChoiceField(
        label="Wave",
        coerce=int,
        choices=[
            (Wave.FIRST.value, "first: counts in agreement"),
            (Wave.AUDIT.value, "audit: counts in rates of judges, not in agreement"),
        ],
    )
    cohort = forms.CharField(
        label="Only raters of cohort", required=False, max_length=100, help_text="Empty: anyone."
    )
    priority = forms.IntegerField(
        label="Priority",
        required=False,
        min_value=-100,
        max_value=100,
        initial=0,
        help_text="Higher ones are given out first; 0 is usual.",
    )
    by_language = forms.BooleanField(
        label="Only to raters who read the query's language", required=False
    )
    quotas = forms.CharField(
        label="Quotas",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="The most judgments of a stratum, one a line: “model: a = 100”. Empty: no limit.",
    )

    def __init__(self, data: Any = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_priority(self) -> int:
        """Return 0 for an empty one."""
        return self.cleaned_data["priority"] or 0

    def clean_quotas(self) -> dict[str, int]:
        """Return the quota of each stratum that is named."""
        found = {}
        for line in filter(str.strip, self.cleaned_data["quotas"].splitlines()):
            label, _, number = line.rpartition("=")
            if not label.strip() or not number.strip().isdecimal() or int(number) < 1:
                raise forms.ValidationError(f"“{line.strip()}” is not “stratum = number”.")
            found[label.strip()] = int(number)
        return found


def _share(line: str) -> tuple[str, float]:
    label, _, number = line.rpartition("=")
    try:
        return label.strip(), float(number)
    except ValueError as error:
        raise FrameInvalid(f"“{line.strip()}” is not “stratum = share”.") from error


def _marked(judge: str | None, chosen: list[str], what: str) -> dict[str, Any]:
    """Return a judge's answers as the frame has them: all to one question."""
    if not judge:
        raise FrameInvalid(f"Say whose answers ({what}): choose the judge.")
    pairs = [one.split(SEPARATOR, 1) for one in chosen]
    questions = {key for key, _ in pairs}
    if len(questions) > 1:
        raise FrameInvalid(
            f"Choose answers to one question, not to {' and '.join(sorted(questions))}."
        )
    return {
        "judge": int(judge),
        "question": questions.pop(),
        "answers": [code for _, code in pairs],
    }
