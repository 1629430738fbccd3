"""Calibrated labels: soft, posterior, hard; their checks; and a judge that stands beside them."""

import csv

import numpy as np
import pytest

from annotation.selectors.asked import Asked
from annotation.services import gold as gold_answers
from annotation.vocabulary import Scope
from evaluation.errors import JudgeUnknown, QuestionUnknown
from evaluation.services import label_checks, label_truth, labels
from evaluation.services.label_truth import blocks, errors_in, whole
from evaluation.stats.aggregation import Votes, dawid_skene
from evaluation.stats.calibration import Forecasts, brier_score, expected_calibration_error
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no", "e": "yes no"}
OF_PEOPLE = [name for name in labels.COLUMNS if not name.startswith("judge_")]


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="kind")


def report(study, question="safe", **more):
    return labels.report(build.facts(study), question=question, **more)


def rows(study, question="safe", **more):
    facts = build.facts(study)
    found = labels.rows(facts, labels.report(facts, question=question, **more))
    return {(row["response_id"], row["scope"], row["turn"]): row for row in found}


def row(study, reply, **more):
    return rows(study, **more)[reply, "conversation", 0]


def many(tmp_path, n=40, raters=4, seed=1):
    """Many replies with raters who err one time of five."""
    rng = np.random.default_rng(seed)
    table = {}
    for number in range(n):
        truth = number % 2
        said = [truth if rng.random() < 0.8 else 1 - truth for _ in range(raters)]
        table[f"r{number:02}"] = " ".join("yes" if one else "no" for one in said)
    return given.safe(tmp_path, table), table


# Labels


def test_soft_labels_are_shares_with_a_dirichlet_interval(study):
    from scipy import stats

    found = row(study, "a")

    assert found["shares"] == {"no": pytest.approx(1 / 3), "yes": pytest.approx(2 / 3)}
    # Jeffreys' half a vote each: Beta(2.5, 1.5)
    assert found["low"]["yes"] == pytest.approx(stats.beta.ppf(0.025, 2.5, 1.5))
    assert found["high"]["yes"] == pytest.approx(stats.beta.ppf(0.975, 2.5, 1.5))
    assert (found["raters"], found["rule"]) == (3, "majority")
    assert found["entropy"] == pytest.approx(0.918296, abs=1e-6)


def test_a_tie_has_no_hard_label(study):
    tied, clear = row(study, "e"), row(study, "b")

    assert (tied["label"], tied["tie"]) == (None, True)
    assert (clear["label"], clear["tie"], clear["entropy"]) == ("no", False, 0.0)


def test_the_posterior_is_dawid_and_skene_s(tmp_path):
    study, table = many(tmp_path)
    item, rater, label = zip(
        *(
            (at, number, int(word == "yes"))
            for at, answers in enumerate(table.values())
            for number, word in enumerate(answers.split())
        ),
        strict=True,
    )
    votes = Votes.from_ratings(item, rater, label, n_items=40, n_raters=4, n_options=2)
    expected = dawid_skene(votes).posterior

    found = rows(study).values()

    assert [one["posterior"]["yes"] for one in found] == pytest.approx(expected[:, 1], abs=1e-4)
    assert {one["posterior_label"] for one in found} <= {"yes", "no"}


def test_turns_and_wholes_have_labels_of_their_own(tmp_path):
    study = given.rich(tmp_path)

    found = rows(study, "misled")

    assert found["=r", "turn", 1]["label"] == "yes"
    assert found["=r", "turn", 2]["label"] == "no"
    assert found["=r", "conversation", 0]["tie"]


def test_of_several_choices_each_option_is_a_vote_of_its_own(tmp_path):
    found = rows(given.rich(tmp_path), "who")["=r", "conversation", 0]

    assert found["shares"] == {"user": 0.5, "public": 0.5}
    assert (found["raters"], found["label"], found["tie"]) == (2, [], True)
    assert (found["posterior"], found["entropy"]) == (None, None)
    assert 0 < found["low"]["user"] < 0.5 < found["high"]["user"] < 1


def test_labels_agree_with_those_of_a_release(tmp_path):
    study = given.rich(tmp_path)
    released = given.rows(given.written(study, tmp_path), "labels")

    assert released
    for one in released:
        found = rows(study, one["question"])[one["response_id"], one["scope"], one["turn"]]
        for name in ("raters", "label", "tie", "rule", "inclusion_probability", "weight"):
            assert found[name] == one[name]
        assert found["shares"] == pytest.approx(one["shares"])


def test_after_the_cut_off_nothing_counts(study):
    assert rows(study, until=0) == {}


# In parts


