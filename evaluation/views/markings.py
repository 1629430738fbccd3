"""Agreement on marked places, as the page of agreement shows it."""

from dataclasses import dataclass

from evaluation import sentences
from evaluation.services.span_agreement import TITLES, Marking
from evaluation.stats.spans import CHARACTER_ALPHA, JACCARD, JACCARD_MARKED
from evaluation.views.numbers import Shown
from evaluation.views.words import captioned, spoken


@dataclass(frozen=True, slots=True)
class MarkingLine:
    """One coefficient of a question that is answered by marking."""

    title: str
    shown: Shown
    texts: str


@dataclass(frozen=True, slots=True)
class MarkingShown:
    """Agreement on the places marked for one question, as the page shows it."""

    found: Marking

    @property
    def label(self) -> str:
        """What was asked."""
        return spoken(self.found.label)

    @property
    def caption(self) -> str:
        """The question as titles call it."""
        return captioned(self.found.label, self.found.scope)

    @property
    def wave(self) -> str:
        """Which seats count."""
        return " + ".join(self.found.waves)

    @property
    def lines(self) -> list[MarkingLine]:
        """Each coefficient, with how many texts it is computed from."""
        return [
            MarkingLine(
                TITLES[name], Shown(one, name != CHARACTER_ALPHA), f"{one.pairable_items:,}"
            )
            for name, one in self.found.coefficients.items()
        ]

    @property
    def sizes(self) -> dict[str, str]:
        """How much there is behind the numbers, with separators."""
        names = ("items", "texts", "raters", "judgments", "pairs", "empty_pairs", "clusters",
                 "left_out_pairs", "unknown_lengths")  # fmt: skip
        return {name: f"{getattr(self.found, name):,}" for name in names}

    @property
    def said(self) -> list[str]:
        """The numbers in words."""
        found, by_name = self.found, self.found.coefficients
        return [
            sentences.of_overlap(by_name[JACCARD], by_name[JACCARD_MARKED], found.cluster),
            sentences.of_character_alpha(by_name[CHARACTER_ALPHA]),
        ]
