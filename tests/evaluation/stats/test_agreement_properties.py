"""Agreement: properties that must hold for any ratings, and independent oracles."""

import itertools

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from evaluation.stats.agreement import (
    Bootstrap,
    CountTable,
    Jackknife,
    brennan_prediger,
    conger_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    interval_alpha,
    nominal_alpha,
    ordinal_alpha,
    percent_agreement,
    ratio_alpha,
    specific_agreement,
)

approx = pytest.approx
shapes = st.tuples(st.integers(1, 12), st.integers(2, 4))
counts = arrays(np.int64, shapes, elements=st.integers(0, 4))
LEVELS = {
    "nominal": nominal_alpha,
    "ordinal": ordinal_alpha,
    "interval": interval_alpha,
    "ratio": lambda table: ratio_alpha(table, np.arange(table.n_options)),
}
COEFFICIENTS = [
    nominal_alpha,
    ordinal_alpha,
    interval_alpha,
    percent_agreement,
    fleiss_kappa,
    brennan_prediger,
    gwet_ac1,
    gwet_ac2,
]


def table_of(rows, clusters=None, **more):
    return CountTable.from_counts(np.array(rows, dtype=np.int64), clusters, **more)


# Properties


@given(counts)
def test_items_with_one_rating_change_nothing_in_alpha_and_percent(table):
    lone = np.vstack([table, np.eye(table.shape[1], dtype=np.int64)])

    for compute in (nominal_alpha, ordinal_alpha, percent_agreement):
        assume(table.any())
        before, after = compute(table_of(table)), compute(table_of(lone))
        assert after.reason == before.reason
        assert after.clusters == before.clusters
        assert after.value == approx(before.value, abs=1e-9)
        assert after.se == approx(before.se, abs=1e-9)


@given(counts, st.randoms(use_true_random=False))
def test_names_of_options_and_order_of_items_do_not_matter(table, rnd):
    rows, cols = list(range(table.shape[0])), list(range(table.shape[1]))
    rnd.shuffle(rows), rnd.shuffle(cols)
    for compute in (nominal_alpha, percent_agreement, fleiss_kappa, gwet_ac1, brennan_prediger):
        before, after = compute(table_of(table)), compute(table_of(table[rows][:, cols]))

        assert after.reason == before.reason
        assert after.value == approx(before.value, abs=1e-9)
        assert after.se == approx(before.se, abs=1e-9)


@given(counts)
def test_turning_the_scale_round_changes_no_ordered_coefficient(table):
    for compute in (ordinal_alpha, interval_alpha, gwet_ac2):
        before, after = compute(table_of(table)), compute(table_of(table[:, ::-1]))

        assert after.value == approx(before.value, abs=1e-9)


@given(counts, st.floats(-5, 5), st.floats(0.1, 10))
def test_interval_alpha_ignores_origin_and_unit(table, origin, unit):
    before = interval_alpha(table_of(table))
    after = interval_alpha(table_of(table), origin + unit * np.arange(table.shape[1]))

    assert after.value == approx(before.value, abs=1e-6)


@given(counts)
def test_duplicating_every_item_keeps_the_value_of_all_but_alpha(table):
    for compute in (percent_agreement, fleiss_kappa, gwet_ac1, brennan_prediger):
        before, after = compute(table_of(table)), compute(table_of(np.vstack([table, table])))

        assert after.value == approx(before.value, abs=1e-9)


@given(counts)
def test_copies_within_a_cluster_do_not_make_the_percentage_surer(table):
    once = percent_agreement(table_of(table, np.arange(len(table))), uncertainty=Jackknife())
    twice = percent_agreement(
        table_of(np.vstack([table, table]), np.tile(np.arange(len(table)), 2)),
        uncertainty=Jackknife(),
    )

    assert twice.se == approx(once.se, abs=1e-9)


@given(counts)
def test_naming_each_item_as_its_own_cluster_changes_nothing(table):
    for compute in COEFFICIENTS:
        for how in ({}, {"uncertainty": Jackknife()}):
            plain = compute(table_of(table), **how)
            named = compute(table_of(table, [f"q{i}" for i in range(len(table))]), **how)

            assert named.reason == plain.reason
            assert named.se == approx(plain.se, abs=1e-9)
            assert named.clusters == plain.clusters


@given(counts)
def test_groups_packed_counts_and_rows_are_the_same_table(table):
    clusters = np.arange(len(table)) // 2
    packed = (table << (3 * np.arange(table.shape[1]))).sum(axis=1)
    rows = table_of(table, clusters)
    keys = CountTable.from_packed(packed, n_options=table.shape[1], bits=3, clusters=clusters)
    groups = CountTable.from_groups(
        table, np.arange(len(table)), np.ones(len(table), int), clusters=clusters
    )

    for compute in (nominal_alpha, gwet_ac1):
        wanted = compute(rows)
        for other in (keys, groups):
            found = compute(other)
            assert found.value == approx(wanted.value, abs=1e-12)
            assert found.se == approx(wanted.se, abs=1e-12)
            assert (found.items, found.clusters) == (wanted.items, wanted.clusters)


@given(counts)
def test_intervals_hold_the_value_and_stay_in_range(table):
    for compute in COEFFICIENTS:
        found = compute(table_of(table))
        assume(found.se is not None)
        assert found.low <= found.value <= found.high <= 1


# Oracles


def ratings_of(table):
    return [np.repeat(np.arange(len(row)), row) for row in table if row.sum() >= 2]


