"""Raters beside known answers: shares with intervals, by service, command, API and page."""

import json
from http import HTTPStatus

import pytest
from django.core.management import call_command

from annotation.models import Rater, Study
from annotation.services import gold as known_answers
from annotation.services import openings, withdrawals
from annotation.vocabulary import DEFAULT_WAVES, Role, Wave
from evaluation.errors import QuestionUnknown
from evaluation.exports.verify import verify
from evaluation.services import agreement, gold, judges
from evaluation.stats.intervals import wilson_interval
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


def know(study, tmp_path, *lines, **how):
    """Known answers: (reply, question, answer[, turn]) each."""
    names = ("response_id", "question", "answer", "turn")
    rows = [dict(zip(names, line, strict=False)) for line in lines]
    path = build.jsonl(tmp_path / "gold.jsonl", rows)
    tally = known_answers.load(study=study, path=path, now=NOW, **how)
    assert not tally.refused, tally.errors


@pytest.fixture
def study(tmp_path):
    """ann is right at two of three items; bob at the one he judged."""
    made = given.safe(tmp_path, {"a": "yes yes", "b": "no", "c": "no", "d": "yes"}, slug="s")
    know(made, tmp_path, ("a", "safe", "yes"), ("b", "safe", "no"), ("c", "safe", "yes"))
    return made


def by_name(study):
    return {one.facts.name: one for one in gold.report(build.facts(study))}


def test_the_share_right_is_of_items_judged_where_the_answer_is_known(study):
    found = by_name(study)

    ann, bob = found["rater-0"], found["rater-1"]
    assert (ann.items, ann.items_right, ann.share.value) == (3, 2, pytest.approx(2 / 3))
    assert (bob.items, bob.items_right, bob.share.value) == (1, 1, 1.0)


def test_the_interval_is_wilsons(study):
    share = by_name(study)["rater-0"].share

    # z = 1.96: centre (2/3 + 3.8415/6) / (1 + 3.8415/3) = 0.5730, half 0.3653
    assert (share.low, share.high) == (
        pytest.approx(0.2077, abs=1e-4),
        pytest.approx(0.9385, abs=1e-4),
    )
    assert share.low == wilson_interval(2, 3).low


def test_the_least_right_stand_first(study):
    assert [one.facts.name for one in gold.report(build.facts(study))] == ["rater-0", "rater-1"]


@pytest.fixture
def turns(tmp_path):
    """r of one turn with everything known, t of two turns."""
    made = build.study("t", rubric=given.TURNS)
    given.replies(made, tmp_path, "r")
    given.replies(made, tmp_path, "t", messages=build.conversation(2))
    know(
        made,
        tmp_path,
        ("r", "who", "user"),
        ("r", "who", "public"),
        ("r", "severity", "2"),
        ("t", "severity", "0"),
        ("t", "misled", "yes", 1),
        ("t", "misled", "no", 2),
    )
    return made


def of_question(study, key):
    (rater,) = gold.report(build.facts(study))
    return next(one for one in rater.questions if one.key == key)


@pytest.mark.parametrize(
    ("chosen", "right"),
    [(("user", "public"), 1), (("user",), 0), ((None,), 0)],
)
def test_several_choices_are_right_when_exactly_the_known_ones_were_chosen(
    turns, tmp_path, chosen, right
):
    given.judgments(turns, tmp_path, [("r", "ann", "who", one) for one in chosen])

    found = of_question(turns, "who")

    assert (found.judged, found.right, found.distance) == (1, right, None)


def test_a_scale_says_how_many_points_off_besides(turns, tmp_path):
    given.judgments(
        turns, tmp_path, [("r", "ann", "severity", "-1"), ("t", "ann", "severity", "0")]
    )

    found = of_question(turns, "severity")

    assert (found.judged, found.right) == (2, 1)
    assert found.distance == pytest.approx((3 + 0) / 2)


