"""The demonstration studies: made once from ``fixtures/``, never touched again."""

import json
from datetime import datetime
from pathlib import Path

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
from annotation.vocabulary import Role, StudyState
from config.environment import BASE_DIR
from evaluation.intake import JudgeVersion, load_verdicts

SLUG = "demo"
FIXTURES = BASE_DIR / "fixtures"
JUDGES = {"strict": "demo_verdicts_strict.jsonl", "lenient": "demo_verdicts_lenient.jsonl"}
GUIDELINES = FIXTURES / "demo_guidelines.md"
# What raters can try besides: name in addresses, title, rubric.
FURTHER = (
    ("demo-standard", "Demonstration: the standard questions", "tradeoff-standard"),
    ("demo-pairs", "Demonstration: two replies side by side", "pairwise"),
)
SPECIFICATION = FIXTURES / "demo_specification.md"
SIMULATED_RATERS = 9
ITEMS_EACH = 44


def make() -> bool:
    """Make the demonstration study where there is none; say whether it was made now."""
    if Study.objects.filter(slug=SLUG).exists():
        return False
    now = timezone.now()
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
    _load_batch(study, FIXTURES / "demo_batch.jsonl")
    values.load(study=study, path=FIXTURES / "demo_values.csv")
    openings.open_first_wave(study=study, raters_per_item=3, seed=1, now=now)
    prepare_texts.enqueue(study.pk)
    studies.change_state(study=study, to=StudyState.OPEN, by_id=admin.pk)
    opinions = json.loads((FIXTURES / "demo_profiles.json").read_text(encoding="utf-8"))
    simulation.run(
        study=study,
        opinions=opinions,
        n_raters=SIMULATED_RATERS,
        items_each=ITEMS_EACH,
        seed=1,
        now=now,
    )
    for name, file in JUDGES.items():
        version = JudgeVersion(name=name, simulated=True)
        load_verdicts(study=facts_of(study), path=FIXTURES / file, judge=version, now=now)
    _bring_in(study, now)
    return True


def make_further() -> None:
    """Make the studies that show the rater's other screens, where they are missing; unjudged."""
    now = timezone.now()
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
        _load_batch(study, FIXTURES / "demo_batch.jsonl")
        values.load(study=study, path=FIXTURES / "demo_values.csv")
        _give_specification(study, now, admin.pk)
        openings.open_first_wave(study=study, raters_per_item=3, seed=1, now=now)
        prepare_texts.enqueue(study.pk)
        studies.change_state(study=study, to=StudyState.OPEN, by_id=admin.pk)
        _bring_in(study, now)


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


def _load_batch(study: Study, path: Path) -> None:
    batch = batches.register(study=study, file_name=path.name, now=timezone.now())
    batches.load(batch=batch, path=path)
