"""A study in whose raters' words there is personal data, and decisions about it."""

from pathlib import Path

from django.test import Client

from annotation.models import Study
from annotation.services import personal_data
from annotation.vocabulary import HitDecision, Role
from tests import build
from tests.build import NOW
from tests.evaluation import given

MAIL = "ruth.kessler@quarrymail.co.uk"
NOTES = {
    "ann": f"Ask me at {MAIL}, or 555-281-0147.",
    "bob": "It uses @property in version 4.10.22.15, of 2024.",
    "cem": f"Same as {MAIL} says.",
}
MASKED, KEPT, HELD = HitDecision.MASKED, HitDecision.KEPT, HitDecision.HELD


def decide(study, decision, *kinds, by):
    """Decide about every finding of these kinds that waits."""
    return [
        personal_data.decide_kind(
            study_id=study.pk, kind=kind, decision=decision, by_id=by.pk, now=NOW
        )
        for kind in kinds
    ]


def study_of_notes(tmp_path: Path, settings) -> Study:
    """A study whose raters wrote notes, and whose releases are stored where the test may write."""
    settings.DATA_DIR = tmp_path / "data"
    made = build.study("kind", rubric=given.TURNS)
    given.replies(made, tmp_path, "a")
    lines = [("a", rater, "misled", "no") for rater in NOTES]
    lines += [("a", rater, "note", note) for rater, note in NOTES.items()]
    given.judgments(made, tmp_path, lines)
    return made


def rita_of(study: Study, client: Client) -> Client:
    """The client of Rita, a researcher of the study."""
    client.force_login(build.member(study, Role.RESEARCHER, name="rita"))
    return client
