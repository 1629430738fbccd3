"""A question that depends on another: among those asked, and with "not asked" as an option."""

import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.services import agreement
from evaluation.stats.agreement import CountTable, masi_alpha, nominal_alpha
from tests import build
from tests.evaluation.given import judgments, printed, replies

pytestmark = pytest.mark.django_db

YES_NO = [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}]
HOW = [{"code": n, "label": str(n)} for n in range(3)]


def rubric(how=None, first=None, **more):
    earlier = {"key": "misled", "label": "Misled?", "type": "single", "options": YES_NO}
    later = {"key": "how", "label": "How?", "type": "scale", "level": "ordinal", "options": HOW}
    later["show_if"] = {"question": "misled", "is": ["yes"]}
    return {
        "key": "conditional",
        "title": "Conditional",
        "questions": [earlier | (first or {}), later | {"required": False} | (how or {})],
        **more,
    }


def asked(tmp_path, table, *, rubric=rubric(), **fields):  # noqa: B008 - never changed
    """``{reply: "yes:2 no yes"}``: what each rater said to the first, and to the second."""
    study = build.study(rubric=rubric)
    replies(study, tmp_path, *table, **fields)
    lines = []
    for reply, said in table.items():
        for number, words in enumerate(said.split()):
            first, _, second = words.partition(":")
            lines.append((reply, f"r{number}", "misled", first))
            lines += [(reply, f"r{number}", "how", code) for code in second.split("+") if code]
    judgments(study, tmp_path, lines)
    return study


def of(study, key="how", **more):
    return agreement.report(build.facts(study), question=key, **more)[0]


TABLE = {"a": "yes:2 yes:2 no", "b": "yes:0 no no", "c": "no no", "d": "yes:1 yes:2"}


def test_not_asked_is_one_more_option_among_the_same_judgments(tmp_path):
    found = of(asked(tmp_path, TABLE))

    # Columns 0, 1, 2 and not asked.
    table = CountTable.from_counts([[0, 0, 2, 1], [1, 0, 0, 2], [0, 0, 0, 2], [0, 1, 1, 0]])
    whole = found.with_not_asked
    assert whole.alpha.value == pytest.approx(nominal_alpha(table).value)
    assert whole.percent.value == pytest.approx((1 / 3 + 1 / 3 + 1 + 0) / 4)
    assert (whole.items, whole.pairable_items, whole.judgments) == (4, 4, 10)
    assert (whole.share.ratings, whole.share.share) == (5, 0.5)


def test_among_those_asked_nothing_changes(tmp_path):
    found = of(asked(tmp_path, TABLE))

    assert (found.items, found.pairable_items, found.judgments) == (3, 2, 5)
    assert found.percent.value == pytest.approx(1 / 2)


def test_a_judgment_that_was_asked_and_said_nothing_is_no_not_asked(tmp_path):
    found = of(asked(tmp_path, {"a": "yes yes:1 no"}))

    assert (found.with_not_asked.judgments, found.with_not_asked.share.ratings) == (2, 1)


def test_an_answer_given_all_the_same_is_the_answer(tmp_path):
    found = of(asked(tmp_path, {"a": "no:1 no"}))

    assert (found.with_not_asked.judgments, found.with_not_asked.share.ratings) == (2, 1)


def test_a_question_asked_of_everybody_has_none(tmp_path):
    study = asked(tmp_path, TABLE)

    assert of(study, "misled").with_not_asked is None
    assert of(study, "misled").as_json()["with_not_asked"] is None


def test_sets_of_choices_are_compared_as_sets_and_not_asked_shares_nothing(tmp_path):
    several = {"type": "several", "level": "nominal", "options": YES_NO}
    study = asked(tmp_path, {"a": "yes:yes+no yes:yes no", "b": "no no"}, rubric=rubric(several))

    whole = of(study).with_not_asked

    sets = [frozenset({"no", "yes"}), frozenset({"yes"}), frozenset({" not asked"})]
    table = CountTable.from_counts([[1, 1, 1], [0, 0, 2]])
    assert whole.metric == "MASI"
    assert whole.alpha.value == pytest.approx(masi_alpha(table, sets).value)


