"""Whatever is sent to whichever address, the server answers: with a page or a refusal, not a fault."""

import json
from dataclasses import dataclass
from urllib.parse import quote, urlencode

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from annotation.models import Rater, Seat, User
from annotation.selectors.cards import card_for, card_for_edit
from annotation.services import consents, seats
from tests import build
from tests.guards import hostile, voices, world
from tests.guards.echoes import ECHOES, echoed
from tests.guards.routes import Route, routes

pytestmark = pytest.mark.django_db

FORM = "application/x-www-form-urlencoded"
WORDS = ("%00", "x%00y", "%ED%A0%80", "%FF", "%E2%80%A8", "x" * 3_000, "..", "%F0%9F%98%80", "-1")
NUMBERS = ("0", str(2**31), str(2**63), str(2**64), "9" * 40, "9" * 5_000)
TEXTS = (
    b"", b"%00", b"x%00y", b"%ED%A0%80%FF", b"9" * 400, b"-1", b"1e400", b"%D9%A3", b"32768",
    b"99999", b"null", b'"%5Cud800"', b"x" * 20_001, b"%E2%80%A8", b"..%2F..%2F",
)  # fmt: skip
DEEP = (b'{"a":' * 5_000, b"[" * 100_000)
PLACE = {"slot": 1, "message": 2, "start": 0, "end": 1, "quote": "x", "kind": ""}
MARKS = (
    *({**PLACE, name: odd} for name in PLACE for odd in (None, True, -1, 10**30, 1.5, [], {}, "x")),
    {**PLACE, "quote": "\ud800"},
    {**PLACE, "kind": "\ud800", "start": 99},
    {**PLACE, "quote": "\0", "kind": "\0"},
    {**PLACE, "quote": "x" * 60_000},
)
SIGNALS = (
    {"questions": {"\0": 5}},
    {"questions": {"\ud800": 5, "x" * 200: 5}, "active": 10**400},
    {"pastes": {"\0": 1}, "absences": {"\udfff": 1}, "folded": [10**30, None], "client": "wide"},
    {"questions": [1], "active": "9", "client": ["wide"], "unfolded": {"a": 1}},
    {"client": {}, "active": float("inf"), "pastes": {"a": float("nan")}},
)
AS_JSON = {
    "evidence": [*DEEP, *(quote(json.dumps(one)).encode() for one in MARKS)],
    "page": [*DEEP, *(quote(json.dumps(one)).encode() for one in SIGNALS)],
}


@pytest.fixture
def say():
    return voices.Voice(voices.SIGNS, harmless=True)


@pytest.fixture
def own(tmp_path, say):
    return hostile.make(tmp_path, say, slug="own")


def asked(client, method: str, url: str, body=b"", kind: str = FORM, **headers) -> int:
    """Send a request and undo what it did; return the status."""
    with transaction.atomic():
        answer = client.generic(method, url, body, content_type=kind, headers=headers)
        for close in answer._resource_closers:
            close()
        transaction.set_rollback(True)
    return answer.status_code


def odd_addresses(route: Route, of: world.World) -> list[str]:
    """Return a route's address with something odd in place of each of its parameters in turn."""
    seats = route.pattern.startswith("studies/<slug:slug>/rate/")
    values = {**of.values, **({"key": of.values["seat"]} if seats else {})}
    found = []
    for name in route.parameters:
        if f"<int:{name}>" in route.pattern:
            marked = route.url({**values, name: "77777"})
            found += [marked.replace("77777", odd) for odd in NUMBERS]
        elif f"<str:{name}>" in route.pattern:
            marked = route.url({**values, name: "ODD"})
            found += [marked.replace("ODD", odd) for odd in WORDS]
    return found


@pytest.mark.parametrize("role", ["nobody", "rater", "admin"])
def test_no_address_however_odd_is_a_fault(own, role):
    client = world.client(own.people.get(role))

    faults = [
        (method, url[:120])
        for route in routes()
        for url in odd_addresses(route, own)
        for method in ("GET", "POST")
        if asked(client, method, url) >= 500
    ]

    assert faults == []


