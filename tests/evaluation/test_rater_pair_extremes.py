"""Which two raters are named as agreeing least and most."""

import pytest
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.digits import percent
from evaluation.services.questions import meant
from evaluation.services.rater_pairs import rater_pairs
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db
# Two agree always and differ from a third; a fourth rates one item, and agrees there with the third.
MANY = {**{f"i{n}": "yes yes no" for n in range(10)}, "last": "yes yes no no"}
FEW = {"one": "yes yes no"}


def extremes(study):
    facts = build.facts(study)
    found = rater_pairs(facts, meant(facts, "safe", None)[0])
    return [(one.agreement.value, one.agreement.items) for one in found.extremes()]


def page(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client.get(reverse("evaluation:rater_pairs", args=[study.slug])).content.decode()


def test_a_pair_that_shares_few_items_is_not_named(tmp_path):
    study = given.safe(tmp_path, MANY, slug="s")

    assert extremes(study) == [(0.0, 11), (1.0, 11)]


def test_the_page_names_who_agree_least_and_most(tmp_path, client):
    html = page(given.safe(tmp_path, MANY, slug="s"), client)

    assert f"agree least: in {percent(0.0)} of 11 ratings that both gave." in html
    assert f"agree most: in {percent(1.0)} of 11 ratings that both gave." in html


def test_where_no_two_share_enough_the_page_names_nobody_and_says_why(tmp_path, client):
    html = page(given.safe(tmp_path, FEW, slug="s"), client)

    assert "No two raters share 10 items or turns, so nobody is named here" in html
    assert "agree least" not in html
