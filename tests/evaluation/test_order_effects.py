"""R-090: first answers and later ones, and the same numbers by page, files, API and command."""

import json
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import RaterSource, Role
from evaluation.api.schemas.order_effects import OrderReport
from evaluation.services import exclusions, order_effects
from evaluation.services.order_effects import FIRST_PLACES
from tests import build
from tests.build import NOW, claim
from tests.evaluation import given
from tests.evaluation.ordering import ONE, judged, left, page, sides, study_of_pairs, words
from tests.evaluation.test_api import keys
from tests.pages import table

pytestmark = pytest.mark.django_db

# Exclusions and names of scenarios; of each question about two replies its sides, models and places,
# each with a look for what is not judgeable; of the third its places.
QUERIES = 2 + 5 + 5 + 2


@pytest.fixture
def study(tmp_path):
    return study_of_pairs(tmp_path)


# First places


def in_their_order(tmp_path, early, later, *, raters=6, items=8):
    """Raters who say one thing of their first five items and another of the rest."""
    study = build.study("s", rubric=build.SAFE)
    lines = [build.reply_fields(query_id=f"q{n}") for n in range(items)]
    build.batch(study, lines, tmp_path)
    build.open_seats(study, n_seats=raters)
    for number in range(raters):
        ann = build.rater(study)
        for place in range(items):
            answer = early if place < FIRST_PLACES else later
            build.submit(ann, claim(ann), safe=answer(number, place))
    return study


def shifts(study, question="safe"):
    (found,) = order_effects.report(build.facts(study), question=question)
    return {code: one for code, _, one in found.places.options}


def test_R090_first_answers_are_held_against_later_ones_by_rater(tmp_path):
    study = in_their_order(
        tmp_path,
        lambda number, place: "yes" if place < 4 else "no",
        lambda number, place: "yes" if number == 0 else "no",
    )

    yes = shifts(study)["yes"]

    assert (yes.early, yes.later) == (24, 3)
    assert (yes.early_share, yes.later_share) == (0.8, pytest.approx(3 / 18))
    assert yes.difference.value == pytest.approx(0.8 - 3 / 18)
    assert yes.difference.clusters == 6
    assert yes.difference.low > 0
    assert yes.p_holm < 0.05


def test_R090_few_raters_give_a_reason_and_no_difference(tmp_path, client):
    study = in_their_order(
        tmp_path, lambda number, place: "yes", lambda number, place: "no", raters=4
    )

    assert str(shifts(study)["yes"].difference.reason) == "too_few"
    assert "Fewer than 5 raters answered both early and later." in words(page(client, study))


def test_R090_answers_without_a_place_are_counted_apart(tmp_path, client):
    study = given.safe(tmp_path, {"a": "yes no", "b": "no"}, slug="s")

    (found,) = order_effects.report(build.facts(study))

    assert (found.places.unplaced, found.places.shifts.early) == (3, 0)
    assert str(shifts(study)["yes"].difference.reason) == "no_items"
    assert "3 answers have no place" in words(page(client, study))


def test_R090_a_question_of_several_answers_has_no_first_places(tmp_path, client):
    study = given.rich(tmp_path)

    (found,) = order_effects.report(build.facts(study), question="who")

    assert (found.places, found.sides) == (None, None)
    assert "takes several answers at once" in words(page(client, study, question="who"))


def test_R090_the_command_passes_over_what_does_not_apply(tmp_path, capsys):
    given.rich(tmp_path)

    call_command("order_effects", "rich", "--question", "who")

    assert capsys.readouterr().out.split() == ["who", "(conversation)"]


def test_R090_turns_and_the_whole_are_apart(tmp_path):
    study = given.rich(tmp_path)

    found = order_effects.report(build.facts(study), question="misled")

    assert {str(one.meant.scope): one.ratings for one in found} == {"turn": 2, "conversation": 2}


# The same everywhere


@pytest.fixture
def full(study):
    """What has every number: ties at one query, the right at two, the left at three."""

    def chosen(seat):
        query = int(seat.item.query.external_id[-1])
        if query == 0:
            return "tie"
        return left(seat) if query > 2 else f"slot_{3 - seat.side}"

    judged(study, chosen)
    return study


def report_of(study, capsys):
    return given.printed(capsys, "order_effects", study.slug)


