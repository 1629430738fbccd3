"""Builders: each makes one stored thing, through the services where the act matters."""

import itertools
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from annotation.models import Batch, Item, Rater, Response, Study, TextVersion, User
from annotation.receipts import Receipt, opened
from annotation.rubric_format import presets, rubric_from_json
from annotation.selectors.cards import card_for
from annotation.selectors.studies import facts_of
from annotation.services import batches, judgments, raters, seats, studies
from annotation.vocabulary import Role, StudyState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = itertools.count(1)

# One single-choice question about the whole conversation.
SAFE = {
    "key": "safety",
    "title": "Safety",
    "questions": [
        {
            "key": "safe",
            "label": "Is the reply safe?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        }
    ],
}
# A question of every type, one of them conditional, all about the whole conversation.
EVERY_TYPE = {
    "key": "every-type",
    "title": "Every type",
    "questions": [
        {
            "key": "misled",
            "label": "Misled?",
            "type": "single",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        {
            "key": "who",
            "label": "Who?",
            "type": "several",
            "required": False,
            "show_if": {"question": "misled", "is": ["yes"]},
            "options": [{"code": "user", "label": "User"}, {"code": "public", "label": "Public"}],
        },
        {
            "key": "severity",
            "label": "How bad?",
            "type": "scale",
            "level": "ordinal",
            "required": False,
            "options": [{"code": n, "label": str(n)} for n in range(5)],
        },
        {"key": "note", "label": "Note", "type": "text", "required": False},
    ],
}
QUICK = {"winner": ["value_a"], "misled": ["no"], "confidence": ["3"]}


def user(name: str = "", **more) -> User:
    """An account; its password is its name."""
    name = name or f"user{next(_numbers)}"
    return User.objects.create_user(username=name, password=name, **more)


def study(slug: str = "", *, rubric: dict | str = "tradeoff-quick", state="open", **more) -> Study:
    """A study with a preset or a given rubric."""
    parts = presets()[rubric] if isinstance(rubric, str) else rubric_from_json(rubric)
    made = studies.create(
        slug=slug or f"study{next(_numbers)}", title="A study", rubric=parts, now=NOW
    )
    if state != "draft":
        studies.change_state(study=made, to=StudyState.OPEN, by_id=None)
    if state not in ("draft", "open"):
        studies.change_state(study=made, to=StudyState(state), by_id=None)
    if more:
        Study.objects.filter(pk=made.pk).update(**more)
        made.refresh_from_db()
    return made


def facts(made: Study):
    """What evaluation knows of a study."""
    return facts_of(Study.objects.get(pk=made.pk))


def member(made: Study, role: Role | str = Role.RATER, **more) -> User:
    """An account with a role in a study; a rater gets a rater's row too."""
    account = user(**more)
    studies.join(study=made, user=account, role=Role(role), now=NOW)
    if role == Role.RATER:
        raters.enrol(study=made, user=account, now=NOW)
    return account


def rater(made: Study, **more) -> Rater:
    """A rater with an account."""
    account = member(made, Role.RATER)
    if more:
        Rater.objects.filter(study=made, user=account).update(**more)
    return Rater.objects.select_related("study").get(study=made, user=account)


def reply_fields(**more) -> dict:
    """A line of a batch; a query of its own unless told."""
    number = next(_numbers)
    return {
        "query_id": f"q{number}",
        "response_id": f"r{number}",
        "model": "acme/one",
        "value_a": "Honesty",
        "value_b": "Kindness",
        "messages": [
            {"role": "user", "content": f"Question {number}?"},
            {"role": "assistant", "content": f"Answer {number}."},
        ],
        **more,
    }


def conversation(turns: int, *, text: str = "Turn") -> list[dict]:
    """Messages of several turns, each recognisable by its number."""
    return [
        message
        for turn in range(1, turns + 1)
        for message in (
            {"role": "user", "content": f"Ask{turn}?"},
            {"role": "assistant", "content": f"{text}{turn}."},
        )
    ]


def jsonl(path: Path, lines: list[dict]) -> Path:
    """Write lines to a file."""
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def batch(made: Study, lines: list[dict], tmp_path: Path) -> Batch:
    """An upload, loaded."""
    path = jsonl(tmp_path / f"batch{next(_numbers)}.jsonl", lines)
    registered = batches.register(study=made, file_name=path.name, now=NOW)
    batches.load(batch=registered, path=path)
    registered.refresh_from_db()
    return registered


def reply(made: Study, tmp_path: Path, **fields) -> Response:
    """One stored reply."""
    line = reply_fields(**fields)
    batch(made, [line], tmp_path)
    return Response.objects.get(study=made, external_id=line["response_id"])


def item(made: Study, tmp_path: Path, *, n_seats: int = 3, **fields) -> Item:
    """One reply with free seats."""
    stored = reply(made, tmp_path, **fields)
    seats.open_first_wave(study=made, raters_per_item=n_seats, seed=1, now=NOW)
    return Item.objects.get(reply_1=stored)


def claim(by: Rater, *, at: datetime = NOW):
    """The seat the rater gets."""
    by.study.refresh_from_db()
    return seats.claim_next(rater=by, now=at)


def receipt(seat, by: Rater) -> Receipt:
    """What the rater was shown at a seat."""
    return opened(card_for(seat, by).receipt, seat_key=seat.key)


def judgment(by: Rater, *, at: datetime = NOW, turn: int = 0, **answers):
    """Claim the next seat and judge one stage of it; answers replace those of ``QUICK``."""
    seat = claim(by, at=at)
    sent = {
        **QUICK,
        **{key: [value] if isinstance(value, str) else value for key, value in answers.items()},
    }
    return judgments.submit(rater=by, receipt=receipt(seat, by), turn=turn, sent=sent, now=at)


def submit(by: Rater, seat, *, at: datetime = NOW, turn: int = 0, sealed=None, **answers):
    """Judge one stage of a seat; answers replace those of ``QUICK``."""
    given = {key: [word] if isinstance(word, str) else word for key, word in answers.items()}
    shown = sealed or receipt(seat, by)
    return judgments.submit(rater=by, receipt=shown, turn=turn, sent={**QUICK, **given}, now=at)


def at_once(*acts) -> list:
    """Run the acts in threads of their own, started together; an exception is returned as a result."""
    gate = threading.Barrier(len(acts))

    def run(act):
        try:
            gate.wait(timeout=30)
            return act()
        except Exception as error:  # noqa: BLE001 - what a thread met is the result
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(run, act) for act in acts]]


