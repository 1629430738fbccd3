"""R-090: whether answers depend on the order of things, on page, in files, API and command."""

import csv
import io
import json
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from annotation.models import Item, Seat
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import RaterSource, Role
from evaluation.api.schemas.order_effects import OrderReport
from evaluation.services import exclusions, order_effects
from evaluation.services.order_effects import FIRST_PLACES
from tests import build
from tests.annotation.test_pairs import open_pairs, replies
from tests.build import NOW, claim
from tests.evaluation import given
from tests.evaluation.test_api import keys

pytestmark = pytest.mark.django_db
ONE, TWO = "acme/0", "acme/1"
# Exclusions and names of scenarios; of each question about two replies its sides, models and places,
# each with a look for what is not judgeable; of the third its places.
QUERIES = 2 + 5 + 5 + 2
PAGES = (
    "order_effects",
    "order_sides_csv",
    "order_sides_svg",
    "order_sides_png",
    "order_places_csv",
    "order_places_svg",
    "order_places_png",
)


def left(seat):
    """The reply that stands left."""
    return f"slot_{seat.side}"


def of_model(key):
    """The reply of one model, wherever it stands."""

    def chosen(seat):
        item = Item.objects.select_related("reply_1__model").get(pk=seat.item_id)
        return "slot_1" if item.reply_1.model.key == key else "slot_2"

    return chosen


def judged(study, choose, *, raters=2):
    """Raters who judge all they get, each by the same rule."""
    for _ in range(raters):
        ann = build.rater(study)
        while seat := claim(ann):
            build.submit(ann, seat, more_a=choose(seat), more_misleading="tie", confidence="3")


@pytest.fixture
def study(tmp_path):
    """Six queries with a pair of two models each, two seats at each pair."""
    made = build.study("s", rubric="pairwise")
    replies(made, tmp_path, queries=6, models=2)
    open_pairs(made, n_seats=2)
    return made


def sides(study, question="more_a", **more):
    (found,) = order_effects.report(build.facts(study), question=question, **more)
    return found.sides


def page(client, study, name="order_effects", **asked):
    client.force_login(build.member(study, Role.RESEARCHER))
    answer = client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)
    assert answer.status_code == 200
    return answer


def words(answer):
    return " ".join(answer.content.decode().split())


def table(response):
    return list(csv.DictReader(io.StringIO(response.content.decode())))


# Left or right


def test_R090_who_always_takes_the_left_prefers_it_in_every_judgment(study):
    judged(study, left)

    found = sides(study)

    assert (found.judgments, found.preferring, found.left) == (12, 12, 12)
    assert (found.share.share.value, found.share.share.clusters) == (1.0, 6)
    assert found.share.p == pytest.approx(2 / 2**6)  # six clusters, all to the left


def test_R090_who_goes_by_the_model_prefers_no_side(study):
    judged(study, of_model(ONE))

    found = sides(study)

    assert (found.left, found.preferring) == (6, 12)
    assert found.share.share.value == 0.5


def test_R090_orders_are_balanced_by_pair_of_models(study):
    judged(study, left)

    (pair,) = sides(study).pairs

    assert (pair.first, pair.second) == (ONE, TWO)
    assert (pair.balance.first, pair.balance.total, pair.balance.expected) == (6, 12, 6.0)
    assert (pair.balance.difference, pair.balance.p, pair.balance.balanced) == (0.0, 1.0, True)


def test_R090_a_model_that_stood_left_throughout_is_flagged(study, client):
    for seat in Seat.objects.select_related("item__reply_1__model"):
        Seat.objects.filter(pk=seat.pk).update(side=1 if seat.item.reply_1.model.key == ONE else 2)
    judged(study, left)

    (pair,) = sides(study).pairs

    assert (pair.balance.first, pair.balance.total, pair.balance.balanced) == (12, 12, False)
    assert pair.balance.p == pytest.approx(2 / 2**12)
    assert pair.right.value is None
    assert "the orders are not balanced (p &lt; 0.001)" in words(page(client, study))


