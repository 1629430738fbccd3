"""R-049: improbable identical blocks are listed before agreement is read, by every way out."""

import re
from http import HTTPStatus

import numpy as np
import pytest
from django.urls import reverse

from annotation.models import Rater
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import Role
from evaluation.services import identical_blocks
from evaluation.views import agreement as agreement_page
from evaluation.views import raters as raters_page
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db
RATERS = 8


def severities(study, tmp_path, *, copied, seed=1, n_items=20):
    """Guesses of eight raters to two questions; item i1's are copied to these items."""
    rng = np.random.default_rng(seed)
    given.replies(study, tmp_path, *(f"i{n}" for n in range(n_items)))
    severity = rng.integers(-1, 3, (n_items, RATERS))
    misled = rng.integers(0, 2, (n_items, RATERS))
    for n in copied:
        severity[n], misled[n] = severity[1], misled[1]
    lines = []
    for n in range(n_items):
        for rater in range(RATERS):
            lines.append((f"i{n}", f"r{rater}", "severity", str(severity[n, rater])))
            lines.append((f"i{n}", f"r{rater}", "misled", ("no", "yes")[misled[n, rater]]))
    given.judgments(study, tmp_path, lines)
    return study


@pytest.fixture
def copied(tmp_path):
    return severities(build.study("s", rubric=given.TURNS), tmp_path, copied=(4, 9))


@pytest.fixture
def honest(tmp_path):
    return severities(build.study("s", rubric=given.TURNS), tmp_path, copied=())


def opened(study, client, name="rater_quality", role=Role.RESEARCHER):
    account = build.member(study, role)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    response = client.get(reverse(f"evaluation:{name}", args=[study.slug]))
    assert response.status_code == HTTPStatus.OK
    return response.content.decode()


def test_R049_a_copy_across_all_raters_and_questions_is_reported(copied):
    found = identical_blocks.report(build.facts(copied))

    (block,) = found.found
    assert [name for _, name in block.items] == ["i1", "i4", "i9"]
    assert (block.found.cells, block.found.columns, len(block.raters)) == (16, 2, 8)
    ids = Rater.objects.filter(study=copied).values_list("pk", flat=True)
    assert set(block.raters) == set(
        pseudonyms(copied.pk, purpose="pages", subjects=list(ids)).values()
    )


def test_R049_honest_answers_are_reported_as_looked_through(honest):
    found = identical_blocks.report(build.facts(honest))

    assert (found.looked, found.ratings, found.items, found.found) == (True, 320, 20, ())


def test_R049_the_command_gives_what_the_service_found(copied, capsys):
    found = given.printed(capsys, "rater_report", "s")["identical_blocks"]

    assert found["improbable"][0]["items"] == ["i1", "i4", "i9"]
    assert found == identical_blocks.report(build.facts(copied)).as_json()


def test_R049_the_page_lists_the_items_before_the_raters(copied, client):
    html = opened(copied, client)

    (block,) = identical_blocks.report(build.facts(copied)).found
    links = [reverse("evaluation:item", args=["s", pk]) for pk, _ in block.items]
    assert re.findall(r'href="(/studies/s/items/[^"]*)"', html) == links
    assert html.index(links[0]) < html.index("Those with signs first")
    assert "evidence that lines were copied or loaded twice, not proof" in html
    assert "the same 16 answers of the same 8 raters at 2 questions or turns" in html


def test_R049_agreement_leads_to_the_blocks(copied, client):
    html = opened(copied, client, "agreement")

    assert "1 block of answers is the same at several items" in html
    assert reverse("evaluation:rater_quality", args=["s"]) + "#identical-blocks" in html


def test_R049_nothing_is_said_beside_agreement_where_nothing_was_found(honest, client):
    assert "#identical-blocks" not in opened(honest, client, "agreement")


def test_R049_beside_agreement_only_small_studies_are_looked_through(copied, client, monkeypatch):
    monkeypatch.setattr(agreement_page, "MOST_LOOKED_THROUGH", 319)

    assert "#identical-blocks" not in opened(copied, client, "agreement")


def test_R049_the_page_says_that_nobody_looked(copied, client, monkeypatch):
    monkeypatch.setattr(raters_page, "MOST_ON_A_PAGE", 319)

    html = opened(copied, client)

    assert "Not looked for: all closed questions have 320 ratings" in html
    assert "rater_report s --json" in html


def test_a_study_without_closed_questions_has_no_blocks():
    rubric = {
        "key": "t",
        "title": "T",
        "questions": [{"key": "note", "label": "Note", "type": "text"}],
    }

    assert identical_blocks.report(build.facts(build.study(rubric=rubric))).found == ()


def test_a_study_without_judgments_has_none(client):
    study = build.study("s", rubric=build.SAFE)

    found = identical_blocks.report(build.facts(study))

    assert (found.looked, found.ratings, found.blocks, found.found) == (True, 0, 0, ())
