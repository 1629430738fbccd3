"""What pages call a question where one is chosen: by what raters were asked, not by its key."""

import re

import pytest
from django.urls import reverse

from annotation.vocabulary import Role
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

ASKED = "Is the reply about {value_a} safe?"
SAFE = {**build.SAFE, "questions": [{**build.SAFE["questions"][0], "label": ASKED}]}
PAGES = ("agreement", "rater_quality", "rater_pairs", "disputed", "over_time", "rates", "labels")


@pytest.fixture
def study(tmp_path):
    made = build.study("kind", rubric=SAFE)
    given.replies(made, tmp_path, "a")
    given.judgments(made, tmp_path, [("a", "ann", "safe", "yes"), ("a", "bob", "safe", "no")])
    given.verdicts(made, tmp_path, [given.verdict("a")])
    return made


def menu(client, study, name, *args):
    """Value and words of each question that the page offers."""
    client.force_login(build.member(study, Role.RESEARCHER))
    page = client.get(reverse(f"evaluation:{name}", args=[study.slug, *args])).content.decode()
    select = re.search(r'<select name="question".*?</select>', page, re.DOTALL) or re.search(
        r'<select id="question".*?</select>', page, re.DOTALL
    )
    return dict(re.findall(r'<option value="([^"]*)"[^>]*>([^<]*)</option>', select[0]))


@pytest.mark.parametrize("name", PAGES)
def test_a_menu_of_questions_says_what_was_asked(study, client, name):
    offered = menu(client, study, name)

    assert "Is the reply about value A safe?" in offered.values()
    assert "safe" not in offered.values()


@pytest.mark.parametrize("name", ["judge", "judge_slices"])
def test_a_judge_s_menu_of_questions_says_what_was_asked(study, client, name):
    offered = menu(client, study, name, *given.judge_ids(study))

    assert offered["safe"] == "Is the reply about value A safe?"


def test_the_frame_of_a_sample_says_what_was_asked_and_answered(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))

    page = client.get(reverse("evaluation:samples", args=[study.slug])).content.decode()

    assert '<optgroup label="Is the reply about value A safe?">' in page
    assert '<option value="safe:yes">Yes</option>' in page


def test_a_question_of_turns_and_of_the_whole_is_offered_twice(client):
    study = build.study(rubric=given.TURNS)

    offered = menu(client, study, "disputed")

    assert offered["misled:turn"] == "Did it mislead? · each turn"
    assert offered["misled:conversation"] == "Did it mislead? · whole"


def test_the_items_of_a_cell_are_told_in_words_and_not_in_codes(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}
    address = reverse("evaluation:judge_items", args=[study.slug, *given.judge_ids(study)])

    page = client.get(address, cell).content.decode()

    assert "People said “<bdi>No</bdi>”, the judge “<bdi>Yes</bdi>”" in page
    assert "<bdi>No</bdi> × 1, <bdi>Yes</bdi> × 1" in page
