"""Finding the study that a command or a request is about."""

from annotation.selectors.studies import StudyFacts, facts_by_slug
from evaluation.errors import StudyUnknown


def the_study(slug: str) -> StudyFacts:
    """Return the study of this name.

    Raises:
        StudyUnknown: there is none.
    """
    found = facts_by_slug(slug)
    if found is None:
        raise StudyUnknown(f"There is no study {slug!r}.")
    return found
