"""A study in which every text that anyone can write is a voice's: hostile, or its harmless twin.

Both make the same things in the same shape, so that their pages must be the same but for words.
"""

import json
from pathlib import Path

from annotation.models import (
    Batch,
    GoldAnswer,
    Item,
    Judgment,
    JudgmentFile,
    LanguageModel,
    Rater,
    Response,
    Seat,
    Study,
    User,
)
from annotation.rubric_format import rubric_from_json
from annotation.selectors.cards import card_for
from annotation.selectors.studies import pseudonyms
from annotation.services import (
    batches,
    consents,
    drafts,
    flags,
    gold,
    imports,
    invitations,
    judgments,
    raters,
    settings,
    studies,
    tokens,
    values,
)
from annotation.services.settings import StudySettings
from annotation.services.values import Meaning
from annotation.vocabulary import FlagKind, LineFileState, OnWithdrawal, Role, StudyState
from tests import build
from tests.guards.hostile_texts import replies, rubric, specification
from tests.guards.voices import Voice, printable
from tests.guards.world import World


def make(tmp_path: Path, say: Voice, *, slug: str) -> World:
    """The study, its people, and everything they wrote; ``values`` are what its routes may name."""
    tmp_path.mkdir(exist_ok=True)
    study = studies.create(
        slug=slug,
        title=say("study-title", longest=200),
        rubric=rubric_from_json(rubric(say)),
        guidelines=say.prose("guidelines"),
        now=build.NOW,
    )
    studies.change_state(study=study, to=StudyState.OPEN, by_id=None)
    people = {
        role: build.member(study, role, name=f"{role}-{slug}")
        for role in ("rater", "researcher", "admin")
    }
    colleague = build.member(study, Role.RATER, name=f"colleague-{slug}")
    _name(people | {"colleague": colleague}, say)
    _settings(study, say, people["admin"])
    value_a, value_b = say("value-a", longest=150), say("value-b", longest=150)
    batch = _batch(study, say, tmp_path, replies(say, value_a, value_b))
    _values(study, say, tmp_path)
    version = build.specification(
        study,
        key=printable(say("specification-key")),
        title=printable(say("specification-title", longest=200)),
        version=printable(say("specification-version")),
        source=specification(say),
    )
    build.open_seats(study, n_seats=3)
    _in_order(study)
    said = [_judged(study, user, say) for user in (colleague, people["rater"])]
    _imported(study, say, tmp_path)
    _begun(study, people["rater"], say)
    known = _known(study, say, tmp_path)
    judge = _judge(study, say, tmp_path)
    release = build.release(study, name=say("release"))
    for user in people.values():
        tokens.issue(user=user, name=printable(say(f"token-{user.pk}", longest=90)))
    _rubric_draft(study, people["admin"], say)
    held = Seat.objects.held_by(said[1].rater_id).order_by("hold").first()
    item = Item.objects.filter(study=study, judgments__isnull=False).first()
    invited = invitations.issue(study=study, role=Role.RATER, by=people["admin"], now=build.now())
    routes = {
        "slug": slug,
        "key": release.key,
        "token": invited[0],
        "public_id": str(said[1].public_id),
        "judge_id": str(judge.pk),
        "item_id": str(item.pk),
        "number": str(batch.number),
        "rater_id": str(said[0].rater_id),
        "rater": pseudonyms(study.pk, purpose="pages", subjects=[said[0].rater_id])[
            said[0].rater_id
        ],
        "gold_id": str(known.pk),
        "membership_id": str(study.memberships.get(user=colleague).pk),
        "value_id": str(study.values.get(name=value_a).pk),
        "reply_id": str(Response.objects.filter(study=study).first().pk),
        "version_id": str(version.pk),
        "turn": "0",
        "token_key": "no-such-token",
        "upload_key": "no-such-upload",
        "name": "manifest.json",
        "table": "priorities",
        "chart": "win-rates",
        "form": "csv",
        "seat": held.key,
        "judged_seat": said[1].seat.key,
    }
    return World(study, routes, people)


def _in_order(study: Study) -> None:
    """Let every rater meet the items in the order of the file, in both worlds alike."""
    for n, item in enumerate(Item.objects.filter(study=study).order_by("reply_1_id")):
        Seat.objects.filter(item=item).update(place=n)
    Rater.objects.filter(study=study).update(start=0, cursor=0, descending=False)