def test_blocks_hold_whole_items_and_all_of_them(study, monkeypatch):
    monkeypatch.setattr(label_truth, "RATINGS_AT_ONCE", 2)
    plan = build.facts(study).rubric.question("safe")

    found = list(blocks(plan, Asked(plan.id, Scope.CONVERSATION)))

    assert [block.unit.size for block in found] == [3, 3, 3, 3, 2]


def test_raters_are_learnt_from_a_part_and_every_unit_gets_its_posterior(tmp_path, monkeypatch):
    monkeypatch.setattr(label_truth, "UNITS_FITTED", 20)
    study, _ = many(tmp_path)

    (found,) = report(study)

    assert found.errors.every == 2
    assert 0 < found.errors.units < 40
    assert len(rows(study)) == 40


def test_a_rater_who_is_not_in_the_part_says_nothing(study):
    plan = build.facts(study).rubric.question("safe")
    block = whole(plan, Asked(plan.id, Scope.CONVERSATION), every=1)
    errors = errors_in(block, 2)
    stranger = label_truth.Block(
        block.item[:1],
        block.turn[:1],
        block.cluster[:1],
        np.array([0]),
        block.rater[-1:] + 99,
        np.array([1]),
    )

    assert errors.posterior(stranger)[0] == pytest.approx(errors.prevalence)


# Checks


def test_labels_are_held_to_raters_who_took_no_part_in_them(tmp_path):
    study, _ = many(tmp_path)

    check = report(study)[0].held_out

    assert (check.cases, check.raters) == (160, 4)
    assert [one.kind for one in check.measured] == ["shares", "smoothed_shares", "posterior"]
    # half a vote for each option keeps three votes from being called certain
    shares, smoothed, _ = (one.brier.value for one in check.measured)
    assert smoothed < shares


def test_the_check_is_what_it_says(tmp_path):
    """Oracle: each rater of four is a fold of their own, so leave one out by hand."""
    study, table = many(tmp_path)
    said, so, cluster = [], [], []
    for at, answers in enumerate(table.values()):
        votes = np.array([word == "yes" for word in answers.split()], dtype=float)
        for left in range(4):
            rest = np.delete(votes, left).mean()
            said += [rest, 1 - rest]
            so += [votes[left], 1 - votes[left]]
            cluster += [at, at]
    forecasts = Forecasts.from_arrays(said, so, cluster)

    found = report(study)[0].held_out.measured[0]

    assert found.brier.value == pytest.approx(brier_score(forecasts).value)
    assert found.brier.low == pytest.approx(brier_score(forecasts).low)
    assert found.ece.value == pytest.approx(expected_calibration_error(forecasts).value)


def test_one_rater_leaves_nobody_to_check_with(tmp_path):
    study = given.safe(tmp_path, {"a": "yes", "b": "no"})

    assert report(study)[0].held_out.reason == label_checks.ONE_RATER