OF_RATERS = {
    "annotation:clauses": ("q", "version", "question"),
    "annotation:glossary": ("words", "page"),
    "annotation:consent": ("next", "repeat", "text"),
}
OF_OTHERS = {
    "annotation:values": ("words", "page"),
    "annotation:leaks": ("batch", "decision", "rule", "alike", "page"),
    "annotation:reports": ("list", "page"),
    "annotation:batch": ("page",),
    "annotation:raters": ("page",),
    "annotation:compose": ("language",),
    "annotation:new_specification": ("key",),
    "annotation:gold_answers": ("page",),
    "annotation:ended_gold": ("page",),
    "annotation:later_waves": ("wave", "question", "about", "share_below", "at_least", "cohort"),
    "evaluation:gold": ("page",),
    "api-gold": ("question",),
    "evaluation:agreement": ("question", "by"),
    "evaluation:agreement_csv": ("question", "by"),
    "evaluation:rater_quality": ("question", "page"),
    "evaluation:rater_quality_csv": ("question",),
    "evaluation:rater_on_question": ("question",),
    "evaluation:rater_pairs": ("question", "page"),
    "evaluation:disputed": ("question", "page"),
    "evaluation:disagreements": ("question",),
    "evaluation:over_time": ("question", "by"),
    "evaluation:order_effects": ("question", "exclusions"),
    "evaluation:order_sides_csv": ("question",),
    "evaluation:order_places_csv": ("question",),
    "api-raters": ("question", "scope"),
    "api-order-effects": ("question", "scope", "exclusions"),
    "evaluation:judge": ("question", "epsilon"),
    "evaluation:judge_slices": ("question", "by"),
    "evaluation:judge_against": ("question", "other", "first", "second"),
    "api-judge-slices": ("question", "by"),
    "api-judge-against": ("question", "other"),
    "evaluation:models": ("from", "by"),
    "evaluation:models_csv": ("from", "by"),
    "evaluation:labels": ("question", "judge"),
    "evaluation:labels_table": ("question", "judge"),
    "api-models": ("source", "judge", "by"),
    "api-labels": ("question", "judge"),
    "api-label-rows": ("question", "judge"),
    "evaluation:judge_items": ("question", "scope", "people", "judge"),
    "evaluation:rates": ("judge", "question", "option", "by", "scope", "sample", "half_width"),
    "evaluation:rates_csv": ("option",),
    "api-agreement": ("question", "by"),
    "api-judge-report": ("question", "epsilon"),
    "api-rates": ("question", "option", "sample", "half_width"),
    "api-batch-errors": ("page",),
}


def test_no_parameter_however_odd_is_a_fault(own):
    known = {route.name: route.url(own.values) for route in routes()}
    faults = []

    for role, read in (("rater", OF_RATERS), ("admin", OF_OTHERS)):
        client = world.client(own.people[role])
        faults += [
            (name, parameter, text[:60])
            for name, parameters in read.items()
            for parameter in parameters
            for text in TEXTS
            if asked(client, "GET", f"{known[name]}?{parameter}={text.decode()}") >= 500
        ]

    assert faults == []


@dataclass(frozen=True)
class Sheet:
    """A form of a rater as it should be, and where it goes."""

    user: User
    url: str
    fields: dict[str, str]


def sheet_of_a_last_stage(of: world.World, say: voices.Voice) -> Sheet:
    """The whole of an item whose turns are judged, the next item held already."""
    made = build.rater(of.study)
    consents.give(rater=made, text_id=of.study.consent_text_id, now=build.now())
    seat = build.claim(made, at=build.now())
    for turn in (1, 2):
        sent = hostile.answers(say, made, seat, turn)
        build.submit(made, seat, at=build.now(), turn=turn, **sent)
        seat.refresh_from_db()
    ahead = seats.claim_ahead(rater=made, now=build.now())
    fields = {
        "receipt": card_for(seat, made).receipt, "turn": "0", "choice": say.said["code-1"],
        "evidence": "", "page": "{}", "next": ahead.key,
    }  # fmt: skip
    return Sheet(made.user, f"/studies/own/rate/{seat.key}/", fields)


