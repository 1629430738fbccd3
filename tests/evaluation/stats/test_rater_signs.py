import numpy as np
import pytest

from evaluation.stats.rater_signs import Pace, one_answer, pace, pattern

WORD = 6  # characters, the space included


def test_R093_who_needs_a_second_or_two_for_300_words_shows_within_ten_items():
    rng = np.random.default_rng(1)

    for _ in range(200):
        seconds = rng.uniform(1, 2, size=10)
        assert pace(seconds, np.full(10, 300 * WORD)).is_sign


@pytest.mark.parametrize("words", [15, 300, 2000])
def test_R093_at_most_two_percent_of_honest_readers_show(words):
    rng = np.random.default_rng(2)
    shown = 0

    for _ in range(500):
        speed = rng.uniform(150, 450) / 60  # words a second
        reading = words / speed * rng.uniform(0.7, 1.3, size=100)
        pauses = rng.exponential(20, size=100) * (rng.random(100) < 0.1)
        shown += pace(reading + pauses + rng.uniform(1, 4, 100), np.full(100, words * WORD)).is_sign

    assert shown / 500 <= 0.02


def test_R093_the_limit_grows_with_the_text():
    seconds = np.full(10, 5.0)

    assert not pace(seconds, np.full(10, 20 * WORD)).is_sign
    assert pace(seconds, np.full(10, 400 * WORD)).is_sign


def test_four_fast_judgments_are_too_few_to_say():
    assert not pace(np.ones(4), np.full(4, 5000)).is_sign


def test_pace_is_of_the_median():
    assert pace([1, 10, 100], [100, 100, 100]) == Pace(3, 10.0, 10.0, 0)


def test_without_a_time_there_is_no_pace():
    assert pace([], []) == Pace(0, None, None, 0)


def test_a_negative_time_is_refused():
    with pytest.raises(ValueError, match=">= 0"):
        pace([-1.0], [3])


def test_one_answer_throughout_shows_where_others_gave_another():
    found = one_answer([40, 0], [20.0, 20.0])

    assert (found.option, found.times, found.answers, found.others) == (0, 40, 40, 0.5)
    assert found.chance == pytest.approx(0.5**40)


@pytest.mark.parametrize(
    ("used", "others"),
    [
        pytest.param([19, 0], [9.0, 10.0], id="too few answers"),
        pytest.param([90, 10], [50.0, 50.0], id="not nearly all"),
        pytest.param([100, 0], [81.0, 19.0], id="the usual answer"),
        pytest.param([20, 0], [15.0, 5.0], id="not rare by chance"),
        pytest.param([30, 0], [0.0, 0.0], id="nobody else"),
    ],
)
def test_one_answer_does_not_show(used, others):
    assert one_answer(used, others) is None


@pytest.mark.parametrize(("answers", "period"), [([0, 1] * 15, 2), ([0, 0, 1, 2] * 10, 4)])
def test_answers_that_repeat_show_their_period(answers, period):
    found = pattern(answers, n_options=3)

    assert (found.period, found.repeated) == (period, len(answers) - period)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([0, 1] * 9, id="too few answers"),
        pytest.param([0] * 60, id="one answer throughout"),
        pytest.param([0] * 40 + [1] * 40, id="two halves"),
    ],
)
def test_no_pattern_shows(answers):
    assert pattern(answers, n_options=2) is None


def test_honest_answers_in_any_order_hardly_ever_show_a_pattern():
    rng = np.random.default_rng(3)

    shown = [pattern((rng.random(50) < 0.9).astype(int), n_options=2) for _ in range(1000)]

    assert sum(one is not None for one in shown) / 1000 <= 0.005
