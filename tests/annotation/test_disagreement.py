"""Where raters disagree, as a rule says it, and that later waves count for nothing there."""

from decimal import Decimal

import pytest

from annotation.errors import SeatsRefused
from annotation.models import Seat, Study
from annotation.selectors.asked import Asked
from annotation.selectors.disagreement import Rule, disputed_items
from annotation.selectors.labels import option_counts
from annotation.selectors.progress import progress_of
from annotation.selectors.rubrics import plan
from annotation.services import integrity, openings
from annotation.vocabulary import Scope, Wave
from tests import build
from tests.annotation.disputing import TABLE, disputed, rule
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


# Where raters disagree


def test_raters_disagree_where_the_most_frequent_answer_has_too_small_a_share(study):
    assert disputed(study) == ["most", "tie"]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("0.5", []),
        ("0.51", ["tie"]),
        ("0.75", ["most", "tie"]),
        ("0.76", ["most", "tie", "three_of_four"]),
        ("1", ["most", "tie", "three_of_four"]),
    ],
)
def test_a_share_just_reached_is_no_disagreement(study, below, expected):
    assert disputed(study, share_below=Decimal(below)) == expected


def test_a_tie_is_where_two_answers_were_given_most_often(study):
    assert disputed(study, share_below=None) == ["tie"]


def test_with_fewer_raters_than_asked_for_nobody_can_say(study):
    assert disputed(study, at_least=3) == ["most"]


def test_left_out_the_number_of_raters_is_what_the_study_wants(study):
    Study.objects.filter(pk=study.pk).update(raters_per_item=4)
    study.refresh_from_db()

    assert disputed(study, at_least=None, share_below=Decimal(1)) == ["three_of_four"]


@pytest.fixture
def turns(tmp_path):
    """Two raters of t, a reply of two turns, who differ at turn 2 only."""
    made = build.study("t", rubric=given.TURNS, raters_per_item=2)
    given.replies(made, tmp_path, "t", "u", messages=build.conversation(2))
    said = [
        ("t", rater, "misled", answer, turn)
        for rater, answers in (("ann", ("yes", "yes", "no")), ("bob", ("yes", "no", "no")))
        for answer, turn in zip(answers, (1, 2, 0), strict=True)
    ]
    given.judgments(made, tmp_path, said)
    return made


@pytest.mark.parametrize(
    ("about", "expected"),
    [("", []), ("whole", []), ("any", ["t"]), ("1", []), ("2", ["t"]), ("3", [])],
)
def test_disagreement_is_about_the_whole_any_turn_or_one(turns, about, expected):
    assert disputed(turns, question="misled", about=about) == expected


def test_several_choices_differ_as_sets(turns, tmp_path):
    said = [("u", "ann", "who", "user"), ("u", "ann", "who", "public"), ("u", "bob", "who", "user")]
    given.judgments(turns, tmp_path, [*said, ("t", "ann", "who"), ("t", "bob", "who")])

    assert disputed(turns, question="who") == ["u"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"question": "other"}, "no question 'other'"),
        ({"about": "3x"}, "About is whole, any or the number of a turn."),
        ({"about": "0"}, "About is whole, any or the number of a turn."),
        ({"about": "any"}, "asked of the whole conversation only"),
        ({"share_below": Decimal(0)}, "above 0 and at most 1"),
        ({"share_below": Decimal("1.01")}, "above 0 and at most 1"),
        ({"at_least": 1}, "at least two raters"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(study, terms, words):
    with pytest.raises(SeatsRefused, match=words):
        rule(study, **terms)


def test_a_question_of_turns_is_not_asked_of_the_whole(tmp_path):
    of_turns = {**build.SAFE, "questions": [{**build.SAFE["questions"][0], "scope": "turn"}]}
    made = build.study(rubric=of_turns)

    assert rule(made).turn is None
    with pytest.raises(SeatsRefused, match="asked of each turn only"):
        rule(made, about="whole")


def test_a_rule_says_itself_in_words_and_as_data(study):
    asked = plan(study.rubric_id).question("safe")

    assert str(Rule(asked, 2, None, 3)) == (
        "safe, at turn 2: no answer was given most often, of 3 raters or more"
    )
    assert rule(study).as_json() == {
        "question": "safe",
        "about": "the whole",
        "share_below": "0.67",
        "judged_at_least": 2,
        "waves": ["first", "imported"],
    }
    assert Rule(asked, None, None, 3).as_json()["about"] == "any turn"
    assert Rule(asked, None, None, 3).as_json()["tie"] is True


def test_the_walk_is_one_query_and_a_look_for_what_is_not_judgeable(
    study, django_assert_num_queries
):
    asked = rule(study)

    with django_assert_num_queries(2):
        assert len(list(disputed_items(asked))) == 2


# They count in nothing but their own wave


@pytest.mark.parametrize("wave", [Wave.EXTRA, Wave.AUDIT, Wave.GOLD, Wave.ADJUDICATION])
def test_what_a_later_wave_says_is_not_in_the_labels_and_makes_no_disagreement(tmp_path, wave):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    item = build.item(study, tmp_path, n_seats=2)
    for _ in range(2):
        build.judgment(build.rater(study), safe="yes")
    openings.open_wave(study=study, wave=wave, items=[item.pk], raters_per_item=3, seed=1, now=NOW)
    for _ in range(3):
        build.judgment(build.rater(study), safe="no")

    asked = Asked(study.rubric.questions.get().pk, Scope.CONVERSATION)
    counts = [(row.raters, row.option) for row in option_counts(asked)]
    assert [n for n, _ in counts] == [2]
    assert disputed(study) == []
    assert list(integrity.differences()) == []


def test_a_later_wave_does_not_stand_in_for_the_first(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    item = build.item(study, tmp_path, n_seats=2)
    build.judgment(build.rater(study), safe="yes")
    openings.open_wave(
        study=study, wave=Wave.AUDIT, items=[item.pk], raters_per_item=2, seed=1, now=NOW
    )
    for seat in Seat.objects.filter(wave=Wave.AUDIT):
        Seat.objects.filter(pk=seat.pk).update(rater=build.rater(study), judged_at=NOW)

    assert progress_of(study, at=NOW).short == 1