def test_each_turn_is_held_against_its_own_answer(turns, tmp_path):
    said = [("t", "ann", "misled", "yes", 1), ("t", "ann", "misled", "yes", 2)]
    given.judgments(turns, tmp_path, [*said, ("t", "ann", "misled", "no")])

    found = of_question(turns, "misled")

    assert (found.judged, found.right) == (2, 1)


def test_an_item_is_right_when_all_that_is_known_of_it_was_answered_so(turns, tmp_path):
    said = [("r", "ann", "who", "user"), ("r", "ann", "who", "public"), ("r", "ann", "severity", 1)]
    given.judgments(turns, tmp_path, [(*one[:3], str(one[3])) for one in said])

    (rater,) = gold.report(build.facts(turns))

    assert (rater.items, rater.items_right) == (1, 0)
    assert (rater.share.low, rater.share.value) == (0.0, 0.0)


def test_what_was_taken_back_is_held_against_nobody(study):
    from annotation.models import GoldAnswer

    for row in GoldAnswer.objects.all():
        known_answers.remove(study=study, gold_id=row.pk, now=NOW, by_id=None)

    assert gold.report(build.facts(study)) == []


def test_R106_who_left_is_in_no_result(study):
    rater = Rater.objects.select_related("study").get(study=study, external_id="rater-1")
    withdrawals.withdraw(rater=rater, now=NOW)

    assert list(by_name(study)) == ["rater-0"]


def test_one_question_is_asked_for(turns, tmp_path):
    given.judgments(turns, tmp_path, [("r", "ann", "severity", "2"), ("r", "ann", "who", "user")])

    (rater,) = gold.report(build.facts(turns), question="severity")

    assert [one.key for one in rater.questions] == ["severity"]
    assert (rater.items, rater.items_right) == (1, 1)


@pytest.mark.parametrize("key", ["note", "other"])
def test_a_question_without_options_is_refused(turns, key):
    with pytest.raises(QuestionUnknown):
        gold.report(build.facts(turns), question=key)


def test_the_number_of_queries_does_not_grow_with_raters(study, django_assert_max_num_queries):
    facts = build.facts(study)

    with django_assert_max_num_queries(4):
        gold.report(facts)


# Command, API, page


def test_command_and_api_give_the_same(study, client, capsys):
    client.force_login(build.member(study, Role.RESEARCHER))

    printed = given.printed(capsys, "gold_report", "s")

    assert client.get("/api/studies/s/gold/").json() == printed
    assert printed["raters"][0]["share"]["value"] == pytest.approx(2 / 3)
    assert "rater-0" not in json.dumps(printed)


def test_the_command_prints_each_rater_with_the_interval(study, capsys):
    call_command("gold_report", "s")

    out = capsys.readouterr().out
    assert "2 of 3 right, 0.6667  95% interval 0.2077 to 0.9385" in out


def test_the_command_says_how_far_off_a_scale_is(turns, tmp_path, capsys):
    given.judgments(turns, tmp_path, [("r", "ann", "severity", "0")])

    call_command("gold_report", "t", "--question", "severity")

    assert "2.00 points off" in capsys.readouterr().out


def test_the_command_says_so_where_nobody_answered(tmp_path, capsys):
    call_command("gold_report", build.study(rubric=build.SAFE).slug)

    assert "No rater has answered" in capsys.readouterr().out


def test_the_command_ends_with_2_for_a_question_that_is_none(study, capsys):
    from tests.annotation.test_commands import run

    assert run(capsys, "gold_report", "s", "--question", "other")[0] == 2


