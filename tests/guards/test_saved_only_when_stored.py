"""R-041 without script: where the database takes nothing, no page says that something is stored.

Every form of every page is sent once while the database refuses each write, and once after: the
first time it must answer with a fault and no word of success, neither there nor on the next page;
the second time it must be taken, so that a form that was refused anyway proves nothing.
"""

import json
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection, transaction
from django.urls import reverse

from annotation.models import Flag, Item, Judgment, Rater, Seat, Study, User
from annotation.receipts import opened
from annotation.selectors.cards import card_for, card_for_edit
from annotation.services import consents
from annotation.vocabulary import FlagKind
from evaluation.frames import frame_from_json
from evaluation.intake import samples
from evaluation.intake.designs import drawing_from_json
from evaluation.services import exclusions, reports
from evaluation.services.report_kinds import AGREEMENT
from tests import build
from tests.guards import world
from tests.guards.routes import routes

pytestmark = pytest.mark.django_db

CLAIM = re.compile(
    r"\b(?:saved|stored|kept|sent|recorded|deleted|decided|applied|lifted|added|published|opened"
    r"|success|thank you|made|created|gespeichert)\b",
    re.IGNORECASE,
)
NO_CLAIM = re.compile(r"if you had just sent something|if not, send it again", re.IGNORECASE)
# Sessions and what is remembered for pages: no work of anybody's.
ASIDE = re.compile(r'"(?:django_session|touchstone_cache)"')
WRITE = re.compile(r"^\s*(?:INSERT|UPDATE|DELETE)\b", re.IGNORECASE)


@contextmanager
def nothing_is_stored():
    """The database refuses every write, as a full disk or a lost primary makes it do."""
    refused = []

    def refuse(execute, sql, params, many, context):
        if WRITE.match(sql) and not ASIDE.search(sql):
            refused.append(sql)
            raise OperationalError("could not write: no space left on device")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield refused


def nothing(of: world.World) -> None:
    """Change nothing before."""


@dataclass(frozen=True)
class Form:
    """A form as somebody sends it: who, where, what is in it, and what has to be there before."""

    role: str
    name: str
    fields: Callable[[world.World], dict] = field(default=lambda of: {})
    values: Callable[[world.World], dict] = field(default=lambda of: {})
    before: Callable[[world.World], object] = nothing
    json: bool = False
    htmx: bool = False


def rater_of(of: world.World) -> Rater:
    return Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])


def held(of: world.World) -> Seat:
    """The seat that the rater holds; taken before the fault."""
    rater = rater_of(of)
    return Seat.objects.select_related("item").get(pk=build.claim(rater, at=build.now()).pk)


def judged(of: world.World) -> Judgment:
    rater = rater_of(of)
    if not Judgment.objects.filter(rater=rater, current=True).exists():
        build.judgment(rater, at=build.now())
    return Judgment.objects.get(rater=rater, current=True)


def answers(of: world.World) -> dict:
    seat = held(of)
    receipt = card_for(seat, rater_of(of)).receipt
    return {"receipt": receipt, "turn": "0", **{k: v[0] for k, v in build.QUICK.items()}}


def changed(of: world.World) -> dict:
    """Second thoughts on what the rater judged."""
    seat = judged(of).seat
    card = card_for_edit(seat, rater_of(of), turn=0, language="")
    opened(card.receipt, seat_key=seat.key)
    given = {**{k: v[0] for k, v in build.QUICK.items()}, "confidence": "2"}
    return {"receipt": card.receipt, "turn": "0", **given}


def of_seat(of: world.World) -> dict:
    return {"key": held(of).key}


def of_judged(of: world.World) -> dict:
    return {"key": judged(of).seat.key}


def a_new_consent_text(of: world.World) -> None:
    consents.write_text(study=of.study, text="Do you agree?", now=build.now())


def consented(of: world.World) -> dict:
    text = Study.objects.get(pk=of.study.pk).consent_text
    return {"text": str(text.pk), "agree": "yes", "do": "agree"}


def asks_for_guesses(of: world.World) -> None:
    Study.objects.filter(pk=of.study.pk).update(guess_every=1)
    judged(of)


def a_file(name: str, *lines: dict) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, "".join(json.dumps(one) + "\n" for one in lines).encode())


def reply_of(of: world.World) -> str:
    return f"sealed-reply-{of.study.slug}-0"


def gold_line(of: world.World) -> dict:
    return {"response_id": reply_of(of), "question": "winner", "answer": "value_b"}


def flagged(of: world.World) -> None:
    Flag.objects.create(
        rater=rater_of(of), item=Item.objects.get(pk=of.values["item_id"]),
        kind=FlagKind.ITEM, note="x", flagged_at=build.NOW,
    )  # fmt: skip


