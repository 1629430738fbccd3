"""How far a rater is: what was judged today begins with the first moment of the day."""

from datetime import UTC, datetime, timedelta

import pytest

from annotation.models import Seat
from annotation.selectors.past import pace_of
from tests import build

pytestmark = pytest.mark.django_db

MIDNIGHT = datetime(2026, 3, 29, tzinfo=UTC)


@pytest.mark.parametrize(
    ("judged_at", "seen_at", "today"),
    [
        (timedelta(seconds=10), timedelta(hours=12, minutes=30, seconds=45), 1),
        (timedelta(0), timedelta(seconds=59), 1),
        (timedelta(microseconds=-1), timedelta(microseconds=1), 0),
        (timedelta(hours=23), timedelta(hours=23, minutes=59), 1),
    ],
)
def test_what_is_judged_in_the_first_minute_of_a_day_is_of_that_day(
    tmp_path, judged_at, seen_at, today
):
    study = build.study()
    build.item(study, tmp_path, n_seats=1)
    rater = build.rater(study)
    build.judgment(rater)
    Seat.objects.update(judged_at=MIDNIGHT + judged_at)

    assert pace_of(rater, at=MIDNIGHT + seen_at).judged_today == today
