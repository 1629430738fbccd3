"""Who gets which seat, and when it is free again."""

from datetime import timedelta

import pytest

from annotation.errors import SeatNotHeld, SeatsRefused
from annotation.models import Item, Judgment, Query, Rater, Scenario, Seat, SeatOpening, Skip
from annotation.services import openings, raters, seats, studies
from annotation.vocabulary import BatchState, SkipReason, StudyState, Wave
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


def items(study, tmp_path, n, *, n_seats=1, **fields):
    """``n`` items, each of a query of its own."""
    build.batch(study, [build.reply_fields(**fields) for _ in range(n)], tmp_path)
    openings.open_first_wave(study=study, raters_per_item=n_seats, seed=1, now=NOW)


def open_seats(study, n, *, seed=1):
    return openings.open_first_wave(study=study, raters_per_item=n, seed=seed, now=NOW)


def skip(by, seat, *, at=NOW):
    seats.skip(rater=by, key=seat.key, reason=SkipReason.BROKEN, now=at)


def walk(by, *, at=NOW):
    """Everything a rater meets until nothing is left, in order."""
    met = []
    while seat := claim(by, at=at):
        met.append(seat.item_id)
        build.submit(by, seat, at=at)
    return met


# Claiming


def test_an_empty_queue_gives_no_seat(study):
    assert claim(build.rater(study)) is None


def test_asking_twice_gives_the_same_seat(study, tmp_path):
    items(study, tmp_path, 5)
    ann = build.rater(study)

    first, second = claim(ann), claim(ann)

    assert first.pk == second.pk
    assert first.key == second.key


def test_asking_again_renews_the_lease(study, tmp_path):
    items(study, tmp_path, 1)
    ann = build.rater(study)
    claim(ann)

    again = claim(ann, at=NOW + HOUR / 2)

    assert again.leased_until == NOW + HOUR / 2 + HOUR


def test_a_rater_never_sits_twice_at_one_item(study, tmp_path):
    build.item(study, tmp_path, n_seats=3)
    ann = build.rater(study)
    build.judgment(ann)

    assert claim(ann) is None


def test_no_more_raters_than_seats(study, tmp_path):
    build.item(study, tmp_path, n_seats=2)
    claim(build.rater(study)), claim(build.rater(study))

    assert claim(build.rater(study)) is None