@pytest.mark.parametrize(
    ("choose", "where", "depends"),
    [
        pytest.param(left, (1.0, 0.0, 1.0), True, id="by the side"),
        pytest.param(of_model(ONE), (1.0, 1.0, 0.0), False, id="by the model"),
        pytest.param(of_model(TWO), (0.0, 0.0, 0.0), False, id="by the other model"),
    ],
)
def test_R090_a_researcher_sees_whether_the_winner_depends_on_the_side(
    study, choose, where, depends
):
    judged(study, choose)

    (pair,) = sides(study).pairs

    values = (pair.left.value, pair.right.value, pair.contrast.difference.value)
    assert values == where
    assert pair.depends_on_side is depends


def test_R090_ties_stand_apart(study):
    judged(study, left, raters=1)
    judged(study, lambda seat: "tie", raters=1)

    found = sides(study)

    assert (found.judgments, found.preferring, found.undecided, found.left) == (12, 6, 6, 6)
    assert found.pairs[0].balance.total == 12


def test_R090_judgments_made_elsewhere_have_no_side(study, tmp_path):
    first, second = Item.objects.values_list("reply_1__external_id", "reply_2__external_id").first()
    row = {"response_id": first, "response_id_2": second, "rater": "x", "question": "more_a"}
    call_command(
        "load_judgments", "s", build.jsonl(tmp_path / "j.jsonl", [{**row, "answer": "slot_1"}])
    )

    found = sides(study)

    assert (found.judgments, found.unknown, found.preferring, found.pairs) == (1, 1, 0, ())


def test_R090_two_replies_of_one_model_are_in_no_pair_of_models(tmp_path):
    study = build.study("same", rubric="pairwise")
    lines = [
        build.reply_fields(query_id="q", response_id=f"r{sample}", sample=sample)
        for sample in (1, 2)
    ]
    build.batch(study, lines, tmp_path)
    open_pairs(study)
    judged(study, left, raters=1)

    found = sides(study)

    assert (found.same_model, found.preferring, found.pairs) == (1, 1, ())


@pytest.mark.parametrize(
    ("raters", "choose", "said"),
    [
        pytest.param(0, left, "There are no ratings of this question yet", id="nothing"),
        pytest.param(2, lambda seat: "tie", "no judgment prefers one of two", id="all ties"),
        pytest.param(2, left, "preferred for standing there", id="one side only"),
    ],
)
@pytest.mark.parametrize("name", PAGES)
def test_R090_however_little_there_is_every_page_answers(study, client, raters, choose, said, name):
    judged(study, choose, raters=raters)

    answer = page(client, study, name)

    assert name.endswith(("svg", "png")) or not re.search(r"\b(nan|inf)\b", words(answer).lower())
    assert name != "order_effects" or said in words(answer)


def test_R090_one_judgment_has_a_share_and_no_interval(tmp_path, client):
    study = build.study("s", rubric="pairwise")
    replies(study, tmp_path, models=2)
    open_pairs(study)
    judged(study, left, raters=1)

    found = sides(study).share

    assert (found.share.value, str(found.share.reason), found.p) == (1.0, "one_cluster", None)
    assert "No interval: All items belong to one query or scenario" in words(page(client, study))


def test_R090_a_question_about_one_reply_has_no_sides(tmp_path, client):
    study = given.safe(tmp_path, {"a": "yes no"}, slug="s")

    assert sides(study, "safe") is None
    assert "not about two replies side by side" in words(page(client, study))


def test_R090_a_slot_is_never_called_by_the_letter_of_a_side(study, client):
    judged(study, left)

    found = words(page(client, study))

    assert "“Reply 1” is " in found
    assert "“Reply A”" not in found


def test_R090_the_page_says_that_questions_and_options_have_one_order(study, client):
    judged(study, left)

    found = words(page(client, study))

    assert "Questions and the answers they offer stand in the order of the rubric" in found


@pytest.mark.parametrize("name", ["order_sides_csv", "order_sides_svg"])
def test_R090_files_of_sides_are_empty_where_there_are_none(tmp_path, client, name):
    study = given.safe(tmp_path, {"a": "yes no"}, slug="s")

    answer = page(client, study, name)

    assert "all pairs" not in words(answer).lower()
    assert not name.endswith("csv") or table(answer) == []


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
