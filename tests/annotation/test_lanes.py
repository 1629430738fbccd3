"""Whose seats they are, and how soon: cohorts, languages, priorities, panels and quotas."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.errors import SeatsRefused
from annotation.models import Item, Lane, Rater, Seat, SeatOpening
from annotation.selectors.queue import why_nothing
from annotation.services import integrity, openings, seats, withdrawals
from annotation.services.lanes import Routing
from annotation.vocabulary import SkipReason, Wave
from tests import build
from tests.build import HOUR, NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


def load(study, tmp_path, *replies):
    """Upload replies and return their items, in the order of the upload."""
    build.batch(study, [build.reply_fields(**fields) for fields in replies], tmp_path)
    found = openings.items_of(study, study.responses.values_list("pk", flat=True))
    return [found[reply] for reply in sorted(found)]


def open_wave(study, items, *, wave=Wave.FIRST, n=1, routing=None, **more):
    study.has_lanes = True  # as the rater's next request reads it
    return openings.open_wave(
        study=study,
        wave=wave,
        items=items,
        raters_per_item=n,
        seed=1,
        now=NOW,
        routing=routing or Routing(),
        **more,
    )


def rater(study, **fields):
    made = build.rater(study)
    Rater.objects.filter(pk=made.pk).update(**fields)
    return Rater.objects.select_related("study").get(pk=made.pk)


def walk(by):
    """Return the items a rater meets until nothing is left, in order."""
    met = []
    while seat := claim(by):
        met.append(seat.item_id)
        build.submit(by, seat)
    return met


def taken(study):
    return Lane.objects.get(study=study).taken


# Openings of chosen items


def test_a_wave_opens_seats_at_the_chosen_items_and_keeps_its_reason(study, tmp_path):
    one, two, three = load(study, tmp_path, {}, {}, {})

    open_wave(study, [one, three], wave=Wave.EXTRA, n=2, reason="They differ.", rule={"k": 2})

    opening = SeatOpening.objects.get()
    assert (opening.items, opening.seats, opening.wave) == (2, 4, Wave.EXTRA)
    assert (opening.design, opening.reason, opening.rule) == ("rule", "They differ.", {"k": 2})
    assert set(Seat.objects.values_list("item", flat=True)) == {one, three}
    assert two not in set(Seat.objects.values_list("item", flat=True))


def test_opening_the_same_wave_twice_adds_nothing(study, tmp_path):
    items = load(study, tmp_path, {}, {})
    open_wave(study, items, n=2)

    again = open_wave(study, items, n=2)

    assert (again.seats, Seat.objects.count()) == (0, 4)


def test_another_cohort_gets_seats_of_its_own(study, tmp_path):
    items = load(study, tmp_path, {})
    open_wave(study, items, n=2, routing=Routing(cohort="lawyers"))

    open_wave(study, items, n=1, routing=Routing(cohort="doctors"))

    by_cohort = Seat.objects.order_by("pk").values_list("lane__cohort", "number")
    assert list(by_cohort) == [("lawyers", 1), ("lawyers", 2), ("doctors", 3)]


def test_no_items_are_refused(study):
    with pytest.raises(SeatsRefused, match="No item was chosen"):
        open_wave(study, [])


@pytest.mark.parametrize(
    ("routing", "why"),
    [
        (Routing(cohort="x" * 101), "cohort"),
        (Routing(priority=101), "priority"),
        (Routing(quotas={"a": 0}), "quota"),
        (Routing(quotas={"": 1}), "quota"),
    ],
)
def test_a_routing_that_cannot_be_is_refused(study, tmp_path, routing, why):
    items = load(study, tmp_path, {})

    with pytest.raises(SeatsRefused, match=why):
        open_wave(study, items, routing=routing)


def test_items_of_another_study_get_no_seats(study, tmp_path):
    theirs = load(build.study(), tmp_path, {})

    opening = open_wave(study, theirs)

    assert (opening.items, Seat.objects.count()) == (0, 0)


def test_items_are_made_once(study, tmp_path):
    load(study, tmp_path, {}, {})
    load(study, tmp_path, {})

    assert Item.objects.filter(study=study).count() == 3


# Cohorts and languages


def test_seats_of_a_cohort_go_to_its_raters_only(study, tmp_path):
    mine, anyones = load(study, tmp_path, {}, {})
    open_wave(study, [mine], routing=Routing(cohort="experts"))
    open_wave(study, [anyones])

    assert walk(rater(study, cohort="crowd")) == [anyones]
    assert walk(rater(study, cohort="experts")) == [mine]


def test_a_query_goes_to_readers_of_its_language(study, tmp_path):
    german, turkish = load(study, tmp_path, {"language": "de"}, {"language": "tr"})
    open_wave(study, [german, turkish], n=2, routing=Routing(by_language=True))

    assert walk(rater(study, languages=["de", "en"])) == [german]
    assert sorted(walk(rater(study, languages=["de", "tr"]))) == [german, turkish]


def test_a_query_without_a_language_is_anyones(study, tmp_path):
    (item,) = load(study, tmp_path, {})
    open_wave(study, [item], routing=Routing(by_language=True))

    assert walk(rater(study)) == [item]
    assert not Lane.objects.exists()


def test_R038_a_rater_hears_that_what_is_left_is_in_other_languages(study, tmp_path):
    open_wave(study, load(study, tmp_path, {"language": "de"}), routing=Routing(by_language=True))
    ann = rater(study, languages=["en"])

    assert claim(ann) is None
    assert why_nothing(ann, at=NOW).code == "languages"


def test_R038_seats_of_another_cohort_are_no_reason_to_wait(study, tmp_path):
    open_wave(study, load(study, tmp_path, {}), routing=Routing(cohort="experts"))
    expert, ann = rater(study, cohort="experts"), rater(study)
    claim(expert)

    assert why_nothing(ann, at=NOW).code == "done"


# Priority


def test_urgent_seats_come_first(study, tmp_path):
    items = load(study, tmp_path, *[{}] * 6)
    open_wave(study, items[:3])
    open_wave(study, items[3:], routing=Routing(priority=5))

    met = walk(rater(study))

    assert (set(met[:3]), set(met[3:])) == (set(items[3:]), set(items[:3]))


def test_seats_of_a_lower_priority_come_last(study, tmp_path):
    items = load(study, tmp_path, *[{}] * 4)
    open_wave(study, items[:2], routing=Routing(priority=-1))
    open_wave(study, items[2:])

    met = walk(rater(study))

    assert (set(met[:2]), set(met[2:])) == (set(items[2:]), set(items[:2]))


def test_an_urgent_seat_does_not_move_the_rater_among_the_others(study, tmp_path):
    items = load(study, tmp_path, *[{}] * 5)
    open_wave(study, items[:4])
    ann = rater(study)
    build.submit(ann, claim(ann))
    before = Rater.objects.get(pk=ann.pk).cursor

    open_wave(study, items[4:], routing=Routing(priority=5))
    seat = claim(rater_again(ann))

    after = Rater.objects.get(pk=ann.pk)
    assert seat.item_id == items[4]
    assert (after.cursor, after.cursors) == (before, {"5": seat.place})


def rater_again(by):
    return Rater.objects.select_related("study").get(pk=by.pk)


@pytest.mark.parametrize("descending", [False, True])
def test_lanes_of_one_priority_are_walked_together_in_the_order_of_places(
    study, tmp_path, descending
):
    items = load(study, tmp_path, *[{"language": code} for code in ["de", "tr", "de", "tr"]])
    open_wave(study, items, routing=Routing(by_language=True))
    ann = rater(study, languages=["de", "tr"], descending=descending, start=0, cursor=0)

    met = walk(ann)

    place = dict(Seat.objects.values_list("item", "place"))
    ahead = sorted(items, key=place.__getitem__, reverse=descending)
    assert met == ahead


# Panels


def test_in_a_panel_everybody_judges_everything(study, tmp_path):
    framings = [{"scenario_id": "s", "framing": f} for f in ("neutral", "value_a", "value_b")]
    items = load(study, tmp_path, *framings)
    open_wave(study, items, n=2, routing=Routing(cohort="panel", crossed=True))

    assert sorted(walk(rater(study, cohort="panel"))) == items
    assert sorted(walk(rater(study, cohort="panel"))) == items


def test_outside_a_panel_a_rater_gets_one_framing(study, tmp_path):
    framings = [{"scenario_id": "s", "framing": f} for f in ("neutral", "value_a", "value_b")]
    open_wave(study, load(study, tmp_path, *framings), n=2, routing=Routing(cohort="panel"))

    assert len(walk(rater(study, cohort="panel"))) == 1


# Quotas


@pytest.fixture
def limited(study, tmp_path):
    """Five items of one stratum, which is to get two judgments."""
    items = load(study, tmp_path, *[{}] * 5)
    open_wave(
        study, items, routing=Routing(quotas={"rare": 2}), strata=dict.fromkeys(items, "rare")
    )
    return study


def test_a_stratum_gets_no_more_judgments_than_its_quota(limited):
    ann = rater(limited)

    assert len(walk(ann)) == 2
    assert why_nothing(ann, at=NOW).code == "enough"
    assert list(integrity.differences()) == []


def test_a_held_seat_counts_until_it_is_given_back(limited):
    ann, bob = rater(limited), rater(limited)
    held = claim(ann)
    build.submit(bob, claim(bob))
    assert claim(rater_again(bob)) is None

    seats.skip(rater=ann, key=held.key, reason=SkipReason.BROKEN, now=NOW)

    assert taken(limited) == 1
    assert claim(rater_again(bob)) is not None


def test_a_lapsed_seat_of_a_full_lane_goes_to_the_next(limited):
    ann, bob = rater(limited), rater(limited)
    build.submit(ann, claim(ann))
    lapsed = claim(rater_again(ann))

    seat = claim(bob, at=NOW + 2 * HOUR)

    assert (seat.pk, taken(limited)) == (lapsed.pk, 2)
    assert claim(rater_again(ann), at=NOW + 2 * HOUR) is None


def test_withdrawing_frees_what_the_quota_counted(limited):
    ann = rater(limited)
    walk(ann)

    withdrawals.withdraw(rater=ann, now=NOW)

    assert taken(limited) == 0
    assert len(walk(rater(limited))) == 2
    assert list(integrity.differences()) == []


def test_a_lane_that_miscounts_is_found(limited):
    walk(rater(limited))
    Lane.objects.update(taken=1)

    (found,) = integrity.differences()

    assert (found.check, found.row) == ("lane_taken", Lane.objects.get().pk)


def test_opening_again_with_a_larger_quota_goes_on(limited):
    ann = rater(limited)
    walk(ann)
    items = list(Item.objects.values_list("pk", flat=True))

    open_wave(
        limited, items, routing=Routing(quotas={"rare": 4}), strata=dict.fromkeys(items, "rare")
    )

    assert len(walk(rater_again(ann))) == 2


def test_a_quota_below_what_was_taken_is_refused(limited):
    walk(rater(limited))
    items = list(Item.objects.values_list("pk", flat=True))

    with pytest.raises(SeatsRefused, match="has 2 judgments"):
        open_wave(
            limited,
            items,
            n=2,
            routing=Routing(quotas={"rare": 1}),
            strata=dict.fromkeys(items, "rare"),
        )


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R035_a_crowd_reaches_a_quota_and_no_more(tmp_path):
    study = build.study()
    items = load(study, tmp_path, *[{}] * 12)
    open_wave(
        study, items, routing=Routing(quotas={"rare": 5}), strata=dict.fromkeys(items, "rare")
    )
    crowd = [rater(study) for _ in range(8)]

    met = build.at_once(*[lambda ann=ann: walk(ann) for ann in crowd])

    assert sum(len(one) for one in met) == 5
    assert (taken(study), Seat.objects.filter(judged_at__isnull=False).count()) == (5, 5)


# Cost


def test_a_study_without_lanes_is_spared_the_look(study, tmp_path):
    open_wave(study, load(study, tmp_path, {}))
    ann = rater(study)

    with CaptureQueriesContext(connection) as queries:
        claim(ann)

    assert not [q for q in queries if "annotation_lane" in q["sql"]]


def test_the_next_seat_is_found_by_the_index_in_every_lane(study, tmp_path):
    items = load(study, tmp_path, *[{"language": code} for code in ["de", "tr", ""]])
    open_wave(study, items, n=400, routing=Routing(by_language=True))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE annotation_seat")  # as a table of that size is known
    ann = rater(study, languages=["de", "tr"], start=0, cursor=0, descending=False)

    with CaptureQueriesContext(connection) as queries:
        claim(ann)

    walked = [q["sql"] for q in queries if "UNION ALL" in q["sql"]]
    assert len(walked) == 1
    assert _uses_only_the_queue(walked[0])


def _uses_only_the_queue(sql):
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute("SET LOCAL enable_sort = off")
            cursor.execute(f"EXPLAIN {sql}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            return plan.count("using seat_queue") == 3 and "Seq Scan" not in plan
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        plan = "\n".join(row[3] for row in cursor.fetchall())
        return plan.count("seat_queue") == 3 and "SCAN annotation_seat" not in plan
