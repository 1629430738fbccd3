"""Where raters disagree: disputed items, between which answers, over time."""

import csv
import io
from datetime import UTC, datetime

import pytest
from django.urls import reverse

from annotation.models import Rater
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import Role
from evaluation.errors import SliceUnknown
from evaluation.services import agreement, disagreements, exclusions
from evaluation.services.questions import meant
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

TABLE = {
    "all": "yes yes yes",
    "half": "yes no",
    "most": "yes yes no",
    "even": "yes yes no no",
    "one": "no",
}
PAGES = ("disputed", "disagreements", "over_time")
CHARTS = ("disagreements", "over_time")


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


@pytest.fixture
def turns(tmp_path):
    """A question of turns, one of several choices, and a scale."""
    study = build.study("t", rubric=given.TURNS)
    given.replies(study, tmp_path, "r", messages=build.conversation(2))
    given.replies(study, tmp_path, "q", "p")
    said = {"ann": ("no", "yes", "-1"), "bob": ("no", "no", "2"), "cem": ("no", "yes", "2")}
    lines = []
    for who, (first, second, grade) in said.items():
        lines += [("r", who, "misled", first, 1), ("r", who, "misled", second, 2)]
        lines += [("r", who, "severity", grade), ("r", who, "who", "user")]
    lines += [("r", "ann", "who", "public"), ("q", "ann", "severity", "0")]
    lines += [("q", "bob", "severity", "1"), ("p", "ann", "who"), ("p", "bob", "who", "user")]
    given.judgments(study, tmp_path, lines)
    return study


def about(study, key, scope=None):
    return meant(build.facts(study), key, scope)[0]


def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def page(client, name, study, **asked):
    return client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)


def table(response):
    return list(csv.DictReader(io.StringIO(response.content.decode())))


# Disputed items


def test_the_most_disputed_stand_first_and_the_undisputed_are_not_there(study):
    found = disagreements.disputed(about(study, "safe"))

    assert [(one.name, one.ratings) for one in found.units] == [
        ("half", 2),
        ("even", 4),
        ("most", 3),
    ]
    assert [one.share for one in found.units] == pytest.approx([1, 2 / 3, 2 / 3])
    assert (found.rated, found.pairable, found.differing) == (5, 4, 3)


def test_a_scale_is_ordered_by_points_apart(turns):
    found = disagreements.disputed(about(turns, "severity")).units

    assert [one.name for one in found] == ["r", "q"]
    assert [one.distance for one in found] == pytest.approx([2, 1])


def test_each_turn_is_disputed_for_itself(turns):
    found = disagreements.disputed(about(turns, "misled", "turn")).units

    assert [(one.name, one.turn, one.votes) for one in found] == [("r", 2, (1, 2))]


def test_the_page_links_each_item_and_says_who_was_given_how_often(study, client):
    html = page(researcher(study, client), "disputed", study).content.decode()

    first = disagreements.disputed(about(study, "safe")).units[0]
    assert f'href="/studies/s/items/{first.item}/">half</a>' in html
    assert "Yes: 2, No: 1" in html
    assert "Raters differ at 3 of 4 items or turns" in html


def test_the_list_is_cut_into_pages(tmp_path, client):
    study = given.safe(tmp_path, {f"i{n}": "yes no" for n in range(51)})

    html = page(researcher(study, client), "disputed", study, page=2).content.decode()

    assert html.count("/items/") == 1
    assert "Page 2 of 2" in html


def test_the_table_of_disputed_items_has_the_digits_of_the_service(study, client):
    rows = table(page(researcher(study, client), "disputed_csv", study))

    found = list(disagreements.disputed(about(study, "safe")).units)
    assert [float(row["share_of_pairs_that_differ"]) for row in rows] == [o.share for o in found]
    assert [row["responses"] for row in rows] == ["half", "even", "most"]
    assert rows[2]["votes"] == "yes: 2, no: 1"


def test_a_pair_is_called_by_both_its_replies(tmp_path):
    study = build.study(rubric="pairwise")
    lines = [build.reply_fields(query_id="q", response_id=f"m{n}", model=f"a/{n}") for n in (1, 2)]
    build.batch(study, lines, tmp_path)
    path = build.jsonl(
        tmp_path / "said.jsonl",
        [
            {
                "response_id": "m1",
                "response_id_2": "m2",
                "rater": who,
                "question": "more_a",
                "answer": answer,
            }
            for who, answer in (("ann", "slot_1"), ("bob", "tie"))
        ],
    )
    tally = given.imports.load(study=study, path=path, now=build.NOW)
    assert not tally.refused, tally.errors

    (one,) = disagreements.disputed(about(study, "more_a")).units

    assert one.name == "m1 and m2"


