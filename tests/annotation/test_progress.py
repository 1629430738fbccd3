from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Rater, Seat
from annotation.selectors.progress import next_steps, progress_of
from annotation.services import invitations, raters, seats
from annotation.vocabulary import RaterSource, Role, SkipReason, Wave
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db
LATER = NOW + 2 * HOUR


def of(study, at=NOW):
    study.refresh_from_db()
    return progress_of(study, at=at)


def only_rater(study, at=NOW):
    return of(study, at).raters[0]


@pytest.fixture
def study():
    return build.study()


def test_a_new_study_has_nothing(study):
    found = of(study)

    assert (found.items, found.counts.seats, found.short, found.batches, found.raters) == (
        0,
        0,
        0,
        (),
        (),
    )


def test_a_free_seat_is_a_seat_and_nothing_else(study, tmp_path):
    build.item(study, tmp_path, n_seats=2)

    counts = of(study).counts
    assert (counts.seats, counts.done, counts.in_progress, counts.lapsed) == (2, 0, 0, 0)


def test_a_taken_seat_is_in_progress(study, tmp_path):
    build.item(study, tmp_path)
    build.claim(build.rater(study))

    found = of(study)
    assert (found.counts.in_progress, found.raters_at_work) == (1, 1)
    assert only_rater(study).counts.in_progress == 1


def test_a_seat_whose_time_ran_out_is_lapsed(study, tmp_path):
    build.item(study, tmp_path)
    build.claim(build.rater(study))

    found = of(study, LATER)
    assert (found.counts.in_progress, found.counts.lapsed, found.raters_at_work) == (0, 1, 0)
    assert only_rater(study, LATER).counts.lapsed == 1


def test_a_judged_seat_is_done(study, tmp_path):
    build.item(study, tmp_path)
    build.judgment(build.rater(study))

    rater = only_rater(study)
    assert of(study).counts.done == 1
    assert (rater.counts.done, rater.last_judged_at) == (1, NOW)


def test_an_item_is_short_until_enough_raters_judged_it(study, tmp_path):
    build.item(study, tmp_path, n_seats=2)

    before = of(study).short
    build.judgment(build.rater(study))
    half = of(study).short
    build.judgment(build.rater(study))

    assert (before, half, of(study).short) == (1, 1, 0)


def test_a_seat_left_half_way_is_counted_once_with_the_one_that_replaced_it(study, tmp_path):
    build.item(study, tmp_path, n_seats=1, messages=build.conversation(2))
    build.judgment(build.rater(study), turn=1)
    build.claim(build.rater(study), at=LATER)

    counts = of(study, LATER).counts
    assert Seat.objects.count() == 2
    assert (counts.seats, counts.done, counts.in_progress) == (1, 0, 1)


