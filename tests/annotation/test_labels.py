"""What others may read of judgments: counts, choices, rows for exports."""

import pytest

from annotation.models import Judgment
from annotation.selectors import labels
from annotation.selectors.asked import Asked
from annotation.selectors.rubrics import plan
from annotation.selectors.slices import rater_count
from annotation.services import imports
from annotation.vocabulary import RaterSource, Scope, Wave
from tests import build
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study(rubric=build.EVERY_TYPE)


def asked(study, key, scope=Scope.CONVERSATION, **more):
    return Asked(plan(study.rubric_id).question(key).id, scope, **more)


def codes(study, rows):
    """(option code, raters) of counted rows; the row that says 'asked' as an empty code."""
    known = {o.id: o.code for q in plan(study.rubric_id).questions for o in q.options}
    return sorted((known.get(row.option, ""), row.raters) for row in rows)


@pytest.fixture
def judged(study, tmp_path):
    """One item with three raters: no, yes (user), yes (nobody chosen)."""
    item = build.item(study, tmp_path, n_seats=3, model="acme/one", language="en")
    for sent in (
        {"misled": "no"},
        {"misled": "yes", "who": "user"},
        {"misled": "yes", "note": "hm"},
    ):
        rater = build.rater(study)
        build.submit(rater, claim(rater), **sent)
    return item


def test_options_are_counted_per_item(study, judged):
    rows = list(labels.option_counts(asked(study, "misled")))

    assert codes(study, rows) == [("no", 1), ("yes", 2)]
    assert {(row.item, row.cluster, row.turn) for row in rows} == {
        (judged.pk, judged.scenario_id, 0)
    }


def test_the_asked_row_counts_those_who_met_the_question(study, judged):
    assert codes(study, labels.option_counts(asked(study, "who"))) == [("", 2), ("user", 1)]


def test_choices_of_one_judgment_come_together(study, judged):
    rows = list(labels.choices(asked(study, "who")))

    judgments = [row.judgment for row in rows]
    assert judgments == sorted(judgments)
    assert len(set(judgments)) == 2
    assert len(rows) == 3


def test_raters_are_counted_once(study, judged):
    assert rater_count(asked(study, "misled")) == 3
    assert rater_count(asked(study, "who")) == 2


def test_other_waves_do_not_count_unless_asked_for(study, judged, tmp_path):
    line = {
        "response_id": judged.reply_1.external_id,
        "rater": "x",
        "question": "misled",
        "answer": "no",
    }
    imports.load(study=study, path=build.jsonl(tmp_path / "j.jsonl", [line]), now=NOW)

    counts = {
        waves: codes(study, labels.option_counts(asked(study, "misled", waves=waves)))
        for waves in [(Wave.FIRST,), (Wave.IMPORTED,), (Wave.GOLD,)]
    }

    assert list(counts.values()) == [[("no", 1), ("yes", 2)], [("no", 1)], []]
    assert codes(study, labels.option_counts(asked(study, "misled"))) == [("no", 2), ("yes", 2)]


def test_a_cut_off_leaves_later_judgments_out(study, judged):
    first = Judgment.objects.order_by("pk").first().pk

    assert codes(study, labels.option_counts(asked(study, "misled", until=first))) == [("no", 1)]
    assert labels.last_judgment(study.pk) == Judgment.objects.latest("pk").pk
    assert labels.last_judgment(0) == 0


def test_counting_is_one_query_and_a_look_for_what_is_not_judgeable(
    study, judged, django_assert_num_queries
):
    meant = asked(study, "misled")

    with django_assert_num_queries(2):
        assert len(list(labels.option_counts(meant))) == 2


def test_answers_about_turns_are_apart_from_those_about_the_whole(tmp_path):
    study = build.study()
    build.item(study, tmp_path, messages=build.conversation(2))
    ann = build.rater(study)
    for turn in (1, 2, 0):
        build.submit(ann, claim(ann), turn=turn)

    rows = list(labels.option_counts(asked(study, "winner", Scope.TURN)))

    assert [row.turn for row in rows] == [1, 2]
    assert [row.turn for row in labels.option_counts(asked(study, "winner"))] == [0]


def test_named_scenarios_are_known(study, tmp_path):
    build.item(study, tmp_path)
    assert not labels.has_named_scenarios(study.pk)

    build.item(study, tmp_path, scenario_id="s")

    assert labels.has_named_scenarios(study.pk)


def test_simulated_judgments_are_known(study, judged, tmp_path):
    assert not labels.has_simulated_judgments(study.pk)
    line = {
        "response_id": judged.reply_1.external_id,
        "rater": "x",
        "question": "misled",
        "answer": "no",
    }
    path = build.jsonl(tmp_path / "j.jsonl", [line])

    imports.load(study=study, path=path, now=NOW, source=RaterSource.SIMULATED)

    assert labels.has_simulated_judgments(study.pk)
