"""What becomes of reported items: parked, offered again, taken out, put back."""

import pytest

from annotation.models import Flag, Item, Rater, Seat, Skip, Study
from annotation.services import openings, reviews, seats
from annotation.vocabulary import FlagKind, SkipReason
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db
LATER = NOW + HOUR


@pytest.fixture
def study():
    return build.study("s", skips_before_review=2)


@pytest.fixture
def item(study, tmp_path):
    return build.item(study, tmp_path, n_seats=3)


@pytest.fixture
def admin():
    return build.user("boss")


def skip(study, *, at=NOW, reason=SkipReason.BROKEN) -> Rater:
    """Another rater takes the next item and skips it."""
    rater = build.rater(study)
    seats.skip(rater=rater, key=build.claim(rater, at=at).key, reason=reason, now=at)
    return rater


def parked() -> int:
    return Seat.objects.filter(parked=True).count()


def flag(item, **more) -> Flag:
    fields = {"kind": FlagKind.ITEM, "flagged_at": NOW, **more}
    return Flag.objects.create(item=item, rater=build.rater(item.study), **fields)


def decide(act, item, admin, *, now=LATER, seen_at=None) -> bool:
    return act(study=item.study, item_id=item.pk, now=now, by_id=admin.pk, seen_at=seen_at)


# Parking


def test_an_item_is_parked_when_it_was_skipped_often_enough(study, item):
    skip(study)
    assert parked() == 0

    skip(study)

    assert parked() == 3
    assert build.claim(build.rater(study)) is None


def test_another_item_is_not_parked(study, item, tmp_path):
    other = build.item(study, tmp_path, n_seats=1)
    for rater in (build.rater(study), build.rater(study)):
        Skip.objects.create(rater=rater, item=item, reason="broken", skipped_at=NOW)

    reviews.park_if_reported(item_id=item.pk, now=NOW)

    assert not Seat.objects.filter(item=other, parked=True).exists()


def test_parking_twice_is_parking_once(study, item):
    skip(study)
    skip(study)

    assert reviews.park_if_reported(item_id=item.pk, now=NOW)
    assert parked() == 3


def test_who_holds_a_seat_of_a_parked_item_may_finish(study, item):
    holder = build.rater(study)
    build.claim(holder)
    skip(study)
    skip(study)

    assert build.judgment(holder).finished


def test_a_seat_of_a_parked_item_that_lapses_goes_to_nobody(study, item):
    build.claim(build.rater(study))
    skip(study)
    skip(study)

    assert build.claim(build.rater(study), at=NOW + 3 * HOUR) is None


def test_judged_seats_are_not_parked(study, item):
    build.judgment(build.rater(study))
    skip(study)
    skip(study)

    assert parked() == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_of_skips_at_once_the_last_one_counts_all(study, item):
    raters = [build.rater(study), build.rater(study)]
    keys = [build.claim(rater).key for rater in raters]

    results = build.at_once(
        *(
            lambda rater=rater, key=key: seats.skip(
                rater=rater, key=key, reason=SkipReason.BROKEN, now=NOW
            )
            for rater, key in zip(raters, keys, strict=True)
        )
    )

    assert results == [None, None]
    assert parked() == 3


# Offering again


@pytest.mark.parametrize("act", [reviews.offer_again, reviews.retire])
def test_a_flag_that_the_admin_had_not_seen_stays_open(item, admin, act):
    seen = flag(item)
    unseen = flag(item, flagged_at=NOW + HOUR / 2)

    decide(act, item, admin, seen_at=NOW + HOUR / 4)

    assert list(Flag.objects.filter(resolved_at=None)) == [unseen]
    assert Flag.objects.get(pk=seen.pk).resolved_at == LATER


def test_a_skip_that_the_admin_had_not_seen_still_counts(study, item, admin):
    skip(study)
    skip(study, at=NOW + HOUR / 2)
    decide(reviews.offer_again, item, admin, seen_at=NOW + HOUR / 4)

    skip(study, at=LATER)

    assert parked() == 3


def test_a_time_of_seeing_in_the_future_is_now(item, admin):
    flag(item)

    decide(reviews.offer_again, item, admin, seen_at=LATER + HOUR)

    item.refresh_from_db()
    assert item.reviewed_at == LATER


def test_an_item_that_is_offered_again_is_given_to_raters(study, item, admin):
    skip(study)
    skip(study)

    assert decide(reviews.offer_again, item, admin)

    item.refresh_from_db()
    assert (item.reviewed_at, parked()) == (LATER, 0)
    assert build.claim(build.rater(study)).item_id == item.pk


def test_offering_again_resolves_the_open_flags(item, admin):
    flag(item)

    decide(reviews.offer_again, item, admin)

    stored = Flag.objects.get()
    assert (stored.resolved_at, stored.resolved_by) == (LATER, admin)


