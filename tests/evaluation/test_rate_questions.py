"""What there is a rate of: which questions, slices and categories, and what is refused by name."""

import pytest

from evaluation.errors import OptionUnknown, QuestionUnknown, RateRefused, SliceUnknown
from evaluation.services import rates
from evaluation.stats.estimates import Undefined
from tests import build
from tests.evaluation import given
from tests.evaluation.rated import CATEGORIES, HALF, MANY, WINNER, by_value, misled, only, report
from tests.evaluation.test_rate_designs import RUBRIC

pytestmark = pytest.mark.django_db

TURNS = {
    "key": "turns",
    "title": "Turns",
    "questions": [{**RUBRIC["questions"][0], "scope": "both"}],
}


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"question": "kind"}, QuestionUnknown, "It has misled"),
        ({"option": "maybe"}, OptionUnknown, "offers no, yes, unsure"),
        ({"option": "unsure"}, RateRefused, "is no answer"),
        ({"option": "own"}, OptionUnknown, "offers no, yes, unsure"),
        ({"by": "topic"}, SliceUnknown, "model, value_category, turn"),
        ({"by": "turn"}, SliceUnknown, "not of the turn"),
        ({"scope": "turn"}, SliceUnknown, "not of the turn"),
        ({"half_width": 0.0}, RateRefused, "between 0 and 0.5"),
        ({"half_width": 0.5}, RateRefused, "between 0 and 0.5"),
    ],
)
def test_what_there_can_be_no_rate_of_is_refused_by_name(tmp_path, asked, error, why):
    with pytest.raises(error, match=why):
        report(misled(tmp_path, HALF, MANY), **asked)


def test_a_question_the_judge_never_answered_is_refused(tmp_path):
    study = misled(tmp_path, HALF, MANY)
    given.verdicts(study, tmp_path, [given.verdict("r0", "no", "misled")], name="mute")
    rates.report(build.facts(study), "mute", question="misled", option="yes")

    other = build.study("other", rubric=WINNER)
    given.replies(other, tmp_path, "x")
    given.verdicts(other, tmp_path, [given.verdict("x", "both", "winner")])
    with pytest.raises(QuestionUnknown):
        rates.report(build.facts(other), "robo", question="misled", option="yes")


def test_a_study_of_pairs_has_no_rates(tmp_path):
    study = build.study("pairs", rubric="pairwise")
    given.Judge.objects.create(study=study, name="robo", created_at=build.NOW)

    with pytest.raises(RateRefused, match="side by side"):
        report(study)


def test_a_conditional_question_has_no_corrected_rate(tmp_path):
    study = build.study("s", rubric=build.EVERY_TYPE)
    questions = [
        *build.EVERY_TYPE["questions"][:1],
        {
            "key": "role",
            "label": "How?",
            "type": "single",
            "required": False,
            "show_if": {"question": "misled", "is": ["yes"]},
            "options": [{"code": "self", "label": "Itself"}, {"code": "words", "label": "Words"}],
        },
    ]
    study = build.study("c", rubric={**build.EVERY_TYPE, "questions": questions})
    given.replies(study, tmp_path, "a", "b")
    said = [("a", "ann", "misled", "yes"), ("a", "ann", "role", "self")]
    given.judgments(study, tmp_path, said)
    given.verdicts(study, tmp_path, [given.verdict(r, "self", "role") for r in "ab"])

    found = report(study, question="role", option="self", assume_random=True)

    assert found.rates[0].found.corrected.reason is Undefined.DESIGN_UNKNOWN


def test_slices_by_turn_are_of_turns(tmp_path):
    study = build.study("s", rubric=TURNS)
    for name in "abc":
        given.replies(study, tmp_path, name, messages=build.conversation(2))
    lines = [given.verdict(r, "yes" if t == 1 else "no", "misled", turn=t)
             for r in "abc" for t in (1, 2)]  # fmt: skip
    given.verdicts(study, tmp_path, [*lines, given.verdict("a", "yes", "misled")])
    given.judgments(study, tmp_path, [("a", "ann", "misled", "no", 1)])

    found = report(study, by="turn")

    assert found.scope == "turn"
    assert [(one.key, one.found.naive.value, one.labels) for one in found.rates] == [
        ("1", 1.0, 1),
        ("2", 0.0, 0),
    ]


def test_several_turns_of_a_reply_are_one_cluster(tmp_path):
    study = build.study("s", rubric=TURNS)
    given.replies(study, tmp_path, "a", "b", messages=build.conversation(3))
    given.replies(study, tmp_path, "c", messages=build.conversation(3))
    lines = [
        given.verdict(r, "yes" if r == "a" else "no", "misled", turn=t)
        for r in "abc"
        for t in (1, 2, 3)
    ]
    given.verdicts(study, tmp_path, lines)

    found = only(study, scope="turn").found.naive

    assert (found.items, found.clusters) == (9, 3)


def test_a_reply_is_in_the_slices_of_both_its_categories(tmp_path):
    found = report(by_value(tmp_path), question="winner", option="value_a", by="value_category")

    assert [(one.key, one.verdicts, one.found.naive.value) for one in found.rates] == [
        ("Critical thinking", 2, 0.5),
        ("Ethical interaction", 2, 1.0),
        ("Security and stability", 2, 0.5),
    ]


def test_each_categorys_own_win_rate_is_among_those_it_could_win(tmp_path):
    found = report(
        by_value(tmp_path), question="won_by_category", option="own", by="value_category"
    )

    assert [
        (one.key, one.verdicts, one.found.naive.value, one.positives) for one in found.rates
    ] == [
        ("Critical thinking", 2, 0.5, 1),
        ("Ethical interaction", 2, 0.5, 0),
        ("Security and stability", 2, 0.5, 0),
    ]


def test_a_categorys_win_rate_leaves_out_where_it_could_not_win(tmp_path):
    found = only(by_value(tmp_path), question="won_by_category", option=CATEGORIES[0])

    assert (found.verdicts, found.found.naive.value) == (2, 0.5)


def test_derived_refusal_has_a_rate(tmp_path):
    study = build.study("r", rubric="refusal")
    given.replies(study, tmp_path, "a", "b")
    given.verdicts(study, tmp_path, [given.verdict("a", "6", "refusal"),
                                     given.verdict("b", "2", "refusal")])  # fmt: skip
    given.judgments(study, tmp_path, [("a", "ann", "refusal", "5")])

    found = report(study, question="refused", option="yes")

    assert found.definition.startswith("Yes where refusal is 5")
    assert (found.rates[0].found.naive.value, found.rates[0].positives) == (0.5, 1)
