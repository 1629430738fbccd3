"""Two who ask for seats at once: each seat goes to one rater, each rater holds one seat."""

import pytest

from annotation.models import Judgment, Rater, Seat
from annotation.services import seats
from tests import build
from tests.annotation.seating import items, walk
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


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
