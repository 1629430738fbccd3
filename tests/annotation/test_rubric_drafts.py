from datetime import timedelta

import pytest

from annotation.errors import RubricDraftChanged, RubricInvalid, RubricVersionTaken
from annotation.models import Rubric, RubricDraft, Study
from annotation.rubric_composer.draft import draft_of, source_of
from annotation.rubric_format import presets, rubric_from_json
from annotation.selectors.rubric_drafts import beginning, beginnings, opened
from annotation.selectors.rubrics import next_version
from annotation.services import rubric_drafts, rubrics
from annotation.vocabulary import Role
from tests import build

pytestmark = pytest.mark.django_db

LATER = build.NOW + timedelta(minutes=1)


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def ann(study):
    return build.member(study, Role.ADMIN, name="ann")


@pytest.fixture
def bea(study):
    return build.member(study, Role.ADMIN, name="bea")


def store(study, by, *, title="Safety", seen=None, now=build.NOW):
    source = {**source_of(draft_of(rubric_from_json(build.SAFE))), "title": title}
    return rubric_drafts.store(study=study, source=source, seen=seen, by=by, now=now)


def test_the_first_draft_is_stored(study, ann):
    stored = store(study, ann)

    assert (stored.source["title"], stored.updated_by, stored.updated_at) == (
        "Safety",
        ann,
        build.NOW,
    )


def test_a_draft_takes_the_place_of_the_one_that_was_seen(study, ann, bea):
    first = store(study, ann)

    store(study, bea, title="Another", seen=first.updated_at, now=LATER)

    draft = RubricDraft.objects.get()
    assert (draft.source["title"], draft.updated_by, draft.updated_at) == ("Another", bea, LATER)


@pytest.mark.parametrize("seen", [None, build.NOW - timedelta(days=1)])
def test_a_newer_draft_of_somebody_else_is_not_replaced(study, ann, bea, seen):
    store(study, ann)

    with pytest.raises(RubricDraftChanged, match="ann stored another draft") as refusal:
        store(study, bea, title="Another", seen=seen, now=LATER)

    assert refusal.value.details == {"updated_at": build.NOW, "updated_by": "ann"}
    assert RubricDraft.objects.get().source["title"] == "Safety"


def test_a_newer_draft_from_another_tab_is_not_replaced_either(study, ann):
    store(study, ann)

    with pytest.raises(RubricDraftChanged):
        store(study, ann, title="Another", now=LATER)


def test_a_double_click_is_no_conflict(study, ann):
    first = store(study, ann)

    again = store(study, ann, now=LATER)

    assert again.updated_at == first.updated_at


def test_a_draft_that_is_gone_meanwhile_is_stored_again(study, ann):
    seen = store(study, ann).updated_at
    RubricDraft.objects.all().delete()

    store(study, ann, title="Mine", seen=seen, now=LATER)

    assert RubricDraft.objects.get().source["title"] == "Mine"


def test_a_draft_whose_maker_is_not_known_can_be_in_conflict(study, ann, bea):
    store(study, ann)
    RubricDraft.objects.update(updated_by=None)

    with pytest.raises(RubricDraftChanged, match="somebody stored"):
        store(study, bea, title="Another", now=LATER)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("has_one", [False, True], ids=["the first draft", "a further draft"])
def test_of_two_drafts_stored_at_once_one_stays_and_the_other_is_told(has_one):
    study = build.study(rubric=build.SAFE)
    ann, bea = (build.member(study, Role.ADMIN) for _ in range(2))
    seen = store(study, ann).updated_at if has_one else None

    told = build.at_once(
        lambda: store(study, ann, title="Ann's", seen=seen, now=LATER),
        lambda: store(study, bea, title="Bea's", seen=seen, now=LATER + timedelta(seconds=1)),
    )

    assert {type(one) for one in told} == {RubricDraft, RubricDraftChanged}
    stayed = RubricDraft.objects.get()
    assert stayed.source["title"] == ("Ann's" if stayed.updated_by == ann else "Bea's")


def test_a_draft_is_thrown_away(study, ann):
    seen = store(study, ann).updated_at

    rubric_drafts.discard(study=study, seen=seen, by=ann)

    assert not RubricDraft.objects.exists()