def test_a_skipped_item_is_counted_with_its_rater(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    seats.skip(rater=ann, key=build.claim(ann).key, reason=SkipReason.BROKEN, now=NOW)

    assert only_rater(study).skipped == 1


def test_the_pace_is_the_median_time_of_an_item(study, tmp_path):
    ann = build.rater(study)
    for seconds in (10, 30, 400):
        build.item(study, tmp_path, n_seats=1)
        build.judgment(ann)
        newest = Seat.objects.order_by("-pk").first()
        Seat.objects.filter(pk=newest.pk).update(
            judged_at=newest.claimed_at + timedelta(seconds=seconds)
        )

    assert only_rater(study).pace == 30


def test_a_rater_who_judged_nothing_has_no_pace(study):
    build.rater(study)

    rater = only_rater(study)
    assert (rater.pace, rater.last_judged_at) == (None, None)


def test_each_batch_has_its_own_numbers(study, tmp_path):
    build.batch(study, [build.reply_fields(), build.reply_fields()], tmp_path)
    build.item(study, tmp_path, n_seats=1)
    build.batch(study, [build.reply_fields()], tmp_path)
    build.judgment(build.rater(study))

    found = of(study).batches
    assert [(b.number, b.replies, b.items, b.counts.seats) for b in found] == [
        (1, 2, 2, 2),
        (2, 1, 1, 1),
        (3, 1, 0, 0),
    ]
    assert sum(b.counts.done for b in found) == 1
    assert sum(b.short for b in found) == 2


def test_another_study_is_not_counted(study, tmp_path):
    build.item(build.study(), tmp_path)

    assert of(study).counts.seats == 0


def test_paused_and_simulated_raters_are_marked(study):
    build.rater(study, paused_at=NOW)
    raters.named(study=study, names=["robot"], source=RaterSource.SIMULATED, now=NOW)

    by_name = {rater.name: rater for rater in of(study).raters}
    assert by_name["robot"].simulated
    assert [rater.paused for rater in by_name.values()].count(True) == 1


def test_whoever_judged_last_stands_first(study, tmp_path):
    build.item(study, tmp_path)
    first, second = build.rater(study), build.rater(study)
    build.judgment(first)
    build.judgment(second, at=NOW + timedelta(minutes=1))
    build.rater(study)

    assert [rater.id for rater in of(study).raters][:2] == [second.pk, first.pk]


def test_a_long_list_of_raters_is_cut_and_says_so(study, monkeypatch):
    monkeypatch.setattr("annotation.selectors.progress.RATERS_LISTED", 1)
    build.rater(study)
    build.rater(study)

    found = of(study)
    assert (len(found.raters), found.raters_more) == (1, 1)


def test_raters_who_judged_elsewhere_are_counted_and_not_listed(study):
    build.rater(study)
    raters.named(study=study, names=["p1", "p2"], source=RaterSource.IMPORT, now=NOW)

    found = of(study)

    assert (len(found.raters), found.raters_more, found.raters_elsewhere) == (1, 0, 2)


def test_more_batches_and_raters_cost_no_more_queries(study, tmp_path):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as seen:
            progress_of(study, at=NOW)
        return len(seen)

    build.item(study, tmp_path)
    build.judgment(build.rater(study))
    few = queries()
    for _ in range(4):
        build.item(study, tmp_path)
        build.judgment(build.rater(study))

    assert queries() == few <= 9


def test_a_slow_count_makes_the_page_ask_less_often(study, monkeypatch):
    times = iter([0.0, 3.0])
    clock = SimpleNamespace(monotonic=lambda: next(times))  # other threads keep the real one
    monkeypatch.setattr("annotation.selectors.progress.time", clock)

    assert of(study).poll_seconds == 60


def test_an_open_link_counts_as_invited(study):
    boss = build.member(study, Role.ADMIN)
    before = next_steps(study, of(study), at=NOW)
    invitations.issue(study=study, role=Role.RATER, by=boss, now=NOW)

    after = next_steps(study, of(study), at=NOW)
    assert ([step.done for step in before][2], [step.done for step in after][2]) == (False, True)


def test_where_people_judged_elsewhere_the_next_step_is_how_far_they_agree(study):
    names = ["crowd-1"]
    raters.named(study=study, names=names, source=RaterSource.IMPORT, now=NOW)
    elsewhere = next_steps(study, of(study), at=NOW)
    build.rater(study)

    here_too = next_steps(study, of(study), at=NOW)

    assert [step.page for step in elsewhere if not step.done][-2] == "evaluation:agreement"
    assert "evaluation:agreement" not in [step.page for step in here_too]


def test_the_board_shows_every_number(study, client, tmp_path):
    client.force_login(build.member(study, Role.ADMIN))
    build.item(study, tmp_path, n_seats=2)
    build.judgment(build.rater(study), at=build.now())
    Rater.objects.update(source=RaterSource.SIMULATED)

    shown = client.get(f"/studies/{study.slug}/").content.decode()

    assert "SIMULATED" in shown
    for name in (
        "items",
        "seats",
        "done",
        "in progress",
        "lapsed",
        "items short of target",
        "raters at work now",
    ):
        assert f'<span class="figure__name">{name}</span>' in shown


def test_seats_of_every_wave_count(study, tmp_path):
    item = build.item(study, tmp_path, n_seats=1)
    seat = item.seats.get()
    Seat.objects.create(
        study=study,
        item=item,
        query_id=item.query_id,
        scenario_id=item.scenario_id,
        wave=Wave.EXTRA,
        number=1,
        place=seat.place,
    )

    assert of(study).counts.seats == 2


def test_a_slow_count_is_kept_for_the_next_look(study, client, monkeypatch):
    client.force_login(build.member(study, Role.ADMIN))
    times = iter([0.0, 3.0])
    clock = SimpleNamespace(monotonic=lambda: next(times))  # other threads keep the real one
    monkeypatch.setattr("annotation.selectors.progress.time", clock)

    first = client.get(f"/studies/{study.slug}/").context["progress"]
    second = client.get(f"/studies/{study.slug}/").context["progress"]

    assert first == second
    assert first.poll_seconds == 60


def test_a_quick_count_is_made_anew(study, client):
    client.force_login(build.member(study, Role.ADMIN))

    first = client.get(f"/studies/{study.slug}/").context["progress"]
    second = client.get(f"/studies/{study.slug}/").context["progress"]

    assert first.at < second.at
