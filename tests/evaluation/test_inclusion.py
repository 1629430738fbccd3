"""With which probability an item was to be judged, where several samples were opened."""

import json

import pytest

from annotation.models import Item, LanguageModel
from annotation.vocabulary import Role, Wave
from evaluation.frames import frame_from_json
from evaluation.intake import samples
from evaluation.intake.designs import drawing_from_json
from evaluation.models import Judge, SampledItem
from evaluation.services import inclusion, labels
from evaluation.services.studies import the_study
from tests import build
from tests.evaluation import given
from tests.evaluation.given import written

pytestmark = pytest.mark.django_db
SIMPLE = {"design": "simple", "size": 4}
LARGER = {"design": "simple", "size": 6}
BY_MODEL = {"design": "stratified", "by": ["model"], "size": 8, "allocation": "equal"}
PANEL = {"design": "panel", "size": 3}


@pytest.fixture
def study(tmp_path):
    """Ten queries, two replies each."""
    made = build.study("s", rubric=build.SAFE)
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"q{n}-{model}", model=model)
        for n in range(10)
        for model in ("a", "b")
    ]
    build.batch(made, lines, tmp_path)
    return made


def opened(study, parameters, *, seed, frame=None):
    facts = the_study(study.slug)
    drawing = drawing_from_json(parameters)
    asked = samples.request(facts, frame_from_json(frame or {}), drawing, seed=seed, now=build.NOW)
    drawn = samples.draw(facts, asked.pk)
    samples.open_seats(facts, drawn.number, wave=Wave.FIRST, raters_per_item=1, now=build.NOW)
    return set(drawn.items.values_list("item", flat=True))


def chances(study):
    return inclusion.inclusion_of(the_study(study.slug))


def test_one_sample_has_its_own_probabilities(study):
    items = opened(study, SIMPLE, seed=1)

    found = chances(study)

    assert (found.chances, found.sentence) == (dict.fromkeys(items, 0.2), "")


def test_of_two_with_their_own_seeds_it_is_that_of_the_union(study):
    first, second = opened(study, SIMPLE, seed=1), opened(study, BY_MODEL, seed=2)

    found = chances(study)

    # 1 - (1 - 4/20)(1 - 4/10), whichever drew it.
    assert set(found.chances) == first | second
    assert list(found.chances.values()) == pytest.approx([0.52] * len(first | second))
    assert found.sentence.startswith("The probability is that at least one of the samples 1, 2")


def test_where_one_could_not_draw_it_only_the_other_counts(study):
    opened(study, SIMPLE, seed=1)
    second = opened(study, {"design": "simple", "size": 5}, seed=2, frame={"model": ["a"]})

    found = chances(study).chances

    of = dict(Item.objects.values_list("pk", "reply_1__model__key"))
    expected = {"a": 1 - 0.8 * 0.5, "b": 0.2}
    assert found == pytest.approx({item: expected[of[item]] for item in found})
    assert second < set(found)


def test_of_whole_queries_it_is_the_querys_chance(study):
    opened(study, SIMPLE, seed=1)
    opened(study, PANEL, seed=2)

    found = list(chances(study).chances.values())
    assert found == pytest.approx([1 - 0.8 * 0.7] * len(found))


def test_the_larger_of_one_draw_holds_the_smaller_one(study):
    small, large = opened(study, SIMPLE, seed=1), opened(study, LARGER, seed=1)

    assert small < large
    assert chances(study).chances == pytest.approx(dict.fromkeys(large, 0.3))


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"parameters": BY_MODEL, "seed": 1}, "have the same seed with another frame"),
        ({"parameters": SIMPLE, "seed": 1, "frame": {"model": ["a"]}}, "have the same seed with"),
        (
            {"parameters": SIMPLE, "seed": 2, "frame": {"seats": "none"}},
            "frame of sample 2 asks where seats are",
        ),
    ],
)
def test_where_it_cannot_be_said_the_first_counts_and_the_reason_is_given(study, more, why):
    first = opened(study, SIMPLE, seed=1)
    opened(study, more.pop("parameters"), **more)

    found = chances(study)

    assert found.sentence.startswith(inclusion.FIRST)
    assert why in found.sentence
    assert {found.chances[item] for item in first} == {0.2}


