"""Agreement on marked places: by hand, properties, an independent oracle, undefined cases."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.stats.estimates import Undefined
from evaluation.stats.resampling import Bootstrap
from evaluation.stats.spans import Mark, MarkedText, span_agreement

approx = pytest.approx


def text(length, *marks, cluster=0, raters=2):
    return MarkedText(cluster, raters, tuple(Mark(*mark) for mark in marks), length)


@st.composite
def texts(draw, length=None):
    size = length or draw(st.integers(1, 12))
    raters = draw(st.integers(1, 4))
    marks = draw(
        st.lists(
            st.tuples(
                st.integers(0, raters - 1),
                st.integers(0, size - 1),
                st.integers(1, size),
                st.integers(0, 2),
            ),
            max_size=6,
        )
    )
    kept = [mark for mark in marks if mark[1] < mark[2]]
    return text(size, *kept, cluster=draw(st.integers(0, 3)), raters=raters)


def characters(one):
    """What each rater says of each code point: a set of kinds as a number, shape (raters, L)."""
    said = np.zeros((one.raters, one.length), dtype=np.int64)
    for mark in one.marks:
        said[mark.rater, mark.start : mark.end] |= 1 << mark.kind
    return said


# By hand


def test_jaccard_is_what_both_marked_of_what_either_marked():
    found = span_agreement([text(10, (0, 0, 4), (1, 2, 6))])

    assert found.jaccard.value == approx(2 / 6)


def test_two_who_marked_nothing_agree_and_are_counted():
    found = span_agreement([text(10), text(10, (0, 0, 4), (1, 0, 4)), text(10, (0, 0, 1))])

    assert found.jaccard.value == approx((1 + 1 + 0) / 3)
    assert found.jaccard_where_marked.value == approx((1 + 0) / 2)
    assert (found.pairs, found.empty_pairs) == (3, 1)


def test_a_text_weighs_the_same_however_many_raters_it_has():
    many = text(4, (0, 0, 2), (1, 0, 2), (2, 2, 4), raters=3)

    found = span_agreement([many, text(4, (0, 0, 2), (1, 0, 2))])

    assert found.jaccard.value == approx(((1 + 0 + 0) / 3 + 1) / 2)


def test_overlapping_marks_of_one_rater_count_once():
    found = span_agreement([text(10, (0, 0, 4), (0, 2, 6), (1, 0, 6))])

    assert found.jaccard.value == 1
    assert found.alpha.value == approx(1)


def test_alpha_of_characters_by_hand():
    # Ten letters, two raters: coincidences 12 nothing, 4 marked, 2 + 2 apart.
    found = span_agreement([text(10, (0, 0, 4), (1, 2, 4))])

    assert found.alpha.value == approx(1 - 19 * 4 / (20**2 - 14**2 - 6**2))


def test_kinds_count_in_alpha_and_not_in_overlap():
    found = span_agreement([text(10, (0, 0, 4, 0), (1, 0, 4, 1))])

    assert found.jaccard.value == 1
    assert found.alpha.value < 1


def test_a_long_text_weighs_no_more_than_a_short_one():
    apart = text(10, (0, 0, 10))
    equal = text(1_000, (0, 0, 500), (1, 0, 500))

    found = span_agreement([apart, equal])

    # Half of each kind of letter on the mean: 505 letters for each text.
    marked, empty = 505 * (1 + 1), 505 * (1 + 1)
    assert found.alpha.value == approx(
        1 - (2_020 - 1) * 2 * 505 / (2_020**2 - marked**2 - empty**2)
    )


def test_intervals_generalise_over_clusters():
    twins = [text(9, (0, 0, n), (1, 0, 5), cluster=n) for n in (2, 4, 6) for _ in (1, 2)]

    found = span_agreement(twins).jaccard

    assert found.clusters == 3
    assert found.se == approx(np.std([2 / 5, 4 / 5, 5 / 6], ddof=1) / np.sqrt(3))


def test_a_bootstrap_gives_the_same_interval_for_the_same_seed():
    many = [text(9, (0, 0, n), (1, 0, 5), cluster=n) for n in range(1, 9)]

    one, other = (span_agreement(many, uncertainty=Bootstrap(seed=3)).alpha for _ in (1, 2))

    assert (one.low, one.high) == (other.low, other.high)
    assert one.low < one.value < one.high


# Properties and oracle


@given(st.lists(texts(length=7), min_size=1, max_size=5))
@settings(deadline=None)
def test_alpha_of_equally_long_texts_is_krippendorffs_alpha_of_their_characters(some):
    paired = [one for one in some if one.raters >= 2]
    columns = [
        np.pad(characters(one).astype(float), ((0, 4 - one.raters), (0, 0)), constant_values=np.nan)
        for one in paired
    ]
    found = span_agreement(some).alpha.value

    used = np.unique(np.concatenate([c[~np.isnan(c)] for c in columns])) if columns else []
    if len(used) < 2:
        assert found is None
    else:
        data = np.hstack(columns)
        expected = krippendorff.alpha(reliability_data=data, level_of_measurement="nominal")
        assert found == approx(expected)


@given(st.lists(texts(), min_size=1, max_size=5))
@settings(deadline=None)
def test_overlap_is_that_of_the_sets_of_characters(some):
    means = []
    for one in some:
        sets = [set(np.flatnonzero(row)) for row in characters(one)]
        pairs = [(a, b) for n, a in enumerate(sets) for b in sets[n + 1 :]]
        shares = [len(a & b) / len(a | b) if a | b else 1.0 for a, b in pairs]
        means += [np.mean(shares)] if shares else []

    found = span_agreement(some).jaccard

    assert found.value == (approx(np.mean(means)) if means else None)


@given(st.lists(texts(), min_size=1, max_size=5), st.randoms())
@settings(deadline=None)
def test_the_order_of_texts_and_the_names_of_raters_are_no_matter(some, random):
    shuffled = [
        MarkedText(
            one.cluster,
            one.raters,
            tuple(Mark(one.raters - 1 - m.rater, m.start, m.end, m.kind) for m in one.marks),
            one.length,
        )
        for one in random.sample(some, len(some))
    ]

    one, other = span_agreement(some), span_agreement(shuffled)

    for name in ("jaccard", "jaccard_where_marked", "alpha"):
        assert getattr(one, name).value == approx(getattr(other, name).value)


@given(texts(), st.integers(2, 5))
@settings(deadline=None)
def test_longer_letters_change_no_overlap(one, times):
    longer = text(
        one.length * times,
        *((m.rater, m.start * times, m.end * times, m.kind) for m in one.marks),
        raters=one.raters,
    )

    assert span_agreement([longer]).jaccard.value == approx(span_agreement([one]).jaccard.value)


# Undefined, and refused


@pytest.mark.parametrize(
    ("some", "raters", "why"),
    [
        ([], None, Undefined.NO_ITEMS),
        ([text(5, (0, 0, 1), raters=1)], 1, Undefined.ONE_RATER),
        ([text(5, (0, 0, 1), raters=1)], 2, Undefined.NO_PAIRS),
    ],
)
def test_without_pairs_nothing_is_defined(some, raters, why):
    found = span_agreement(some, raters=raters)

    for one in (found.jaccard, found.jaccard_where_marked, found.alpha):
        assert (one.value, one.reason) == (None, why)


def test_where_nobody_marked_anything_overlap_is_1_and_alpha_undefined():
    found = span_agreement([text(5), text(6, cluster=1)])

    assert found.jaccard.value == 1
    assert found.jaccard.reason == Undefined.NO_SPREAD
    assert found.alpha.reason == found.jaccard_where_marked.reason == Undefined.NOTHING_MARKED


def test_where_everything_is_marked_alpha_has_no_variation():
    found = span_agreement([text(5, (0, 0, 5), (1, 0, 5)), text(3, (0, 0, 3), (1, 0, 3))])

    assert found.alpha.reason == Undefined.NO_VARIATION


def test_a_text_of_unknown_length_counts_for_overlap_alone():
    found = span_agreement([text(None, (0, 0, 4), (1, 2, 6))])

    assert found.jaccard.value == approx(2 / 6)
    assert found.alpha.reason == Undefined.NO_PAIRS


@pytest.mark.parametrize(
    "bad",
    [
        text(5, raters=0),
        text(0),
        text(5, (0, 3, 3)),
        text(5, (0, 3, 6)),
        text(5, (0, -1, 2)),
        text(5, (2, 0, 2)),
        text(5, (0, 0, 2, -1)),
    ],
)
def test_what_is_no_marked_text_is_refused(bad):
    with pytest.raises(ValueError, match=r"rater|code point|outside"):
        span_agreement([bad])