def test_R090_command_and_api_answer_alike(full, client, capsys):
    client.force_login(build.member(full, Role.RESEARCHER))

    answer = client.get(reverse("api-order-effects", args=["s"])).json()

    assert answer == report_of(full, capsys)
    assert keys(json.loads(json.dumps(OrderReport(answer).data))) == keys(answer)


def test_R090_page_and_csv_have_the_digits_of_the_command(full, client, capsys):
    found = report_of(full, capsys)["questions"][0]
    sides, places = found["left_right"], found["first_places"]
    (pair,) = sides["model_pairs"]

    shown = re.findall(r'<data value="([^"]+)"', page(client, full).content.decode())
    rows = {row["measure"]: row for row in table(page(client, full, "order_sides_csv"))}
    options = table(page(client, full, "order_places_csv"))

    for name, estimate in (
        ("left_share", sides["left_share"]),
        *((name, pair[name]) for name in ("preferred_left", "preferred_right", "left_minus_right")),
    ):
        assert float(rows[name]["value"]) == estimate["value"]
        assert repr(estimate["value"]) in shown
        for end in ("low", "high"):
            assert float(rows[name][end]) == estimate[end]
            assert repr(estimate[end]) in shown
    assert float(rows["left_share"]["p"]) == sides["p"]
    assert int(rows["preferred_left"]["first_left"]) == pair["first_left"]
    assert [row["option"] for row in options] == [one["option"] for one in places["options"]]
    assert [row["reason"] for row in options] == ["too_few"] * 4


def test_R090_places_have_the_digits_of_the_command_too(tmp_path, client, capsys):
    study = in_their_order(
        tmp_path,
        lambda number, place: "yes" if place < 4 else "no",
        lambda number, place: "yes" if number == 0 else "no",
    )
    found = report_of(study, capsys)["questions"][0]["first_places"]["options"]

    shown = re.findall(r'<data value="([^"]+)"', page(client, study).content.decode())
    rows = table(page(client, study, "order_places_csv"))

    for one, row in zip(found, rows, strict=True):
        estimate = one["early_minus_later"]
        for name in ("value", "low", "high", "se"):
            assert float(row[name]) == estimate[name]
        for number in (one["early_share"], one["later_share"], one["p_holm"], estimate["low"]):
            assert repr(number) in shown


def test_R090_the_command_says_it_in_words(full, capsys):
    call_command("order_effects", "s", "--question", "more_a")

    said = capsys.readouterr().out
    assert "prefer the one that stood left" in said
    assert f"{ONE} stood left in 6 of 12 judgments; half would be 6.0." in said
    assert "There is no answer" in said or "Fewer than 5 raters" in said


def test_R090_a_question_that_nobody_is_asked_is_refused_by_name(full):
    with pytest.raises(CommandError, match="no closed question 'nope'"):
        call_command("order_effects", "s", "--question", "nope")


def test_R090_another_word_for_exclusions_is_refused(full, client):
    client.force_login(build.member(full, Role.RESEARCHER))

    answer = client.get(reverse("api-order-effects", args=["s"]), {"exclusions": "some"})

    assert answer.status_code == 422
    assert answer.json()["details"]["field"] == "exclusions"


def test_R090_exclusions_are_applied_unless_none_are_wanted(full, capsys):
    facts = build.facts(full)
    ids = list(full.raters.filter(source=RaterSource.ACCOUNT).values_list("pk", flat=True))
    names = pseudonyms(full.pk, purpose="pages", subjects=ids)
    judging = next(pk for pk in ids if full.raters.get(pk=pk).judged_count)
    exclusions.add(facts, kind="rater", subject=names[judging], reason="fast", now=NOW, by_id=None)

    assert sides(full).judgments == 6
    assert sides(full, exclusions=False).judgments == 12
    call_command("order_effects", "s")
    assert "Exclusions applied: 1." in capsys.readouterr().out


def test_R090_the_chart_is_on_the_page_and_for_taking_along(full, client):
    asked = "“Which reply served this value more: value A?”"
    title = f'aria-label="How often a reply is preferred by its side: {asked}"'
    assert title in words(page(client, full))
    assert page(client, full, "order_sides_svg")["Content-Type"].startswith("image/svg+xml")
    assert page(client, full, "order_places_png").content.startswith(b"\x89PNG")


def test_R090_more_judgments_cost_no_more_statements(study, django_assert_num_queries):
    facts = build.facts(study)

    def cost():
        with django_assert_num_queries(QUERIES):
            order_effects.report(facts)

    judged(study, left, raters=1)
    cost()
    judged(study, left, raters=1)
    cost()