@given(counts)
def test_nominal_alpha_is_the_definition_over_pairs(table):
    """Count every ordered pair, without the closed form."""
    alpha = nominal_alpha(table_of(table))
    assume(alpha.value is not None)
    items = ratings_of(table)
    n = sum(len(item) for item in items)
    observed = sum((i[:, None] != i[None, :]).sum() / (len(i) - 1) for i in items) / n
    pool = np.concatenate(items)
    expected = (pool[:, None] != pool[None, :]).sum() / (n * (n - 1))

    assert alpha.value == approx(1 - observed / expected, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
@given(table=counts)
def test_alpha_agrees_with_the_krippendorff_package(level, table):
    alpha = LEVELS[level](table_of(table))
    assume(alpha.value is not None)
    oracle = krippendorff.alpha(
        value_counts=table, value_domain=np.arange(table.shape[1]), level_of_measurement=level
    )

    assert alpha.value == approx(oracle, abs=1e-9)


@pytest.mark.parametrize("compute", [nominal_alpha, ordinal_alpha, fleiss_kappa, gwet_ac1])
@given(table=counts)
@settings(max_examples=30)
def test_the_jackknife_is_leaving_out_every_item(compute, table):
    """Brute force: compute again without each item."""
    table = table[table.sum(axis=1) > 0]
    found = compute(table_of(table), uncertainty=Jackknife())
    assume(found.se is not None)
    left = [compute(table_of(np.delete(table, i, axis=0))).value for i in range(len(table))]
    n = len(left)

    assert found.se == approx(np.sqrt((n - 1) / n * np.var(left) * n), abs=1e-9)


@given(table=counts, groups=st.integers(2, 4))
@settings(max_examples=30)
def test_the_cluster_jackknife_is_leaving_out_every_cluster(table, groups):
    table = table[table.sum(axis=1) > 0]
    clusters = np.arange(len(table)) % groups
    found = fleiss_kappa(table_of(table, clusters), uncertainty=Jackknife())
    assume(found.se is not None)
    names = np.unique(clusters)
    left = [fleiss_kappa(table_of(table[clusters != g], None)).value for g in names]

    assert found.se == approx(np.sqrt((len(names) - 1) * np.var(left)), abs=1e-9)


@given(counts)
def test_the_sandwich_equals_the_jackknife_where_all_items_take_part(table):
    table = table[table.sum(axis=1) >= 2]
    for compute in COEFFICIENTS:
        sandwich = compute(table_of(table))
        exact = compute(table_of(table), uncertainty=Jackknife())

        assert sandwich.se == approx(exact.se, abs=1e-9)


@given(counts)
def test_specific_agreement_is_the_definition_over_pairs(table):
    found = specific_agreement(table_of(table))
    for option, of in enumerate(found):
        if of.value is None:
            continue
        pairs = [
            b == option
            for item in ratings_of(table)
            for a, b in itertools.permutations(item, 2)
            if a == option
        ]
        assert of.value == approx(np.mean(pairs), abs=1e-9)


@given(
    arrays(np.int64, st.tuples(st.integers(2, 4), st.integers(1, 8)), elements=st.integers(-1, 2))
)
def test_conger_kappa_is_the_mean_over_pairs_of_raters(panel):
    """Chance agreement by its definition: the mean over pairs of raters of their own shares."""
    found = conger_kappa(panel, n_options=3)
    assume(found.value is not None)
    active = panel[(panel >= 0).any(axis=1)]
    shares = [np.bincount(row[row >= 0], minlength=3) / (row >= 0).sum() for row in active]
    chance = np.mean([a @ b for a, b in itertools.permutations(shares, 2)])
    table = (panel[:, :, None] == np.arange(3)).sum(axis=0)
    observed = percent_agreement(table_of(table)).value

    assert found.value == approx((observed - chance) / (1 - chance), abs=1e-9)


def test_the_bootstrap_with_clusters_agrees_with_the_jackknife():
    rng = np.random.default_rng(8)
    table = table_of(rng.multinomial(3, [0.6, 0.3, 0.1], 600), rng.integers(0, 120, 600))
    drawn = nominal_alpha(table, uncertainty=Bootstrap(seed=2, replicates=3_000))

    assert drawn.se == approx(nominal_alpha(table, uncertainty=Jackknife()).se, rel=0.08)


def test_conger_kappa_clusters_the_items_that_are_rated():
    rng = np.random.default_rng(4)
    panel = rng.integers(-1, 3, (3, 90))
    panel[:, 5] = -1
    clusters = np.arange(90) // 3
    found = conger_kappa(panel, n_options=3, clusters=clusters, uncertainty=Jackknife())
    left = [conger_kappa(panel[:, clusters != c], n_options=3).value for c in range(30)]

    assert found.clusters == 30
    assert found.se == approx(np.sqrt(29 * np.var(left)), abs=1e-9)


def test_sums_by_cluster_are_the_units_where_each_is_its_own():
    table = table_of([[2, 1], [2, 1], [0, 3]])
    amounts = table.patterns.astype(float)

    assert sorted(table.groups.cluster_sums(amounts).tolist()) == [[0, 3], [2, 1], [2, 1]]


def test_the_same_seed_gives_the_same_interval():
    table = table_of([[3, 0], [2, 1], [0, 3], [1, 2]] * 5)
    first, again, other = (
        nominal_alpha(table, uncertainty=Bootstrap(seed, 200)) for seed in (1, 1, 2)
    )

    assert first == again
    assert first != other


def test_many_raters_do_not_fit_in_one_integer_and_still_count():
    rng = np.random.default_rng(0)
    wide = rng.multinomial(900, np.full(10, 1 / 10), 40)

    assert nominal_alpha(table_of(wide)).value == approx(
        krippendorff.alpha(value_counts=wide, level_of_measurement="nominal"), abs=1e-9
    )
