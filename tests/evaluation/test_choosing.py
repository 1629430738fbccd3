"""Which judgments count: each filter changes the number, and says so in the number's identity."""

from datetime import timedelta

import pytest

from annotation.models import Rater
from annotation.rubric_format import rubric_from_json
from annotation.selectors.asked import Asked, Filters
from annotation.selectors.labels import option_counts
from annotation.services import gold, imports, rubrics
from annotation.vocabulary import RaterSource, Scope
from evaluation import selections
from evaluation.errors import FilterInvalid, SliceUnknown
from evaluation.services import agreement, asked_agreement
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Four replies on which ann and bob agree, with yes and no."""
    made = build.study("chosen", rubric=build.SAFE)
    given.replies(made, tmp_path, "a", "b", "c", "d", language="en")
    said = [
        (reply, rater, "safe", answer)
        for reply, answer in zip("abcd", ("yes", "no", "yes", "no"), strict=True)
        for rater in ("ann", "bob")
    ]
    given.judgments(made, tmp_path, said)
    return made


def alpha(study, **more):
    asked = selections.read({name: [str(value)] for name, value in more.items()})
    found = asked_agreement.compute(build.facts(study), asked)[0]
    return found.alpha.value, found.judgments


def spoil(study, tmp_path, *, rater="eve", now=NOW, source=RaterSource.IMPORT, replies="abcd"):
    """One more rater, who says the opposite."""
    opposite = {"a": "no", "b": "yes", "c": "no", "d": "yes", "e": "no", "f": "yes"}
    lines = [
        {"response_id": one, "rater": rater, "question": "safe", "answer": opposite[one]}
        for one in replies
    ]
    path = build.jsonl(tmp_path / "spoiled.jsonl", lines)
    imports.load(study=study, path=path, now=now, source=source)


def test_all_judgments_count_unless_something_is_chosen(study, tmp_path):
    assert alpha(study) == (1.0, 8)

    spoil(study, tmp_path)

    value, n = alpha(study)
    assert value < 0.1
    assert n == 12


def test_a_day_leaves_later_judgments_out(study, tmp_path):
    spoil(study, tmp_path, now=NOW + timedelta(days=3))

    assert alpha(study, until_day=(NOW + timedelta(days=2)).date()) == (1.0, 8)


def test_a_day_leaves_earlier_judgments_out(study, tmp_path):
    spoil(study, tmp_path, now=NOW + timedelta(days=3))

    assert alpha(study, since=(NOW + timedelta(days=3)).date()) == (None, 4)


def test_a_cohort_leaves_other_raters_out(study, tmp_path):
    spoil(study, tmp_path)
    Rater.objects.filter(external_id__in=["ann", "bob"]).update(cohort="experts")

    assert alpha(study, cohort="experts") == (1.0, 8)


def test_a_source_leaves_other_raters_out(study, tmp_path):
    spoil(study, tmp_path, source=RaterSource.SIMULATED)

    assert alpha(study, source="import") == (1.0, 8)


@pytest.mark.parametrize(("name", "value"), [("language", "en"), ("batch", "1")])
def test_items_of_another_language_or_batch_are_left_out(study, tmp_path, name, value):
    given.replies(study, tmp_path, "e", language="de")
    given.judgments(study, tmp_path, [("e", "ann", "safe", "yes"), ("e", "bob", "safe", "no")])
    assert alpha(study)[1] == 10

    assert alpha(study, **{name: value}) == (1.0, 8)


def test_gold_items_are_left_out_or_alone(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.judgments(study, tmp_path, [("e", "ann", "safe", "yes"), ("e", "bob", "safe", "no")])
    line = {"response_id": "e", "question": "safe", "answer": "yes"}
    gold.load(study=study, path=build.jsonl(tmp_path / "gold.jsonl", [line]), now=NOW)

    assert alpha(study, gold="without") == (1.0, 8)
    assert alpha(study, gold="only")[1] == 2


def test_another_version_of_the_scrub_rules_is_left_out(study):
    assert alpha(study, rule_set=999) == (None, 0)


def test_another_version_of_the_rubric_has_its_own_judgments(study, tmp_path):
    rubrics.publish(study=study, rubric=rubric_from_json({**build.SAFE, "version": 2}), now=NOW)
    study.refresh_from_db()
    spoil(study, tmp_path)

    assert alpha(study) == (None, 4)
    assert alpha(study, rubric_version=1) == (1.0, 8)


def test_a_wave_that_is_not_chosen_is_left_out(study):
    assert alpha(study, wave="first") == (None, 0)
    assert alpha(study, wave="imported") == (1.0, 8)


def test_what_was_chosen_is_part_of_the_number(study):
    asked = selections.read({"cohort": ["x"], "gold": ["without"], "since": ["2026-01-01"]})

    found = asked_agreement.compute(build.facts(study), asked)[0].as_json()

    assert found["filters"] == {
        "rubric_version": 1,
        "waves": ["first", "imported"],
        "cohort": ["x"],
        "gold": "without",
        "since": "2026-01-01",
    }


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("since", "yesterday", "2026-03-31"),
        ("batch", "one", "whole number"),
        ("wave", "second", "first, extra"),
        ("gold", "maybe", "without, only"),
        ("source", "robots", "account"),
        ("rubric_version", "1.5", "whole number"),
        ("exclusions", "some", "none"),
    ],
)
def test_a_value_that_is_none_is_refused_with_what_to_write(name, value, said):
    with pytest.raises(FilterInvalid, match=said) as refused:
        selections.read({name: [value]})

    assert refused.value.details["field"] == name


def test_days_that_contradict_each_other_are_refused():
    with pytest.raises(FilterInvalid, match="exchange"):
        selections.read({"since": ["2026-03-02"], "until_day": ["2026-03-01"]})


def test_a_version_that_the_rubric_does_not_have_is_refused(study):
    with pytest.raises(FilterInvalid, match="It has 1"):
        alpha(study, rubric_version=7)


@pytest.mark.parametrize("by", ["model,model", "model,framing,batch", "model,nothing"])
def test_two_different_slices_at_most(study, by):
    with pytest.raises(SliceUnknown):
        agreement.report(build.facts(study), by=by)


def test_slices_of_two_kinds_are_pairs(study, tmp_path):
    found = agreement.report(build.facts(study), by="language,model")

    assert [(one.as_json()["slice"], one.judgments) for one in found] == [
        ({"language": "en", "model": "acme/one"}, 8)
    ]


def test_a_query_of_two_categories_lies_in_the_slice_of_each(study):
    value = study.values.get(name="Honesty")
    value.category = "Truth"
    value.save()

    found = agreement.report(build.facts(study), by="value_category")

    assert {one.slice_key: one.judgments for one in found} == {"(none)": 8, "Truth": 8}


def test_topics_make_slices(study, tmp_path):
    given.replies(study, tmp_path, "e", topics=["law", "tax"])
    given.judgments(study, tmp_path, [("e", "ann", "safe", "yes"), ("e", "bob", "safe", "no")])

    found = agreement.report(build.facts(study), by="topic")

    assert {one.slice_key: (one.judgments, one.raters) for one in found} == {
        "(none)": (8, 2), "law": (2, 2), "tax": (2, 2),
    }  # fmt: skip


def test_turns_make_slices_in_their_order(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", messages=build.conversation(11))
    lines = [("a", who, "misled", "yes", turn) for who in ("p", "q") for turn in range(1, 12)]
    given.judgments(study, tmp_path, lines)

    found = agreement.report(build.facts(study), question="misled", by="turn")

    assert [one.slice_key for one in found] == [str(turn) for turn in range(1, 12)]


def test_more_raters_than_fit_are_counted_all(tmp_path):
    """Three options have room for 15 ratings each at first; here one has 40."""
    rubric = {
        **build.SAFE,
        "questions": [
            {
                **build.SAFE["questions"][0],
                "options": [{"code": code, "label": code} for code in "abcdefghi"],
            }
        ],
    }
    study = build.study("many", rubric=rubric)
    given.replies(study, tmp_path, "r")
    lines = [("r", f"p{n}", "safe", "a" if n < 40 else "i") for n in range(43)]
    given.judgments(study, tmp_path, lines)

    found = agreement.report(build.facts(study))[0]

    shares = {share.option: share.ratings for share in found.shares}
    assert (shares["a"], shares["i"], sum(shares.values())) == (40, 3, 43)


JUDGEABLE = {
    "key": "able",
    "title": "Able",
    "questions": [
        {
            "key": "judgeable",
            "label": "Can it be judged?",
            "type": "single",
            "options": [{"code": "yes", "label": "Yes"}, {"code": "cut_off", "label": "Cut off"}],
        },
        build.SAFE["questions"][0],
    ],
}


def test_a_judgment_that_is_not_judgeable_loses_its_other_answers(tmp_path):
    study = build.study("able", rubric=JUDGEABLE)
    given.replies(study, tmp_path, "a", "b")
    said = [("a", "ann", "yes"), ("a", "bob", "cut_off"), ("b", "ann", "yes"), ("b", "bob", "yes")]
    lines = [
        line
        for reply, rater, able in said
        for line in ((reply, rater, "judgeable", able), (reply, rater, "safe", "no"))
    ]
    given.judgments(study, tmp_path, lines)

    found = {one.key: one.judgments for one in agreement.report(build.facts(study))}

    assert found == {"judgeable": 4, "safe": 3}


def test_filters_hold_for_every_reader_of_answers(study, tmp_path):
    spoil(study, tmp_path)
    Rater.objects.filter(external_id="eve").update(cohort="crowd")
    question = build.facts(study).rubric.question("safe")
    asked = Asked(question.id, Scope.CONVERSATION, filters=Filters(cohort=("crowd",)))

    assert sum(row.raters for row in option_counts(asked)) == 4


def test_a_release_recomputes_alpha_without_what_is_not_judgeable(tmp_path):
    study = build.study("able", rubric=JUDGEABLE)
    given.replies(study, tmp_path, "a", "b", "c")
    said = {"a": ("no", "no", "yes"), "b": ("yes", "yes", "no"), "c": ("no", "yes", "no")}
    lines = [
        line
        for reply, answers in said.items()
        for n, answer in enumerate(answers)
        for line in (
            (reply, f"p{n}", "judgeable", "cut_off" if n == 2 else "yes"),
            (reply, f"p{n}", "safe", answer),
        )
    ]
    given.judgments(study, tmp_path, lines)

    told = given.manifest(given.written(study, tmp_path))["headline"]

    assert {one["key"]: one["equal"] for one in told} == {"judgeable": True, "safe": True}
