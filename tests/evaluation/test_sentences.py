import pytest

from evaluation import sentences
from evaluation.stats.estimates import Estimate, Undefined


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
    assert sentences.decimal(value) == shown
