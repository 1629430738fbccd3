"""Getting a seat, how long it is held, and getting none where the study or the rater is paused."""

from datetime import timedelta

import pytest

from annotation.services import raters, studies
from annotation.vocabulary import StudyState
from tests import build
from tests.annotation.seating import items
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


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
