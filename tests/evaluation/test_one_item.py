"""The page of one item: what people and judges said, without raters' names, safe to read."""

import pytest

from annotation.vocabulary import Role
from tests import build
from tests.evaluation import given
from tests.evaluation.asking import client_of, got, page, study_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path, settings):
    return study_of(tmp_path, settings)


@pytest.fixture
def client(study):
    return client_of(build.member(study, Role.RESEARCHER))


def item_id(study, reply):
    return study.items.get(reply_1__external_id=reply).pk


def test_an_item_shows_what_people_and_judges_said(study, client):
    html = page(client, "item", "kind", item_id(study, "a"))

    assert "3 raters" in html
    assert "robo" in html
    assert "acme/one" in html


def test_an_item_s_raters_have_no_name_from_outside(study, client):
    assert "rater-0" not in page(client, "item", "kind", item_id(study, "a"))


def test_an_item_s_words_are_safe(tmp_path):
    study = build.study("hostile", rubric=build.SAFE)
    hostile = [
        {"role": "user", "content": "<script>alert(1)</script>"},
        {"role": "assistant", "content": "![x](http://evil.test/x.png) <img src=x onerror=y>"},
    ]
    given.replies(study, tmp_path, "a", messages=hostile)
    given.verdicts(study, tmp_path, [given.verdict("a", reasoning="<script>alert(2)</script>")])
    client = client_of(build.member(study, Role.RESEARCHER))
    build.open_seats(study)

    html = page(client, "item", "hostile", item_id(study, "a"))

    assert "<script>alert" not in html
    assert "<img" not in html


def test_an_item_nobody_judged_says_so(tmp_path):
    study = build.study("fresh")
    stored = build.item(study, tmp_path)
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "item", "fresh", stored.pk)

    assert "Nobody has judged it yet." in html
    assert "No judge has given a verdict on it." in html


@pytest.mark.parametrize("name", ["judge", "item"])
def test_a_number_larger_than_any_id_is_not_there(study, client, name):
    got(client, name, "kind", 10**30, status=404)


def test_an_item_of_another_study_does_not_exist_here(study, client, tmp_path):
    stored = build.item(build.study("other"), tmp_path)

    got(client, "item", "kind", stored.pk, status=404)
