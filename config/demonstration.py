"""The demonstration studies: made once from ``fixtures/``, never touched again."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from annotation.models import Study, User
from annotation.rubric_format import presets
from annotation.selectors.studies import facts_of
from annotation.services import (
    batches,
    consents,
    invitations,
    openings,
    raters,
    simulation,
    specifications,
    studies,
    values,
)
from annotation.tasks import prepare_texts
from annotation.vocabulary import Role, StudyState, Wave
from config.environment import BASE_DIR
from evaluation.frames import frame_from_json
from evaluation.intake import JudgeVersion, load_verdicts, samples
from evaluation.intake.designs import drawing_from_json

SLUG = "demo"
FIXTURES = BASE_DIR / "fixtures"
JUDGES = {"strict": "demo_verdicts_strict.jsonl", "lenient": "demo_verdicts_lenient.jsonl"}
GUIDELINES = FIXTURES / "demo_guidelines.md"
# The study whose conversations of several turns are judged turn by turn, by simulated raters too.
TURN_BY_TURN = "demo-standard"
# What raters can try besides: name in addresses, title, rubric.
FURTHER = (
    (TURN_BY_TURN, "Demonstration: the standard questions", "tradeoff-standard"),
    ("demo-pairs", "Demonstration: two replies side by side", "pairwise"),
)
SPECIFICATION = FIXTURES / "demo_specification.md"
SIMULATED_RATERS = 9
ITEMS_EACH = 44
CONVERSATIONS_EACH = 4
CONVERSATIONS = "Conversations of several turns first, to see models change over turns."
# The simulated raters' last judgment lies before the moment in which the study is made.
BEGAN_BEFORE = timedelta(hours=3)


def make() -> bool:
    """Make the demonstration study where there is none; say whether it was made now."""
    if Study.objects.filter(slug=SLUG).exists():
        return False
    now = timezone.now() - BEGAN_BEFORE
    admin = _account("demo-admin")
    study = studies.create(
        slug=SLUG,
        title="Demonstration: trade-offs of four invented models",
        rubric=presets()["tradeoff-quick"],
        guidelines=GUIDELINES.read_text(encoding="utf-8"),
        consent=consents.default_text(),
        by=admin,
        now=now,
    )
    _load_batch(study, FIXTURES / "demo_batch.jsonl", now)
    values.load(study=study, path=FIXTURES / "demo_values.csv")
    openings.open_first_wave(study=study, raters_per_item=3, seed=1, now=now)
    prepare_texts.enqueue(study.pk)
    studies.change_state(study=study, to=StudyState.OPEN, by_id=admin.pk)
    simulation.run(
        study=study,
        opinions=_read("demo_profiles.json"),
        n_raters=SIMULATED_RATERS,
        items_each=ITEMS_EACH,
        seed=1,
        now=now,
        takes_time=True,
    )
    for name, file in JUDGES.items():
        version = JudgeVersion(name=name, simulated=True)
        load_verdicts(study=facts_of(study), path=FIXTURES / file, judge=version, now=now)
    _bring_in(study, now)
    return True


def make_further() -> None:
    """Make the studies that show the rater's other screens, where they are missing."""
    now = timezone.now() - BEGAN_BEFORE
    admin = _account("demo-admin")
    for slug, title, rubric in FURTHER:
        if Study.objects.filter(slug=slug).exists():
            continue
        study = studies.create(
            slug=slug,
            title=title,
            rubric=presets()[rubric],
            guidelines=GUIDELINES.read_text(encoding="utf-8"),
            consent=consents.default_text(),
            by=admin,
            now=now,
        )
        _load_batch(study, FIXTURES / "demo_batch.jsonl", now)
        values.load(study=study, path=FIXTURES / "demo_values.csv")
        _give_specification(study, now, admin.pk)
        if slug == TURN_BY_TURN:
            _open_conversations(study, now)
        openings.open_first_wave(study=study, raters_per_item=3, seed=1, now=now)
        prepare_texts.enqueue(study.pk)
        studies.change_state(study=study, to=StudyState.OPEN, by_id=admin.pk)
        if slug == TURN_BY_TURN:
            _judge_conversations(study, now)
        _bring_in(study, now)


def _open_conversations(study: Study, now: datetime) -> None:
    """Draw all conversations of several turns, and open seats at them that come first."""
    facts = facts_of(study)
    frame, everything = frame_from_json({"turns_from": 2}), drawing_from_json({"design": "all"})
    asked = samples.request(facts, frame, everything, seed=1, now=now, reason=CONVERSATIONS)
    drawn = samples.draw(facts, asked.pk)
    samples.open_seats(facts, drawn.number, wave=Wave.FIRST, raters_per_item=5, priority=1, now=now)


def _judge_conversations(study: Study, now: datetime) -> None:
    """Let simulated raters judge what comes first, so that models are seen to change over turns.

    More than a third of these seats stay free, for whoever tries it.
    """
    simulation.run(
        study=study,
        opinions=_read("demo_profiles.json"),
        usually=_read("demo_usual.json"),
        n_raters=SIMULATED_RATERS,
        items_each=CONVERSATIONS_EACH,
        seed=2,
        now=now,
        takes_time=True,
    )


def _read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FIXTURES / name).read_text(encoding="utf-8"))
    return found


def _give_specification(study: Study, now: datetime, by_id: int) -> None:
    version = specifications.add(
        study=study,
        key="house-rules",
        title="House rules of an invented assistant",
        version="1",
        source=SPECIFICATION.read_text(encoding="utf-8"),
        ids={},
        now=now,
        by_id=by_id,
    )
    specifications.use(study=study, version_id=version.pk, by_id=by_id)


def _bring_in(study: Study, now: datetime) -> None:
    """Make the demonstration's researcher and rater members of a study."""
    studies.join(study=study, user=_account("demo-researcher"), role=Role.RESEARCHER, now=now)
    rater = _account("demo-rater")
    studies.join(study=study, user=rater, role=Role.RATER, now=now)
    raters.enrol(study=study, user=rater, now=now)


def sign_in_paths() -> dict[str, str]:
    """Return a fresh sign-in path for each demonstration account, by role."""
    now = timezone.now()
    return {
        role: f"/sign-in/{invitations.sign_in_link(user=_account(f'demo-{role}'), now=now)}/"
        for role in ("rater", "admin", "researcher")
    }


def _account(name: str) -> User:
    """Return the account, made without a usable password."""
    user, made = User.objects.get_or_create(username=name)
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    return user


def _load_batch(study: Study, path: Path, now: datetime) -> None:
    batch = batches.register(study=study, file_name=path.name, now=now)
    batches.load(batch=batch, path=path)