def sheet(name: str, of: world.World, say: voices.Voice) -> Sheet:
    """Return a form of the world's rater."""
    if name == "submit the whole":
        return sheet_of_a_last_stage(of, say)
    rater = Rater.objects.select_related("study").get(study=of.study, user=of.people["rater"])
    held = Seat.objects.select_related("item").get(key=of.values["seat"])
    judged = Seat.objects.select_related("item").get(key=of.values["judged_seat"])
    at, back = (f"/studies/own/rate/{seat.key}/" for seat in (held, judged))
    turn = {
        "receipt": card_for(held, rater).receipt, "turn": "2", "choice": say.said["code-2"],
        "some": say.said["code-3"], "evidence": "", "evidence.quote": "", "evidence.kind": "",
        "page": "{}",
    }  # fmt: skip
    whole = {
        "receipt": card_for_edit(judged, rater, turn=0).receipt, "turn": "0",
        "choice": say.said["code-1"], "scale": "1", "words": "w", "kept": "yes", "kept.clause": "",
        "kept.clause_role": "", "kept.clause_id": "", "page": "{}",
    }  # fmt: skip
    url, fields = {
        "submit": (at, turn),
        "draft": (f"{at}draft/", turn),
        "extend": (f"{at}extend/", {"x": "y"}),
        "skip": (f"{at}skip/", {"reason": "broken"}),
        "flag": (f"{at}flag/", {"kind": "item", "note": "n", "value": ""}),
        "flag a value": (f"{at}flag/", {"kind": "", "note": "n", "value": "a"}),
        "submit again": (back, whole),
        "revise": (f"{back}revise/0/", whole),
        "draft of an edit": (f"{back}draft/", whole),
        "consent": ("/studies/own/consent/", {"text": "1"}),
        "language": ("/language/", {"language": "de", "back": "/"}),
        "keys": ("/keys/", {"skip": "x", "flag": "y"}),
        "tokens": ("/tokens/", {"name": "n"}),
    }[name]
    return Sheet(rater.user, url, fields)


SHEETS = {
    "submit": 200, "submit the whole": 204, "draft": 200, "extend": 200, "skip": 200, "flag": 200,
    "flag a value": 200, "submit again": 409, "revise": 200, "draft of an edit": 200,
    "consent": 409, "language": 302, "keys": 200, "tokens": 200,
}  # fmt: skip


def bodies(fields: dict[str, str]):
    """Yield the form with something odd in each field in turn, and some that are no form at all."""
    for name in fields:
        rest = urlencode([(n, v) for n, v in fields.items() if n != name]).encode()
        field = quote(name).encode()
        for text in (*TEXTS, *AS_JSON.get(name, ())):
            yield name, rest + b"&" + field + b"=" + text, FORM
        yield f"{name} twice", rest + b"&%s=a&%s=%%00&%s=b" % (field, field, field), FORM
    whole = urlencode(fields).encode()
    yield "many fields", whole + b"".join(b"&f%d=1" % n for n in range(7_000)), FORM
    yield "5 MB", whole + b"&x=" + b"x" * (5 * 1024 * 1024), FORM
    yield "odd names", whole + b"&%00=1&%ED%A0%80=1&evidence.%00=1&=1&choice.x%00=1&&&", FORM
    yield "JSON", json.dumps(fields).encode(), "application/json"
    yield "nothing", b"", FORM
    yield "text", whole, "text/plain"
    for charset in ("utf-7", "utf-16", "no-such", "idna"):
        yield f"charset {charset}", whole, f"{FORM}; charset={charset}"
    yield (
        "no end",
        b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n",
        ("multipart/form-data; boundary=x"),
    )
    yield "no boundary", whole, "multipart/form-data"
    part = b'--x\r\nContent-Disposition: form-data; name="%s"; filename="f"\r\n\r\nx\r\n'
    files = b"".join(part % name.encode() for name in fields) + b"--x--\r\n"
    yield "files instead of fields", files, "multipart/form-data; boundary=x"