# Between which answers


def test_pairs_of_ratings_are_counted_between_two_answers(study):
    found = disagreements.kinds(about(study, "safe"))

    # half: 1; most: 2; even: 4 pairs that differ, of 3 + 1 + 3 + 6.
    (one,) = found.kinds
    assert (one.first, one.second, one.pairs, one.units) == ("no", "yes", 7, 3)
    assert (found.pairs, found.differing, one.share.value) == (13, 7, 1.0)


def test_of_several_choices_each_is_chosen_or_not(turns):
    found = disagreements.kinds(about(turns, "who"))

    # public: chosen by ann and not by two; user: at p by bob and not by ann.
    assert [(one.first, one.second, one.pairs) for one in found.kinds] == [
        ("public", "", 2),
        ("user", "", 1),
    ]
    assert [one.share.value for one in found.kinds] == pytest.approx([2 / 4, 1 / 4])


def test_the_page_says_between_which_answers_raters_are_split_most(study, client):
    html = page(researcher(study, client), "disagreements", study).content.decode()

    assert "split most often between “No” and “Yes”: 100.0\N{NO-BREAK SPACE}%" in html
    assert "7 of 13 pairs of ratings differ" in html


def test_page_and_table_have_the_same_digits(turns, client):
    client = researcher(turns, client)

    rows = table(page(client, "disagreements_csv", turns, question="who"))
    html = page(client, "disagreements", turns, question="who").content.decode()

    assert [row["first"] for row in rows] == ["public", "user"]
    for row in rows:
        assert f'value="{float(row["share"])!r}"' in html


# Over time


def test_one_week_is_what_the_page_of_agreement_says(study):
    (bucket,) = disagreements.over_time(about(study, "safe")).buckets

    (whole,) = agreement.report(build.facts(study))
    assert bucket.name == "2026-W09"
    assert bucket.alpha.value == pytest.approx(whole.alpha.value)
    assert bucket.percent.value == pytest.approx(whole.percent.value)
    assert (bucket.units, bucket.ratings) == (5, 13)


@pytest.fixture
def weeks(tmp_path):
    """Agreement in one week, nothing in the next, disagreement in the third."""
    study = build.study("w", rubric=build.SAFE)
    given.replies(study, tmp_path, *"abcd")
    lines = []
    for reply, answers, day in (
        ("a", "yes yes", "2026-03-02"),
        ("b", "no no", "2026-03-08"),
        ("c", "yes no", "2026-03-16"),
        ("d", "no yes", "2026-03-22"),
    ):
        for who, answer in enumerate(answers.split()):
            line = {"response_id": reply, "rater": f"r{who}", "question": "safe"}
            lines.append({**line, "answer": answer, "judged_at": f"{day}T23:30:00Z"})
    path = build.jsonl(tmp_path / "dated.jsonl", lines)
    tally = given.imports.load(study=study, path=path, now=datetime(2026, 4, 1, tzinfo=UTC))
    assert not tally.refused, tally.errors
    return study


def test_an_item_counts_in_the_week_of_its_last_rating_and_empty_weeks_are_there(weeks):
    found = disagreements.over_time(about(weeks, "safe")).buckets

    assert [(one.name, one.units) for one in found] == [
        ("2026-W10", 2),
        ("2026-W11", 0),
        ("2026-W12", 2),
    ]
    assert [one.percent.value for one in found] == [1.0, None, 0.0]
    assert str(found[1].percent.reason) == "no_items"


def test_the_order_of_completion_is_cut_into_parts(weeks):
    found = disagreements.over_time(about(weeks, "safe"), by="sequence").buckets

    assert [(one.name, one.percent.value) for one in found] == [
        ("1 to 1", 1.0),
        ("2 to 2", 1.0),
        ("3 to 3", 0.0),
        ("4 to 4", 0.0),
    ]


def test_time_is_not_cut_in_another_way(study, client):
    with pytest.raises(SliceUnknown, match="week, sequence"):
        disagreements.over_time(about(study, "safe"), by="moon")

    assert page(researcher(study, client), "over_time", study, by="moon").status_code == 400


def test_the_page_of_time_has_a_line_and_a_row_a_week(weeks, client):
    html = page(researcher(weeks, client), "over_time", weeks).content.decode()

    assert html.count('<th scope="row">2026-W') == 3
    assert "There is no rated item." in html
    assert "nothing can be said of a change" in html