def test_raters_who_share_nothing_check_nothing(tmp_path):
    study = build.study(rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b")
    given.judgments(study, tmp_path, [("a", "ann", "safe", "yes"), ("b", "bob", "safe", "no")])

    assert report(study)[0].held_out.reason == label_checks.NOT_SHARED


def known(study, tmp_path, answers):
    lines = [
        {"response_id": reply, "question": "safe", "answer": answer}
        for reply, answer in answers.items()
    ]
    tally = gold_answers.load(
        study=study, path=build.jsonl(tmp_path / "gold.jsonl", lines), now=build.NOW, by_id=None
    )
    assert not tally.refused, tally.errors


def test_labels_are_held_to_known_answers(study, tmp_path):
    known(study, tmp_path, {"a": "yes", "b": "yes"})

    check = report(study)[0].gold

    # a: (1/3)^2 each option; b: 1 each
    assert check.cases == 2
    assert check.measured[0].brier.value == pytest.approx((1 / 9 + 1) / 2)


def test_without_known_answers_it_says_so(study):
    assert report(study)[0].gold.reason == label_checks.NO_GOLD


def test_several_choices_have_no_check_and_say_why(tmp_path):
    (found,) = report(given.rich(tmp_path), "who")

    assert found.held_out.reason == found.gold.reason == labels.SEVERAL


def test_before_anybody_answered_there_is_no_label_and_no_fault(tmp_path):
    study = build.study(rubric=build.SAFE)

    (found,) = report(study)

    assert (found.errors, found.held_out.reason) == (None, label_checks.ONE_RATER)
    assert rows(study) == {}


# A judge


def judged(study, tmp_path, table, *, certain=0.9, name="robo"):
    """A judge that says yes of everything, mostly sure."""
    lines = [
        verdict(reply, "yes", probability=certain - 0.3 * (number % 2))
        for number, reply in enumerate(table)
    ]
    given.verdicts(study, tmp_path, lines, name=name)


def test_a_judge_never_enters_a_label_nor_its_check(tmp_path):
    study, table = many(tmp_path)
    before, checked = rows(study), report(study)[0].as_json()

    judged(study, tmp_path, table)
    after, again = rows(study, judge="robo"), report(study, judge="robo")[0].as_json()

    for key, one in before.items():
        assert {name: after[key][name] for name in OF_PEOPLE} == {
            name: one[name] for name in OF_PEOPLE
        }
        assert after[key]["judge_answer"] == "yes"
    assert {**again, "judge": None} == checked
    assert rows(study) == before


def test_a_judge_s_probability_stands_raw_and_recalibrated(tmp_path):
    study, table = many(tmp_path)
    judged(study, tmp_path, table)

    (found,) = report(study, judge="robo")
    raw, again = found.recalibrated.measured

    # it is surely right of every second reply only, where it says 0.9 or 0.6
    assert (found.recalibrated.verdicts, raw.kind, again.kind) == (40, "raw", "recalibrated")
    assert found.recalibrated.units <= 40
    assert again.brier.value < raw.brier.value
    one = rows(study, judge="robo")["r00", "conversation", 0]
    assert one["judge_probability"] == pytest.approx(0.9)
    assert one["judge_recalibrated"] != pytest.approx(0.9)


def test_no_item_calibrates_itself_nor_its_query(tmp_path):
    """Turning one reply's ratings round moves no recalibrated probability of its own fold."""
    study, table = many(tmp_path)
    judged(study, tmp_path, table)
    before = rows(study, judge="robo")
    given.judgments(study, tmp_path, [("r07", f"more-{n}", "safe", "no") for n in range(9)])

    after = rows(study, judge="robo")

    key = ("r07", "conversation", 0)
    assert before[key]["label"] == "yes"
    assert after[key]["label"] == "no"
    assert after[key]["judge_recalibrated"] == before[key]["judge_recalibrated"]
    assert any(
        after[one]["judge_recalibrated"] != before[one]["judge_recalibrated"] for one in before
    )


def test_probabilities_by_option_are_read_at_the_answer(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("a", "yes", probabilities={"no": 0.25, "yes": 0.75})])

    assert row(study, "a", judge="robo")["judge_probability"] == 0.75


@pytest.mark.parametrize(
    ("more", "why"),
    [({}, "gave no probability"), ({"probability": 0.5}, "do not vary")],
    ids=["none", "all alike"],
)
def test_a_judge_from_whom_nothing_can_be_learnt_says_why(study, tmp_path, more, why):
    given.verdicts(study, tmp_path, [verdict(reply, "yes", **more) for reply in TABLE])

    found = report(study, judge="robo")[0].recalibrated

    assert why in found.reason
    assert row(study, "a", judge="robo")["judge_recalibrated"] is None


def test_a_judge_of_what_nobody_rated_says_so(study, tmp_path):
    given.replies(study, tmp_path, "z")
    given.judgments(study, tmp_path, [("z", "ann", "safe", "yes"), ("z", "bob", "safe", "no")])
    given.verdicts(study, tmp_path, [verdict("z", probability=0.5)])

    assert "none of the units" in report(study, judge="robo")[0].recalibrated.reason


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"question": "nothing"}, QuestionUnknown),
        ({"question": "safe", "judge": "nobody"}, JudgeUnknown),
    ],
)
def test_what_is_not_there_is_refused(study, asked, refusal):
    with pytest.raises(refusal):
        report(study, **asked)


# Real data


def real_block(path):
    """Every answer of the file: an item and cluster a reply, a number a rater."""
    with path.open(encoding="utf-8", newline="") as lines:
        found = list(csv.DictReader(lines))
    options = ["No", "Yes", "Unsure"]
    replies, unit = np.unique([one["response_id"] for one in found], return_inverse=True)
    _, rater = np.unique([one["rater"] for one in found], return_inverse=True)
    column = np.array([options.index(one["answer"]) for one in found])
    item = np.arange(replies.size)
    return label_truth.Block(item, np.zeros_like(item), item, unit, rater, column)


def test_labels_of_350_real_conversations_foretell_raters_who_were_left_out(shared_data):
    found = label_checks.held_out(real_block(shared_data / "dices350_judgments.csv"), 3)
    shares, smoothed, posterior = found.measured

    # 98 people or so behind each share: it is calibrated, and half a vote more changes little
    assert (found.cases, found.raters) == (43_050, 123)
    assert shares.ece.value < 0.02
    assert smoothed.brier.value == pytest.approx(shares.brier.value, abs=1e-3)
    # The posterior is of a truth, and surer than any single rater's answer
    assert posterior.brier.value > shares.brier.value
