"""Forms that come back with what was sent: who sends them where, with a payload in every field."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.urls import reverse

from annotation.models import Rater, Seat, User
from annotation.selectors.cards import card_for
from annotation.services import consents
from tests import build
from tests.guards import hostile_texts, voices, world
from tests.guards.routes import routes
from tests.guards.shapes import closed

JSON = """{"key": [%s], "questions": {%s: 1}}"""

COMPOSED = (
    "label", "help", "key", "type", "level", "scope", "anchors", "condition", "rows-of", "rows",
    "code", "polarity", "option", "de-label", "de-help", "de-option",
)  # fmt: skip
SETTINGS = (
    "title", "guidelines", "consent", "on_withdrawal", "sensitive_topics", "support_text",
    "judgments_per_rater", "replies_per_query", "lease_minutes", "break_minutes",
    "skips_before_review", "edits_until",
)  # fmt: skip


@dataclass(frozen=True)
class Echo:
    """A form that comes back with what was sent: who sends it where, and what is in it."""

    role: str
    name: str
    fields: Callable[[voices.Voice, world.World], dict]
    key: str = ""
    part: bool = False
    before: Callable[[voices.Voice, world.World], object] = field(default=lambda say, of: None)


def every(*names: str, **more) -> Callable[[voices.Voice, world.World], dict]:
    """Return fields that hold every payload."""
    return lambda say, of: {**{name: say(f"sent-{name}", every=True) for name in names}, **more}


def receipt_of(of: world.World, key: str) -> str:
    rater = Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])
    return card_for(Seat.objects.select_related("item").get(key=of.values[key]), rater).receipt


def answers(say: voices.Voice, of: world.World, *, key: str = "seat", turn: int = 2) -> dict:
    """What a rater sends who answers nothing as it was asked."""
    sent = say("sent-answer", every=True)
    return {
        "receipt": receipt_of(of, key),
        "turn": str(turn),
        "choice": [sent, say.said["code-2"]],
        "some": [sent, say.said["code-3"]],
        "scale": sent,
        "words": [sent, sent],
        "evidence": [sent, json.dumps({"quote": sent, "kind": sent}), json.dumps(sent)],
        "evidence.quote": sent,
        "evidence.kind": sent,
        "kept": sent,
        "kept.clause": [sent, f"violated {sent}"],
        "kept.clause_role": [sent, "violated"],
        "kept.clause_id": [sent, sent],
        "page": sent,
        "next": sent,
        say("sent-name", every=True): sent,
    }


def whole(say: voices.Voice, of: world.World) -> dict:
    return answers(say, of, key="judged_seat", turn=0)


def good(say: voices.Voice, of: world.World) -> dict:
    """Other answers than those that are stored."""
    more = {"choice": say.said["code-1"], "words": say("again", every=True)}
    return {"receipt": receipt_of(of, "judged_seat"), "turn": "0", **more}


def a_new_consent_text(say: voices.Voice, of: world.World) -> None:
    consents.write_text(study=of.study, text=say.prose("consent-2"), now=build.now())


def a_maker_of_studies(say: voices.Voice, of: world.World) -> None:
    User.objects.filter(pk=of.people["admin"].pk).update(is_staff=True, is_superuser=True)


def file_of(name: str, lines: list[dict]) -> Callable[[voices.Voice], SimpleUploadedFile]:
    """Return an upload; its name and what is in it are the voice's."""

    def made(say: voices.Voice) -> SimpleUploadedFile:
        text = "".join(
            json.dumps({say(k): say(v, every=True) for k, v in one.items()}) + "\n" for one in lines
        )
        return SimpleUploadedFile(say("upload").replace("/", "x") + name, text.encode())

    return made


WRONG_LINES = file_of(".jsonl", [{"wrong-name": "wrong-value"}, {"other-name": "other-value"}])
WRONG_NAME = file_of(".exe", [{"wrong-name": "wrong-value"}])


def wrong_rubric(say: voices.Voice, of: world.World) -> dict:
    said = json.dumps(say("wrong-rubric", every=True))
    return {"rubric_text": JSON % (said, said), "do": "import", "seen": say("sent-seen")}


def composed(do: str, *, late: bool = False) -> Callable[[voices.Voice, world.World], dict]:
    """Return the form of a rubric with a payload in every field, and one button of it.

    One that is ``late`` comes when another admin has stored the draft meanwhile.
    """

    def made(say: voices.Voice, of: world.World) -> dict:
        sent = say("composed", every=True)
        return {
            **dict.fromkeys(["key", "title", "version", "kind", "begin-with", "new-type"], sent),
            **{f"q{n}-{name}": sent for n in (1, 2) for name in COMPOSED},
            "language": ["de", say("composed-language")],
            "new-language": sent,
            "preview-language": "de",
            "question": ["1", "2", sent],
            "seen": sent if late else of.study.rubric_draft.updated_at.isoformat(),
            "do": do or sent,
        }

    return made


