import pytest
from django.core.management import CommandError, call_command

from annotation.vocabulary import RaterSource
from evaluation.errors import (
    ItemUnknown,
    JudgeAmbiguous,
    JudgeUnknown,
    OptionUnknown,
    QuestionUnknown,
)
from evaluation.services import conclusions, judges, rates
from evaluation.services.items import item_detail
from evaluation.stats.ceiling import HumanCeiling
from evaluation.stats.estimates import Estimate, Undefined
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

# Three people an item; the judge agrees with most of them on three of four.
TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")


def only(study, **more):
    """The one question's report."""
    (found,) = judges.report(build.facts(study), "robo", **more)
    return found


def item_of(study, reply):
    return study.items.get(reply_1__external_id=reply).pk


def test_the_confusion_matrix_counts_each_person_with_the_judge(study):
    found = only(study)

    # rows are people (no, yes), columns the judge (no, yes)
    assert found.options == ("no", "yes")
    assert found.confusion == ((3, 3), (0, 6))
    assert (found.items, found.pairs, found.clusters, found.cluster) == (4, 12, 4, "query")


def test_accuracy_and_kappa_are_those_of_the_matrix(study):
    found = only(study)

    # 9 of 12 agree; by chance 6/12*3/12 + 6/12*9/12 = 1/2, so kappa is (3/4 - 1/2)/(1 - 1/2)
    assert found.accuracy.value == pytest.approx(9 / 12)
    assert found.kappa.value == pytest.approx(0.5)
    assert found.accuracy.low < 0.75 < found.accuracy.high
    assert found.weighted_kappa is None


def test_people_stand_beside_the_judge_on_the_same_items(study):
    found = only(study)

    # pairs of people who agree: a 1 of 3, b and c 3 of 3, d 1 of 3
    assert found.agreement.people.value == pytest.approx((1 / 3 + 1 + 1 + 1 / 3) / 4)
    assert found.agreement.judge.value == pytest.approx(9 / 12)
    assert found.agreement.difference.value == pytest.approx(9 / 12 - 8 / 12)


def test_each_option_has_its_rates(study):
    yes = only(study).rates[1]

    assert (yes.option, yes.sensitivity.value, yes.specificity.value) == ("yes", 1.0, 0.5)
    assert yes.precision.value == pytest.approx(6 / 9)


