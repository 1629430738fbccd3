"""Time until something first happens in a conversation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from evaluation.stats.estimates import Undefined
from evaluation.stats.survival import first_events, kaplan_meier

approx = pytest.approx
times = st.lists(
    st.tuples(st.integers(1, 6), st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=30
)


def survival(curve):
    return [point.survival.value for point in curve.points]


def test_the_first_event_and_what_is_known_before():
    found = first_events(
        [
            [0, 0, 1, 1],  # at turn 3
            [0, 0, 0, 0],  # never in 4 turns
            [0, -1, 1, 0],  # unknown at turn 2: known without it for 1 turn
            [0, 0, -2, -2],  # ended after 2
            [-1, 1, 0, 0],  # unknown from the start
            [1, 0, 0, 0],
        ]
    )

    assert found.turn.tolist() == [3, 4, 1, 2, 0, 1]
    assert found.happened.tolist() == [True, False, False, False, False, True]


def test_conversations_without_turns_are_known_for_none():
    assert first_events(np.empty((2, 0))).turn.tolist() == [0, 0]


def test_the_curve_by_hand():
    # At risk 5, 4, 2; events 1 at turn 1, 1 at 2 (one censored there), 1 at 3.
    curve = kaplan_meier([1, 2, 2, 3, 3], [1, 1, 0, 1, 0])

    assert survival(curve) == approx([4 / 5, 4 / 5 * 3 / 4, 4 / 5 * 3 / 4 * 1 / 2])
    assert [(point.at_risk, point.events) for point in curve.points] == [(5, 1), (4, 1), (2, 1)]
    # Greenwood: .6 * sqrt(1/(5 * 4) + 1/(4 * 3)).
    assert curve.points[1].greenwood_se == approx(0.6 * np.sqrt(1 / 20 + 1 / 12))
    assert (curve.conversations, curve.events, curve.clusters) == (5, 3, 5)
    assert (curve.median, curve.median_reason) == (3, None)


def test_a_turn_without_events_keeps_the_curve_level():
    assert survival(kaplan_meier([1, 3, 3, 4], [1, 1, 0, 0])) == approx([0.75, 0.75, 0.5, 0.5])


def test_a_median_may_not_be_reached():
    curve = kaplan_meier([1, 4, 4], [1, 0, 0])

    assert (curve.median, curve.median_reason) == (None, Undefined.NOT_REACHED)


def test_the_interval_is_on_the_log_minus_log_scale():
    curve = kaplan_meier([1, 2, 2, 3, 3, 4, 4, 4], [1, 1, 0, 1, 0, 0, 0, 1])
    point = curve.points[1].survival
    scaled = point.se / (point.value * abs(np.log(point.value)))
    half = stats.t.ppf(0.975, 7) * scaled

    assert point.low == approx(point.value ** np.exp(half))
    assert point.high == approx(point.value ** np.exp(-half))


def test_a_median_is_reached_where_exactly_half_are_left():
    # .9 * (6 / 9) * (5 / 6) comes out a little above a half.
    turns = [2, *[4] * 3, 5, *[5] * 5]
    happened = [1, 1, 1, 1, 1, *[0] * 5]

    assert kaplan_meier(turns, happened).median == 5


def test_who_was_never_at_risk_makes_no_interval_narrower():
    turns, happened, queries = [1, 2] * 3, [1, 0] * 3, [1, 1, 1, 2, 2, 2]
    alone = kaplan_meier(turns, happened, clusters=queries).points[0].survival

    beside = kaplan_meier(
        [*turns, *[0] * 40], [*happened, *[0] * 40], clusters=[*queries, *range(3, 43)]
    )

    assert beside.points[0].survival == alone
    assert beside.clusters == 2


@pytest.mark.parametrize(
    ("turn", "happened"), [([], []), ([0, 0], [0, 0])], ids=["none", "no turn known"]
)
def test_without_a_turn_there_is_no_curve(turn, happened):
    curve = kaplan_meier(turn, happened)

    assert (curve.points, curve.reason, curve.median) == ((), Undefined.NO_ITEMS, None)


def test_intervals_that_do_not_exist_say_why():
    one = kaplan_meier([1, 2], [1, 0], clusters=["q", "q"])
    every = kaplan_meier([1, 1], [1, 1])
    never = kaplan_meier([1, 1], [0, 0])
    alone = kaplan_meier([1, 1, 2], [1, 0, 0])
    same = kaplan_meier([1, 1, 1, 1], [1, 0, 1, 0], clusters=[1, 1, 2, 2])

    assert one.points[0].survival.reason is Undefined.ONE_CLUSTER
    assert (every.points[0].survival.reason, every.points[0].greenwood_se) == (
        Undefined.NO_SPREAD,
        None,
    )
    assert never.points[0].survival.reason is Undefined.NO_SPREAD
    assert alone.points[1].survival.reason is Undefined.ONE_UNIT_DECIDES
    assert same.points[0].survival.reason is Undefined.NO_SPREAD


@pytest.mark.parametrize(
    "refused",
    [
        lambda: first_events([1, 0]),
        lambda: first_events([[2]]),
        lambda: kaplan_meier([-1], [0]),
        lambda: kaplan_meier([0], [1]),
        lambda: kaplan_meier([1], [2]),
        lambda: kaplan_meier([1], [1, 0]),
        lambda: kaplan_meier([1], [1], clusters=[1, 2]),
        lambda: kaplan_meier([1], [1], confidence=0),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


@given(times)
def test_the_curve_agrees_with_scipy(rows):
    """Oracle: scipy's empirical survival function of censored data."""
    turn, happened, _ = (np.array(column) for column in zip(*rows, strict=True))
    curve = kaplan_meier(turn, happened)
    data = stats.CensoredData(uncensored=turn[happened == 1], right=turn[happened == 0])
    wanted = stats.ecdf(data).sf

    for point in curve.points:
        assert point.survival.value == approx(wanted.evaluate(point.turn), abs=1e-9)


@given(times)
def test_without_censoring_greenwood_is_the_binomial_error(rows):
    turn = np.array([row[0] for row in rows])
    for point in kaplan_meier(turn, np.ones_like(turn)).points:
        share = (turn > point.turn).mean()

        assert point.survival.value == approx(share, abs=1e-9)
        if share > 0:
            assert point.greenwood_se == approx(np.sqrt(share * (1 - share) / turn.size), abs=1e-9)


@given(times)
def test_order_and_names_of_queries_do_not_matter(rows):
    turn, happened, clusters = (list(column) for column in zip(*rows, strict=True))
    before = kaplan_meier(turn, happened, clusters=clusters)
    after = kaplan_meier(turn[::-1], happened[::-1], clusters=[f"q{c}" for c in clusters[::-1]])

    assert survival(after) == approx(survival(before))
    for one, other in zip(before.points, after.points, strict=True):
        assert other.survival.se == approx(one.survival.se, abs=1e-9)


def test_copies_within_a_query_do_not_make_the_curve_surer():
    turn, happened = [1, 2, 2, 3, 3, 4] * 5, [1, 1, 0, 1, 0, 0] * 5
    once = kaplan_meier(turn, happened, clusters=range(30)).points[1].survival
    twice = kaplan_meier(turn * 2, happened * 2, clusters=[*range(30)] * 2).points[1].survival

    assert twice.value == approx(once.value)
    assert twice.se == approx(once.se, rel=0.03)
