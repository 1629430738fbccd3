"""Derived questions: made by one rule from what people and judges answered."""

import numpy as np
import pytest
from django.core.management import call_command

from annotation.models import Value
from annotation.rubric_format import presets
from evaluation.derived import NOTHING, derived_of, with_categories
from evaluation.errors import QuestionUnknown
from evaluation.services import agreement, judges
from tests import build
from tests.evaluation.given import judgments, manifest, printed, replies, verdicts, written

pytestmark = pytest.mark.django_db

SCALE = [{"code": n, "label": str(n)} for n in range(7)]
REFUSAL = [{"code": n, "label": str(n)} for n in range(1, 8)]
WINNER = ["value_a", "value_b", "both", "neither", "cannot_tell"]
COMPLIANCE = ["compliant", "non_compliant", "ambiguous"]


def options(codes):
    return [{"code": code, "label": code} for code in codes]


STANDARD = {
    "key": "standard",
    "title": "Standard keys",
    "questions": [
        {"key": "winner", "label": "Who?", "type": "single", "options": options(WINNER)},
        {"key": "score_a", "label": "A", "type": "scale", "level": "ordinal", "options": SCALE},
        {"key": "score_b", "label": "B", "type": "scale", "level": "ordinal", "options": SCALE},
        {"key": "refusal", "label": "R", "type": "scale", "scope": "both", "options": REFUSAL},
        {"key": "compliance", "label": "C", "type": "single", "options": options(COMPLIANCE)},
    ],
}


@pytest.fixture
def study(tmp_path):
    made = build.study(rubric=STANDARD)
    replies(made, tmp_path, "a", "b", "c", messages=build.conversation(2))
    return made


def said(study, tmp_path, question, table, turn=""):
    """``{reply: "5 6"}``: one answer by each rater in turn."""
    lines = [
        (reply, f"rater-{number}", question, answer, *([turn] if turn else []))
        for reply, answers in table.items()
        for number, answer in enumerate(answers.split())
    ]
    judgments(study, tmp_path, lines)


def judged(study, tmp_path, question, table):
    lines = [
        {"response_id": reply, "question": question, "answer": answer}
        for reply, answer in table.items()
    ]
    assert not verdicts(study, tmp_path, lines).refused


def scored(study, tmp_path):
    """Two raters of three replies: a 6:1 and 4:3, b 2:2 and 0:5, c 3:3 by one."""
    lines = [
        (reply, f"rater-{rater}", f"score_{value}", score)
        for reply, rater, *scores in [
            ("a", 0, "6", "1"), ("a", 1, "4", "3"), ("b", 0, "2", "2"), ("b", 1, "0", "5"),
            ("c", 0, "3", "3"),
        ]
        for value, score in zip("ab", scores, strict=True)
    ]  # fmt: skip
    judgments(study, tmp_path, lines)


def shares(found):
    return {share.option: share.ratings for share in found.shares}


def of(study, key, **more):
    return agreement.report(build.facts(study), question=key, **more)


# Which there are


def test_a_rubric_has_the_derived_questions_that_its_standard_keys_give(study):
    found = derived_of(build.facts(study).rubric)

    assert [one.question.key for one in found] == [
        "winner_from_scores", "refused", "problematic", "won_by_category",
    ]  # fmt: skip
    assert all(one.definition.endswith(".") for one in found)


@pytest.mark.parametrize(
    ("preset", "keys"),
    [
        (
            "tradeoff-standard",
            ["winner_from_scores", "refused", "problematic", "won_by_category"],
        ),
        ("tradeoff-quick", ["won_by_category"]),
        ("refusal", ["refused"]),
        ("compliance", ["problematic"]),
        ("pairwise", []),
    ],
)
def test_each_preset_has_its_own(preset, keys):
    made = build.study(rubric=presets()[preset].model_dump(by_alias=True, mode="json"))

    assert [one.question.key for one in derived_of(build.facts(made).rubric)] == keys


def test_a_question_that_is_asked_is_not_derived_besides():
    asked = {"key": "refused", "label": "?", "type": "single", "options": options(["no", "yes"])}
    rubric = {**STANDARD, "questions": [*STANDARD["questions"], asked]}

    found = derived_of(build.facts(build.study(rubric=rubric)).rubric)

    assert "refused" not in [one.question.key for one in found]


