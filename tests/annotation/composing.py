"""The form of the composer as a browser fills it in and sends it."""

from datetime import timedelta
from html.parser import HTMLParser

from django.test import Client

from annotation.models import RubricDraft, Study, User
from annotation.rubric_composer.draft import draft_in, draft_of, source_of
from annotation.rubric_format import rubric_from_json
from annotation.services import rubric_drafts
from annotation.vocabulary import Role
from tests import build
from tests.pages import page

ADDRESS = "/studies/s/rubric/edit/"
HTMX = {"HX-Request": "true"}


class FormReader(HTMLParser):
    """Reads what a browser would send of the form ``rubric-form``."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.fields = {}
        self.select = None
        self.text = None

    def put(self, name, value):
        self.fields.setdefault(name, []).append(value)

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self.inside = at.get("id") == "rubric-form"
        if tag == "option" and self.select:
            self.select[1].append((at.get("value") or "", "selected" in at))
        if not self.inside and at.get("form") != "rubric-form":
            return
        if tag == "input" and (at.get("type") != "checkbox" or "checked" in at):
            self.put(at["name"], at.get("value") or "")
        elif tag == "select":
            self.select = at["name"], []
        elif tag == "textarea":
            self.text = at["name"], ""

    def handle_data(self, data):
        if self.text:
            self.text = self.text[0], self.text[1] + data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.select:
            name, options = self.select
            chosen = [value for value, is_chosen in options if is_chosen] or [options[0][0]]
            self.put(name, chosen[-1])
            self.select = None
        elif tag == "textarea" and self.text:
            self.put(self.text[0], self.text[1].removeprefix("\n"))
            self.text = None


def fields_in(response) -> dict[str, list[str]]:
    reader = FormReader()
    reader.feed(page(response))
    return reader.fields


def press(client, do: str, fields=None, *, headers=None, **typed):
    """Press a button of the form as it is, or as it was when these fields were read."""
    sent = fields_in(client.get(ADDRESS)) if fields is None else fields
    more = {name.replace("_", "-"): value for name, value in typed.items()}
    return client.post(ADDRESS, {**sent, **more, "do": do}, headers=headers or {})


def stored(study):
    return draft_in(RubricDraft.objects.get(study=study).source)


def by_another(study, *, title="Theirs", seen=None):
    """A draft that another admin stores."""
    bea = build.member(study, Role.ADMIN)
    return rubric_drafts.store(
        study=study,
        source={**source_of(draft_of(rubric_from_json(build.SAFE))), "title": title},
        seen=seen,
        by=bea,
        now=build.now() + timedelta(seconds=1),
    )


def signed_in(study: Study, client: Client) -> User:
    """Ann, an admin of the study, who is signed in."""
    account = build.member(study, Role.ADMIN, name="ann")
    client.force_login(account)
    return account