def now() -> datetime:
    """The present, for pages that use the clock."""
    return timezone.now()


def current_text(stored: Response) -> TextVersion:
    """The words of a reply that count now."""
    return stored.versions.get(current=True)


def open_seats(made: Study, *, n_seats: int = 3) -> None:
    """Seats at every reply."""
    seats.open_first_wave(study=made, raters_per_item=n_seats, seed=1, now=NOW)


def invitation(
    made: Study, by: User, *, role: Role = Role.RATER, at: datetime | None = None
) -> str:
    """The secret of an open invitation."""
    from annotation.services import invitations

    return invitations.issue(study=made, role=role, by=by, now=at or now())[0]


def judge_with_verdicts(made: Study, tmp_path: Path, *, name: str = "sealedjudge"):
    """A judge who gave a verdict on every reply of the study."""
    from evaluation.intake import JudgeVersion, load_verdicts
    from evaluation.models import Judge

    lines = [
        {
            "response_id": reply_id,
            "question": "winner",
            "answer": "value_a",
            "probability": 0.75,
            "reasoning": "sealedreasoning: it served the first value",
        }
        for reply_id in Response.objects.filter(study=made).values_list("external_id", flat=True)
    ]
    path = jsonl(tmp_path / f"verdicts{next(_numbers)}.jsonl", lines)
    load_verdicts(study=facts(made), path=path, judge=JudgeVersion(name), now=NOW)
    return Judge.objects.get(study=made, name=name)


def release(made: Study, *, name: str = "first"):
    """A release of the study, written."""
    from evaluation import tasks

    return tasks.request_release(facts(made), name=name, by_id=None, now=NOW)
