"""Builders: each makes one stored thing, through the services where the act matters."""

import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils import timezone

from annotation.models import (
    Batch,
    CitedClause,
    Clause,
    ConsentText,
    Item,
    Judgment,
    Option,
    Rater,
    Response,
    SpanAnswer,
    Study,
    TextVersion,
    Upload,
    User,
    Withdrawal,
)
from annotation.receipts import Receipt, opened
from annotation.rubric_format import presets, rubric_from_json
from annotation.selectors.cards import card_for
from annotation.selectors.studies import facts_of
from annotation.services import batches, judgments, openings, parts, raters, seats, studies
from annotation.vocabulary import Role, StudyState

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
_numbers = itertools.count(1)
TODAYS_RULES = settings.SCRUB_RULES_FILE

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
# Besides, spans with kinds and a question whose answer names clauses; neither has to be answered.
WITH_EVIDENCE = {
    **EVERY_TYPE,
    "questions": [
        *EVERY_TYPE["questions"],
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "required": False,
            "options": [
                {"code": "omission", "label": "Omission"},
                {"code": "framing", "label": "Framing"},
            ],
        },
        {
            "key": "kept",
            "label": "Kept to the specification?",
            "type": "single",
            "required": False,
            "clauses": True,
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
    ],
}
# Four clauses on two levels, one of them without an id of its own.
SPECIFICATION = """\
# Honesty {#honesty authority=fixed}

Truth comes first.

## Do not lie {#do_not_lie authority=user}

No **false** statement, not even a kind one.

## Small courtesies

"Lovely" is no lie.

# Harm {#harm authority=fixed}

Weigh how grave it is.
"""
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


def upload(
    made: Study, by: User, content: bytes = b"x" * 10, *, name: str = "b.jsonl", sha256: str = ""
) -> Upload:
    """A file that is to be sent in parts, of which nothing is here yet."""
    size = len(content)
    return parts.start(
        study=made, file_name=name, size=size, sha256=sha256, by_id=by.pk, now=now()
    )[0]


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
    openings.open_first_wave(study=made, raters_per_item=n_seats, seed=1, now=NOW)
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


def span_row(made: Judgment, **more) -> SpanAnswer:
    """Words marked as evidence in a judgment of ``WITH_EVIDENCE``, as a row."""
    option = Option.objects.get(question__rubric=made.rubric, code="omission")
    fields = {"option": option, "turn": 0, "message": 1, "start": 0, "end": 4, "quote": "I am"}
    fields = {"judgment": made, "question": option.question, "current": made.current, **fields}
    return SpanAnswer.objects.create(**{**fields, "text_sha256": "a", **more})


def cited_row(made: Judgment, clause: Clause, **more) -> CitedClause:
    """A clause that decided an answer in a judgment of ``WITH_EVIDENCE``, as a row."""
    question = made.rubric.questions.get(key="kept")
    fields = {"question": question, "turn": 0, "role": "violated", "current": made.current, **more}
    return CitedClause.objects.create(judgment=made, clause=clause, **fields)


def rules(path: Path, *, version: int, gone: tuple[str, ...] = (), names: tuple[dict, ...] = ()):
    """A file of scrubbing rules: today's without some names, and with others."""
    data = json.loads(Path(TODAYS_RULES).read_text(encoding="utf-8"))
    kept = [row for row in data["names"] if row["name"] not in gone]
    new = [{"kind": "vendor", "vendor": "none", "doubtful": False, **row} for row in names]
    data = {**data, "version": version, "names": [*kept, *new]}
    file = path / f"rules{next(_numbers)}.json"
    file.write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return file


def asks_consent(made: Study, text: str = "Do you agree?", *, at: datetime = NOW) -> ConsentText:
    """The text that raters of a study must agree to from now on."""
    from annotation.services import consents

    return consents.write_text(study=made, text=text, now=at)


def agree(by: Rater, *, at: datetime = NOW) -> None:
    """The rater agrees to what the study asks."""
    from annotation.services import consents

    by.study.refresh_from_db()
    consents.give(rater=by, text_id=by.study.consent_text_id, now=at)


def withdrawal_row(by: Rater, *, policy: str = "delete") -> Withdrawal:
    """That a rater withdrew, as a row."""
    Rater.objects.filter(pk=by.pk).update(withdrew_at=NOW)
    return Withdrawal.objects.create(rater=by, policy=policy, withdrew_at=NOW, judgments=1)


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


def wait_for(met, *, seconds: float = 90) -> None:
    """Wait until something holds that another process or the browser brings about.

    A busy machine is late, not wrong: the limit is for what never comes about.
    """
    until = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < until, "it did not come about in time"
        time.sleep(0.05)


def now() -> datetime:
    """The present, for pages that use the clock."""
    return timezone.now()


def current_text(stored: Response) -> TextVersion:
    """The words of a reply that count now."""
    return stored.versions.get(current=True)


def open_seats(made: Study, *, n_seats: int = 3) -> None:
    """Seats at every reply."""
    openings.open_first_wave(study=made, raters_per_item=n_seats, seed=1, now=NOW)


def invitation(
    made: Study, by: User, *, role: Role = Role.RATER, at: datetime | None = None
) -> str:
    """The secret of an open invitation."""
    from annotation.services import invitations

    return invitations.issue(study=made, role=role, by=by, now=at or now())[0]


def specification(
    made: Study, *, version: str = "1", source: str = SPECIFICATION, used=True, **more
):
    """A version of a specification; raters are asked against it unless told otherwise."""
    from annotation.services import specifications

    names = {"key": "care", "title": "Rules of care", "ids": {}, **more}
    stored = specifications.add(
        study=made, version=version, source=source, now=NOW, by_id=None, **names
    )
    if used:
        specifications.use(study=made, version_id=stored.pk, by_id=None)
    return stored


def release(made: Study, *, name: str = "first"):
    """A release of the study, written."""
    from evaluation import tasks

    return tasks.request_release(facts(made), name=name, by_id=None, now=NOW)