def _name(people: dict[str, User], say: Voice) -> None:
    for role, user in people.items():
        keys = {action: say(f"key-{action}") for action in ("skip", "flag", "mark")}
        keys[say("key-of-nothing")] = say("key-nothing")
        user.username = say(f"name-{role}", longest=150)
        User.objects.filter(pk=user.pk).update(username=user.username, keys=keys)


def _settings(study: Study, say: Voice, admin: User) -> None:
    wanted = StudySettings(
        title=study.title,
        lease_minutes=30,
        replies_per_query=None,
        one_framing_per_scenario=False,
        shows_system_messages=True,
        judgments_per_rater=None,
        skips_before_review=1,
        break_minutes=0,
        edits_until=None,
        sensitive_topics=(say("topic"),),
        support_text=say.prose("support"),
        on_withdrawal=OnWithdrawal.KEEP,
    )
    settings.change(
        study=study,
        wanted=wanted,
        guidelines=say.prose("guidelines"),
        consent=say.prose("consent") + "\n\n{withdrawal} `{title}`",
        now=build.NOW,
        by_id=admin.pk,
    )
    study.refresh_from_db()
    for rater in Rater.objects.filter(study=study).select_related("study"):
        consents.give(rater=rater, text_id=study.consent_text_id, now=build.NOW)
        Rater.objects.filter(pk=rater.pk).update(cohort=say("cohort"))


def _batch(study: Study, say: Voice, tmp_path: Path, lines: list[dict]) -> Batch:
    wrong = {say("wrong-field"): 1, "sample": say("wrong-sample"), "framing": say("wrong-framing")}
    path = build.jsonl(tmp_path / "replies.jsonl", [*lines, {**lines[0], **wrong, "messages": 3}])
    batch = batches.register(
        study=study, file_name=say("file", longest=200) + ".jsonl", now=build.NOW
    )
    batches.load(batch=batch, path=path)
    for n in range(2):
        batch.errors.create(line=n, field=say(f"error-field-{n}"), reason=say("error", every=True))
    LanguageModel.objects.filter(study=study).update(family=say("family"), aliases=[say("alias")])
    batch.refresh_from_db()
    assert batch.created == len(lines), list(batch.errors.values_list("field", "reason"))
    return batch


def _values(study: Study, say: Voice, tmp_path: Path) -> None:
    for n, value in enumerate(study.values.order_by("pk")):
        alias = say(f"value-alias-{n}").replace("|", "/")
        meaning = Meaning(say(f"definition-{n}", every=True)[:1900], "Critical thinking", (alias,))
        values.change(study=study, value_id=value.pk, meaning=meaning, by_id=0)


def _judged(study: Study, user: User, say: Voice) -> Judgment:
    """Both turns and the whole of one item are judged, with every kind of answer, and flags."""
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    seat = build.claim(rater)
    made = None
    for turn in (1, 2, 0):
        seat.refresh_from_db()
        receipt = build.receipt(seat, rater)
        sent = answers(say, rater, seat, turn)
        made = judgments.submit(rater=rater, receipt=receipt, turn=turn, sent=sent, now=build.NOW)
    for kind in FlagKind:
        value_id = seat.query.value_a_id if kind == FlagKind.VALUE else None
        flags.flag(
            rater=rater, key=seat.key, kind=kind, value_id=value_id, now=build.NOW,
            note=say(f"note-{kind}-{user.pk}", every=True)[:1900],
        )  # fmt: skip
    return Judgment.objects.select_related("seat").get(public_id=made.judgment_id)


def answers(say: Voice, rater: Rater, seat: Seat, turn: int) -> dict[str, list[str]]:
    """What a form of the rubric sends with something in every field."""
    from annotation import rendering

    said = say.said
    html = next(one.html for one in card_for(seat, rater).messages if one.turn == (turn or 1))
    text = rendering.text_of(html)
    place = {"slot": 1, "message": turn or 1, "start": 0, "end": 40, "kind": said["kind-1"]}
    marked = json.dumps({**place, "quote": text[:40]})
    sent = {"choice": [said["code-2"]], "some": [said["code-3"]], "evidence": [marked]}
    if turn:
        return sent
    whole = {"scale": ["1"], "words": [say("note", every=True)], "kept": ["yes"]}
    cited = [f"{role} {said[f'clause-{n}']}" for n, role in enumerate(("violated", "supports"))]
    return {**sent, **whole, "kept.clause": cited}


