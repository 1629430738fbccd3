"""Raters who judged with every kind of answer, and leave under either promise."""

from annotation.models import Judgment, Study, Withdrawal
from annotation.services import integrity, withdrawals
from tests import build
from tests.build import HOUR, NOW, claim

POLICIES = ("keep", "delete")
LATER = NOW + HOUR / 2


def study_of(policy: str, **more) -> Study:
    made = build.study(rubric=build.WITH_EVIDENCE, on_withdrawal=policy, **more)
    build.specification(made)
    return made


def judged(rater) -> Judgment:
    """A judgment with every kind of answer."""
    said = {
        "misled": "yes",
        "who": ["user", "public"],
        "severity": "3",
        "note": "I, Ann, think so.",
    }
    marked = {"evidence.quote": "Answer", "evidence.kind": "omission"}
    cited = {"kept": "no", "kept.clause": "violated do_not_lie"}
    build.submit(rater, claim(rater), **said, **marked, **cited)
    return Judgment.objects.latest("pk")


def leave(rater, *, at=LATER) -> Withdrawal:
    return withdrawals.withdraw(rater=rater, now=at)


def differences():
    return [(one.check, one.reason) for one in integrity.differences()]
