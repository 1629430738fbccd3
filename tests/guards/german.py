"""A study in German with everything in it, and a person who reads every page of it."""

import re
from datetime import timedelta
from uuid import UUID

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from annotation.models import Judgment, Rater, Study, Value
from annotation.services import consents, openings, studies, values
from annotation.services.values import Meaning
from annotation.vocabulary import VALUE_CATEGORIES, Role
from tests import build

PART = {"HX-Request": "true"}
SPECIFICATION = """\
# Ehrlichkeit {#ehrlichkeit authority=fest}

Zuerst kommt die Wahrheit.

## Nicht lügen {#luege}

Keine **falsche** Behauptung.
"""
TALK = [
    {"role": "system", "content": "Hilf ihm."},
    {"role": "user", "content": "Was soll ich sagen?"},
    {
        "role": "assistant",
        "content": "Die ganze Wahrheit: Ich bin ChatGPT. ![](bild.png)\n\n| Bild |\n|-|\n| Turm |",
    },
    {"role": "user", "content": "Und dann?"},
    {"role": "assistant", "content": ""},
]
TURN = {"winner": "both", "refusal": "1", "misled": "no"}
SPAN = '{"message": 1, "start": 0, "end": 3, "quote": "Die", "kind": "omission"}'
WHOLE = {
    **TURN,
    "judgeable": "yes",
    "score_a": "3",
    "score_b": "3",
    "compliance": "compliant",
    "compliance.clause": "violated luege",
    "confidence": "3",
    "note": "Eine Notiz.",
}
PAIR = {"more_a": "tie", "more_misleading": "tie", "confidence": "3"}


def study(tmp_path, *, rubric: str = "tradeoff-standard", **more) -> Study:
    """A study whose own words are all German."""
    made = build.study(
        rubric=rubric,
        title="Eine Studie",
        sensitive_topics=["Gewalt"],
        support_text="Rufen Sie **an**.",
        shows_system_messages=True,
        edits_until=build.now() + timedelta(days=30),
        **more,
    )
    studies.write_guidelines(study=made, text="Lesen Sie langsam.", now=build.NOW)
    build.specification(made, source=SPECIFICATION, title="Hausregeln")
    lines = [_reply(query, model) for query in range(4) for model in ("eins", "zwei")]
    build.batch(made, lines, tmp_path)
    pairs = {"pairs_per_query": 1} if rubric == "pairwise" else {}
    openings.open_first_wave(study=made, raters_per_item=2, seed=1, now=build.NOW, **pairs)
    category = next(iter(VALUE_CATEGORIES.values()))[0]
    meaning = Meaning(definition="Sagen, was ist.", category=category, aliases=("Offenheit",))
    value = Value.objects.get(study=made, name="Wahrheit")
    values.change(study=made, value_id=value.pk, meaning=meaning, by_id=build.user().pk)
    made.refresh_from_db()
    return made


def _reply(query: int, model: str) -> dict:
    return build.reply_fields(
        query_id=f"frage-{query}",
        model=f"haus/{model}",
        value_a="Wahrheit",
        value_b="Güte",
        messages=[*TALK[:-1], {"role": "assistant", "content": model if query else ""}],
        facts=["Es regnet."],
        topics=["Gewalt"],
    )


class Reader:
    """Somebody whose browser asks for German, and who keeps every answer."""

    def __init__(self, by: Rater | None = None) -> None:
        self.client = Client(raise_request_exception=False, headers={"Accept-Language": "de"})
        self.answers: list[tuple[str, HttpResponse]] = []
        self.slug = by.study.slug if by else ""
        if by:
            self.client.force_login(by.user, backend="django.contrib.auth.backends.ModelBackend")

    def get(self, page: str, *args, part: bool = False, query: str = "") -> HttpResponse:
        """Open a page of the study."""
        return self.open(self.at(page, *args) + query, part=part)

    def open(self, address: str, *, part: bool = False) -> HttpResponse:
        """Open any address."""
        return self._kept(address, self.client.get(address, headers=PART if part else {}))

    def post(self, page: str, *args, part: bool = False, query: str = "", **fields) -> HttpResponse:
        """Send a form of the study; what it leads to is read as well."""
        return self.send(self.at(page, *args) + query, fields, part=part)

    def send(self, address: str, fields: dict, *, part: bool = False) -> HttpResponse:
        """Send a form to any address; what it leads to is read as well."""
        sent = self.client.post(address, fields, headers=PART if part else {})
        answer = self._kept(address, sent)
        if answer.status_code in (302, 303) and answer["Location"].startswith("/"):
            self.open(answer["Location"])
        return answer

    def at(self, page: str, *args) -> str:
        """Return the address of a page of the study."""
        return reverse(f"annotation:{page}", args=[self.slug, *args])

    def _kept(self, what: str, answer: HttpResponse) -> HttpResponse:
        self.answers.append((f"{answer.status_code} {what}", answer))
        return answer


