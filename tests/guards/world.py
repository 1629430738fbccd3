"""Two studies with everything in them, and a person for every role."""

from dataclasses import dataclass

from django.test import Client

from annotation.models import (
    Batch,
    GoldAnswer,
    Item,
    Judgment,
    JudgmentFile,
    Rater,
    Response,
    Study,
    User,
)
from annotation.selectors.studies import pseudonyms
from annotation.services import gold, invitations
from annotation.vocabulary import Role
from evaluation.intake import JudgeVersion, load_verdicts
from evaluation.models import Judge
from tests import build

MODEL = "sealedvendor/UnderSeal-9"
SECRETS = {
    "model": "UnderSeal",
    "vendor": "sealedvendor",
    "batch file": "sealed-upload",
    "query id": "sealed-query",
    "reply id": "sealed-reply",
    "scenario id": "sealed-scenario",
    "provider's request id": "chatcmpl-sealed",
    "judge": "sealedjudge",
    "verdict's reasoning": "sealedreasoning",
    "another rater": "sealedcolleague",
    "reason of a known answer": "sealedgold",
}


@dataclass
class World:
    """One study and what its routes may name."""

    study: Study
    values: dict[str, str]
    people: dict[str, User]


def make(tmp_path, *, name: str) -> World:
    """A study with a batch, seats, judgments, a judge with verdicts, a release and every role."""
    study = build.study(name)
    lines = [
        build.reply_fields(
            query_id=f"sealed-query-{name}-{number}",
            response_id=f"sealed-reply-{name}-{number}",
            scenario_id=f"sealed-scenario-{name}-{number}",
            model=MODEL,
            metadata={"id": "chatcmpl-sealed"},
        )
        for number in range(8)
    ]
    path = build.jsonl(tmp_path / f"sealed-upload-{name}.jsonl", lines)
    batch = _loaded(study, path)
    JudgmentFile.objects.create(
        study=study,
        number=batch.number,
        file_name=f"sealed-upload-{name}.csv",
        stored_name=f"sealed-upload-{name}",
        uploaded_at=build.NOW,
    )
    build.open_seats(study)
    people = {
        "rater": build.member(study, Role.RATER, name=f"rater-{name}"),
        "researcher": build.member(study, Role.RESEARCHER, name=f"researcher-{name}"),
        "admin": build.member(study, Role.ADMIN, name=f"admin-{name}"),
    }
    colleague = build.member(study, Role.RATER, name=f"sealedcolleague-{name}")
    judged_by = Rater.objects.select_related("study").get(study=study, user=colleague)
    build.judgment(judged_by)
    build.judgment(judged_by)
    known = _known(study, f"sealed-reply-{name}-0", tmp_path)
    judge = _judge(study, tmp_path)
    release = build.release(study)
    item = Item.objects.filter(study=study, judgments__isnull=False).first()
    values = {
        "slug": study.slug,
        # A release's key; of a seat there is none with it, which is what strangers would guess.
        "key": release.key,
        "token": invitations.issue(
            study=study, role=Role.RATER, by=people["admin"], now=build.now()
        )[0],
        "public_id": str(Judgment.objects.filter(item__study=study).first().public_id),
        "judge_id": str(judge.pk),
        "item_id": str(item.pk),
        "number": str(batch.number),
        "rater_id": str(judged_by.pk),
        "rater": pseudonyms(study.pk, purpose="pages", subjects=[judged_by.pk])[judged_by.pk],
        "gold_id": str(known.pk),
        "membership_id": str(study.memberships.get(user=colleague).pk),
        "value_id": str(study.values.first().pk),
        "reply_id": str(Response.objects.filter(study=study).first().pk),
        "version_id": str(build.specification(study).pk),
        "upload_key": build.upload(study, people["admin"]).key,
        "turn": "0",
        "token_key": "no-such-token",
        "name": "manifest.json",
        "table": "priorities",
        "chart": "win-rates",
        "form": "csv",
    }
    return World(study, values, people)


def _loaded(study: Study, path) -> Batch:
    from annotation.services import batches

    batch = batches.register(study=study, file_name=path.name, now=build.NOW)
    batches.load(batch=batch, path=path)
    return batch


def _judge(study: Study, tmp_path) -> Judge:
    """A judge who gave a verdict on every reply of the study."""
    lines = [
        {
            "response_id": reply_id,
            "question": "winner",
            "answer": "value_a",
            "probability": 0.75,
            "reasoning": "sealedreasoning: it served the first value",
        }
        for reply_id in Response.objects.filter(study=study).values_list("external_id", flat=True)
    ]
    path = build.jsonl(tmp_path / f"verdicts-{study.slug}.jsonl", lines)
    version = JudgeVersion("sealedjudge")
    load_verdicts(study=build.facts(study), path=path, judge=version, now=build.NOW)
    return Judge.objects.get(study=study, name=version.name)


def _known(study: Study, reply_id: str, tmp_path) -> GoldAnswer:
    """An answer that is known, with seats of wave gold."""
    line = {"response_id": reply_id, "question": "misled", "answer": "no", "reason": "sealedgold"}
    path = build.jsonl(tmp_path / "sealedgold.jsonl", [line])
    gold.load(study=study, path=path, now=build.NOW)
    gold.open_seats(study=study, raters_per_item=1, seed=1, now=build.NOW)
    return GoldAnswer.objects.get(item__study=study)


def client(user: User | None) -> Client:
    """A browser, signed in or not; a view that breaks answers 500 and does not raise."""
    made = Client(raise_request_exception=False)
    if user is not None:
        made.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return made
