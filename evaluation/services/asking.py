"""The one place where results say which answers they take, so that none forgets the exclusions."""

from annotation.selectors.asked import NO_FILTERS, Asked, Filters
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import DEFAULT_WAVES, Scope, Wave
from evaluation import selections
from evaluation.services import exclusions


def counting(study: StudyFacts) -> Filters:
    """Return which judgments results take: all that no exclusion in force leaves out.

    A report reads it once and hands it to every question, so that all its numbers stand under the
    same rules.
    """
    return exclusions.applied(NO_FILTERS, exclusions.in_force(study))


def counting_as(study: StudyFacts, exclusions_said: str | None) -> Filters:
    """Return which judgments results take where an address or a command says ``exclusions``.

    Raises:
        FilterInvalid: it says anything but ``none``.
    """
    applied = selections.read({"exclusions": [exclusions_said or ""]}).exclusions
    return counting(study) if applied else NO_FILTERS


def asked_of(
    question_id: int,
    scope: Scope,
    filters: Filters,
    *,
    waves: tuple[Wave, ...] = DEFAULT_WAVES,
    until: int | None = None,
) -> Asked:
    """Return the answers that are meant; ``filters`` has no default, so each caller decides.

    The last judgment that counts is ``until``, or else what the filters say.
    """
    return Asked(question_id, scope, waves, filters.not_after if until is None else until, filters)