def form_of(answer: HttpResponse) -> dict[str, str]:
    """Return the key and the hidden fields of the form that an answer shows."""
    html = answer.content.decode()
    key = re.search(r'class="card[^>]*data-key="([^"]+)"', html)
    names = ("receipt", "turn")
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', html) for name in names}
    return {"key": key[1], **{name: match[1] for name, match in found.items()}}


def comes_in(tmp_path) -> Reader:
    """Somebody without an account: an invitation, an account, a forgotten password."""
    made = study(tmp_path)
    reader = Reader()
    for role in Role:
        admin = build.member(made, Role.ADMIN)
        reader.open(reverse("join", args=[build.invitation(made, admin, role=role)]))
    reader.open(reverse("join", args=["nichts"]))
    reader.open("/gibt-es-nicht/")
    for name in ("login", "signup", "reset_password", "reset_password_done"):
        reader.open(reverse(f"account_{name}"))
    reader.open(reverse("account_reset_password_from_key", args=["1", "falsch"]))
    reader.send(reverse("account_login"), {"login": "niemand", "password": "falsch"})
    reader.send(reverse("account_reset_password"), {"email": "keine"})
    wrong = {"username": "neu", "password1": "kurz", "password2": "anders"}
    reader.send(reverse("account_signup"), wrong)
    right = {"username": "neu", "password1": "Lang-genug-42", "password2": "Lang-genug-42"}
    reader.send(reverse("account_signup"), right)
    for name in ("email", "logout", "change_password", "login"):
        reader.open(reverse(f"account_{name}"))
    for name in ("home", "mfa_index", "tokens"):
        reader.open(reverse(name))
    reader.send(reverse("tokens"), {"name": ""})
    reader.send(reverse("tokens"), {"name": "bericht"})
    reader.send(reverse("account_logout"), {})
    return reader


def agrees(tmp_path) -> Reader:
    """A rater who is asked to agree, declines, and agrees; the text changes under their hands."""
    made = study(tmp_path)
    consents.write_text(study=made, text=consents.default_text(), now=build.NOW)
    ann = build.rater(made)
    reader = Reader(ann)
    reader.open(reverse("home"))
    for part in (False, True):
        reader.get("rate", part=part)
        reader.post("submit", "schluessel", part=part, winner="both")
    for page in ("consent", "declined", "support", "withdraw"):
        reader.get(page)
    reader.post("consent", query="?text=0")
    made.refresh_from_db()
    reader.post("consent", query=f"?text={made.consent_text_id}&in=de")
    reader.get("consent")
    build.asks_consent(made, "Machen Sie noch mit?")
    reader.get("consent")
    reader.get("rate", part=True)
    return reader


