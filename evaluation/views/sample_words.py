"""A sample's frame and design in words, as they are stored: what could be drawn, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from annotation.plans import RubricPlan
from annotation.vocabulary import Framing
from evaluation.views.words import spoken

NAMES = {
    "model": "models",
    "family": "model families",
    "framing": "framings",
    "category": "value categories",
    "topic": "topics",
    "language": "languages",
    "batch": "batches",
}
# What strata are told apart by.
SINGLE = {
    "model": "model",
    "family": "model family",
    "framing": "framing",
    "category": "value categories",
    "language": "language",
    "turns": "number of turns",
    "batch": "batch",
}
ALLOCATIONS = {
    "proportional": "in proportion to them",
    "equal": "the same of each",
    "neyman": "by Neyman's allocation",
}
# What is stored leaves out what is usual, as evaluation.intake.designs has it.
USUAL_RATE, USUAL_RATE_OF_OTHERS = 1.0, 0.1


@dataclass(frozen=True, slots=True)
class Names:
    """What judges, questions and answers are called, by number, key and code."""

    judges: Mapping[int, str]
    rubric: RubricPlan

    def judge(self, number: int) -> str:
        """Return a judge's name."""
        return self.judges.get(number, f"judge {number}")

    def question(self, key: str) -> str:
        """Return what was asked."""
        found = self.rubric.question(key)
        return f"“{spoken(found.label)}”" if found else key

    def answers(self, key: str, codes: list[str]) -> str:
        """Return what was answered to a question."""
        found = self.rubric.question(key)
        labels = {one.code: f"“{spoken(one.label)}”" for one in found.options} if found else {}
        return _listed([labels.get(code, code) for code in codes], " or ")


def frame_words(frame: Mapping[str, Any], names: Names) -> list[str]:
    """Say what may be drawn, filter by filter; nothing where no filter leaves anything out."""
    told = {**frame, "framing": [str(Framing(one).label) for one in frame.get("framing", ())]}
    said = [f"{words}: {_listed(told[name])}" for name, words in NAMES.items() if name in frame]
    if "turns_from" in frame or "turns_to" in frame:
        ends = (("from", frame.get("turns_from")), ("up to", frame.get("turns_to")))
        said.append("turns: " + " ".join(f"{word} {n}" for word, n in ends if n is not None))
    if "seats" in frame:
        said.append("without seats" if frame["seats"] == "none" else "with seats")
    if "verdict" in frame:
        said.append(_marked(frame["verdict"], names))
    if "judges_differ" in frame:
        said.append(f"two judges differ about {names.question(frame['judges_differ'])}")
    if "spread" in frame:
        found = frame["spread"]
        most = f" and at most {found['most']:g}" if found.get("most") is not None else ""
        least = f"{found.get('least', 0):g}"
        by = names.judge(found["judge"])
        said.append(f"models disagree by at least {least}{most} in the scores of {by}")
    return said


def design_words(parameters: Mapping[str, Any], names: Names) -> list[str]:
    """Say how it is drawn, beside the name of the design."""
    told: dict[str, Callable[[], str]] = {
        "size": lambda: f"{parameters['size']:,} to draw",
        "by": lambda: f"strata by {_listed([SINGLE[name] for name in parameters['by']])}",
        "marked": lambda: _marked(parameters["marked"], names),
    }
    said = [tell() for name, tell in told.items() if parameters.get(name)]
    if parameters["design"] == "stratified":
        said.append(ALLOCATIONS[parameters.get("allocation", "proportional")])
    if parameters["design"] == "enriched":
        rate = parameters.get("rate", USUAL_RATE)
        others = parameters.get("rate_others", USUAL_RATE_OF_OTHERS)
        said.append(f"a share of {rate:g} of these, of {others:g} of the rest")
    if parameters.get("shares"):
        shares = (f"{label} = {share:g}" for label, share in parameters["shares"].items())
        said.append(f"shares expected: {'; '.join(shares)}")
    return said


def _marked(found: Mapping[str, Any], names: Names) -> str:
    answers = names.answers(found["question"], found["answers"])
    asked = names.question(found["question"])
    return f"{names.judge(found['judge'])} answered {asked} with {answers}"


def _listed(words: list[Any], between: str = ", ") -> str:
    return between.join(str(word) or "none" for word in words)
