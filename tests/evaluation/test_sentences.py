import pytest

from evaluation import digits, sentences
from evaluation.stats.estimates import Estimate, Undefined
from evaluation.stats.order_effects import Shift, balances


def estimate(value, low=None, high=None, reason=None, **more):
    return Estimate("alpha", value, low=low, high=high, reason=reason, clusters=30, **more)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (estimate(0.9, 0.85, 0.95), "Raters agree well"),
        (estimate(0.7, 0.68, 0.75), "beyond chance, moderately"),
        (estimate(0.3, 0.2, 0.4), "beyond chance, weakly"),
        (estimate(0.1, -0.1, 0.3), "do not clearly agree beyond chance"),
        (estimate(-0.3, -0.4, -0.2), "disagree more than chance"),
        (estimate(0.0, reason=Undefined.NO_SPREAD), "do not agree beyond chance"),
    ],
)
def test_alpha_is_said_in_words_that_its_interval_allows(found, said):
    assert said in sentences.of_alpha(found, "query")


def test_the_threshold_is_named_as_a_convention():
    said = sentences.of_alpha(estimate(0.7, 0.68, 0.75), "query")

    assert "Krippendorff's convention" in said
    assert "0.667" in said


def test_an_interval_across_a_threshold_says_so():
    said = sentences.of_alpha(estimate(0.75, 0.6, 0.85), "query")

    assert "reaches across 0.667 and 0.800" in said


def test_the_interval_says_what_it_generalises_over():
    said = sentences.of_alpha(estimate(0.3, 0.2, 0.4), "query")

    assert "generalises over queries (30), not over raters" in said


def test_scenarios_are_named_where_they_are_the_clusters():
    assert "over scenarios (30)" in sentences.spread(estimate(0.3, 0.2, 0.4), "scenario")


def test_an_undefined_alpha_gives_its_reason_in_words():
    said = sentences.of_alpha(estimate(None, reason=Undefined.NO_PAIRS), "query")

    assert said == "Alpha is undefined. No item has ratings from two raters."


def test_a_value_without_an_interval_says_why():
    said = sentences.of_alpha(estimate(0.9, reason=Undefined.ONE_CLUSTER), "query")

    assert "No interval: All items belong to one query" in said


def test_percent_agreement_is_said_to_hold_chance_still():
    said = sentences.of_percent(estimate(0.5, 0.4, 0.6), "query")

    assert "50.0\N{NO-BREAK SPACE}% of pairs" in said
    assert "chance alone would bring is not taken out" in said


def test_percent_agreement_s_interval_is_in_percent():
    assert "40.0\N{NO-BREAK SPACE}% to 60.0" in sentences.of_percent(
        estimate(0.5, 0.4, 0.6), "query"
    )


def test_undefined_percent_agreement_gives_its_reason():
    said = sentences.of_percent(estimate(None, reason=Undefined.NO_ITEMS), "query")

    assert said == "Percent agreement is undefined. There is no rated item."


def test_an_option_that_nearly_everybody_chose_is_a_warning():
    said = sentences.of_prevalence("No", 0.95, estimate(0.1, 0.0, 0.2))

    assert "“No” makes up 95.0" in said


def test_options_in_balance_are_no_warning():
    assert sentences.of_prevalence("No", 0.5, estimate(0.1, 0.0, 0.2)) == ""


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (estimate(0.5, 0.4, 0.6), "agree beyond chance: kappa is 0.500"),
        (estimate(-0.2, -0.3, -0.1), "opposite of people"),
        (estimate(0.1, -0.1, 0.3), "do not clearly agree beyond chance"),
        (estimate(None, reason=Undefined.NO_JUDGE), "Kappa is undefined. The judge gave no"),
    ],
)
def test_kappa_is_said_in_words_that_its_interval_allows(found, said):
    assert said in sentences.of_kappa(found, "query")


def test_accuracy_is_about_what_single_people_said():
    assert "what a person said in 80.0" in sentences.of_accuracy(estimate(0.8, 0.7, 0.9), "query")


def test_undefined_accuracy_gives_its_reason():
    said = sentences.of_accuracy(estimate(None, reason=Undefined.NO_JUDGE), "query")

    assert said.startswith("Accuracy is undefined. The judge gave no verdict")