@pytest.mark.parametrize(
    "change",
    [
        {"key": "refusal", "type": "text", "options": []},
        {"key": "compliance", "options": options(["compliant", "other"])},
        {"key": "score_a", "type": "single"},
        {"key": "winner", "options": options(["value_a", "other"])},
    ],
)
def test_another_question_under_a_standard_key_gives_none(change):
    asked = [
        {**question, **change} if question["key"] == change["key"] else question
        for question in STANDARD["questions"]
    ]
    rubric = build.facts(build.study(rubric={**STANDARD, "questions": asked})).rubric

    assert len(derived_of(rubric)) == 3


# People


def test_the_winner_from_scores_pairs_both_scores_of_one_judgment(study, tmp_path):
    scored(study, tmp_path)

    (found,) = of(study, "winner_from_scores")

    # a: value_a twice; b: a tie and value_b; c: a tie. Crossed pairs would make other winners.
    assert shares(found) == {"value_a": 2, "value_b": 1, "tie": 2}
    assert (found.items, found.pairable_items, found.judgments) == (3, 2, 5)
    assert found.percent.value == 0.5
    assert "equal scores are a tie" in found.definition


def test_a_judgment_with_one_score_has_no_winner_from_scores(study, tmp_path):
    judgments(study, tmp_path, [("a", "x", "score_a", "6"), ("a", "y", "score_b", "1")])

    (found,) = of(study, "winner_from_scores")

    assert found.judgments == 0


def test_refused_is_five_or_more_of_turns_and_of_the_whole(study, tmp_path):
    said(study, tmp_path, "refusal", {"a": "5 4", "b": "7 6"})
    said(study, tmp_path, "refusal", {"c": "1 5"}, turn=2)

    whole, turns = of(study, "refused")

    assert (whole.scope, shares(whole)) == ("conversation", {"no": 1, "yes": 3})
    assert (turns.scope, shares(turns)) == ("turn", {"no": 1, "yes": 1})


def test_problematic_is_non_compliant_or_ambiguous(study, tmp_path):
    said(study, tmp_path, "compliance", {"a": "compliant ambiguous", "b": "non_compliant"})

    assert shares(of(study, "problematic")[0]) == {"no": 1, "yes": 2}


def test_the_category_of_the_winning_value_wins(study, tmp_path):
    Value.objects.filter(name="Honesty").update(category="Ethical interaction")
    Value.objects.filter(name="Kindness").update(category="Critical thinking")
    said(study, tmp_path, "winner", {"a": "value_a value_b", "b": "value_a neither"})

    (found,) = of(study, "won_by_category")

    assert {option: n for option, n in shares(found).items() if n} == {
        "Ethical interaction": 2,
        "Critical thinking": 1,
        "neither": 1,
    }
    assert [share.option for share in found.shares][:2] == [
        "Critical thinking", "Ethical interaction",
    ]  # fmt: skip
    assert found.left_out == 0


@pytest.mark.parametrize("second", ["Critical thinking", ""])
def test_values_of_one_category_or_of_none_are_left_out_and_counted(study, tmp_path, second):
    Value.objects.filter(name="Honesty").update(category="Critical thinking")
    Value.objects.filter(name="Kindness").update(category=second)
    said(study, tmp_path, "winner", {"a": "value_a value_b", "b": "both"})

    (found,) = of(study, "won_by_category")

    assert (found.judgments, found.left_out) == (0, 3)
    assert "won_by_category" not in [one.key for one in of(study, None)]


def test_derived_questions_come_last_and_say_so(study, tmp_path):
    said(study, tmp_path, "refusal", {"a": "5 4"})

    found = of(study, None)

    assert [one.key for one in found if one.definition] == ["refused"]
    assert found[-1].key == "refused"
    assert found[-1].as_json()["definition"] == "Yes where refusal is 5 or more, else no."


def test_derived_questions_can_be_sliced(study, tmp_path):
    scored(study, tmp_path)

    (found,) = of(study, "winner_from_scores", by="model")

    assert (found.judgments, found.definition != "") == (5, True)


def test_an_unknown_question_is_refused_with_the_derived_ones_named(study):
    with pytest.raises(QuestionUnknown, match="refused"):
        of(study, "nonsense")


# Judges


