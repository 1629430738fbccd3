"""Reading what rates are made of: the question, the sample whose design counts, the units."""

from dataclasses import dataclass, replace

from annotation.plans import QuestionPlan
from annotation.selectors.asked import Filters
from annotation.selectors.labels import only_opened_at_everything
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import ItemKind, QuestionType, Scope
from evaluation.derived import Derived, derived_of
from evaluation.errors import QuestionUnknown, RateRefused, SampleUnknown, SliceUnknown
from evaluation.models import Design, Sample, Verdict
from evaluation.services import rate_words
from evaluation.services.agreement import plan_of, scopes_of
from evaluation.services.asking import counting
from evaluation.services.judges import JudgeFacts
from evaluation.services.rate_joins import Joined, Labels, Verdicts, joined, judged_apart
from evaluation.services.rate_methods import CHANCES, Chances
from evaluation.services.rate_units import (
    drawn_of,
    everything,
    labels_of,
    of_other_reasons,
    opened_at_all,
    rated,
    samples_with,
    verdicts_of,
)

ONE_ANSWER = frozenset({QuestionType.SINGLE, QuestionType.SCALE})


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """A question's verdicts and labels, and what the design says of them."""

    one: QuestionPlan | Derived
    scope: Scope
    units: Joined
    chances: Chances
    sample: Sample | None
    assumed: bool
    why: str
    notes: tuple[str, ...]
    strata: tuple[str, ...]
    samples: tuple[tuple[int, int], ...]
    exclusions: tuple[int, ...] = ()


def answered(study: StudyFacts, judge: JudgeFacts) -> list[QuestionPlan]:
    """Return the questions of which the judge's verdicts give rates, derived ones last."""
    if study.rubric.kind == ItemKind.PAIR:
        return []
    given = set(
        Verdict.objects.filter(judge=judge.id).values_list("question", flat=True).distinct()
    )
    return [
        plan_of(one)
        for one in _questions(study)
        if {source.id for source in (one.sources if isinstance(one, Derived) else (one,))} <= given
    ]


def _questions(study: StudyFacts) -> list[QuestionPlan | Derived]:
    asked = [q for q in study.rubric.questions if q.type in ONE_ANSWER]
    return [*asked, *derived_of(study.rubric)]


def question_of(study: StudyFacts, key: str) -> QuestionPlan | Derived:
    """Return a question of one answer, asked or derived.

    Raises:
        QuestionUnknown: the study has none such.
        RateRefused: the study asks about two replies side by side.
    """
    if study.rubric.kind == ItemKind.PAIR:
        raise RateRefused(
            "This study asks about two replies side by side; a verdict is about one, so it gives no"
            " rate."
        )
    known = _questions(study)
    found = next((one for one in known if plan_of(one).key == key), None)
    if found is None:
        keys = ", ".join(plan_of(one).key for one in known)
        raise QuestionUnknown(f"The study has no question {key!r} with one answer. It has {keys}.")
    return found


def scope_of(one: QuestionPlan | Derived, by: str | None, scope: str | None) -> Scope:
    """Return of what the units are: turns, or whole conversations.

    Raises:
        SliceUnknown: the question is not asked of that.
    """
    asked_of = scopes_of(one)
    wanted = scope or (Scope.TURN if by == "turn" else asked_of[0])
    if by == "turn" and wanted != Scope.TURN:
        raise SliceUnknown("Only what is asked of turns can be sliced by turn.")
    if wanted not in asked_of:
        raise SliceUnknown(
            f"{plan_of(one).key!r} is asked of the {' and of the '.join(asked_of)}, not of the"
            f" {wanted}."
        )
    return Scope(wanted)