def excluded(of: world.World) -> None:
    exclusions.add(
        build.facts(of.study), kind="fast", subject="5", reason="x", now=build.NOW, by_id=None
    )


def reported(of: world.World) -> None:
    asked = reports.request(build.facts(of.study), AGREEMENT, {}, now=build.NOW, by_id=None)
    reports.write(build.facts(of.study), asked.number, now=build.NOW)


def sampled(of: world.World) -> None:
    drawing = drawing_from_json({"design": "simple", "size": 2})
    frame, facts = frame_from_json({}), build.facts(of.study)
    asked = samples.request(facts, frame, drawing, seed=1, now=build.NOW)
    samples.draw(facts, asked.pk)


def maker(of: world.World) -> None:
    User.objects.filter(pk=of.people["admin"].pk).update(is_staff=True, is_superuser=True)


FORMS = (
    Form("rater", "annotation:submit", answers, of_seat),
    Form("rater", "annotation:submit", answers, of_seat, htmx=True),
    Form("rater", "annotation:draft", answers, of_seat, htmx=True),
    Form("rater", "annotation:skip", lambda of: {"reason": "broken"}, of_seat),
    Form("rater", "annotation:flag", lambda of: {"kind": "item", "note": "x"}, of_seat),
    Form("rater", "annotation:flag", lambda of: {"kind": "item"}, of_seat, htmx=True),
    Form("rater", "annotation:extend", values=of_seat),
    Form("rater", "annotation:revise", changed, of_judged),
    Form("rater", "annotation:guess", lambda of: {"knew": "no"},
         lambda of: {"public_id": str(judged(of).public_id)}, asks_for_guesses),
    Form("rater", "annotation:withdraw"),
    Form("rater", "keys", lambda of: {"skip": "q"}),
    Form("rater", "language", lambda of: {"language": "de"}),
    Form("rater", "tokens", lambda of: {"name": "mine"}),
    Form("admin", "annotation:settings", lambda of: {"title": "Other", "lease_minutes": "30",
         "break_minutes": "0", "guess_every": "0", "skips_before_review": "3",
         "on_withdrawal": of.study.on_withdrawal}),
    Form("admin", "annotation:change_state", lambda of: {"to": "paused"}),
    Form("admin", "annotation:new_study", lambda of: {"title": "New", "slug": "new-one",
         "raters_per_item": "3", "preset": "refusal"}, before=maker),
    Form("admin", "annotation:value", lambda of: {"definition": "What is true."}),
    Form("admin", "annotation:values",
         lambda of: {"file": a_file("v.jsonl", {"value": "Honesty", "definition": "True words."})}),
    Form("admin", "annotation:batches", lambda of: {"uploads": a_file("b.jsonl",
         build.reply_fields(query_id="q-new", response_id="r-new"))}),
    Form("admin", "annotation:elsewhere", lambda of: {"file": a_file("j.jsonl",
         {"response_id": reply_of(of), "rater": "ann", "question": "misled", "answer": "no"})}),
    Form("admin", "annotation:gold_answers",
         lambda of: {"file": a_file("g.jsonl", gold_line(of))}),
    Form("admin", "annotation:remove_gold"),
    Form("admin", "annotation:seats", lambda of: {"raters_per_item": "4", "seed": "1"}),
    Form("admin", "annotation:invite", lambda of: {"role": "rater", "count": "2"}),
    Form("admin", "annotation:revoke_invitations"),
    Form("admin", "annotation:place_rater", lambda of: {"cohort": "pilot"}),
    Form("admin", "annotation:pause_rater"),
    Form("admin", "annotation:end_membership"),
    Form("admin", "annotation:decide_report", lambda of: {"act": "leave", "seen": ""},
         before=flagged),
    Form("admin", "annotation:mask_words", lambda of: {"words": "Answer"}),
    Form("admin", "annotation:new_specification", lambda of: {"text": build.SPECIFICATION,
         "title": "Care", "key": "other", "version": "9", "act": "store"}),
    Form("researcher", "evaluation:exclusions",
         lambda of: {"kind": "fast", "subject": "5", "reason": "quick"}),
    Form("researcher", "evaluation:lift_exclusion", values=lambda of: {"number": "1"},
         before=excluded),
    Form("researcher", "evaluation:kept_reports", lambda of: {}),
    Form("researcher", "evaluation:draw_sample", lambda of: {"design": "simple", "size": "2",
         "seed": "1", "do": "draw"}),
    Form("researcher", "evaluation:rehearse_design", lambda of: {"design": "simple", "size": "2",
         "draws": "5"}),
    Form("researcher", "evaluation:rehearse", lambda of: {"draws": "5"},
         lambda of: {"number": "1"}, sampled),
    Form("researcher", "api-rehearsals",
         lambda of: {"parameters": {"design": "simple", "size": 2}, "draws": 5}, json=True),
    Form("researcher", "evaluation:judge_family", lambda of: {"family": "other"}),
    Form("researcher", "evaluation:upload_verdicts", lambda of: {"name": "new", "file": a_file(
         "v.jsonl", {"response_id": reply_of(of), "question": "winner", "answer": "value_a"})}),
    Form("researcher", "evaluation:releases", lambda of: {"name": "another"}),
    Form("researcher", "api-releases", lambda of: {"name": "by api"}, json=True),
    Form("researcher", "api-reports", lambda of: {}, json=True),
)  # fmt: skip