def test_what_was_resolved_before_stays_as_it_is(item, admin):
    other = build.user()
    flag(item, resolved_at=NOW, resolved_by=other)
    flag(item)

    decide(reviews.offer_again, item, admin)

    assert set(Flag.objects.values_list("resolved_by", flat=True)) == {other.pk, admin.pk}


def test_skips_before_the_review_do_not_count_again(study, item, admin):
    skip(study)
    skip(study)
    decide(reviews.offer_again, item, admin)

    skip(study, at=LATER + HOUR)
    assert parked() == 0
    skip(study, at=LATER + HOUR)

    assert parked() == 3


def test_offering_again_twice_does_nothing_the_second_time(study, item, admin):
    skip(study)
    skip(study)
    decide(reviews.offer_again, item, admin)

    assert not decide(reviews.offer_again, item, admin, now=LATER + HOUR)
    item.refresh_from_db()
    assert item.reviewed_at == LATER


def test_an_item_nobody_reported_is_not_offered_again(item, admin):
    assert not decide(reviews.offer_again, item, admin)


def test_a_seat_judged_while_its_item_was_parked_parks_no_seat_after_it(study, item, admin):
    holder = build.rater(study)
    build.claim(holder)
    skip(study)
    skip(study)
    build.judgment(holder)

    decide(reviews.offer_again, item, admin)

    assert not Seat.objects.filter(item=item, parked=True).exists()


# Taking out and putting back


def test_an_item_that_is_taken_out_is_given_to_nobody(study, item, admin):
    assert decide(reviews.retire, item, admin)

    item.refresh_from_db()
    assert (item.retired_at, item.reviewed_at, parked()) == (LATER, LATER, 3)
    assert build.claim(build.rater(study)) is None


def test_taking_out_resolves_the_open_flags(item, admin):
    flag(item)

    decide(reviews.retire, item, admin)

    assert not Flag.objects.filter(resolved_at=None).exists()


def test_taking_out_twice_keeps_the_first_time(item, admin):
    decide(reviews.retire, item, admin)

    assert not decide(reviews.retire, item, admin, now=LATER + HOUR)
    item.refresh_from_db()
    assert item.retired_at == LATER


def test_what_was_judged_of_an_item_stays_when_it_is_taken_out(study, item, admin):
    build.judgment(build.rater(study))

    decide(reviews.retire, item, admin)

    assert Seat.objects.filter(item=item, judged_at__isnull=False).count() == 1


def test_an_item_that_was_taken_out_gets_no_further_seats(study, item, admin):
    decide(reviews.retire, item, admin)

    opening = openings.open_first_wave(study=study, raters_per_item=5, seed=1, now=NOW)

    assert opening.seats == 0


def test_an_item_that_was_taken_out_is_not_offered_again(item, admin):
    decide(reviews.retire, item, admin)
    flag(item)

    assert not decide(reviews.offer_again, item, admin)
    assert parked() == 3


def test_an_item_that_is_put_back_is_given_to_raters(study, item, admin):
    decide(reviews.retire, item, admin)

    assert decide(reviews.restore, item, admin, now=LATER + HOUR)

    item.refresh_from_db()
    assert (item.retired_at, item.reviewed_at, parked()) == (None, LATER + HOUR, 0)
    assert build.claim(build.rater(study)).item_id == item.pk


def test_only_what_is_out_is_put_back(item, admin):
    assert not decide(reviews.restore, item, admin)


@pytest.mark.parametrize("act", [reviews.offer_again, reviews.retire, reviews.restore])
def test_an_item_of_another_study_is_left_alone(item, admin, act):
    flag(item)
    other = build.study("other")

    assert not act(study=other, item_id=item.pk, now=LATER, by_id=admin.pk)
    assert Item.objects.filter(reviewed_at=None, retired_at=None).count() == 1


# Flags of a value


def test_the_flags_of_a_value_are_resolved_together(study, item, admin):
    honesty, kindness = item.query.value_a, item.query.value_b
    for value in (honesty, honesty, kindness):
        flag(item, kind=FlagKind.VALUE, value=value)
    flag(item)

    resolved = reviews.resolve_flags_of_value(
        study=study, value_id=honesty.pk, now=LATER, by_id=admin.pk
    )

    assert resolved == 2
    assert set(Flag.objects.filter(resolved_at=None).values_list("value", flat=True)) == {
        kindness.pk, None,
    }  # fmt: skip


def test_a_value_without_flags_has_none_to_resolve(study, item, admin):
    value_id = item.query.value_a_id

    resolved = reviews.resolve_flags_of_value(
        study=study, value_id=value_id, now=LATER, by_id=admin.pk
    )

    assert resolved == 0


def test_the_study_says_how_many_skips_it_takes(study, item):
    Study.objects.update(skips_before_review=1)

    skip(study)

    assert parked() == 3
