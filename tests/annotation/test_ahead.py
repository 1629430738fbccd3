"""The second lease: the next item is held while this one is read."""

from datetime import timedelta

import pytest

from annotation.models import Rater, Seat, Skip, Study
from annotation.selectors.queue import why_nothing
from annotation.services import reviews, seats
from annotation.vocabulary import SkipReason
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study(rubric=build.SAFE)


def items(study, tmp_path, n, *, n_seats=1, **fields):
    for _ in range(n):
        build.item(study, tmp_path, n_seats=n_seats, **fields)


def ahead(rater, *, at=NOW):
    rater.study.refresh_from_db()
    return seats.claim_ahead(rater=rater, now=at)


def test_the_seat_ahead_is_another_one(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    reading = claim(ann)

    assert ahead(ann).item_id != reading.item_id


def test_asking_twice_gives_the_same_seat_ahead(study, tmp_path):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    claim(ann)

    assert ahead(ann) == ahead(ann)
    assert Seat.objects.held_by(ann.pk).count() == 2


def test_the_seat_being_read_stays_the_one_being_read(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    reading = claim(ann)
    ahead(ann)

    assert claim(ann, at=NOW + HOUR / 2) == reading


def test_after_judging_the_seat_ahead_is_the_next(study, tmp_path):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    reading, waiting = claim(ann), ahead(ann)

    build.submit(ann, reading, safe="no")

    assert claim(ann) == waiting
    assert ahead(ann) not in (reading, waiting)


def test_nothing_is_held_ahead_of_nothing(study, tmp_path):
    items(study, tmp_path, 1)

    assert ahead(build.rater(study)) is None


def test_there_is_no_seat_ahead_where_none_is_left(study, tmp_path):
    items(study, tmp_path, 1)
    ann = build.rater(study)
    claim(ann)

    assert ahead(ann) is None


def test_a_paused_rater_gets_none_ahead(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    claim(ann)
    Rater.objects.filter(pk=ann.pk).update(paused_at=NOW)
    ann.refresh_from_db()

    assert seats.claim_ahead(rater=ann, now=NOW) is None


def test_a_seat_ahead_counts_as_shown_only_when_it_is(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    claim(ann)
    waiting = ahead(ann)
    assert waiting.shown_at is None

    seats.show(rater=ann, key=waiting.key, now=NOW + HOUR)

    assert Seat.objects.get(pk=waiting.pk).shown_at == NOW + HOUR


def test_two_framings_of_a_scenario_are_not_held_side_by_side(study, tmp_path):
    items(study, tmp_path, 2, scenario_id="s-1")
    ann = build.rater(study)
    claim(ann)

    assert ahead(ann) is None


def test_the_last_item_of_a_quota_has_none_ahead(study, tmp_path):
    Study.objects.filter(pk=study.pk).update(judgments_per_rater=2)
    items(study, tmp_path, 4)
    ann = build.rater(study)
    build.judgment(ann, safe="no")
    claim(ann)

    assert ahead(ann) is None


def test_R038_a_rater_who_reached_the_quota_is_told_so(study, tmp_path):
    Study.objects.filter(pk=study.pk).update(judgments_per_rater=2)
    items(study, tmp_path, 4)
    ann = build.rater(study)
    build.judgment(ann, safe="no")
    build.judgment(ann, safe="no")

    assert claim(ann) is None
    assert why_nothing(ann, at=NOW).code == "quota"


def test_R038_what_others_hold_counts_only_where_the_rater_could_judge_it(study, tmp_path):
    items(study, tmp_path, 1, n_seats=2)
    ann, bob = build.rater(study), build.rater(study)
    build.judgment(ann, safe="no")
    claim(bob)

    assert why_nothing(ann, at=NOW).code == "done"


def test_R038_what_others_hold_and_the_rater_could_judge_may_come_back(study, tmp_path):
    items(study, tmp_path, 1)
    claim(build.rater(study))

    assert why_nothing(build.rater(study), at=NOW).code == "all_taken"


def test_R038_what_waits_for_an_admin_may_come_back(study, tmp_path):
    Study.objects.filter(pk=study.pk).update(skips_before_review=1)
    items(study, tmp_path, 1, n_seats=2)
    ann = build.rater(study)
    seats.skip(rater=ann, key=claim(ann).key, reason=SkipReason.BROKEN, now=NOW)

    bob = build.rater(study)
    assert claim(bob) is None
    assert why_nothing(bob, at=NOW).code == "parked"


def test_an_item_that_an_admin_offers_again_is_served(study, tmp_path):
    Study.objects.filter(pk=study.pk).update(skips_before_review=1)
    items(study, tmp_path, 1, n_seats=2)
    ann = build.rater(study)
    seats.skip(rater=ann, key=claim(ann).key, reason=SkipReason.BROKEN, now=NOW)
    admin = build.member(study, "admin")

    reviews.offer_again(study=study, item_id=Skip.objects.get().item_id, now=NOW, by_id=admin.pk)

    assert claim(build.rater(study)) is not None


def test_a_lease_is_put_off_as_often_as_asked(study, tmp_path):
    items(study, tmp_path, 1)
    ann = build.rater(study)
    seat = claim(ann)

    for step in range(1, 13):
        now = NOW + step * timedelta(minutes=50)
        assert seats.extend(rater=ann, key=seat.key, now=now) == now + HOUR


def test_giving_everything_back_frees_both_seats(study, tmp_path):
    items(study, tmp_path, 2)
    ann = build.rater(study)
    claim(ann), ahead(ann)

    assert seats.give_back_all(rater=ann, now=NOW) == 2
    assert Seat.objects.free(at=NOW).count() == 2


def test_two_windows_asking_ahead_at_once_hold_two_seats_in_all(study, tmp_path, monkeypatch):
    """The race: between looking at what is held and taking a seat, the other window took one."""
    items(study, tmp_path, 4)
    ann = build.rater(study)
    claim(ann)
    take, other = seats._take, []

    def take_after_the_other(seat, rater, now, **hold):
        if not other:
            other.append(seat.pk)
            elsewhere = Seat.objects.free(at=now).exclude(pk=seat.pk).first()
            assert take(elsewhere, rater, now, **hold)
        return take(seat, rater, now, **hold)

    monkeypatch.setattr(seats, "_take", take_after_the_other)

    assert ahead(ann) is not None
    assert Seat.objects.held_by(ann.pk).count() == 2


def test_R038_a_quota_holds_when_the_answer_comes_in_beside_the_next_request(study, tmp_path):
    """The race: the page asking for the next item was let in before the answer was stored."""
    Study.objects.filter(pk=study.pk).update(judgments_per_rater=1)
    items(study, tmp_path, 3)
    ann = build.rater(study)
    let_in = Rater.objects.select_related("study").get(pk=ann.pk)
    build.submit(ann, claim(ann), safe="no")

    assert seats.claim_next(rater=let_in, now=NOW) is None


def test_a_pause_holds_when_it_comes_beside_the_next_request(study, tmp_path):
    items(study, tmp_path, 3)
    ann = build.rater(study)
    Rater.objects.filter(pk=ann.pk).update(paused_at=NOW)

    assert seats.claim_next(rater=ann, now=NOW) is None
