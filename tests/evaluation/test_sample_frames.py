"""Frames: which replies a sample may be drawn from, by filters and strata."""

import pytest

from annotation.models import Item, Response
from evaluation.errors import FrameInvalid
from evaluation.frames import Frame, Strata, frame_from_json, replies_in, strata_of
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.sampling import facts, judge, study_of_two_models

pytestmark = pytest.mark.django_db

# Twelve real rows: D is 2.3848 (the larger of the two standard deviations).
V1 = [0, 0, 0, 1, 1, 5, 5, 6, 2, 6, 0, 1]
V2 = [0, 0, 0, 0, 0, 4, 5, 5, 2, 5, 0, 0]


@pytest.fixture
def study(tmp_path):
    return study_of_two_models(tmp_path)


def names(study, **filters):
    found = replies_in(facts(study), Frame(**filters))
    return sorted(found.values_list("external_id", flat=True))


def test_an_empty_frame_leaves_nothing_out(study):
    assert len(names(study)) == 12


@pytest.mark.parametrize(
    ("filters", "n"),
    [
        ({"model": ("a",)}, 6),
        ({"model": ("nobody",)}, 0),
        ({"framing": ("neutral",)}, 12),
        ({"language": ("de",)}, 6),
        ({"batch": (1,)}, 12),
        ({"batch": (2,)}, 0),
        ({"turns_from": 2}, 8),
        ({"turns_from": 2, "turns_to": 2}, 4),
        ({"topic": ('say "hi"',)}, 2),
        ({"topic": ("é",)}, 2),
        ({"topic": ("hi",)}, 0),
        ({"topic": ("MONEY",)}, 0),
        ({"topic": ("money", "é")}, 12),
        ({"seats": "none"}, 12),
        ({"seats": "some"}, 0),
        ({"model": ("a",), "language": ("en",)}, 3),
    ],
)
def test_filters_leave_out_what_does_not_fit(study, filters, n):
    assert len(names(study, **filters)) == n


def test_either_value_has_the_category(study):
    query = study.queries.first()
    type(query.value_b).objects.filter(pk=query.value_b_id).update(category="Care")

    assert len(names(study, category=("Care",))) == 12
    assert names(study, category=("Law",)) == []


def test_what_a_judge_said_is_a_filter(study):
    marked = {"judge": judge(), "question": "misled", "answers": ["yes"]}

    found = names(study, verdict=marked)

    assert found == ["q0-a", "q1-a", "q2-a", "q3-a"]


def test_what_judges_differ_about_is_a_filter(study, tmp_path):
    given.verdicts(
        study,
        tmp_path,
        [{"response_id": "q0-a", "question": "misled", "answer": "no"}],
        name="other",
    )

    assert names(study, judges_differ="misled") == ["q0-a"]


def test_the_disagreement_of_models_is_a_filter(study, tmp_path):
    lines = [
        build.reply_fields(query_id="real", response_id=f"real-{n}", model=f"m{n}")
        for n in range(12)
    ]
    build.batch(study, lines, tmp_path)
    scores = [
        {"response_id": f"real-{n}", "question": key, "answer": str(values[n])}
        for key, values in (("score_a", V1), ("score_b", V2))
        for n in range(12)
    ]
    given.verdicts(study, tmp_path, scores)

    def within(least, most):
        spread = {"judge": judge(), "least": least, "most": most}
        return len(names(study, spread=spread))

    assert within(2.3848, None) == 12
    assert within(2.3849, None) == 0
    assert within(0, 2.3849) == 12
    assert within(0, 2.3847) == 0


@pytest.mark.parametrize(
    ("frame", "why"),
    [
        ({"colour": ["red"]}, "colour"),
        ({"turns_from": 0}, "turns_from"),
        ({"seats": "few"}, "seats"),
        ({"model": "a"}, "model"),
    ],
)
def test_a_frame_that_cannot_be_is_refused_by_the_field(frame, why):
    with pytest.raises(FrameInvalid, match=why):
        frame_from_json(frame)


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"verdict": {"judge": 999_999, "question": "misled", "answers": ["yes"]}}, "judge"),
        ({"verdict": {"judge": 1, "question": "nonsense", "answers": ["yes"]}}, "nonsense"),
        ({"judges_differ": "nonsense"}, "nonsense"),
        ({"spread": {"judge": 999_999, "least": 1}}, "judge"),
    ],
)
def test_a_frame_of_what_the_study_has_not_is_refused(study, filters, why):
    with pytest.raises(FrameInvalid, match=why):
        names(study, **filters)


def test_an_item_that_was_taken_out_is_in_no_frame(study):
    reply = Response.objects.get(external_id="q0-a")
    Item.objects.create(
        study=study,
        reply_1=reply,
        query=reply.query,
        scenario=reply.query.scenario,
        retired_at=NOW,
    )

    assert "q0-a" not in names(study)


def test_strata_are_counted_by_their_words(study):
    counts = strata_of(facts(study), Frame(), Strata(("model", "language")))

    assert [(one.label, one.replies, one.queries) for one in counts] == [
        ("model: a, language: de", 3, 3),
        ("model: a, language: en", 3, 3),
        ("model: b, language: de", 3, 3),
        ("model: b, language: en", 3, 3),
    ]
