"""A whole session in a real browser: nothing that came, and nothing that stays, tells a secret."""

import pytest
from django.urls import reverse

from tests.browser.rating import confirmed
from tests.browser.test_walks import answer_by_keys
from tests.guards import world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

KEPT = """() => JSON.stringify([
  document.documentElement.outerHTML, {...localStorage}, {...sessionStorage}, document.cookie,
  performance.getEntriesByType('resource').map((one) => one.name), history.state,
])"""


def test_R074_a_session_in_a_browser_tells_nothing(visit, tmp_path):
    own = world.make(tmp_path, name="own")
    page = visit(own.people["rater"])
    came: list[str] = []

    def watched(route):
        response = route.fetch()
        came.append(f"{response.url} {response.headers} {response.body().decode()}")
        route.fulfill(response=response)

    page.route("**/*", watched)
    page.goto(reverse("annotation:rate", args=[own.study.slug]))
    answer_by_keys(page, "1", "1", "3", "Enter")
    confirmed(page)
    page.reload()
    answer_by_keys(page, "1", "1", "3", "Enter")
    confirmed(page)
    came.append(page.evaluate(KEPT))
    page.unroute_all(behavior="wait")

    text = "\n".join(came).lower()
    assert [name for name, secret in world.SECRETS.items() if secret.lower() in text] == []
    assert len(came) > 6