ECHOES = (
    Echo("rater", "annotation:submit", answers, key="seat"),
    Echo("rater", "annotation:submit", answers, key="seat", part=True),
    Echo("rater", "annotation:submit", good, key="judged_seat"),
    Echo("rater", "annotation:submit", whole, key="judged_seat", part=True),
    Echo("rater", "annotation:submit", every("receipt", "turn", "choice"), key="seat"),
    Echo("rater", "annotation:submit", answers, key="seat", before=a_new_consent_text),
    Echo("rater", "annotation:submit", answers, key="seat", part=True, before=a_new_consent_text),
    Echo("rater", "annotation:revise", whole, key="judged_seat"),
    Echo("rater", "annotation:revise", good, key="judged_seat", part=True),
    Echo("rater", "annotation:draft", answers, key="seat"),
    Echo("rater", "annotation:draft", every("receipt", "turn"), key="seat"),
    Echo("rater", "annotation:extend", every("receipt"), key="seat"),
    Echo("rater", "annotation:skip", every("reason"), key="seat"),
    Echo("rater", "annotation:flag", every("kind", "value", "note"), key="seat"),
    Echo("rater", "annotation:flag", every("note", value="a"), key="seat"),
    Echo("rater", "annotation:flag", every("note", "kind"), key="seat", part=True),
    Echo("rater", "annotation:consent", every("text", "back"), before=a_new_consent_text),
    Echo("rater", "annotation:withdraw", every("reason")),
    Echo("rater", "language", every("language", "back")),
    Echo("rater", "keys", every("skip", "flag", "mark")),
    Echo("rater", "tokens", every("name")),
    Echo(
        "admin",
        "annotation:later_waves",
        every("wave", "question", "about", "share_below", "at_least", "cohort", "seed", "reason"),
    ),
    Echo("admin", "annotation:gold_seats", every("raters_per_item", "seed")),
    Echo("admin", "annotation:gold_answers", lambda say, of: {"file": WRONG_LINES(say)}),
    Echo("admin", "annotation:gold_answers", lambda say, of: {"file": WRONG_NAME(say)}),
    Echo("admin", "annotation:settings", every(*SETTINGS)),
    Echo(
        "admin",
        "annotation:new_study",
        every("title", "slug", "raters_per_item", "guidelines", "preset", "rubric_text"),
        before=a_maker_of_studies,
    ),
    Echo("admin", "annotation:change_state", every("to")),
    Echo("admin", "annotation:value", every("definition", "category", "aliases", "resolves")),
    Echo("admin", "annotation:value", every("definition")),
    Echo("admin", "annotation:value", every(resolves="on")),
    Echo("admin", "annotation:values", lambda say, of: {"file": WRONG_LINES(say)}),
    Echo("admin", "annotation:values", lambda say, of: {"file": WRONG_NAME(say)}),
    Echo("admin", "annotation:batches", lambda say, of: {"uploads": WRONG_NAME(say)}),
    Echo("admin", "annotation:batches", lambda say, of: {"uploads": WRONG_LINES(say)}),
    Echo("admin", "annotation:elsewhere", lambda say, of: {"file": WRONG_NAME(say)}),
    Echo("admin", "annotation:elsewhere", lambda say, of: {"file": WRONG_LINES(say)}),
    Echo("admin", "annotation:seats", every("raters_per_item", "seed")),
    Echo("admin", "annotation:invite", every("role", "count")),
    Echo("admin", "annotation:invite", every(role="rater", count="2")),
    Echo("admin", "annotation:end_membership", every("reason")),
    Echo("admin", "annotation:decide_report", every("act")),
    Echo("admin", "annotation:decide_leaks", every("decision", "hit")),
    Echo("admin", "annotation:mask_words", every("words")),
    Echo(
        "admin",
        "annotation:new_specification",
        lambda say, of: {
            "text": hostile_texts.specification(say)
            + "\n\n## "
            + say("same-title")
            + " {#"
            + "x" * 300
            + "}",
            **every("title", "key", "version", "act", "id.clause")(say, of),
        },
    ),
    Echo("admin", "annotation:use_specification", every("version_id")),
    Echo("admin", "annotation:publish_rubric", wrong_rubric),
    Echo("admin", "annotation:publish_rubric", every("rubric_text")),
    Echo("admin", "annotation:compose", wrong_rubric),
    *(
        Echo("admin", "annotation:compose", composed(do), part=part)
        for do in ("save", "show", "publish", "take-mine", "preview", "export", "begin", "")
        for part in (False, True)
    ),
    *(
        Echo("admin", "annotation:compose", composed(do))
        for do in ("add-question", "add-language", "up:2", "add-option:1", "discard")
    ),
    Echo("admin", "annotation:compose", composed("save", late=True)),
    Echo("admin", "annotation:compose", composed("publish", late=True), part=True),
    Echo("admin", "annotation:compose", composed("", late=True)),
    Echo("researcher", "evaluation:releases", every("name")),
    Echo("researcher", "evaluation:releases", lambda say, of: {"name": say.said["release"]}),
    Echo(
        "researcher",
        "evaluation:upload_verdicts",
        every("name", "model", "prompt_version", "rubric_version"),
    ),
    Echo(
        "researcher",
        "evaluation:upload_verdicts",
        lambda say, of: {"file": WRONG_LINES(say), "name": say("judge-2", longest=200)},
    ),
    Echo("nobody", "account_login", every("login", "password", "next")),
    Echo("nobody", "account_signup", every("username", "email", "password1", "password2", "next")),
    Echo("nobody", "account_reset_password", every("email")),
    Echo("rater", "account_change_password", every("oldpassword", "password1", "password2")),
)


def echoed(echo: Echo, of: world.World, say: voices.Voice) -> list:
    """Send a form; return the answer and the page it leads to. Nothing of it is kept."""
    client = world.client(of.people.get(echo.role))
    known = {route.name: route for route in routes()}
    values = {**of.values, "key": of.values[echo.key]} if echo.key else of.values
    url = known[echo.name].url(values) if echo.name in known else reverse(echo.name)
    headers = {"HX-Request": "true"} if echo.part else {}
    with transaction.atomic():
        echo.before(say, of)
        if echo.role == "nobody":
            client.get(f"/join/{of.values['token']}/")
        sent = client.post(f"{url}?{voices.query(say)}", echo.fields(say, of), headers=headers)
        answers = [closed(sent)]
        if sent.status_code in {302, 303}:
            answers.append(closed(client.get(sent["Location"])))
        transaction.set_rollback(True)
    return answers