def judges(tmp_path) -> Reader:
    """A rater at work: every form wrong and right, with script and without."""
    ann = build.rater(study(tmp_path))
    reader = Reader(ann)
    reader.get("undo")
    reader.get("rate")
    form = form_of(reader.get("rate", part=True))
    key = form.pop("key")
    for sent in (
        {},
        {"misled": "yes", "evidence": "{}", "winner": ["both", "neither"], "note": "x" * 10_001},
        {**TURN, "misled": "yes", "evidence": SPAN, "mechanism": "erfunden"},
        {**TURN, "turn": "9"},
        {"receipt": "falsch"},
    ):
        reader.post("submit", key, part=True, **{**form, **sent})
    reader.post("draft", key, **form, winner="both")
    reader.post("draft", key, receipt="falsch", turn="1")
    reader.get("rate")
    reader.post("skip", key, reason="")
    reader.post("extend", key)
    for flagged in ({}, {"kind": "item", "note": "x" * 2_001}, {"value": "a"}):
        reader.post("flag", key, **flagged)
        reader.post("flag", key, part=True, **flagged)
    reader.post("flag", "fremd", value="b", note="Notiz")
    reader.post("submit", key, part=True, **{**form, **TURN})
    reader.post("submit", key, **{**form, **TURN, "winner": "neither"})
    second = form_of(reader.get("rate"))
    reader.post("submit", second.pop("key"), **{**second, **TURN})
    whole = form_of(reader.get("rate"))
    whole.pop("key")
    reader.post("submit", key, **{**whole, **WHOLE, "compliance.clause": "violated unbekannt"})
    reader.post("submit", key, **{**whole, **WHOLE})
    reader.get("undo")
    for turn in (0, 1):
        again = form_of(reader.get("revise", key, turn))
        again.pop("key")
        reader.post("revise", key, turn, **again)
        reader.post("revise", key, turn, **{**again, **WHOLE, "winner": "neither"})
        reader.post("revise", key, turn, **{**again, **WHOLE, "winner": "value_a"})
    reader.send(reverse("keys"), {"skip": "u"})
    reader.send(reverse("keys"), {"skip": "7"})
    for page in ("mine", "glossary", "guidelines", "clauses", "support", "withdraw"):
        reader.get(page)
    mine = Judgment.objects.filter(rater=ann, current=True).get()
    reader.get("my_judgment", mine.public_id)
    for words in ("wahrheit", "unauffindbar"):
        reader.get("clauses", query=f"?q={words}")
        reader.get("clauses", query=f"?q={words}&question=compliance", part=True)
        reader.get("glossary", query=f"?words={words}")
    reader.get("settings")
    reader.get("study")
    return reader


def compares(tmp_path) -> Reader:
    """A rater of two replies side by side, to the end of what there is."""
    ann = build.rater(study(tmp_path, rubric="pairwise"))
    reader = Reader(ann)
    reader.get("guidelines")
    for _ in range(4):
        form = form_of(reader.get("rate"))
        reader.post("submit", form.pop("key"), **{**form, **PAIR})
    reader.get("rate")
    reader.get("my_judgment", Judgment.objects.filter(rater=ann).first().public_id)
    return reader


def finishes(tmp_path) -> Reader:
    """A rater to whom every end of the work happens, who leaves and comes back to the door."""
    made = study(tmp_path)
    ann = build.rater(made)
    reader = Reader(ann)
    for holds in (True, False):
        if holds:
            reader.get("rate")
        for state in ("paused", "closed", "open"):
            Study.objects.filter(pk=made.pk).update(state=state)
            for page in ("rate", "mine"):
                reader.get(page)
        Rater.objects.filter(pk=ann.pk).update(paused_at=build.NOW)
        reader.get("rate")
        if holds:
            form = form_of(reader.get("rate"))
            reader.post("skip", form["key"], reason="language")
        Rater.objects.filter(pk=ann.pk).update(paused_at=None)
    Study.objects.filter(pk=made.pk).update(judgments_per_rater=0)
    reader.get("rate")
    Study.objects.filter(pk=made.pk).update(judgments_per_rater=None, edits_until=build.NOW)
    reader.get("mine")
    reader.post("withdraw")
    reader.get("goodbye")
    reader.open(reverse("home"))
    admin = build.member(made, Role.ADMIN)
    reader.send(reverse("join", args=[build.invitation(made, admin)]), {})
    return reader


def is_asked(tmp_path) -> Reader:
    """A rater who is asked whom they recognised, and whose form is too large."""
    made = study(tmp_path, rubric="tradeoff-quick")
    Study.objects.filter(pk=made.pk).update(guess_every=1)
    made.refresh_from_db()
    ann = build.rater(made)
    reader = Reader(ann)
    form = form_of(reader.get("rate"))
    reader.post("submit", form.pop("key"), **{**form, **build.QUICK})
    judged = Judgment.objects.get(rater=ann)
    for part in (False, True):
        reader.get("rate", part=part)
        for sent in ({}, {"knew": "yes"}, {"knew": "yes", "words": "x" * 201}):
            reader.post("guess", judged.public_id, part=part, **sent)
    reader.post("guess", UUID(int=0), knew="no")
    reader.post("guess", judged.public_id, knew="yes", words="Niemand")
    large = reader.client.post(reverse("language"), {}, CONTENT_LENGTH=str(10**9))
    reader.answers.append(("413", large))
    return reader


WALKS = (comes_in, agrees, judges, compares, finishes, is_asked)