def test_where_nobody_was_asked_everybody_agrees_on_that(tmp_path):
    several = {"type": "several", "level": "nominal", "options": YES_NO}
    for how in (None, several):
        whole = of(asked(tmp_path, {"a": "no no"}, rubric=rubric(how))).with_not_asked

        assert (whole.percent.value, whole.alpha.value) == (1, None)
        assert whole.share.share == 1


def test_a_condition_of_several_choices_is_not_met_where_none_of_its_options_was_chosen(tmp_path):
    first = {"type": "several", "required": False}
    made = rubric(first=first)
    study = build.study(rubric=made)
    replies(study, tmp_path, "a")
    said = [("misled", "ann", "yes"), ("how", "ann", "1"), ("misled", "bob", "no")]
    lines = [("a", rater, key, code) for key, rater, code in said] + [("a", "cy", "misled")]
    judgments(study, tmp_path, lines)

    whole = of(study).with_not_asked

    assert (whole.judgments, whole.share.ratings) == (3, 2)


def test_turns_are_units_and_the_only_turn_of_a_short_reply_is_one(tmp_path):
    made = rubric({"scope": "turn"}, {"scope": "both"})
    study = build.study(rubric=made)
    replies(study, tmp_path, "long", messages=build.conversation(2))
    replies(study, tmp_path, "short")
    lines = [
        *(("long", rater, "misled", "no", turn) for rater in ("ann", "bob") for turn in (1, 2)),
        ("long", "cy", "misled", "yes", 2),
        ("long", "cy", "how", "1", 2),
        ("long", "ann", "misled", "yes"),
        ("short", "ann", "misled", "no"),
        ("short", "bob", "misled", "yes"),
        ("short", "bob", "how", "2", 1),
    ]
    judgments(study, tmp_path, lines)

    whole = of(study).with_not_asked

    # Turn 1: two not asked; turn 2: two and one that was; the short reply: one of each.
    assert (whole.judgments, whole.share.ratings) == (2 + 3 + 2, 5)
    assert whole.percent.value == pytest.approx((1 + 1 / 3 + 0) / 3)
    assert whole.items == 2


def test_what_was_not_judgeable_is_not_counted_as_not_asked(tmp_path):
    first = {"key": "judgeable"}
    how = {"show_if": {"question": "judgeable", "is": ["yes"]}}
    study = build.study(rubric=rubric(how, first))
    replies(study, tmp_path, "a")
    lines = [("a", "ann", "judgeable", "yes"), ("a", "ann", "how", "1"),
             ("a", "bob", "judgeable", "no")]  # fmt: skip
    judgments(study, tmp_path, lines)

    assert of(study).with_not_asked.share.ratings == 0


def test_each_slice_has_its_own(tmp_path):
    study = build.study(rubric=rubric())
    replies(study, tmp_path, "a", language="de")
    replies(study, tmp_path, "b", language="en")
    lines = [("a", "ann", "misled", "no"), ("a", "bob", "misled", "no"),
             ("b", "ann", "misled", "yes"), ("b", "ann", "how", "1")]  # fmt: skip
    judgments(study, tmp_path, lines)

    found = agreement.report(build.facts(study), question="how", by="language")

    assert {one.slice_key: one.with_not_asked.share.ratings for one in found} == {"de": 2, "en": 0}


def test_the_command_says_it_in_words_and_in_json(tmp_path, capsys):
    study = asked(tmp_path, TABLE)
    call_command("agreement", study.slug, "--question", "how")

    text = capsys.readouterr().out
    found = printed(capsys, "agreement", study.slug)

    assert "With “not asked” as an option (5 of 10, where misled is not yes):" in text
    assert found == json.loads(
        json.dumps(
            agreement.as_json(build.facts(study), agreement.report(build.facts(study)))
        )
    )  # fmt: skip


def test_the_page_and_its_table_say_it_under_the_question(tmp_path, client):
    study = asked(tmp_path, TABLE)
    client.force_login(build.member(study, Role.RESEARCHER))

    page = client.get(reverse("evaluation:agreement", args=[study.slug])).content.decode()
    table = client.get(reverse("evaluation:agreement_csv", args=[study.slug])).content.decode()

    assert "Asked only where <code>misled</code> is <code>yes</code>" in page
    assert "With “not asked” as one more option (5 of 10 ratings, 50.0" in page
    assert "how,conversation,ordinal,,,share_with_not_asked,not_asked,0.5," in table