def test_the_same_seed_after_an_upload_is_another_draw(study, tmp_path):
    opened(study, SIMPLE, seed=1)
    build.batch(study, [build.reply_fields(query_id="new", response_id="new")], tmp_path)
    opened(study, LARGER, seed=1)

    assert "have the same seed" in chances(study).sentence


def test_a_frame_that_cannot_be_read_again_as_it_was_is_said(study):
    opened(study, SIMPLE, seed=1)
    opened(study, BY_MODEL, seed=2)
    LanguageModel.objects.filter(key="b").update(key="c")

    found = chances(study)

    assert found.sentence == f"{inclusion.FIRST} {inclusion.CHANGED}"


def test_a_stratum_that_judges_moved_since_is_said(study, tmp_path):
    def say(*numbers):
        verdicts = [
            {"response_id": f"q{n}-a", "question": "safe", "answer": "yes"} for n in numbers
        ]
        given.verdicts(study, tmp_path, verdicts)

    say(0, 1, 2)
    marked = {"judge": Judge.objects.get().pk, "question": "safe", "answers": ["yes"]}
    opened(study, SIMPLE, seed=1)
    opened(study, {"design": "enriched", "marked": marked, "rate_others": 0.3}, seed=2)
    before = chances(study).sentence
    say(3, 4)

    assert before.startswith("The probability is that at least one")
    assert chances(study).sentence.endswith(inclusion.CHANGED)


def test_replies_that_changed_their_stratum_since_are_said(study):
    shares = {"model: a": 0.5, "model: b": 0.02}
    opened(study, SIMPLE, seed=1)
    opened(study, {**BY_MODEL, "allocation": "neyman", "shares": shares}, seed=2)
    for before, after in (("a", "x"), ("b", "a"), ("x", "b")):
        LanguageModel.objects.filter(key=before).update(key=after)

    assert chances(study).sentence.endswith(inclusion.CHANGED)


def test_what_was_taken_out_since_keeps_its_chance(study):
    first = opened(study, SIMPLE, seed=1)
    opened(study, BY_MODEL, seed=2)
    gone = min(first)
    Item.objects.filter(pk=gone).update(retired_at=build.NOW)

    assert chances(study).sentence.startswith("The probability is that at least one")


def test_release_and_labels_carry_the_unions_probability(study, tmp_path):
    opened(study, SIMPLE, seed=1)
    opened(study, BY_MODEL, seed=2)
    ann = build.rater(study)
    while seat := build.claim(ann):
        build.submit(ann, seat, safe=["yes"])

    folder = written(study, tmp_path)
    facts = the_study("s")
    rows = list(labels.rows(facts, labels.report(facts, question="safe")))

    said = [json.loads(line) for line in (folder / "labels.jsonl").read_text().splitlines()]
    assert len(said) == SampledItem.objects.values("item").distinct().count() == len(rows)
    for row in (*said, *rows):
        assert row["inclusion_probability"] == pytest.approx(0.52)
        assert row["weight"] == pytest.approx(1 / 0.52)
    sampling = json.loads((folder / "sampling.json").read_text())
    assert sampling["inclusion"] == chances(study).sentence


# Said where it matters


@pytest.fixture
def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def text(response):
    return " ".join(response.content.decode().split())


def test_a_samples_page_says_what_it_shares_and_what_that_means(researcher, study):
    shared = len(opened(study, LARGER, seed=1) & opened(study, SIMPLE, seed=1))
    opened(study, {"design": "all"}, seed=1)

    page = text(researcher.get("/studies/s/samples/1/"))

    assert f'samples/2/">sample 2</a> {shared}' in page
    assert "The probability is that at least one of the samples 1, 2, 3 draws the item." in page


def test_a_page_of_a_sample_that_shares_nothing_says_nothing_of_it(researcher, study):
    opened(study, SIMPLE, seed=1)

    assert "Other samples drew" not in text(researcher.get("/studies/s/samples/1/"))


def test_the_plan_warns_of_a_seed_that_another_design_has(researcher, study):
    opened(study, SIMPLE, seed=1)
    by_model = {"design": "stratified", "by": "model", "size": 8}

    pages = [
        text(researcher.get("/studies/s/samples/", asked))
        for asked in (by_model, {**by_model, "seed": 2}, {"size": 9})
    ]

    assert ["Sample 1 has the seed 1 too" in page for page in pages] == [True, False, False]