def test_the_page_of_time_says_of_what_the_parts_are(weeks, client):
    html = page(researcher(weeks, client), "over_time", weeks, by="sequence").content.decode()

    assert "of pairs in items or turns 1" in html
    assert '<option value="sequence" selected>order in which items were completed</option>' in html


def test_the_table_of_time_has_the_digits_of_the_service(weeks, client):
    rows = table(page(researcher(weeks, client), "over_time_csv", weeks))

    found = disagreements.over_time(about(weeks, "safe")).buckets
    percent = [row["value"] for row in rows if row["measure"] == "percent_agreement"]
    assert percent == [repr(found[0].percent.value), "", repr(found[2].percent.value)]


# All of them


@pytest.mark.parametrize("name", PAGES)
def test_without_ratings_the_page_says_how_to_get_some(client, name):
    study = build.study(rubric=build.SAFE)

    html = page(researcher(study, client), name, study).content.decode()

    assert "There are no ratings of this question yet" in html


@pytest.mark.parametrize(
    ("answers", "name", "said"),
    [
        ("yes", "disputed", "No item has two ratings yet"),
        ("yes", "disagreements", "No item has two ratings yet"),
        ("yes yes", "disputed", "Raters differ nowhere"),
        ("yes yes", "disagreements", "Raters differ nowhere"),
        ("yes", "over_time", "undefined: No item has ratings from two raters."),
    ],
)
def test_one_rater_or_no_difference_is_said(tmp_path, client, answers, name, said):
    study = given.safe(tmp_path, {"a": answers})

    response = page(researcher(study, client), name, study)

    assert said in response.content.decode()
    assert "nan" not in response.content.decode().lower()


@pytest.mark.parametrize("name", PAGES)
def test_an_unknown_question_is_refused_with_those_there_are(study, client, name):
    response = page(researcher(study, client), name, study, question="nothing")

    assert response.status_code == 404
    assert "They are asked safe." in response.content.decode()


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("table", [TABLE, {"a": "yes"}], ids=["disputed", "one rater"])
def test_charts_are_downloaded_even_where_nothing_is_drawn(tmp_path, client, name, table):
    study = given.safe(tmp_path, table)
    client = researcher(study, client)

    assert page(client, f"{name}_svg", study).content.startswith(b"<svg ")
    assert page(client, f"{name}_png", study).content.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", PAGES)
def test_pages_about_agreement_lead_to_each_other_and_keep_the_question(turns, client, name):
    html = page(researcher(turns, client), name, turns, question="severity").content.decode()

    for other in ("raters-agreement", "rater-pairs", "disputed", "disagreements", "over-time"):
        assert f'href="/studies/t/{other}/?question=severity%3Aconversation"' in html


# Exclusions


@pytest.fixture
def excluding(study):
    """The study with one rater left out of its results."""
    rater = Rater.objects.get(study=study, external_id="rater-1")
    (name,) = pseudonyms(study.pk, purpose="pages", subjects=[rater.pk]).values()
    exclusions.add(
        build.facts(study), kind="rater", subject=name, reason="Bot", now=build.NOW, by_id=None
    )
    return study


def test_exclusions_in_force_are_applied_and_said(excluding, client):
    html = page(researcher(excluding, client), "disagreements", excluding).content.decode()

    # Without rater-1: most is yes no, even is yes no no, half has one rating.
    assert "3 of 5 pairs of ratings differ" in html
    assert '1 <a href="/studies/s/exclusions/">exclusion</a> applied' in html


@pytest.mark.parametrize("name", PAGES)
def test_R101_results_are_there_without_exclusions_too(excluding, client, name):
    client = researcher(excluding, client)

    with_them = page(client, name, excluding).content.decode()
    without = page(client, name, excluding, exclusions="none").content.decode()

    assert "?question=safe%3Aconversation&amp;exclusions=none" in with_them
    assert 'No <a href="/studies/s/exclusions/">exclusion</a> applied' in without


def test_tables_and_charts_follow_the_page_in_what_is_left_out(excluding, client):
    client = researcher(excluding, client)

    (with_them,) = table(page(client, "disagreements_csv", excluding))
    (without,) = table(page(client, "disagreements_csv", excluding, exclusions="none"))

    assert (with_them["pairs"], without["pairs"]) == ("3", "7")


def test_who_is_left_out_of_results_is_still_among_the_raters(excluding, client):
    html = page(researcher(excluding, client), "rater_quality", excluding).content.decode()

    assert "4 raters gave 13 ratings" in html
