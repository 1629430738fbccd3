"""How well people agree on the items a judge is held to."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.stats.agreement import Undefined
from evaluation.stats.ceiling import CeilingCoefficient, human_ceiling, people_left_out
from evaluation.stats.validation import VerdictPairs, accuracy, judge_kappa

approx = pytest.approx
KAPPA = CeilingCoefficient.KAPPA
# Per item: the labels of up to four people, the judge's option (-1: none), the query.
items = st.lists(
    st.tuples(st.lists(st.integers(0, 2), max_size=4), st.integers(-1, 2), st.integers(0, 3)),
    min_size=1,
    max_size=12,
)


def counted(rows):
    counts = np.array([np.bincount(labels, minlength=3) for labels, *_ in rows], dtype=np.int64)
    return counts, [judge for _, judge, _ in rows], [query for *_, query in rows]


def test_agreement_by_hand():
    # Item 1: a, a, b, judge a. Each a agrees with 1 of 2 others, b with none: (1/2 + 1/2 + 0)/3;
    # the judge agrees with 2 of the 3. Item 2: b, b, judge a: people 1, judge 0.
    # Over the five ratings: people (1/2 + 1/2 + 0 + 1 + 1)/5, judge (2 + 0)/5.
    found = human_ceiling([[2, 1], [0, 2]], [0, 0], ["q1", "q2"])

    assert found.people.value == approx(3 / 5)
    assert found.judge.value == approx(2 / 5)
    assert found.difference.value == approx(-1 / 5)
    assert (found.people.items, found.people.ratings, found.people.clusters) == (2, 5, 2)


def test_a_person_left_out_by_hand():
    # The same items; raters 4, 5, 6 at the first and 4, 6 at the second.
    # Rater 5 said a at the first: one of the others (4: a, 6: b) agrees; the judge the same.
    found = people_left_out(
        [0, 0, 0, 1, 1],
        [4, 5, 6, 4, 6],
        [0, 0, 1, 1, 1],
        judge=[0, 0],
        clusters=[1, 2],
        n_options=2,
    )

    assert [of.rater for of in found] == [4, 5, 6]
    assert [of.person.value for of in found] == approx([(1 / 2 + 1) / 2, 1 / 2, (0 + 1) / 2])
    assert [of.judge.value for of in found] == approx([(1 / 2 + 0) / 2, 1 / 2, (1 + 0) / 2])
    assert found[1].difference.reason is Undefined.ONE_CLUSTER


def test_items_without_a_verdict_or_a_second_rating_take_no_part():
    plain = human_ceiling([[2, 1], [0, 2]], [0, 0], [1, 2])
    more = human_ceiling([[2, 1], [0, 2], [3, 0], [1, 0]], [0, 0, -1, 1], [1, 2, 3, 4])

    assert plain == more


@pytest.mark.parametrize(
    ("counts", "judge", "reason"),
    [
        ([[0, 0]], [0], Undefined.NO_ITEMS),
        ([[2, 1]], [-1], Undefined.NO_JUDGE),
        ([[1, 0]], [0], Undefined.NO_PAIRS),
    ],
)
def test_undefined_says_why(counts, judge, reason):
    found = human_ceiling(counts, judge, [1])

    assert (found.people.value, found.people.reason) == (None, reason)
    assert (found.difference.value, found.difference.reason) == (None, reason)


def test_one_option_throughout_has_no_kappa():
    found = human_ceiling([[2, 0], [3, 0]], [0, 0], [1, 2], coefficient=KAPPA)

    assert found.people.reason is Undefined.NO_VARIATION


@pytest.mark.parametrize(
    "refused",
    [
        lambda: human_ceiling([[2, 0]], [2], [1]),
        lambda: human_ceiling([[2, 0]], [-2], [1]),
        lambda: human_ceiling([[2, 0]], [0, 1], [1]),
        lambda: human_ceiling([[2, 0]], [0], [1, 2]),
        lambda: human_ceiling([[2, 0]], [0], [1], confidence=7),
        lambda: people_left_out([1], [0], [0], judge=[0], clusters=[1], n_options=2),
        lambda: people_left_out([0], [0], [2], judge=[0], clusters=[1], n_options=2),
        lambda: people_left_out([0], [0, 1], [1], judge=[0], clusters=[1], n_options=2),
    ],
)
def test_wrong_arguments_are_refused_in_a_sentence(refused):
    with pytest.raises(ValueError, match=r"\.$"):
        refused()


@given(items)
def test_people_are_compared_with_every_other_by_definition(rows):
    """Oracle: every person of every item against every other, without the closed form."""
    found = human_ceiling(*counted(rows))
    taken = [(labels, judge) for labels, judge, _ in rows if len(labels) >= 2 and judge >= 0]
    if not taken:
        assert found.people.value is None
        return
    people, automatic = [], []
    for labels, judge in taken:
        for left in range(len(labels)):
            others = labels[:left] + labels[left + 1 :]
            people.append(np.mean([label == labels[left] for label in others]))
            automatic.append(np.mean([label == judge for label in others]))

    assert found.people.value == approx(np.mean(people))
    assert found.judge.value == approx(np.mean(automatic))
    assert found.difference.value == approx(np.mean(automatic) - np.mean(people))


@given(items)
def test_the_judges_side_is_its_accuracy_and_kappa_on_the_same_ratings(rows):
    flat = [
        (label, judge, query)
        for labels, judge, query in rows
        if len(labels) >= 2 and judge >= 0
        for label in labels
    ]
    if not flat:
        return
    people, judge, queries = zip(*flat, strict=True)
    pairs = VerdictPairs.from_pairs(people, judge, n_options=3, clusters=queries)

    assert human_ceiling(*counted(rows)).judge.value == approx(accuracy(pairs).value)
    assert human_ceiling(*counted(rows), coefficient=KAPPA).judge.value == approx(
        judge_kappa(pairs).value, abs=1e-9
    )


@given(items)
def test_kappa_of_the_people_is_cohens_over_all_ordered_pairs(rows):
    found = human_ceiling(*counted(rows), coefficient=KAPPA).people
    table = np.zeros((3, 3))
    for labels, judge, _ in rows:
        if len(labels) >= 2 and judge >= 0:
            for a, b in itertools.permutations(labels, 2):
                table[a, b] += 1 / (len(labels) - 1)
    if found.value is None:
        return
    share = table / table.sum()
    chance = share.sum(axis=0) @ share.sum(axis=1)

    assert found.value == approx((np.trace(share) - chance) / (1 - chance), abs=1e-9)


@given(items)
def test_people_left_out_together_are_the_ceiling(rows):
    flat = [
        (item, rater, label)
        for item, (labels, *_) in enumerate(rows)
        for rater, label in enumerate(labels)
    ]
    counts, judge, queries = counted(rows)
    item, rater, label = (list(column) for column in zip(*flat, strict=True)) if flat else ([],) * 3
    found = people_left_out(item, rater, label, judge=judge, clusters=queries, n_options=3)
    whole = human_ceiling(counts, judge, queries)

    assert sum(of.person.items for of in found) == whole.people.ratings * bool(whole.people.items)
    if found:
        total = sum(of.person.value * of.person.items for of in found)
        assert total / whole.people.ratings == approx(whole.people.value)


def test_the_interval_of_the_difference_is_clustered():
    rng = np.random.default_rng(0)
    counts = rng.multinomial(3, [0.5, 0.5], 60)
    judge = rng.integers(0, 2, 60)
    many = human_ceiling(counts, judge, np.arange(60)).difference
    few = human_ceiling(counts, judge, np.arange(60) // 20).difference

    assert (many.clusters, few.clusters) == (60, 3)
    assert many.value == few.value
    assert many.low < many.value < many.high