# What is not sent here, and why.
ASIDE_FORMS = {
    "annotation:compose": "stays on its page by script; test_saved_only_when_confirmed tries it",
    "annotation:publish_rubric": "as a new study's: the same form and service",
    "annotation:consent": "stores what is sent along; test_consents tries it",
    "annotation:cancel_batch": "sets one state, as change_state",
    "annotation:read_again": "sets one state, as change_state",
    "annotation:read_judgments_on": "sets one state, as change_state",
    "annotation:stop_judgments": "sets one state, as change_state",
    "annotation:resume_rater": "as pause_rater",
    "annotation:decide_leaks": "as mask_words",
    "annotation:gold_seats": "as seats",
    "annotation:later_waves": "as seats; looks first, and opens on a second press",
    "annotation:run_sweep": "refused where the texts are up to date",
    "annotation:stop_sweep": "sets one state, as change_state",
    "annotation:use_specification": "sets one field, as settings",
    "evaluation:make_ensemble": "as upload_verdicts",
    "evaluation:personal_data": "decides about findings, as mask_words",
    "join": "joins a study, as invite; leads home",
}


def sent(form: Form, of: world.World, client, fields: dict, url: str):
    if form.json:
        return client.post(url, json.dumps(fields), content_type="application/json")
    for one in fields.values():
        if hasattr(one, "seek"):
            one.seek(0)
    return client.post(url, fields, headers={"HX-Request": "true"} if form.htmx else {})


def claims(answer) -> list[str]:
    """Lines of an answer that say that something was done."""
    words = re.sub(r"<style.*?</style>|<[^>]*>", " ", answer.content.decode(), flags=re.DOTALL)
    lines = [line for line in words.splitlines() if CLAIM.search(NO_CLAIM.sub("", line))]
    return [*lines, *([answer["X-Stored"]] if "X-Stored" in answer else [])]


@pytest.fixture
def of(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return world.make(tmp_path, name="own")


def problems_of(form: Form, of: world.World) -> list[str]:
    """Send a form to a database that takes nothing, and again to one that does; undo all of it."""
    with transaction.atomic():
        form.before(of)
        client = world.client(of.people[form.role])
        values = {**of.values, **form.values(of)}
        url = next(route for route in routes() if route.name == form.name).url(values)
        fields = form.fields(of)
        with transaction.atomic(), nothing_is_stored() as refused:
            answer = sent(form, of, client, fields, url)
            transaction.set_rollback(True)
        told = [str(one) for one in client.get(reverse("home")).context["messages"]]
        taken = sent(form, of, client, fields, url)
        transaction.set_rollback(True)
    return [
        *(["it changed nothing, so the fault was never met"] if not refused else []),
        *([f"answered {answer.status_code}"] if answer.status_code != 500 else []),
        *claims(answer),
        *told,
        *([f"is not taken: {taken.status_code}"] if taken.status_code >= 400 else []),
    ]


def test_R041_a_form_that_could_not_be_stored_says_nothing_else(of):
    found = {
        f"{form.role} {form.name}{' part' * form.htmx}": wrong
        for form in FORMS
        if (wrong := problems_of(form, of))
    }

    assert found == {}


def test_R041_every_address_that_takes_a_form_is_tried_or_has_its_reason():
    table = json.loads((Path(__file__).parent / "access.json").read_text())
    post = ("GET", "HEAD", "OPTIONS", "POST").index("POST")
    named = {route.pattern: route.name for route in routes()}

    take = {
        named[pattern]
        for pattern, roles in table.items()
        if not pattern.startswith("api/")  # programs read the status
        and any(
            roles[role]["own"].split()[post] not in ("403", "404", "405")
            for role in ("rater", "researcher", "admin")
        )
    }

    assert sorted(take - {form.name for form in FORMS}) == sorted(ASIDE_FORMS)
