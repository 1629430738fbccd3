"""Each two raters beside each other, by item: who agrees least, and who share no item."""

import pytest

from annotation.vocabulary import RaterSource
from evaluation.services.questions import meant
from evaluation.services.rater_pairs import rater_pairs
from tests import build
from tests.evaluation import given
from tests.evaluation.beside import TABLE, page, researcher
from tests.pages import table

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


def test_each_two_raters_are_compared_by_item(study):
    (one,) = meant(build.facts(study), "safe")

    pairs = {
        frozenset((pair.first_facts.name, pair.second_facts.name)): pair.agreement
        for pair in rater_pairs(build.facts(study), one)
    }

    assert pairs[frozenset(("rater-0", "rater-1"))].value == 0.75
    assert pairs[frozenset(("rater-0", "rater-2"))].value == 0.25
    assert pairs[frozenset(("rater-1", "rater-2"))].items == 4


def test_the_least_agreeing_pair_stands_first(study, client):
    rows = table(page(researcher(study, client), "rater_pairs_csv", study))

    assert [float(row["agreement"]) for row in rows] == [0.25, 0.5, 0.75]
    assert {row["shared"] for row in rows} == {"4"}


def test_the_page_of_pairs_draws_each_pair_with_its_n(study, client):
    html = page(researcher(study, client), "rater_pairs", study).content.decode()

    assert "3 of 3 pairs of 3 raters share an item" in html
    assert html.count(">0.75</text>") == 2
    assert "n 4)</title>" in html


def test_raters_who_share_no_item_are_said_to(tmp_path, client):
    study = build.study(rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b")
    given.judgments(study, tmp_path, [("a", "ann", "safe", "yes"), ("b", "bob", "safe", "no")])

    html = page(researcher(study, client), "rater_pairs", study).content.decode()

    assert "No two raters share an item yet" in html
    assert "2 raters gave 2 ratings at 2 items" in html


def test_simulated_raters_are_marked(tmp_path, client):
    study = build.study(rubric=build.SAFE)
    given.replies(study, tmp_path, "a")
    lines = [("a", who, "safe", "yes") for who in ("ann", "bob")]
    given.judgments(study, tmp_path, lines, source=RaterSource.SIMULATED)

    html = page(researcher(study, client), "rater_quality", study).content.decode()

    assert html.count(">SIMULATED<") == 2