def test_R037_a_lapsed_lease_frees_the_seat(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann, bob = build.rater(study), build.rater(study)
    left = claim(ann)

    taken = claim(bob, at=NOW + HOUR)

    assert taken.pk == left.pk
    assert taken.rater_id == bob.pk
    assert taken.key != left.key


def test_R037_a_lease_holds_until_its_last_moment(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    claim(build.rater(study))

    assert claim(build.rater(study), at=NOW + HOUR - timedelta(seconds=1)) is None


def test_R037_a_rater_back_late_still_has_the_seat_that_nobody_took(study, tmp_path):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    left = claim(ann)

    assert claim(ann, at=NOW + 30 * HOUR).pk == left.pk


def test_R037_a_rater_back_late_gets_another_item_when_theirs_was_taken(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann, bob = build.rater(study), build.rater(study)
    claim(ann)
    claim(bob, at=NOW + HOUR)
    build.item(study, tmp_path, n_seats=1)

    again = claim(ann, at=NOW + HOUR)

    assert again.item_id != claim(bob, at=NOW + HOUR).item_id


def test_the_lease_lasts_as_long_as_the_study_says(tmp_path):
    study = build.study(lease_minutes=5)
    build.item(study, tmp_path)

    assert claim(build.rater(study)).leased_until == NOW + timedelta(minutes=5)


def test_a_seat_of_another_study_is_never_given(study, tmp_path):
    build.item(study, tmp_path)

    assert claim(build.rater(build.study())) is None


def test_keys_are_drawn_anew_at_every_claim(study, tmp_path):
    items(study, tmp_path, 4)
    ann, bob = build.rater(study), build.rater(study)

    keys = {claim(ann).key, claim(bob).key, claim(bob, at=NOW + 9 * HOUR).key}

    assert len(keys) == 2  # ann's, bob's, and bob's renewed one, which stays
    assert all(len(key) == 22 for key in keys)


# Pausing


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_study_that_is_not_open_gives_no_seat(state, tmp_path):
    study = build.study(state=state)
    build.item(study, tmp_path)

    assert claim(build.rater(study)) is None


def test_a_paused_study_lets_raters_finish_what_they_hold(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    held = claim(ann)
    studies.change_state(study=study, to=StudyState.PAUSED, by_id=None)

    assert claim(ann).pk == held.pk
    assert build.submit(ann, held).finished
    assert claim(ann) is None


def test_a_paused_rater_finishes_what_they_hold_and_gets_no_more(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    held = claim(ann)
    raters.pause(rater=ann, now=NOW, by_id=1)
    ann.refresh_from_db()

    assert claim(ann).pk == held.pk
    assert build.submit(ann, held).finished
    assert claim(ann) is None


def test_a_resumed_rater_gets_seats_again(study, tmp_path):
    items(study, tmp_path, 1)
    ann = build.rater(study, paused_at=NOW)
    raters.resume(rater=ann, by_id=1)
    ann.refresh_from_db()

    assert claim(ann) is not None


# Who may sit where


def test_two_framings_of_one_scenario_never_go_to_one_rater(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2, scenario_id="s-1")
    ann = build.rater(study)

    assert len(walk(ann)) == 1


def test_two_framings_of_one_scenario_do_where_the_study_allows_it(tmp_path):
    study = build.study(one_framing_per_scenario=False)
    items(study, tmp_path, 3, n_seats=2, scenario_id="s-1")

    assert len(walk(build.rater(study))) == 3


def test_the_rest_of_a_begun_framing_stays_eligible(study, tmp_path):
    items(study, tmp_path, 1, query_id="q-a", scenario_id="s-1", model="acme/one")
    items(study, tmp_path, 1, query_id="q-a", scenario_id="s-1", model="acme/two")
    items(study, tmp_path, 1, query_id="q-b", scenario_id="s-1", framing="value_a")

    met = walk(build.rater(study))

    queries = set(Item.objects.filter(pk__in=met).values_list("query__external_id", flat=True))
    assert len(queries) == 1


def test_a_rater_gets_no_more_replies_to_one_query_than_the_study_says(tmp_path):
    study = build.study(replies_per_query=2)
    for model in "abcd":
        items(study, tmp_path, 1, query_id="q-1", model=f"acme/{model}")

    assert len(walk(build.rater(study))) == 2


def test_without_a_limit_a_rater_gets_every_reply_to_a_query(study, tmp_path):
    for model in "abcd":
        items(study, tmp_path, 1, query_id="q-1", model=f"acme/{model}")

    assert len(walk(build.rater(study))) == 4


def test_a_held_seat_counts_as_had(tmp_path):
    """Two windows of time: what ann holds, lapsed or not, keeps its sibling framing from her."""
    study = build.study()
    items(study, tmp_path, 2, scenario_id="s-1")
    ann = build.rater(study)
    first = claim(ann)
    build.submit(ann, first)

    assert claim(ann) is None


# The order


def test_half_of_the_raters_walk_down(study):
    names = [f"rater-{n}" for n in range(400)]

    down = [raters.order_of(study, "account", name)["descending"] for name in names]

    assert 160 < sum(down) < 240


def test_an_order_is_drawn_from_the_secret_and_stays(study):
    other = build.study()

    drawn = raters.order_of(study, "account", "ann")

    assert drawn == raters.order_of(study, "account", "ann")
    assert drawn != raters.order_of(other, "account", "ann")
    assert drawn["cursor"] == drawn["start"]


@pytest.mark.parametrize("descending", [False, True])
def test_a_rater_meets_every_item_once_in_the_order_of_places(descending, study, tmp_path):
    items(study, tmp_path, 12)
    places = list(Seat.objects.order_by("place").values_list("place", flat=True))
    ann = build.rater(study, descending=descending, start=places[5], cursor=places[5])

    met = walk(ann)

    by_place = list(Seat.objects.order_by("place").values_list("item_id", flat=True))
    up = by_place[5:] + by_place[:5]
    down = by_place[5::-1] + by_place[:5:-1]
    assert met == (down if descending else up)


def test_two_items_come_in_both_orders(study, tmp_path):
    items(study, tmp_path, 2, n_seats=10)
    up = build.rater(study, descending=False, start=0, cursor=0)
    down = build.rater(study, descending=True, start=0, cursor=0)

    assert walk(up) == walk(down)[::-1]


@pytest.mark.parametrize("cursor", [0, 2**31 - 1])
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("place", [0, 2**31 - 1])
def test_the_ends_of_the_circle_are_reached(place, descending, cursor, study, tmp_path):
    build.item(study, tmp_path)
    Seat.objects.update(place=place)
    ann = build.rater(study, descending=descending, start=cursor, cursor=cursor)

    assert claim(ann) is not None


@pytest.mark.parametrize("descending", [False, True])
def test_nobody_is_told_none_while_an_eligible_seat_is_free(
    descending, study, tmp_path, monkeypatch
):
    """The windows are small, and all but one of many seats at one place are not for ann."""
    monkeypatch.setattr(seats, "FIRST_WINDOW", 2)
    monkeypatch.setattr(seats, "LARGEST_WINDOW", 3)
    items(study, tmp_path, 12, n_seats=4, scenario_id="s-1")
    only = build.item(study, tmp_path, n_seats=4)
    Seat.objects.update(place=77)
    ann = build.rater(study, descending=descending)
    build.judgment(ann)
    if only.pk in Seat.objects.filter(rater=ann).values_list("item_id", flat=True):
        assert len(walk(ann)) == 1
    else:
        assert walk(ann) == [only.pk]


def test_many_raters_fill_every_seat_exactly(study, tmp_path, monkeypatch):
    monkeypatch.setattr(seats, "FIRST_WINDOW", 2)
    items(study, tmp_path, 7, n_seats=3)
    for _ in range(3):
        assert len(set(walk(build.rater(study)))) == 7

    assert claim(build.rater(study)) is None
    assert not Seat.objects.filter(judged_at=None).exists()


# The lease, the candidates, what was had of them, the cursor and the seat in a savepoint.
CLAIM = 7


@pytest.mark.parametrize("n", [3, 40])
def test_claiming_costs_the_same_however_long_the_queue(
    n, study, tmp_path, django_assert_num_queries
):
    items(study, tmp_path, n, n_seats=3)
    ann = build.rater(study, start=0, cursor=0, descending=False)
    build.judgment(ann)

    with django_assert_num_queries(CLAIM):
        seats.claim_next(rater=ann, now=NOW)


def test_claiming_costs_the_same_however_much_was_judged(
    study, tmp_path, django_assert_num_queries
):
    items(study, tmp_path, 25, n_seats=2)
    ann = build.rater(study, start=0, cursor=0, descending=False)
    for _ in range(20):
        build.judgment(ann)

    with django_assert_num_queries(CLAIM):
        seats.claim_next(rater=ann, now=NOW)


# Races, one after the other


def taking_first(monkeypatch, other, *, same_seat):
    """Patch the race: just before a seat is taken, ``other`` takes that one, or the one beside it."""
    take, taken = seats._take, []

    def take_after_the_other(seat, rater, now, **hold):
        if not taken:
            there = seat if same_seat else Seat.objects.exclude(pk=seat.pk).get()
            taken.append(there.pk)
            assert take(there, other, now, **hold)
        return take(seat, rater, now, **hold)

    monkeypatch.setattr(seats, "_take", take_after_the_other)
    return taken


def test_a_seat_taken_meanwhile_is_passed_over(study, tmp_path, monkeypatch):
    """The race: between reading the candidates and taking one, bob took it."""
    items(study, tmp_path, 2)
    ann, bob = build.rater(study), build.rater(study)
    taken = taking_first(monkeypatch, bob, same_seat=True)

    assert claim(ann).pk not in taken
    assert Seat.objects.get(pk=taken[0]).rater_id == bob.pk


def test_the_last_seat_taken_meanwhile_gives_none(study, tmp_path, monkeypatch):
    items(study, tmp_path, 1)
    taking_first(monkeypatch, build.rater(study), same_seat=True)

    assert claim(build.rater(study)) is None


def test_two_windows_of_one_rater_share_a_seat(study, tmp_path, monkeypatch):
    """The race: both windows saw that ann holds nothing, and each reached for a seat."""
    items(study, tmp_path, 2)
    ann = build.rater(study)
    other_window = Rater.objects.select_related("study").get(pk=ann.pk)
    taken = taking_first(monkeypatch, other_window, same_seat=False)

    assert claim(ann).pk == taken[0]
    assert Seat.objects.held_by(ann.pk).count() == 1


def test_two_windows_share_a_seat_also_where_the_cursor_does_not_move(study, tmp_path, monkeypatch):
    """The other window's seat is at the cursor's own place: only the database's key stops the second."""
    items(study, tmp_path, 2)
    Seat.objects.update(place=5)
    ann = build.rater(study, start=5, cursor=5)
    other_window = Rater.objects.select_related("study").get(pk=ann.pk)
    taken = taking_first(monkeypatch, other_window, same_seat=False)

    assert claim(ann).pk == taken[0]
    assert Seat.objects.held_by(ann.pk).count() == 1


def test_a_lapsed_seat_that_was_taken_during_renewal_is_given_up(study, tmp_path, monkeypatch):
    build.item(study, tmp_path, n_seats=1)
    ann, bob = build.rater(study), build.rater(study)
    claim(ann)
    renew = seats._renew

    def renew_after_bob(seat_id, rater, now, **shown):
        if rater.pk == ann.pk:
            assert claim(bob, at=now)
        return renew(seat_id, rater, now, **shown)

    monkeypatch.setattr(seats, "_renew", renew_after_bob)

    assert claim(ann, at=NOW + HOUR) is None


def test_a_reload_while_the_item_is_being_sent_shows_the_one_that_was_taken_ahead(
    study, tmp_path, monkeypatch
):
    """The race: between reading what ann holds and renewing it, her other request judged it."""
    items(study, tmp_path, 2)
    ann = build.rater(study)
    read, ahead = claim(ann), seats.claim_ahead(rater=ann, now=NOW)
    renew, sent = seats._renew, []

    def renew_after_it_was_sent(seat, rater, now, **shown):
        if not sent:
            sent.append(build.submit(ann, read))
        return renew(seat, rater, now, **shown)

    monkeypatch.setattr(seats, "_renew", renew_after_it_was_sent)

    assert claim(ann).pk == ahead.pk


# Races, in threads


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R035_one_seat_left_and_many_raters_make_one_judgment(tmp_path):
    study = build.study()
    item = build.item(study, tmp_path, n_seats=3)
    for _ in range(2):
        build.judgment(build.rater(study))
    crowd = [build.rater(study) for _ in range(8)]

    got = build.at_once(*(lambda by=by: claim(by) for by in crowd))

    given = [(by, seat) for by, seat in zip(crowd, got, strict=True) if seat is not None]
    assert [seat.item_id for _, seat in given] == [item.pk]
    assert build.submit(*given[0]).finished
    assert Judgment.objects.filter(item=item, current=True).count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R035_a_crowd_fills_every_seat_and_no_more(tmp_path):
    study = build.study()
    items(study, tmp_path, 4, n_seats=2)
    crowd = [build.rater(study) for _ in range(7)]

    done = build.at_once(*(lambda by=by: walk(by) for by in crowd))

    assert [found for found in done if isinstance(found, Exception)] == []
    assert sum(map(len, done)) == 8
    assert Judgment.objects.filter(current=True).count() == 8
    assert not Seat.objects.filter(judged_at=None).exists()
    assert all(len(set(met)) == len(met) for met in done)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R035_two_windows_at_once_hold_one_seat(tmp_path):
    study = build.study()
    items(study, tmp_path, 6)
    ann = build.rater(study)

    def window():
        return claim(Rater.objects.select_related("study").get(pk=ann.pk)).pk

    got = build.at_once(*[window] * 4)

    assert len(set(got)) == 1
    assert Seat.objects.held_by(ann.pk).count() == 1


# Left half way


def begun(study, tmp_path, *, n_seats=1, turns=3):
    """An item of several turns whose first turn ann judged; ann and her seat."""
    build.item(study, tmp_path, n_seats=n_seats, messages=build.conversation(turns))
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat, turn=1)
    seat.refresh_from_db()
    return ann, seat


def test_a_seat_left_half_way_is_abandoned_and_replaced(study, tmp_path):
    _, left = begun(study, tmp_path)

    new = claim(build.rater(study), at=NOW + HOUR)

    left.refresh_from_db()
    assert left.abandoned_at == NOW + HOUR
    assert (new.item_id, new.turns_judged, new.number) == (left.item_id, 0, left.number + 1)
    assert left.judgments.get().answers.count() > 0


def test_the_rater_of_an_abandoned_seat_never_meets_the_item_again(study, tmp_path):
    ann, _ = begun(study, tmp_path, n_seats=2)
    claim(build.rater(study), at=NOW + HOUR)
    claim(build.rater(study), at=NOW + HOUR)

    assert claim(ann, at=NOW + 3 * HOUR) is None


def test_a_seat_left_half_way_is_kept_for_its_rater_until_another_comes(study, tmp_path):
    ann, left = begun(study, tmp_path)

    assert claim(ann, at=NOW + 50 * HOUR).pk == left.pk


def test_two_replacements_at_one_item_get_numbers_of_their_own(study, tmp_path, monkeypatch):
    """The race: another abandoned seat of the item was replaced between counting and adding."""
    _, left = begun(study, tmp_path, n_seats=2)
    create, raced = Seat.objects.create, []

    def create_after_another(**fields):
        if not raced:
            raced.append(fields["number"])
            create(**fields)
        return create(**fields)

    monkeypatch.setattr(Seat.objects, "create", create_after_another)
    seats._replace(left, NOW + HOUR)

    left.refresh_from_db()
    assert left.abandoned_at is not None
    assert raced == [3]


def test_a_seat_whose_rater_came_back_meanwhile_is_not_replaced(study, tmp_path):
    ann, left = begun(study, tmp_path)
    claim(ann, at=NOW + 2 * HOUR)

    seats._replace(left, NOW + 2 * HOUR)

    left.refresh_from_db()
    assert left.abandoned_at is None
    assert Seat.objects.count() == 1


def test_a_rater_who_just_judged_still_gets_what_another_window_took(study, tmp_path, monkeypatch):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    held = claim(ann)

    again = seats.claim_next(rater=ann, now=NOW, has_just_judged=True)

    assert again.pk == held.pk
    assert Seat.objects.held_by(ann.pk).count() == 1


def test_opening_seats_again_fills_up_but_does_not_count_abandoned_ones(study, tmp_path):
    _, left = begun(study, tmp_path, n_seats=2)
    claim(build.rater(study), at=NOW + HOUR), claim(build.rater(study), at=NOW + HOUR)

    opened = open_seats(study, 3)

    assert opened.seats == 1
    assert Seat.objects.filter(item=left.item_id, abandoned_at=None).count() == 3


# Skipping


def test_a_skipped_item_is_not_offered_again_and_stays_free_for_others(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann, bob = build.rater(study), build.rater(study)
    seat = claim(ann)
    skip(ann, seat)

    assert claim(ann) is None
    assert claim(bob).pk == seat.pk


def test_a_skip_is_remembered_by_a_fresh_look_at_the_rater(study, tmp_path):
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    skip(ann, claim(ann))

    ann = Rater.objects.select_related("study").get(pk=ann.pk)

    assert ann.skipped_count == 1
    assert claim(ann) is None
    assert Skip.objects.get().reason == SkipReason.BROKEN


def test_a_seat_is_skipped_once(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    skip(ann, seat)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)
    assert Rater.objects.get(pk=ann.pk).skipped_count == 1


def test_a_seat_of_another_rater_cannot_be_skipped(study, tmp_path):
    build.item(study, tmp_path)
    seat = claim(build.rater(study))

    with pytest.raises(SeatNotHeld):
        skip(build.rater(study), seat)
    assert Skip.objects.count() == 0


def test_a_judged_seat_cannot_be_skipped(study, tmp_path):
    build.item(study, tmp_path)
    ann = build.rater(study)
    seat = claim(ann)
    build.submit(ann, seat)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)


def test_skipping_half_way_keeps_the_answers_and_frees_the_item(study, tmp_path):
    ann, left = begun(study, tmp_path)

    skip(ann, left)

    left.refresh_from_db()
    assert left.abandoned_at == NOW
    assert left.judgments.get().answers.count() > 0
    assert claim(ann) is None
    assert claim(build.rater(study)).item_id == left.item_id


def test_skipping_an_item_again_in_a_stale_window_counts_once(study, tmp_path):
    """A window that does not know of the skip may still be given the item; skipping is fine."""
    build.item(study, tmp_path, n_seats=1)
    ann = build.rater(study)
    stale = Rater.objects.select_related("study").get(pk=ann.pk)
    skip(ann, claim(ann))

    skip(stale, claim(stale))

    assert Skip.objects.count() == 1
    assert Rater.objects.get(pk=ann.pk).skipped_count == 1


def test_a_seat_judged_a_turn_further_in_another_window_is_not_skipped(
    study, tmp_path, monkeypatch
):
    ann, seat = begun(study, tmp_path)
    give_back = seats._give_back

    def give_back_after_a_turn(found, rater, now):
        build.submit(ann, Seat.objects.select_related("item").get(pk=seat.pk), turn=2)
        return give_back(found, rater, now)

    monkeypatch.setattr(seats, "_give_back", give_back_after_a_turn)

    with pytest.raises(SeatNotHeld):
        skip(ann, seat)
    assert Skip.objects.count() == 0


# Opening seats


def test_opening_seats_twice_adds_none(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2)

    again = open_seats(study, 2)

    assert (again.items, again.seats) == (3, 0)
    assert Seat.objects.count() == 6


def test_opening_more_raters_per_item_adds_what_is_missing(study, tmp_path):
    items(study, tmp_path, 3, n_seats=2)

    assert open_seats(study, 5).seats == 9
    study.refresh_from_db()
    assert study.raters_per_item == 5


def test_later_replies_get_their_seats(study, tmp_path):
    items(study, tmp_path, 2, n_seats=2)
    build.batch(study, [build.reply_fields()], tmp_path)

    opened = open_seats(study, 2)

    assert (opened.items, opened.seats) == (3, 2)


def test_replies_of_an_unready_batch_get_no_seats(study, tmp_path):
    items(study, tmp_path, 1)
    late = build.batch(study, [build.reply_fields()], tmp_path)
    type(late).objects.filter(pk=late.pk).update(state=BatchState.READING)

    assert open_seats(study, 1).items == 1


def test_more_items_than_one_chunk_are_opened(study, tmp_path, monkeypatch):
    monkeypatch.setattr(openings, "ITEMS_AT_ONCE", 2)
    items(study, tmp_path, 5, n_seats=2)

    assert Item.objects.count() == 5
    assert Seat.objects.count() == 10


def test_an_opening_is_recorded_with_its_design(study, tmp_path):
    items(study, tmp_path, 2, n_seats=3)

    opening = SeatOpening.objects.get()

    assert (opening.wave, opening.design, opening.seed) == (Wave.FIRST, "all", 1)
    assert (opening.raters_per_item, opening.items, opening.seats) == (3, 2, 6)


@pytest.mark.parametrize("n", [0, -1, 1_001, 10**9])
def test_a_senseless_number_of_raters_is_refused(n, study, tmp_path):
    build.reply(study, tmp_path)

    with pytest.raises(SeatsRefused, match="at least one rater"):
        open_seats(study, n)
    assert SeatOpening.objects.count() == 0


def test_a_seed_no_database_stores_is_refused(study, tmp_path):
    build.reply(study, tmp_path)

    with pytest.raises(SeatsRefused, match="seed"):
        open_seats(study, 1, seed=2**63)


def test_a_study_without_replies_is_refused(study):
    with pytest.raises(SeatsRefused, match="no replies"):
        open_seats(study, 1)


def test_places_follow_from_seed_and_reply_alone(study, tmp_path):
    assert openings.place_of("r-1", seed=1) == openings.place_of("r-1", seed=1)
    assert openings.place_of("r-1", seed=1) != openings.place_of("r-1", seed=2)
    assert all(0 <= openings.place_of(f"r-{n}", seed=1) < raters.PLACES for n in range(200))


def test_seats_repeat_what_their_item_says(study, tmp_path):
    build.item(study, tmp_path, n_seats=1, scenario_id="s-1")

    seat = Seat.objects.get()

    assert seat.query == Query.objects.get() == seat.item.query
    assert seat.scenario == Scenario.objects.get() == seat.item.scenario


def test_lapsed_seats_are_those_whose_lease_ended(study, tmp_path):
    items(study, tmp_path, 2)
    left = claim(build.rater(study))

    assert list(Seat.objects.lapsed(at=NOW + HOUR)) == [left]
    assert not Seat.objects.lapsed(at=NOW).exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R048_two_admins_opening_at_once_add_no_seat_twice(tmp_path):
    study = build.study()
    build.batch(study, [build.reply_fields() for _ in range(10)], tmp_path)

    found = build.at_once(*[lambda: open_seats(study, 3)] * 2)

    assert [error for error in found if isinstance(error, Exception)] == []
    assert Seat.objects.count() == 30