def test_the_api_refuses_a_parameter_that_means_nothing(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))

    answer = client.get("/api/studies/s/gold/?rater=1")

    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_a_researcher_reads_names_that_mean_nothing_and_an_admin_the_accounts(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    researchers = client.get("/studies/s/gold/").content.decode()
    client.force_login(build.member(study, Role.ADMIN))
    admins = client.get("/studies/s/gold/").content.decode()

    assert ("rater-0" in researchers, "rater-0" in admins) == (False, True)
    assert "Known answers and their seats" not in researchers
    assert "20.8" in researchers


def test_the_page_says_so_where_nobody_answered(client):
    made = build.study("empty", rubric=build.SAFE)
    client.force_login(build.member(made, Role.RESEARCHER))

    page = client.get("/studies/empty/gold/").content.decode()

    assert "No rater has answered where the right answer is known." in page
    assert Study.objects.filter(slug="empty").exists()


# What a later wave says is in no number but its own


@pytest.fixture
def planted(tmp_path):
    """People agree wholly in the first wave and with the judge; one later wave says the reverse."""

    def made(wave):
        study = build.study(f"p{int(wave)}", rubric=build.SAFE, raters_per_item=2)
        given.replies(study, tmp_path, *(f"r{number}" for number in range(4)))
        openings.open_first_wave(study=study, raters_per_item=2, seed=1, now=NOW)
        truth = {item.pk: "yes" if number % 2 else "no" for number, item in enumerate(items(study))}
        for _ in range(2):
            judge_all(study, truth)
        said = [given.verdict(item.reply_1.external_id, truth[item.pk]) for item in items(study)]
        given.verdicts(study, tmp_path, said)
        before = numbers(study)
        openings.open_wave(study=study, wave=wave, items=truth, raters_per_item=2, seed=1, now=NOW)
        for _ in range(2):
            judge_all(study, {pk: {"yes": "no", "no": "yes"}[word] for pk, word in truth.items()})
        return study, before

    return made


def items(study):
    return study.items.select_related("reply_1").order_by("pk")


def judge_all(study, answers):
    rater = build.rater(study)
    for _ in answers:
        seat = build.claim(rater)
        build.submit(rater, seat, safe=answers[seat.item_id])


def numbers(study):
    """All that agreement and the judge's report say."""
    facts = build.facts(study)
    judge = given.judge(study)
    return (
        agreement.as_json(facts, agreement.report(facts)),
        [one.as_json() for one in judges.report(facts, judge.pk)],
    )


LATER = [Wave.EXTRA, Wave.AUDIT, Wave.GOLD, Wave.ADJUDICATION]


@pytest.mark.parametrize("wave", LATER)
def test_agreement_and_judges_are_as_before_a_later_wave(planted, wave):
    study, before = planted(wave)

    assert numbers(study) == before
    assert before[0]["questions"][0]["coefficients"][0]["value"] == 1.0
    asked = agreement.report(build.facts(study), waves=(*DEFAULT_WAVES, wave))
    assert asked[0].alpha.value < 0.5


@pytest.mark.parametrize("wave", LATER)
def test_R069_labels_leave_a_later_wave_out_and_judgments_name_it(planted, tmp_path, wave):
    study, _ = planted(wave)

    out = given.written(study, tmp_path)

    labels, said = given.rows(out, "labels"), given.rows(out, "judgments")
    assert {(label["raters"], label["entropy"]) for label in labels} == {(2, 0.0)}
    assert sum(one["wave"] == str(wave.label) for one in said) == 8
    assert given.manifest(out)["judgments"]["by_wave"] == {"first": 8, str(wave.label): 8}
    assert verify(out).differences == ()


def test_what_raters_said_at_gold_seats_is_held_against_the_known_answer(planted, tmp_path):
    study, _ = planted(Wave.GOLD)
    know(study, tmp_path, ("r1", "safe", "yes"))

    found = gold.report(build.facts(study))

    assert sorted((one.items, one.items_right) for one in found) == [(1, 0)] * 2 + [(1, 1)] * 2


def test_the_page_says_how_many_points_off_a_scale_is(turns, tmp_path, client):
    given.judgments(turns, tmp_path, [("r", "ann", "severity", "0")])
    client.force_login(build.member(turns, Role.RESEARCHER))

    page = client.get("/studies/t/gold/").content.decode()

    assert '<data value="2.0" title="2.0">' in page