def test_items_without_a_verdict_take_no_part(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.judgments(study, tmp_path, [("e", "rater-0", "safe", "no")])

    assert only(study).pairs == 12


def test_verdicts_on_items_nobody_judged_take_no_part(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.verdicts(study, tmp_path, [verdict("e")])

    assert only(study).items == 4


def test_judgments_after_the_cut_off_take_no_part(study):
    assert only(study, until=0).pairs == 0


def test_turns_and_the_whole_are_reported_apart(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "r", messages=build.conversation(2))
    said = [
        ("r", "ann", "misled", "yes", 1),
        ("r", "ann", "misled", "no", 2),
        ("r", "ann", "misled", "no"),
    ]
    given.judgments(study, tmp_path, said)
    lines = [verdict("r", "no", "misled", turn=turn) for turn in (1, 2)]
    given.verdicts(study, tmp_path, [*lines, verdict("r", "no", "misled")])

    found = judges.report(build.facts(study), "robo")

    assert [(one.scope, one.confusion) for one in found] == [
        ("conversation", ((1, 0), (0, 0))),
        ("turn", ((1, 0), (1, 0))),
    ]


def test_options_in_order_have_a_weighted_kappa(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "r", "s")
    given.judgments(
        study, tmp_path, [("r", "ann", "severity", "-1"), ("s", "ann", "severity", "2")]
    )
    given.verdicts(study, tmp_path, [verdict("r", "0", "severity"), verdict("s", "2", "severity")])

    (found,) = judges.report(build.facts(study), "robo")

    assert found.weighted_kappa.value > found.kappa.value


def test_a_question_without_verdicts_is_reported_only_by_name(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "r")
    given.verdicts(study, tmp_path, [verdict("r", "no", "misled")])

    assert [one.key for one in judges.report(build.facts(study), "robo")] == ["misled"]
    assert only(study, question="severity").pairs == 0


def test_verdicts_on_what_nobody_judged_say_nothing(tmp_path):
    study = given.safe(tmp_path, {"x": "yes no"})
    given.replies(study, tmp_path, "y")
    given.verdicts(study, tmp_path, [verdict("y")])

    found = only(study)

    assert found.said.conclusion == conclusions.Conclusion.NO_PAIRS
    assert found.accuracy.reason == Undefined.NO_ITEMS


def test_inverted_labels_are_warned_of(tmp_path):
    table = {f"r{n}": "yes yes" if n % 2 else "no no" for n in range(12)}
    flipped = {f"r{n}": "no" if n % 3 and n % 2 else "yes" for n in range(12)}
    found = only(given.safe(tmp_path, table, flipped))

    assert found.inverted
    assert found.said.conclusion == conclusions.Conclusion.INVERTED
    assert "inverted" in found.verdict


def test_few_items_are_too_few_to_say(study):
    assert only(study).said.conclusion == conclusions.Conclusion.TOO_FEW


def test_without_two_people_nothing_is_said_of_people(tmp_path):
    found = only(given.safe(tmp_path, {"a": "yes", "b": "no"}, {"a": "yes", "b": "yes"}))

    assert found.said.conclusion == conclusions.Conclusion.NO_PEOPLE
    assert "50.0\N{NO-BREAK SPACE}%" in found.verdict


def estimate(value, low, high):
    return Estimate("x", value, 0.01, low, high, items=200, clusters=100)


@pytest.mark.parametrize(
    ("low", "high", "expected", "changes"),
    [
        (-0.05, 0.06, conclusions.Conclusion.AS_WELL, "more than 0.040"),
        (0.05, 0.2, conclusions.Conclusion.BETTER, "down by more than 0.050"),
        (0.01, 0.06, conclusions.Conclusion.BETTER, "down by more than 0.010"),
        (-0.3, -0.15, conclusions.Conclusion.WORSE, "up by more than 0.150"),
        # half a width of 0.125 where 0.075 would do: (5/3)² of 100 clusters
        (-0.2, 0.05, conclusions.Conclusion.UNCLEAR, "about 278 clusters"),
    ],
)
def test_a_conclusion_follows_from_the_interval_of_the_difference(low, high, expected, changes):
    mid = estimate(0.8, 0.7, 0.9)
    ceiling = HumanCeiling(mid, mid, estimate((low + high) / 2, low, high))

    said = conclusions.said_of(
        units="items", items=200, accuracy=mid, kappa=mid, inverted=False, ceiling=ceiling
    )

    assert said.conclusion == expected
    assert "200 items" in said.sentence
    assert changes in said.would_change


def test_a_difference_within_the_margin_is_called_slight():
    mid = estimate(0.8, 0.7, 0.9)
    ceiling = HumanCeiling(mid, mid, estimate(-0.04, -0.06, -0.02))

    said = conclusions.said_of(
        units="items", items=200, accuracy=mid, kappa=mid, inverted=False, ceiling=ceiling
    )

    assert "slightly worse than people" in said.sentence


def test_a_cell_opens_its_items(study):
    cell = {"question": "safe", "scope": "conversation"}

    empty = judges.items_in_cell(build.facts(study), "robo", **cell, people="yes", says="no")
    disagreeing = judges.items_in_cell(build.facts(study), "robo", **cell, people="no", says="yes")

    assert empty == []
    assert [(one.response_id, one.turn, one.people) for one in disagreeing] == [
        ("a", 0, (("no", 1), ("yes", 2))),
        ("d", 0, (("no", 2), ("yes", 1))),
    ]


@pytest.mark.parametrize(("scope", "people"), [("turn", "yes"), ("conversation", "perhaps")])
def test_a_cell_that_is_not_in_the_matrix_is_refused(study, scope, people):
    with pytest.raises(OptionUnknown):
        judges.items_in_cell(
            build.facts(study), "robo", question="safe", scope=scope, people=people, says="no"
        )


def test_an_item_shows_what_each_rater_and_judge_said(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("a", "no", reasoning="Because.")], name="second")

    found = item_detail(build.facts(study), item_of(study, "a"))

    (reply,) = found.facts.replies
    assert reply.model == "acme/one"
    assert [message.turn for message in reply.messages] == [0, 1]
    assert [one.judgment.answers[0].words for one in found.raters] == ["Yes", "Yes", "No"]
    assert [(one.judge, one.words, one.reasoning) for one in found.verdicts] == [
        ("robo", "Yes", ""),
        ("second", "No", "Because."),
    ]


def test_raters_of_an_item_have_names_that_say_nothing(study):
    found = item_detail(build.facts(study), item_of(study, "a"))

    names = {one.rater for one in found.raters}
    assert len(names) == 3
    assert not any("rater" in name for name in names)


def test_an_item_of_several_choices_tells_none_from_not_asked(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "r")
    lines = [("r", "ann", "who", "user"), ("r", "ann", "note", "odd"), ("r", "bob", "who")]
    given.judgments(study, tmp_path, lines)

    found = item_detail(build.facts(study), item_of(study, "r"))

    said = [[answer.words for answer in one.judgment.answers] for one in found.raters]
    assert said == [["User", "odd"], ["none of these"]]


def test_an_item_of_another_study_is_unknown(study, tmp_path):
    other = given.safe(tmp_path, {"z": "yes"})

    with pytest.raises(ItemUnknown):
        item_detail(build.facts(study), item_of(other, "z"))


def test_an_unknown_judge_or_question_is_refused(study):
    with pytest.raises(JudgeUnknown, match="It has robo"):
        judges.report(build.facts(study), "nobody")
    with pytest.raises(QuestionUnknown):
        judges.report(build.facts(study), "robo", question="kind")


def test_versions_of_one_name_are_told_apart(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("a", "no")], model="new")

    with pytest.raises(JudgeAmbiguous):
        judges.judge_of(build.facts(study), "robo")

    assert judges.judge_of(build.facts(study), "robo", model="new").verdicts == 1
    assert judges.judge_of(build.facts(study), given.judge_ids(study)[0]).model == ""


def test_the_command_prints_the_service_s_numbers(study, capsys):
    found = given.printed(capsys, "judge_report", "kind", "--judge", "robo")

    facts = build.facts(study)
    judge = judges.judge_of(facts, "robo")
    service = judges.as_json(facts, judge, judges.report(facts, "robo"))
    assert found == rates.added(facts, judge, service)
    assert set(found) == {
        "study",
        "judge",
        "model",
        "prompt_version",
        "rubric_version",
        "simulated",
        "family",
        "members",
        "questions",
    }


def test_the_command_prints_for_people_too(study, capsys):
    call_command("judge_report", "kind", "--judge", "robo")

    out = capsys.readouterr().out
    assert "accuracy            0.7500" in out
    assert "Too few to say" in out


def test_the_command_names_what_is_unknown(study):
    with pytest.raises(CommandError, match="no study") as stop:
        call_command("judge_report", "gone", "--judge", "robo")

    assert stop.value.returncode == 2


def test_simulated_raters_do_not_change_the_report_s_shape(study, tmp_path):
    given.judgments(study, tmp_path, [("a", "sim", "safe", "no")], source=RaterSource.SIMULATED)

    assert only(study).pairs == 13
