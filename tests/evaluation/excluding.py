"""A study that one rater spoils, and what is left out of it."""

from annotation.models import Rater
from annotation.selectors.studies import pseudonyms
from evaluation.services import exclusions
from tests import build
from tests.build import NOW

# Two raters who agree with the judge, and one who always says the opposite.
TABLE = {"a": "yes yes no", "b": "no no yes", "c": "yes yes no", "d": "no no yes"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "no"}
SPOILER = "rater-2"


def leave_out(study, external_id=SPOILER, reason="Always the opposite."):
    rater = Rater.objects.get(study=study, external_id=external_id).pk
    name = pseudonyms(study.pk, purpose="pages", subjects=[rater])[rater]
    return add(study, "rater", name, reason)


def add(study, kind, subject, reason="It said so."):
    return exclusions.add(
        build.facts(study), kind=kind, subject=subject, reason=reason, now=NOW, by_id=None
    )