def test_throwing_away_what_is_not_there_changes_nothing(study, ann):
    rubric_drafts.discard(study=study, seen=None, by=ann)

    assert not RubricDraft.objects.exists()


def test_a_newer_draft_is_not_thrown_away(study, ann, bea):
    store(study, ann)

    with pytest.raises(RubricDraftChanged):
        rubric_drafts.discard(study=study, seen=None, by=bea)

    assert RubricDraft.objects.exists()


def second(**more):
    return rubric_from_json({**build.SAFE, "version": 2, **more})


def test_publishing_ends_the_draft(study, ann):
    stored = store(study, ann)

    made = rubric_drafts.publish(draft=stored, rubric=second(), now=LATER)

    assert Study.objects.get(pk=study.pk).rubric == made
    assert (made.version, made.published_at) == (2, LATER)
    assert not RubricDraft.objects.exists()


def test_a_draft_stored_while_another_is_published_stays(study, ann, bea):
    mine = store(study, ann)
    store(study, bea, title="Newer", seen=mine.updated_at, now=LATER)

    rubric_drafts.publish(draft=mine, rubric=second(), now=LATER)

    assert RubricDraft.objects.get().source["title"] == "Newer"


def test_R042_a_published_version_is_immutable_and_the_next_free_one_is_named(study, ann):
    rubrics.publish(study=study, rubric=second(), now=build.NOW)
    stored = store(study, ann)
    source = Rubric.objects.get(version=1).source

    with pytest.raises(RubricVersionTaken, match="version 1 is published") as refusal:
        rubric_drafts.publish(draft=stored, rubric=second(version=1, title="Else"), now=LATER)

    assert refusal.value.details["next_version"] == 3
    assert Rubric.objects.get(version=1).source == source
    assert RubricDraft.objects.exists()


def test_a_rubric_for_two_replies_is_refused_where_items_have_one(study, ann, tmp_path):
    build.item(study, tmp_path)
    stored = store(study, ann)

    with pytest.raises(RubricInvalid, match="Make another study"):
        rubric_drafts.publish(draft=stored, rubric=presets()["pairwise"], now=LATER)

    assert RubricDraft.objects.exists()


# What one begins with


def test_without_a_draft_one_begins_with_the_next_version_of_the_current_rubric(study):
    rubrics.publish(study=study, rubric=second(), now=build.NOW)

    found = opened(study)

    assert (found.draft.key, found.draft.version) == ("safety", "3")
    assert (found.stored_at, found.stored_by) == (None, "")
    assert not RubricDraft.objects.exists()


def test_without_a_rubric_one_begins_with_nothing(study):
    study.rubric = None

    assert opened(study).draft.questions == ()
    assert "current" not in dict(beginnings(study))


def test_a_stored_draft_is_gone_on_with(study, ann):
    store(study, ann, title="Half")

    found = opened(study)

    assert (found.draft.title, found.stored_at, found.stored_by) == ("Half", build.NOW, "ann")


def test_a_draft_of_nobody_known_is_of_somebody(study, ann):
    store(study, ann)
    RubricDraft.objects.update(updated_by=None)

    assert opened(study).stored_by == "somebody"


@pytest.mark.parametrize("name", sorted(presets()))
def test_one_may_begin_with_any_preset(study, name):
    preset = presets()[name]

    assert beginning(study, name) == draft_of(preset)
    assert name in dict(beginnings(study))


def test_a_preset_that_the_study_has_already_begins_with_the_next_version(study):
    preset = presets()["tradeoff-quick"]
    rubrics.publish(study=study, rubric=preset, now=build.NOW)

    assert beginning(study, "tradeoff-quick").version == str(preset.version + 1)


def test_one_may_begin_with_an_empty_rubric(study):
    assert beginning(study, "empty").questions == ()


@pytest.mark.parametrize("name", ["", "nothing", "../settings"])
def test_there_is_nothing_else_to_begin_with(study, name):
    assert beginning(study, name) is None


def test_the_next_version_of_an_unknown_rubric_is_the_first(study):
    assert next_version(study, key="new") == 1
