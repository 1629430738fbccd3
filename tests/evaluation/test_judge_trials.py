import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.models import Answer, Rater
from annotation.vocabulary import RaterSource, Role
from evaluation import digits
from evaluation.errors import EpsilonInvalid
from evaluation.services import conclusions, judges
from evaluation.stats.alternative_annotator import alternative_annotator_test
from evaluation.stats.estimates import Undefined
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

N = 36
# Three people; the third is often alone.
TABLE = {
    f"r{n:02}": f"{'yes yes' if n % 2 else 'no no'} {'yes' if n % 3 else 'no'}" for n in range(N)
}
MOST = {name: answers.split()[0] for name, answers in TABLE.items()}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, MOST, slug="kind")


def only(study, **more):
    (found,) = judges.report(build.facts(study), "robo", **more)
    return found


def test_the_alternative_annotator_test_is_that_of_the_single_ratings(study):
    question = build.facts(study).rubric.question("safe")
    rows = Answer.objects.filter(question=question.id, current=True).select_related("judgment")
    items = sorted({row.item_id for row in rows})
    column = {option.id: place for place, option in enumerate(question.options)}
    says = [column[one.option_id] for one in given.judge(study).verdicts.order_by("response_id")]

    expected = alternative_annotator_test(
        [items.index(row.item_id) for row in rows],
        [row.judgment.rater_id for row in rows],
        [column[row.option_id] for row in rows],
        judge=says,
        epsilon=0.1,
    )

    found = only(study).alternative.found
    assert (found.winning_rate, found.advantage) == (expected.winning_rate, expected.advantage)
    assert sorted(one.p for one in found.annotators) == sorted(one.p for one in expected.annotators)


def test_a_judge_that_says_what_most_say_passes(study):
    found = only(study).alternative.found

    assert found.passed
    assert 0.5 <= found.winning_rate <= 1


def test_a_judge_that_says_the_opposite_does_not_pass(tmp_path):
    flipped = {name: "no" if said == "yes" else "yes" for name, said in MOST.items()}

    found = only(given.safe(tmp_path, TABLE, flipped)).alternative.found

    assert (found.passed, found.winning_rate) == (False, 0)


@pytest.mark.parametrize(
    ("source", "cohort", "epsilon"),
    [
        (RaterSource.IMPORT, "", 0.1),
        (RaterSource.CROWD, "", 0.1),
        (RaterSource.CROWD, "Skilled-2", 0.15),
        (RaterSource.IMPORT, "our experts", 0.2),
        (RaterSource.IMPORT, "non-experts", 0.1),
        (RaterSource.CROWD, "Unskilled crowd", 0.1),
    ],
)
def test_epsilon_follows_from_who_the_people_are(study, source, cohort, epsilon):
    Rater.objects.filter(study=study).update(source=source, cohort=cohort)

    assert only(study).alternative.found.epsilon == epsilon


def test_of_a_mixed_panel_the_strictest_epsilon_counts(study):
    one = Rater.objects.filter(study=study).first()
    Rater.objects.filter(pk=one.pk).update(cohort="experts")

    found = only(study).alternative

    assert found.found.epsilon == 0.1
    assert found.panel.startswith("a mixed panel")


def test_epsilon_can_be_asked_and_is_then_named_so(study):
    found = only(study, epsilon=0.3).alternative

    assert (found.found.epsilon, found.panel) == (0.3, "as asked")


@pytest.mark.parametrize("epsilon", ["-0.1", "2", "nan", "much"])
def test_an_epsilon_that_is_no_share_is_refused(study, epsilon):
    with pytest.raises(CommandError, match="psilon"):
        call_command("judge_report", "kind", "--judge", "robo", "--epsilon", epsilon)
    with pytest.raises(EpsilonInvalid):
        judges.report(build.facts(study), "robo", epsilon=-1)


def test_people_with_too_few_items_are_skipped_and_named(study, tmp_path):
    given.judgments(study, tmp_path, [("r00", "late", "safe", "no")])

    found = only(study).alternative

    (skipped,) = [one for one in found.people if one.why]
    assert skipped.found.n == 1
    assert "30 are needed" in skipped.as_json()["skipped"]
    assert "late" not in skipped.annotator


def test_with_few_items_nobody_can_be_tested(tmp_path):
    few = {name: TABLE[name] for name in list(TABLE)[:4]}

    found = only(given.safe(tmp_path, few, MOST.fromkeys(few, "yes"))).alternative.found

    assert (found.winning_rate, found.reason) == (None, Undefined.TOO_FEW)


def test_points_of_a_scale_are_scored_by_how_far_they_are_off(tmp_path):
    study = build.study(rubric=given.TURNS)
    names = [f"r{n}" for n in range(31)]
    given.replies(study, tmp_path, *names)
    lines = [(one, rater, "severity", "2") for one in names for rater in ("ann", "bob")]
    given.judgments(study, tmp_path, lines)
    given.verdicts(study, tmp_path, [verdict(one, "1", "severity") for one in names])

    found = only(study, question="severity").alternative

    assert found.scoring == "rmse"
    assert found.found.winning_rate == 0