def reading(
    study: StudyFacts,
    judge: JudgeFacts,
    one: QuestionPlan | Derived,
    scope: Scope,
    *,
    sample: int | None = None,
    assume_random: bool = False,
    filters: Filters | None = None,
) -> Reading:
    """Read a judge's verdicts on a question, people's labels, and what the design says of them.

    ``filters`` say which labels count; left out, those that no exclusion in force leaves out.

    Raises:
        RateRefused: the judge gave no verdict on it.
        SampleUnknown: nothing of this sample is labelled.
        FrameInvalid: the sample's frame names what is no more there.
    """
    verdicts = verdicts_of(judge.id, one, scope)
    if not verdicts.key.size:
        raise RateRefused(
            f"{judge.name} gave no verdict on {plan_of(one).key!r} of the {scope}, so there is no"
            " rate."
        )
    asked = rated(one, scope, counting(study) if filters is None else filters)
    labels = labels_of(one, asked)
    drawn_from = samples_with(study, labels)
    samples = tuple((one.number, n) for one, n in drawn_from)
    chosen = _sample(drawn_from, sample)
    if chosen is not None:
        found = _sampled(study, one, scope, verdicts, labels, chosen, samples)
        return _with_exclusions(found, asked.filters.exclusions)
    opened = only_opened_at_everything(asked)
    frame = opened_at_all(study) if opened else everything(study)
    units = joined(verdicts, labels, frame, None)
    assume_random = assume_random and not _conditional(one)
    at_all = opened and not _conditional(one)
    chances, why = _without_sample(units, at_all=at_all, assume_random=assume_random)
    if _conditional(one) and why == rate_words.ALL_LABELLED:
        chances, why = Chances.OF_OTHERS, rate_words.CONDITIONAL
    notes = tuple(rate_words.left_out(0, units.silent))
    assumed = why == rate_words.ASSUMED
    found = Reading(one, scope, units, chances, None, assumed, why, notes, (), samples)
    return _with_exclusions(found, asked.filters.exclusions)


def _with_exclusions(found: Reading, numbers: tuple[int, ...]) -> Reading:
    """Say which rules left labels out: what they took is unlabelled, and its verdicts stay."""
    if not numbers:
        return found
    notes = (*found.notes, rate_words.excluded(numbers))
    return replace(found, notes=notes, exclusions=numbers)


def _sampled(
    study: StudyFacts,
    one: QuestionPlan | Derived,
    scope: Scope,
    verdicts: Verdicts,
    labels: Labels,
    chosen: Sample,
    samples: tuple[tuple[int, int], ...],
) -> Reading:
    """Put labels beside verdicts as a sample drew them, within its frame."""
    frame = drawn_of(study, chosen)
    units = joined(verdicts, labels, frame.reply, frame)
    design = Design(chosen.design)
    chances = Chances.OF_OTHERS if _conditional(one) else CHANCES[design]
    apart = judged_apart(units, frame, of_other_reasons(chosen), labels)
    why = rate_words.why(chosen.number, design, chances)
    if apart is not None and not _conditional(one):
        chances, why = Chances.UNKNOWN, rate_words.apart(chosen.number, design, *apart)
    was, now = chosen.population, len(frame.reply)
    notes = (
        ""
        if _conditional(one)
        else rate_words.incomplete(int(units.judged.sum()), int(units.drawn.sum())),
        rate_words.frame_changed(was, now) if design != Design.PANEL else "",
        *rate_words.left_out(units.outside, units.silent),
    )
    return Reading(
        one,
        scope,
        units,
        chances,
        chosen,
        assumed=False,
        why=why,
        notes=tuple(note for note in notes if note),
        strata=frame.words,
        samples=samples,
    )


def _conditional(one: QuestionPlan | Derived) -> bool:
    sources = one.sources if isinstance(one, Derived) else (one,)
    return any(source.condition_key for source in sources)


def _sample(known: list[tuple[Sample, int]], wanted: int | None) -> Sample | None:
    if wanted is None:
        return known[0][0] if known else None
    found = next((sample for sample, _ in known if sample.number == wanted), None)
    if found is None:
        there = ", ".join(str(sample.number) for sample, _ in known) or "none"
        raise SampleUnknown(
            f"Nothing that sample {wanted} drew is labelled here. Samples with labels: {there}."
        )
    return found


def _without_sample(units: Joined, *, at_all: bool, assume_random: bool) -> tuple[Chances, str]:
    if not (units.at >= 0).any():
        return Chances.UNKNOWN, rate_words.NO_LABELS
    if (units.at >= 0).all():
        return Chances.EQUAL, rate_words.ALL_LABELLED
    if at_all:
        return Chances.EQUAL, rate_words.OPENED_AT_ALL
    if assume_random:
        return Chances.EQUAL, rate_words.ASSUMED
    return Chances.UNKNOWN, rate_words.NO_SAMPLE
