"""Later waves: further seats where raters disagree, by service and by command."""

import pytest

from annotation.errors import SeatsRefused
from annotation.models import Item, Seat, SeatOpening
from annotation.services import openings
from annotation.services.lanes import Routing, as_first_wave
from annotation.vocabulary import Wave
from tests import build
from tests.annotation.disputing import TABLE, open_extra, rule, seats_at
from tests.annotation.test_commands import run
from tests.build import NOW, claim
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


# Further seats there


def test_extra_seats_are_opened_where_raters_disagree_and_keep_why(study):
    opening = open_extra(study, n=2, reason="To settle them.")

    assert seats_at(wave=Wave.EXTRA) == ["most", "most", "tie", "tie"]
    assert (opening.items, opening.seats, opening.reason) == (2, 4, "To settle them.")
    assert SeatOpening.objects.get().rule == rule(study).as_json()


def test_without_a_reason_the_rule_is_kept_in_words(study):
    assert open_extra(study).reason == (
        "Raters disagree on safe: the most frequent answer has a share below 0.67, of 2 raters or"
        " more."
    )


def test_opening_again_adds_seats_only_where_raters_disagree_since(study, tmp_path):
    open_extra(study)
    given.judgments(study, tmp_path, [("one", "late", "safe", "no")])

    opening = open_extra(study)

    assert (opening.items, opening.seats) == (3, 1)
    assert seats_at(opening=opening) == ["one"]


def test_what_an_admin_took_out_gets_none(study):
    Item.objects.filter(reply_1__external_id="tie").update(retired_at=NOW)

    assert open_extra(study).items == 1


def test_where_nobody_disagrees_nothing_is_opened(study):
    with pytest.raises(SeatsRefused, match="No item was chosen"):
        open_extra(study, of=rule(study, at_least=9))

    assert not SeatOpening.objects.exists()


def test_a_rater_who_judged_an_item_does_not_get_it_again(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    build.item(study, tmp_path, n_seats=2)
    ann, bob, cem = (build.rater(study) for _ in range(3))
    for by, answer in ((ann, "yes"), (bob, "no")):
        build.submit(by, claim(by), safe=answer)

    open_extra(study)

    assert (claim(ann), claim(bob)) == (None, None)
    assert claim(cem).wave == Wave.EXTRA


def test_adjudication_is_for_its_cohort_alone(study):
    open_extra(study, wave=Wave.ADJUDICATION, cohort="experts")
    crowd, expert = build.rater(study), build.rater(study, cohort="experts")

    assert claim(crowd) is None
    assert claim(expert).wave == Wave.ADJUDICATION


def test_adjudication_needs_a_cohort(study):
    with pytest.raises(SeatsRefused, match="Name the cohort"):
        open_extra(study, wave=Wave.ADJUDICATION)


@pytest.mark.parametrize("wave", [Wave.FIRST, Wave.GOLD, Wave.AUDIT, Wave.IMPORTED])
def test_no_other_wave_is_opened_after_disagreement(study, wave):
    with pytest.raises(SeatsRefused):
        open_extra(study, wave=wave)


def test_later_seats_are_as_urgent_as_the_first_waves_and_for_readers_of_their_language(tmp_path):
    study = build.study(rubric=build.SAFE)
    lines = [build.reply_fields(response_id="r", language="de")]
    build.batch(study, lines, tmp_path)
    items = openings.items_of(study, study.responses.values_list("pk", flat=True)).values()
    routing = Routing(priority=5, by_language=True, crossed=True)
    how = {"raters_per_item": 1, "seed": 1, "now": NOW, "study": study, "items": items}
    openings.open_wave(wave=Wave.FIRST, routing=routing, **how)
    study.refresh_from_db()

    opening = openings.open_wave(wave=Wave.AUDIT, routing=as_first_wave(study), **how)

    lane = Seat.objects.get(opening=opening).lane
    assert (lane.priority, lane.language, lane.crossed, lane.cohort) == (5, "de", True, "")
    assert lane == Seat.objects.get(wave=Wave.FIRST).lane


# The command


def test_the_command_opens_extra_seats(study, capsys):
    words = ("--wave", "extra", "--question", "safe", "--below", "0.67", "--at-least", 2)

    code, out, _ = run(capsys, "open_seats", "s", *words, "--reason", "Why not.")

    assert (code, out) == (0, "2 seats added; 2 items are open.\n")
    assert SeatOpening.objects.get().reason == "Why not."


def test_the_command_counts_without_opening(study, capsys):
    words = ("--wave", "extra", "--question", "safe", "--at-least", 2, "--dry-run")

    assert run(capsys, "open_seats", "s", *words)[1] == "Raters disagree at 1 items.\n"
    assert run(capsys, "open_seats", "s", *words, "--json")[1] == '{"items": 1}\n'
    assert not SeatOpening.objects.exists()


def test_the_command_reserves_adjudication_for_a_cohort(study, capsys):
    words = ("--wave", "adjudication", "--question", "safe", "--at-least", 2)

    assert run(capsys, "open_seats", "s", *words)[0] == 2
    assert run(capsys, "open_seats", "s", *words, "--cohort", "experts", "--raters", 2)[0] == 0
    assert Seat.objects.filter(wave=Wave.ADJUDICATION, lane__cohort="experts").count() == 2


@pytest.mark.parametrize("share", ["much", "NaN", "inf"])
def test_the_command_takes_no_word_for_a_share(study, capsys, share):
    words = ("--wave", "extra", "--question", "safe", "--below", share)

    assert "is no share" in run(capsys, "open_seats", "s", *words)[2]


def test_the_command_ends_with_2_where_no_answer_is_known(study, capsys):
    assert run(capsys, "open_seats", "s", "--wave", "gold")[0] == 2