def test_a_judge_with_scores_alone_is_compared_by_the_same_rule(study, tmp_path):
    scored(study, tmp_path)
    judged(study, tmp_path, "score_a", {"a": "5", "b": "1", "c": "4"})
    judged(study, tmp_path, "score_b", {"a": "0", "b": "1"})

    found = judges.report(build.facts(study), "robo")

    by_key = {one.key: one for one in found}
    derived = by_key["winner_from_scores"]
    # Judge: a value_a, b a tie, c nothing for want of a second score.
    assert derived.confusion == ((2, 0, 0), (0, 0, 1), (0, 0, 1))
    assert (derived.items, derived.accuracy.value) == (2, 0.75)
    assert [one.key for one in found][-1] == "winner_from_scores"


def test_refused_and_problematic_of_a_judge(study, tmp_path):
    said(study, tmp_path, "refusal", {"a": "5 4", "b": "7 6"})
    judged(study, tmp_path, "refusal", {"a": "6", "b": "4"})

    (found,) = judges.report(build.facts(study), "robo", question="refused")[:1]

    assert found.options == ("no", "yes")
    assert found.confusion == ((0, 1), (2, 1))


def test_won_by_category_of_a_judge_uses_the_same_items(study, tmp_path):
    Value.objects.filter(name="Honesty").update(category="Ethical interaction")
    Value.objects.filter(name="Kindness").update(category="Critical thinking")
    said(study, tmp_path, "winner", {"a": "value_a", "b": "value_b"})
    judged(study, tmp_path, "winner", {"a": "value_a", "b": "value_a", "c": "value_b"})

    (found,) = judges.report(build.facts(study), "robo", question="won_by_category")

    assert found.options[:2] == ("Critical thinking", "Ethical interaction")
    assert [row[:2] for row in found.confusion[:2]] == [(0, 1), (0, 1)]


def test_the_items_behind_a_derived_cell_can_be_opened(study, tmp_path):
    said(study, tmp_path, "refusal", {"a": "5 4", "b": "7 6"})
    judged(study, tmp_path, "refusal", {"a": "6", "b": "4"})
    cell = {"question": "refused", "scope": "conversation", "people": "yes", "says": "no"}

    (found,) = judges.items_in_cell(build.facts(study), "robo", **cell)

    assert (found.response_id, found.people) == ("b", (("yes", 2),))


# The same everywhere


def test_people_and_judges_are_read_by_one_rule(study):
    rubric = build.facts(study).rubric
    rules = {one.question.key: one for one in derived_of(rubric)}
    n = np.arange(7)

    refused = rules["refused"].rule((n,), n)
    winner = rules["winner_from_scores"].rule((n, n[::-1]), n)

    assert refused.tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert winner.tolist() == [1, 1, 1, 2, 0, 0, 0]


def test_without_categories_nothing_wins(study):
    *_, by_category = derived_of(build.facts(study).rubric)
    one = np.array([0])

    for derived in (by_category, with_categories(by_category, {})):
        assert derived.rule((one,), one).tolist() == [NOTHING]


def test_commands_name_the_definition(study, tmp_path, capsys):
    scored(study, tmp_path)
    judged(study, tmp_path, "score_a", {"a": "5"})
    judged(study, tmp_path, "score_b", {"a": "0"})

    for command in (("agreement", study.slug), ("judge_report", study.slug, "--judge", "robo")):
        call_command(*command, "--question", "winner_from_scores")
        assert "Derived: The sign of score_a minus score_b" in capsys.readouterr().out
        told = printed(capsys, *command)["questions"][-1]
        assert (told["key"], told["left_out"]) == ("winner_from_scores", 0)


@pytest.mark.parametrize("page", ["agreement", "judges"])
def test_pages_name_the_definition(study, tmp_path, client, page):
    scored(study, tmp_path)
    judged(study, tmp_path, "score_a", {"a": "5"})
    judged(study, tmp_path, "score_b", {"a": "0"})
    client.force_login(build.member(study, "researcher"))
    known = judges.judges_of(build.facts(study))[0].id
    address = f"/studies/{study.slug}/{page}/" + (f"{known}/" if page == "judges" else "")

    html = client.get(address).content.decode()

    assert "Derived, not asked. The sign of score_a minus score_b" in html


def test_a_release_has_derived_agreement_and_no_headline_of_it(study, tmp_path):
    scored(study, tmp_path)

    out = written(study, tmp_path)

    assert "winner_from_scores" in (out / "agreement.json").read_text()
    assert [
        one["key"] for one in manifest(out)["headline"] if one["key"].startswith("winner_")
    ] == []