def _imported(study: Study, say: Voice, tmp_path: Path) -> None:
    wrong = {
        "line": 1,
        "field": say("judged-field"),
        "value": say("judged-value"),
        "reason": say("judged-reason", every=True),
    }
    JudgmentFile.objects.create(
        study=study,
        number=1,
        file_name=say("judged-file", longest=200) + ".csv",
        stored_name="none",
        state=LineFileState.CANCELLED,
        failure=say("judged-failure", every=True),
        refused=1,
        errors=[wrong],
        uploaded_at=build.NOW,
        ended_at=build.NOW,
    )
    line = {
        "response_id": say.said["reply-1"],
        "rater": say("imported-rater", longest=150),
        "question": "choice",
        "answer": say.said["code-1"],
    }
    imports.load(study=study, path=build.jsonl(tmp_path / "others.jsonl", [line]), now=build.NOW)


def _begun(study: Study, user: User, say: Voice) -> None:
    """The next item is before the rater, its first turn judged, the second entered and not sent."""
    rater = Rater.objects.select_related("study").get(study=study, user=user)
    raters.resume(rater=rater, by_id=0)
    seat = build.claim(rater, at=build.now())
    sent = answers(say, rater, seat, 1)
    receipt = build.receipt(seat, rater)
    judgments.submit(rater=rater, receipt=receipt, turn=1, sent=sent, now=build.now())
    seat.refresh_from_db()
    entered = {**answers(say, rater, seat, 2), "evidence.quote": [say("typed-quote", every=True)]}
    receipt = build.receipt(seat, rater)
    drafts.keep(rater=rater, receipt=receipt, turn=2, sent=entered, now=build.now())


def _known(study: Study, say: Voice, tmp_path: Path) -> GoldAnswer:
    """Answers that are known, one of them replaced, and an opening with its reason."""
    lines = [
        {
            "response_id": say.said["reply-0"],
            "question": question,
            "answer": say.said[code],
            "reason": say(f"gold-reason-{question}", every=True)[:1900],
        }
        for question, code in (("choice", "code-1"), ("some", "code-3"))
    ]
    name = say("gold-file") + ".jsonl"
    again = {**lines[0], "answer": say.said["code-2"]}
    for read in (lines, [again]):
        path = build.jsonl(tmp_path / "gold.jsonl", read)
        tally = gold.load(study=study, path=path, name=name, now=build.NOW, replace=True)
        assert not tally.refused, tally.errors
    reason = say("opening-reason", every=True)
    gold.open_seats(study=study, raters_per_item=1, seed=1, now=build.NOW, reason=reason)
    return GoldAnswer.objects.in_force().filter(item__study=study).first()


def _judge(study: Study, say: Voice, tmp_path: Path):
    from evaluation.intake import JudgeVersion, load_verdicts
    from evaluation.models import Judge

    lines = [
        {
            "response_id": say.said[f"reply-{n}"],
            "question": question,
            "answer": answer,
            "probability": 0.7,
            "reasoning": say(f"reasoning-{n}", every=True),
            "clauses": [say(f"verdict-clause-{n}")],
        }
        for n in range(5)
        for question, answer in (("choice", say.said["code-1"]), ("kept", "yes"))
    ]
    judge = JudgeVersion(
        say("judge", longest=200),
        model=say("judge-model", longest=200),
        prompt_version=say("prompt-version"),
        rubric_version=say("rubric-version"),
    )
    path = build.jsonl(tmp_path / "verdicts.jsonl", lines)
    load_verdicts(study=build.facts(study), path=path, judge=judge, now=build.NOW)
    return Judge.objects.get(study=study)


def _rubric_draft(study: Study, admin: User, say: Voice) -> None:
    """A draft of the next rubric as an admin left it, with what no rubric may hold besides."""
    from annotation.rubric_composer.draft import source_of
    from annotation.rubric_composer.fields import draft_from, fields_of
    from annotation.selectors.rubric_drafts import as_draft
    from annotation.services import rubric_drafts

    draft = as_draft(study, rubric_from_json(study.rubric.source))
    wrong = {
        "key": [say("draft-key")],
        "version": ["v" + say("draft-version")],
        "q1-key": ["1" + say("q1-key")],
    }
    left = draft_from({**fields_of(draft), **wrong})
    rubric_drafts.store(study=study, source=source_of(left), seen=None, by=admin, now=build.NOW)