@pytest.mark.parametrize("name", SHEETS)
def test_no_form_of_a_rater_however_odd_is_a_fault(own, say, name):
    sent = sheet(name, own, say)
    client = world.client(sent.user)
    part = {"HX-Request": "true"}
    as_it_should_be = asked(client, "POST", sent.url, urlencode(sent.fields).encode(), FORM, **part)

    faults = [
        (what, body[-120:], headers)
        for n, (what, body, kind) in enumerate(bodies(sent.fields))
        for headers in [part if n % 2 else {}]
        if not (what.startswith("next") and b"%00" in body)  # the test below
        if asked(client, "POST", sent.url, body, kind, **headers) >= 500
    ]

    assert as_it_should_be == SHEETS[name]
    assert faults == []


def test_a_next_item_that_no_database_looks_up_is_as_if_none_was_named(own, say):
    sent = sheet_of_a_last_stage(own, say)
    body = urlencode({**sent.fields, "next": "\0"}).encode()

    status = asked(world.client(sent.user), "POST", sent.url, body, FORM, **{"HX-Request": "true"})

    assert status == 200


class Odd(voices.Voice):
    """Says the same odd text everywhere."""

    def __init__(self, text: str, said: dict[str, str]) -> None:
        super().__init__((), said=said)
        self.text = text

    def __call__(self, name, **more):
        return self.text

    def prose(self, name):
        return self.text.replace("\0", "")


@pytest.mark.parametrize("text", ["x\0y", "", "9" * 400, "-1", "\u2028", "x" * 20_001])
def test_no_form_with_odd_text_in_every_field_is_a_fault(own, say, text):
    odd = Odd(text, say.said)

    faults = [
        (echo.role, echo.name)
        for echo in ECHOES
        if any(answer.status_code >= 500 for answer in echoed(echo, own, odd))
    ]

    assert faults == []


PART = '{"key": "%s", "label": "l", "type": "single", "options": [{"code": "%s", "label": "x"}]}'
HALF = "\\ud800"
JSONS = (
    f'{{"{HALF}": 1}}',
    f'{{"key": "{HALF}", "title": "{HALF}", "questions": []}}',
    f'{{"key": "k", "title": "t", "questions": [{PART % (HALF, HALF)}]}}',
    f'{{"key": "k", "title": "t", "questions": [], "translations": {{"{HALF}": {{"{HALF}": 1}}}}}}',
    '{"key": "\\u0000", "\\u0000": 1}',
    '{"key": 1e999, "version": NaN, "title": -Infinity}',
    f'{{"version": {"9" * 5_000}}}',
    '{"a": ' * 3_000,
    "[" * 100_000,
    f'{{"{HALF}": 1, "{HALF}": 2}}',
    '"x"',
    "null",
    "[]",
)


def test_no_json_however_odd_is_a_fault(own):
    client = world.client(own.people["admin"])

    faults = [
        (n, found) for n, text in enumerate(JSONS) if max(found := answered(client, text)) >= 500
    ]

    assert faults == []


def answered(client, text: str) -> list[int]:
    """Send JSON wherever an admin may send some; return the statuses. Nothing of it is kept."""
    at = "/studies/own"
    lines = SimpleUploadedFile("f.jsonl", f'{text}\n{{"response_id": {text}}}\n'.encode())
    as_json = {"content_type": "application/json"}
    with transaction.atomic():
        answers = [
            client.post(f"{at}/rubric/", {"rubric_text": text}),
            client.post(f"{at}/rubric/edit/", {"rubric_text": text, "do": "import"}),
            client.post(f"{at}/batches/", {"uploads": lines}),
            client.post(f"{at}/values/", {"file": lines.open()}),
            client.post(f"{at}/judges/upload/", {"file": lines.open(), "name": "j"}),
            client.get(f"{at}/batches/2/"),
            client.post(f"/api{at}/releases/", text, **as_json),
            client.post(f"/api{at}/releases/", f'{{"name": {text}}}', **as_json),
            client.post(f"/api{at}/uploads/", text, **as_json),
            client.post(
                f"/api{at}/uploads/", f'{{"file_name": {text}, "bytes": {text}}}', **as_json
            ),
            client.post(f"/api{at}/batches/1/again/", text, **as_json),
        ]
        transaction.set_rollback(True)
    return [answer.status_code for answer in answers]
