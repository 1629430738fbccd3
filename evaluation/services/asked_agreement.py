"""Agreement as it is asked for: of which questions, in which slices, from which judgments."""

from dataclasses import replace

from annotation.selectors.asked import Filters
from annotation.selectors.rubrics import plan, versions_of
from annotation.selectors.studies import StudyFacts
from evaluation.errors import FilterInvalid, SliceUnknown
from evaluation.models import Exclusion
from evaluation.selections import Selection
from evaluation.services import agreement, exclusions, span_agreement
from evaluation.services.agreement import Agreement
from evaluation.services.span_agreement import Marking
from evaluation.stats.agreement import Bootstrap


def compute(
    study: StudyFacts,
    asked: Selection,
    *,
    until: int | None = None,
    rules: list[Exclusion] | None = None,
    bootstrap: Bootstrap | None = None,
) -> list[Agreement]:
    """Return agreement as it is asked for.

    Args:
        study: whose.
        asked: of what, and which judgments count.
        until: the last judgment that counts; None for all.
        rules: the exclusions to apply where they are asked for; None for those in force.
        bootstrap: draws clusters again, besides.

    Empty where the one question that is asked for is answered by marking places: see :func:`spans`.

    Raises:
        QuestionUnknown, SliceUnknown, FilterInvalid: it cannot be computed.
    """
    within = at_version(study, asked.rubric_version)
    if _is_marked(within, asked):
        return []
    return agreement.report(
        within,
        question=asked.question,
        by=asked.by,
        waves=asked.waves,
        until=until,
        filters=_counting(study, asked, rules),
        bootstrap=bootstrap,
    )


def _counting(study: StudyFacts, asked: Selection, rules: list[Exclusion] | None) -> Filters:
    """Return which judgments count: as asked, with these exclusions, or with those in force."""
    if not asked.exclusions:
        return asked.filters
    return exclusions.applied(asked.filters, exclusions.in_force(study) if rules is None else rules)


def spans(
    study: StudyFacts,
    asked: Selection,
    *,
    until: int | None = None,
    rules: list[Exclusion] | None = None,
) -> list[Marking]:
    """Return agreement on marked places as it is asked for: of all questions or one, and whole.

    Arguments: see :func:`compute`. Empty where one closed question is asked for, or slices of all.

    Raises:
        SliceUnknown: slices of a question that is answered by marking.
        FilterInvalid: the rubric has no such version.
    """
    within = at_version(study, asked.rubric_version)
    marked = _is_marked(within, asked)
    if asked.by or (asked.question and not marked):
        return []
    return span_agreement.report(
        within,
        question=asked.question,
        waves=asked.waves,
        until=until,
        filters=_counting(study, asked, rules),
    )


def _is_marked(study: StudyFacts, asked: Selection) -> bool:
    """Say whether the one question that is asked for is answered by marking places."""
    marked = span_agreement.is_marked(study, asked.question)
    if marked and asked.by:
        raise SliceUnknown(
            f"Agreement on places marked for {asked.question!r} is of the whole: it is not sliced."
        )
    return marked


def at_version(study: StudyFacts, number: int | None) -> StudyFacts:
    """Return the study with the questions of another version of its rubric.

    Raises:
        FilterInvalid: there is no such version.
    """
    if number is None or number == study.rubric.version:
        return study
    known = versions_of(study.id, key=study.rubric.key)
    if number not in known:
        raise FilterInvalid(
            f"The rubric has no version {number}. It has {', '.join(map(str, known))}.",
            field="rubric_version",
        )
    return replace(study, rubric=plan(known[number]))


def check(study: StudyFacts, asked: Selection) -> None:
    """Refuse what could not be computed.

    Raises:
        QuestionUnknown, SliceUnknown, FilterInvalid: it could not.
    """
    agreement.ways_of(asked.by)
    within = at_version(study, asked.rubric_version)
    if not _is_marked(within, asked):
        agreement.offered_one(within, asked.question)
