"""Reported items: which wait for a decision, with what, and what progress says of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Item, Study
from annotation.selectors import reports
from annotation.selectors.progress import progress_of
from annotation.selectors.uploads import items_short_of_seats
from annotation.services import reviews
from annotation.vocabulary import FlagKind, SkipReason
from tests import build
from tests.annotation.reporting import LATER, PAGE, flag, skip, waiting
from tests.build import HOUR, NOW
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", skips_before_review=2)


@pytest.fixture
def item(study, tmp_path):
    return build.item(study, tmp_path, n_seats=3)


def the_one(study):
    (found,) = reports.reported(reports.waiting(study.pk), only_new=True)
    return found


# What waits


def test_nothing_waits_at_first(study, item):
    assert waiting(study) == []


def test_an_item_waits_once_it_was_skipped_often_enough(study, item):
    skip(item)
    assert waiting(study) == []

    skip(item)

    assert waiting(study) == [item.pk]


def test_an_item_waits_from_its_first_flag(study, item):
    flag(item)

    assert waiting(study) == [item.pk]


def test_an_item_that_is_parked_waits_also_when_more_skips_are_allowed_now(study, item):
    skip(item)
    skip(item)
    Study.objects.update(skips_before_review=9)

    assert waiting(study) == [item.pk]


def test_an_item_waits_once_however_much_was_reported(study, item):
    skip(item)
    skip(item)
    flag(item)
    flag(item)

    assert reports.n_waiting(study.pk) == 1


def test_what_was_reviewed_does_not_wait(study, item, admin):
    skip(item)
    skip(item)
    flag(item)

    reviews.offer_again(study=study, item_id=item.pk, now=LATER, by_id=admin.pk)

    assert waiting(study) == []
    assert list(reports.looked_at(study.pk)) == [item]


def test_what_is_reported_anew_waits_again(study, item, admin):
    flag(item)
    reviews.offer_again(study=study, item_id=item.pk, now=LATER, by_id=admin.pk)
    flag(item)

    assert waiting(study) == [item.pk]
    assert list(reports.looked_at(study.pk)) == []


def test_what_is_taken_out_does_not_wait(study, item, admin):
    reviews.retire(study=study, item_id=item.pk, now=LATER, by_id=admin.pk)
    flag(item)

    assert waiting(study) == []
    assert list(reports.looked_at(study.pk)) == [item]


def test_another_studys_reports_do_not_wait_here(item):
    flag(item)

    assert waiting(build.study("other")) == []


def test_a_report_has_reasons_counts_and_notes(study, item, tmp_path):
    for reason in (SkipReason.BROKEN, SkipReason.BROKEN, SkipReason.LANGUAGE):
        skip(item, reason=reason)
    flag(item, by=build.rater(study), note="Cut off")
    flag(item, kind=FlagKind.VALUE, value=item.query.value_a)

    found = the_one(study)

    assert found.skips == ((SkipReason.LANGUAGE, 1), (SkipReason.BROKEN, 2))
    assert (found.skipped, found.parked) == (3, True)
    assert [(one.kind, one.value, one.note) for one in found.flags] == [
        ("item", "", "Cut off"), ("value", "Honesty", ""),
    ]  # fmt: skip
    assert [str(issue) for issue in found.issues] == ["skipped", "flagged"]


def test_a_flagged_item_that_was_skipped_once_is_not_skipped_often(study, item):
    skip(item)
    flag(item)

    assert the_one(study).issues == ("flagged",)


def test_a_report_has_only_what_is_new_since_the_review(study, item, admin):
    flag(item, note="Old")
    skip(item)
    reviews.offer_again(study=study, item_id=item.pk, now=LATER, by_id=admin.pk)
    flag(item, note="New", flagged_at=LATER + HOUR)

    found = the_one(study)

    assert ([one.note for one in found.flags], found.skips) == (["New"], ())


def test_a_pair_leads_to_both_replies(tmp_path):
    study = build.study("pairs", rubric="pairwise")
    lines = [build.reply_fields(query_id="q", model=f"acme/{name}") for name in ("one", "two")]
    build.batch(study, lines, tmp_path)
    build.open_seats(study)
    flag(Item.objects.get())

    assert {reply.name for reply in the_one(study).replies} == {
        line["response_id"] for line in lines
    }


def test_a_page_of_reports_takes_as_many_queries_as_one_report(study, tmp_path):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            reports.reported(reports.waiting(study.pk), only_new=True)
        return len(asked)

    flag(build.item(study, tmp_path))
    before = queries()
    for _ in range(3):
        flag(build.item(study, tmp_path))

    assert queries() == before


# Progress


def progress(study, at=NOW):
    study.refresh_from_db()
    return progress_of(study, at=at)


def test_the_overview_says_how_many_items_wait(study, item, admin, client):
    flag(item)

    shown = page(client.get(reverse("annotation:study", args=["s"])))

    assert f'<a href="{PAGE}">1 item waits for you</a>' in shown


def test_the_overview_is_silent_where_none_waits(study, item, admin, client):
    assert "for you</a>" not in page(client.get(reverse("annotation:study", args=["s"])))


def test_an_item_that_was_taken_out_is_not_short(study, item, admin):
    assert progress(study).short == 1

    reviews.retire(study=study, item_id=item.pk, now=NOW, by_id=admin.pk)

    found = progress(study)
    assert (found.short, found.items, found.retired, found.batches[0].short) == (0, 1, 1, 0)


def test_an_item_that_was_taken_out_is_not_short_of_seats(study, item, admin):
    Study.objects.update(raters_per_item=5)
    study.refresh_from_db()
    assert items_short_of_seats(study) == 1

    reviews.retire(study=study, item_id=item.pk, now=NOW, by_id=admin.pk)

    assert items_short_of_seats(study) == 0


def test_parked_seats_are_no_free_work(study, item):
    skip(item)
    skip(item)

    counts = progress(study).counts
    assert (counts.seats, counts.parked, counts.lapsed) == (0, 3, 0)


def test_a_seat_that_is_held_at_a_parked_item_is_in_progress_until_it_lapses(study, item):
    build.claim(build.rater(study))
    skip(item)
    skip(item)

    now, later = progress(study).counts, progress(study, NOW + 3 * HOUR).counts
    assert (now.seats, now.in_progress, now.parked) == (1, 1, 2)
    assert (later.seats, later.in_progress, later.lapsed, later.parked) == (0, 0, 0, 3)


def test_a_judged_seat_of_a_parked_item_is_done(study, item):
    build.judgment(build.rater(study))
    skip(item)
    skip(item)

    counts = progress(study).counts
    assert (counts.seats, counts.done, counts.parked) == (1, 1, 2)


def test_parked_seats_stand_in_their_batchs_row(study, item, admin, client):
    skip(item)
    skip(item)

    assert ">Parked</th>" in page(client.get(reverse("annotation:study", args=["s"])))
