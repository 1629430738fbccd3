"""No payload in any field that anyone can write runs or leaves its place, on any page.

Every page is made twice: of a study whose every text is a payload, and of its harmless twin. Both
must have the same elements with the same attributes, each as often; only words may differ.
"""

import pytest

from annotation.models import Membership, Study, User
from tests import build
from tests.guards import hostile, voices, world
from tests.guards.echoes import ECHOES, echoed
from tests.guards.routes import Route, routes
from tests.guards.shapes import REFUSED, VOICES, Page, address, closed, differences, problems_of

pytestmark = pytest.mark.django_db

ROLES = ("nobody", "rater", "researcher", "admin")

PART_IN_GERMAN = {"HX-Request": "true", "Accept-Language": "de"}


@pytest.fixture(params=VOICES)
def twins(request, tmp_path):
    """The hostile world and its harmless twin, each with the voice that wrote it."""
    made = []
    for name, harmless in (("evil", False), ("good", True)):
        say = voices.Voice(VOICES[request.param], harmless)
        made.append((hostile.make(tmp_path / name, say, slug=f"{name}-study"), say))
    return made


def visited(twins, clients, route: Route, *, asked=True, **headers) -> tuple[list[str], int]:
    """Return what is wrong with a page, alone or beside its twin, and its status."""
    answers = [
        closed(client.get(address(route, of) + query, headers=headers))
        for client, (of, say) in zip(clients, twins, strict=True)
        for query in ["?" + voices.query(say) if asked else ""]
    ]
    wrong = [*problems_of(answers[0]), *differences(*answers)]
    where = f"{route.pattern}{'?…' if asked else ''} {headers or ''}"
    return [f"{where}: {one}" for one in wrong], answers[0].status_code


def test_R021_no_page_has_another_shape_because_of_what_was_written(twins):
    found = []

    for role in ROLES:
        clients = [world.client(of.people.get(role)) for of, _ in twins]
        for route in routes():
            wrong, status = visited(twins, clients, route)
            if status not in REFUSED:
                wrong += visited(twins, clients, route, asked=False)[0]
                wrong += visited(twins, clients, route, **PART_IN_GERMAN)[0]
            found += [f"{role}: {one}" for one in wrong]

    assert found == [], "\n".join(found)


def test_R021_no_form_comes_back_with_a_payload_that_runs(twins):
    found = []

    for echo in ECHOES:
        evil, good = (echoed(echo, *twin) for twin in twins)
        wrong = [one for answer in evil for one in problems_of(answer)]
        wrong += [one for pair in zip(evil, good, strict=False) for one in differences(*pair)]
        found += [f"{echo.role} {echo.name} {[a.status_code for a in evil]}: {w}" for w in wrong]

    assert found == [], "\n".join(found)


@pytest.mark.parametrize("table", ["user", "study", "membership"])
def test_R021_the_operators_pages_show_payloads_as_text(tmp_path, table):
    hostile.make(tmp_path, voices.Voice(voices.MARKUP), slug="own")
    client = world.client(build.user("operator", is_staff=True, is_superuser=True))
    rows = {"user": User, "study": Study, "membership": Membership}[table].objects
    address = f"/operator/annotation/{table}/"

    pages = [
        client.get(at)
        for at in (address, *(f"{address}{pk}/change/" for pk in rows.values_list("pk", flat=True)))
    ]

    # Django's own pages have comments, and words for their scripts under an address of theirs.
    wrong = [one for page in pages for one in problems_of(page)]
    assert [one for one in wrong if not one.startswith("<!--") and "jsi18n" not in one] == []
    assert {page.status_code for page in pages} == {200}


PLACES = {
    "text": "<p>{}</p>",
    "attribute": '<p title="{}">x</p>',
    "attribute in single quotes": "<p title='{}'>x</p>",
    "address": '<a href="{}">x</a>',
    "title": "<title>{}</title>",
    "text field": "<textarea>{}</textarea>",
    "template": "<template><span>{}</span></template>",
    "comment": "<p>x</p><!-- {} -->",
}


@pytest.mark.parametrize("payload", [*voices.MARKUP, *voices.ADDRESSES[:2]])
def test_the_guard_sees_each_payload_that_leaves_its_place(payload):
    good = voices.Voice((), harmless=True).plain(payload)

    seen = [
        name
        for name, place in PLACES.items()
        for evil, twin in [(Page(place.format(payload)), Page(place.format(good)))]
        if evil.wrong or evil.shape != twin.shape
    ]

    assert seen