def test_a_missing_reason_still_makes_a_sentence():
    assert sentences.of_alpha(estimate(None), "query").endswith("These data do not give one.")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.16086, "0.161"), (-0.5, "\N{MINUS SIGN}0.500"), (-0.0001, "0.000"), (0.0, "0.000")],
)
def test_few_digits_have_a_true_minus_and_no_minus_zero(value, shown):
    assert digits.decimal(value) == shown


@pytest.mark.parametrize(
    ("share", "p", "said"),
    [
        (estimate(0.7, 0.6, 0.8), 0.0004, "reply on the left is preferred for standing there"),
        (estimate(0.3, 0.2, 0.4), 0.02, "reply on the right is preferred for standing there"),
        (estimate(0.6, 0.4, 0.8), 0.3, "No preference for a side is shown"),
        (estimate(1.0, reason=Undefined.ONE_CLUSTER), None, "No preference for a side is shown"),
        (estimate(None, reason=Undefined.NO_ITEMS), None, "cannot be said"),
    ],
)
def test_R090_a_preference_for_a_side_is_said_as_its_interval_allows(share, p, said):
    assert said in sentences.of_left_share(share, p, "query")


def test_R090_a_p_value_is_never_said_to_be_nothing():
    said = sentences.of_left_share(estimate(0.9, 0.8, 1.0), 0.0, "query")

    assert "(p < 0.001)" in said


@pytest.mark.parametrize(
    ("first", "said"),
    [
        ([5, 6], "one stood left in 5 of 10 judgments; half would be 5.0."),
        ([10, 6], "5.0 more than half: the orders are not balanced (p = 0.004)"),
        ([0, 6], "5.0 less than half: the orders are not balanced (p = 0.004)"),
    ],
)
def test_R090_balance_is_said_with_how_far_it_is_from_half(first, said):
    found = balances(first, [10, 12])[0]

    assert said in sentences.of_balance("one", found)


@pytest.mark.parametrize(
    ("left", "right", "said"),
    [
        (0.7, 0.6, "the same one is ahead on both sides, or neither"),
        (0.7, 0.4, "who wins depends on the side; one wins where one stood left"),
        (0.3, 0.6, "who wins depends on the side; two wins where one stood left"),
        (None, 0.6, "where one stood left"),
        (0.6, None, "where one stood right"),
    ],
)
def test_R090_who_wins_is_said_by_side(left, right, said):
    found = sentences.of_sides_of_a_pair("one", "two", (estimate(left), estimate(right)))

    assert said in found


def shift(early, later, difference, p_holm=None):
    return Shift(3, 4, early, later, difference, p_holm, p_holm)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (shift(0.5, 0.4, estimate(0.1, 0.05, 0.15), 0.01), "the answers change with the place"),
        (shift(0.5, 0.4, estimate(0.1, -0.1, 0.3), 0.4), "no change is shown (p = 0.400)"),
        (shift(0.5, 0.4, estimate(0.1, -0.1, 0.3), 0.4), "generalises over raters (30)"),
        (
            shift(0.5, 0.4, estimate(None, reason=Undefined.TOO_FEW)),
            "Fewer than 5 raters answered both early and later",
        ),
        (
            shift(0.5, 0.5, estimate(0.0, reason=Undefined.NO_SPREAD)),
            "All raters give the same result",
        ),
        (shift(None, 0.5, estimate(None)), "no answer among anybody's first 5 items"),
        (shift(0.5, None, estimate(None)), "no answer later"),
    ],
)
def test_R090_first_answers_are_said_beside_later_ones(found, said):
    assert said in sentences.of_first_places("Yes", found, 5)


def test_R090_why_there_is_no_difference_where_one_part_is_missing():
    found = estimate(None, reason=Undefined.NO_ITEMS)

    assert sentences.why_no_shift(found) == "There are no answers both early and later."


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.16086, "+0.161"), (-0.5, "\N{MINUS SIGN}0.500"), (-0.0001, "0.000"), (0.0001, "0.000")],
)
def test_a_difference_has_its_sign_and_zero_has_none(value, shown):
    assert digits.signed(value) == shown


def test_a_share_is_written_with_a_space_that_does_not_break():
    assert digits.percent(0.635) == "63.5\N{NO-BREAK SPACE}%"