def test_scores_are_tested_through_the_winner_that_follows(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    given.replies(study, tmp_path, "r", "s")
    lines = [
        (reply, rater, key, points)
        for reply in ("r", "s")
        for rater in ("ann", "bob")
        for key, points in (("score_a", "5"), ("score_b", "1"))
    ]
    given.judgments(study, tmp_path, lines)
    said = [verdict("r", "4", "score_a"), verdict("r", "3", "score_b")]
    given.verdicts(study, tmp_path, [*said, verdict("s", "4", "score_a")])

    found = judges.report(build.facts(study), "robo", question="winner_from_scores")[0]

    assert found.options == ("value_a", "value_b", "tie")
    assert found.confusion == ((2, 0, 0), (0, 0, 0), (0, 0, 0))  # s has one score only
    assert [one.found.n for one in found.alternative.people] == [1, 1]


def test_alpha_with_the_judge_counts_it_as_one_rater_more(study):
    found = only(study)

    assert found.human_alpha.ratings == 3 * N
    assert found.alpha.ratings == 4 * N
    assert found.alpha.value > found.human_alpha.value  # it says what most say


def test_a_judge_with_one_answer_only_tells_nothing_apart(tmp_path):
    found = only(given.safe(tmp_path, TABLE, dict.fromkeys(TABLE, "yes")))

    assert found.only_says == "yes"
    assert found.said.conclusion == conclusions.Conclusion.ONE_ANSWER
    assert "tells nothing" in found.verdict


def test_every_conclusion_says_what_would_change_it(study, tmp_path):
    found = only(study)

    assert found.said.would_change
    assert found.as_json()["would_change"] == found.said.would_change


def test_probabilities_of_a_calibrated_judge_are_reported_with_their_parts(tmp_path):
    study = given.safe(tmp_path, TABLE)
    lines = [verdict(name, said, probability=0.9) for name, said in MOST.items()]
    given.verdicts(study, tmp_path, lines)

    answer, no, yes = only(study).calibrations

    right = np.mean([word == MOST[name] for name, said in TABLE.items() for word in said.split()])
    assert answer.of == "answer"
    assert answer.brier.value == pytest.approx(right * 0.01 + (1 - right) * 0.81)
    assert answer.ece.name == "ECE (10 bins of equal width)"
    assert answer.ece.value == pytest.approx(abs(0.9 - right))
    assert (no.of, yes.of, no.ratings) == ("no", "yes", 3 * N)
    assert no.brier.value == pytest.approx(yes.brier.value)


def test_the_recalibration_with_the_least_error_on_other_queries_is_chosen(tmp_path):
    study = given.safe(tmp_path, TABLE)
    # Far too sure, and sure of the answer in most cases.
    lines = [
        verdict(name, said, probability=0.999 if n % 4 else 0.6)
        for n, (name, said) in enumerate(MOST.items())
    ]
    given.verdicts(study, tmp_path, lines)

    yes = only(study).calibrations[-1]

    scores = {one.name: one.brier.value for one in yes.maps} | {"raw": yes.brier.value}
    assert yes.chosen == min(scores, key=scores.get)
    assert yes.chosen != "raw"


def test_a_judge_without_probabilities_has_no_calibration(study):
    assert only(study).calibrations == ()


def test_probabilities_of_several_options_are_calibrated_each(tmp_path):
    study = given.safe(tmp_path, TABLE)
    lines = [
        verdict(name, said, probabilities={said: 0.8, "no" if said == "yes" else "yes": 0.2})
        for name, said in MOST.items()
    ]
    given.verdicts(study, tmp_path, lines)

    assert [one.of for one in only(study).calibrations] == ["answer", "no", "yes"]


def test_page_command_and_api_give_the_same_digits(study, client, capsys):
    client.force_login(build.member(study, Role.RESEARCHER))
    judge = given.judge_ids(study)[0]

    by_command = given.printed(capsys, "judge_report", "kind", "--judge", "robo")
    by_api = client.get(reverse("api-judge-report", args=["kind", judge])).json()
    page = client.get(reverse("evaluation:judge", args=["kind", judge])).content.decode()

    assert by_command == by_api
    test = by_api["questions"][0]["alternative_annotator_test"]
    assert f"{digits.percent(test['winning_rate'])} of 3 people" in page
    for one in test["annotators"]:
        assert one["annotator"] in page
        assert f'value="{one["p"]!r}"' in page


def test_the_page_shows_calibration_and_what_would_change_the_sentence(tmp_path, client):
    study = given.safe(tmp_path, TABLE)
    lines = [verdict(name, said, probability=0.9) for name, said in MOST.items()]
    given.verdicts(study, tmp_path, lines)
    client.force_login(build.member(study, Role.RESEARCHER))

    address = reverse("evaluation:judge", args=[study.slug, given.judge_ids(study)[0]])
    page = client.get(address, {"epsilon": "0.25"}).content.decode()

    assert "ECE (10 bins of equal width)" in page
    assert "What would change this" in page
    assert "ε = 0.25 (as asked)" in page
