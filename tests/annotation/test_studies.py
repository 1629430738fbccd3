"""Making studies, changing what they allow, and publishing what they ask."""

import pytest

from annotation.errors import RubricInvalid, StateChangeRefused, StudyExists
from annotation.models import Guidelines, Membership, Option, Question, Rubric, Study
from annotation.rubric_format import rubric_from_json
from annotation.selectors.rubrics import plan
from annotation.selectors.studies import facts_by_slug, facts_of, pseudonyms
from annotation.services import rubrics, studies
from annotation.vocabulary import STUDY_TRANSITIONS, Role, StudyState
from tests import build
from tests.build import NOW

pytestmark = pytest.mark.django_db


def create(slug="s", **more):
    return studies.create(
        slug=slug, title="T", rubric=rubric_from_json(build.SAFE), now=NOW, **more
    )


# Studies


def test_a_study_begins_as_a_draft_with_its_maker_as_admin():
    ann = build.user("ann")

    study = create(by=ann, guidelines="Read.")

    assert (study.state, study.guidelines.text) == (StudyState.DRAFT, "Read.")
    assert Membership.objects.get(study=study).role == Role.ADMIN
    assert len(bytes.fromhex(study.secret)) == 32


def test_a_taken_name_is_refused_and_nothing_is_left():
    create()

    with pytest.raises(StudyExists):
        create()
    assert (Study.objects.count(), Rubric.objects.count()) == (1, 1)


def test_two_studies_have_two_secrets():
    assert create("a").secret != create("b").secret


@pytest.mark.parametrize("begin", StudyState)
@pytest.mark.parametrize("end", StudyState)
def test_a_study_changes_its_state_only_as_drawn(begin, end):
    study = create()
    Study.objects.update(state=begin)

    if end in STUDY_TRANSITIONS[begin]:
        studies.change_state(study=study, to=end, by_id=None)
        assert study.state == Study.objects.get().state == end
    else:
        with pytest.raises(StateChangeRefused, match=begin):
            studies.change_state(study=study, to=end, by_id=None)
        assert Study.objects.get().state == begin


def test_guidelines_are_versions_and_the_same_text_adds_none():
    study = create(guidelines="one")
    studies.write_guidelines(study=study, text="two", now=NOW)
    studies.write_guidelines(study=study, text="two", now=NOW)

    assert list(Guidelines.objects.values_list("version", "text")) == [(1, "one"), (2, "two")]
    assert Study.objects.get().guidelines.version == 2


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_guidelines_saved_by_a_double_click_are_one_version():
    study = create(guidelines="one")

    def save():
        return studies.write_guidelines(study=Study.objects.get(pk=study.pk), text="two", now=NOW)

    saved = build.at_once(*[save] * 4)

    assert {written.version for written in saved} == {2}
    assert Guidelines.objects.count() == 2


def test_a_member_who_left_is_not_active_and_may_come_back_in_another_role():
    study, ann = create(), build.user("ann")
    studies.join(study=study, user=ann, role=Role.RATER, now=NOW)
    studies.leave(study=study, user=ann, now=NOW)
    assert not Membership.objects.active().exists()

    studies.join(study=study, user=ann, role=Role.RESEARCHER, now=NOW)

    assert Membership.objects.active().get().role == Role.RESEARCHER


def test_a_deactivated_account_is_no_active_member():
    study = create(by=build.user("ann", is_active=False))

    assert not Membership.objects.active().filter(study=study).exists()


# What a study asks


def test_publishing_stores_questions_and_options_in_order():
    study = build.study(rubric=build.EVERY_TYPE)

    found = plan(study.rubric_id)

    assert [question.key for question in found.questions] == ["misled", "who", "severity", "note"]
    who = found.question("who")
    assert [option.code for option in who.options] == ["user", "public"]
    assert (who.condition_key, who.condition_codes) == ("misled", ("yes",))
    assert Option.objects.get(pk=who.asked_id).asked
    assert found.question("none") is None


def test_options_have_numbers_where_the_level_has():
    questions = [
        {**build.SAFE["questions"][0], "key": "nominal"},
        {**build.SAFE["questions"][0], "key": "ranked", "level": "ordinal"},
        {
            **build.EVERY_TYPE["questions"][2],
            "key": "scale",
            "options": [{"code": code, "label": code} for code in ("-2", "0", "07")],
        },
        {
            **build.SAFE["questions"][0],
            "key": "interval",
            "level": "interval",
            "options": [{"code": code, "label": code} for code in ("10", "20")],
        },
    ]
    found = plan(build.study(rubric={"key": "k", "title": "T", "questions": questions}).rubric_id)

    assert {q.key: [option.value for option in q.options] for q in found.questions} == {
        "nominal": [None, None],
        "ranked": [0.0, 1.0],
        "scale": [-2.0, 0.0, 7.0],
        "interval": [10.0, 20.0],
    }


def test_publishing_the_same_again_changes_nothing():
    study = create()

    rubrics.publish(study=study, rubric=rubric_from_json(build.SAFE), now=NOW)

    assert (Rubric.objects.count(), Question.objects.count()) == (1, 1)


def test_a_published_version_never_changes():
    study = create()
    other = {**build.EVERY_TYPE, "key": "safety"}

    with pytest.raises(RubricInvalid, match="higher version"):
        rubrics.publish(study=study, rubric=rubric_from_json(other), now=NOW)
    assert Question.objects.count() == 1


def test_a_higher_version_becomes_the_studys_own():
    study = create()
    old = study.rubric_id

    new = rubrics.publish(
        study=study, rubric=rubric_from_json({**build.SAFE, "version": 2}), now=NOW
    )

    assert Study.objects.get().rubric == new
    assert Rubric.objects.filter(pk=old).exists()


# What others may know


def test_the_facts_of_a_study():
    study = create(guidelines="Read.")

    found = facts_by_slug("s")

    assert found == facts_of(Study.objects.get(pk=study.pk))
    assert (found.slug, found.guidelines, found.guidelines_version) == ("s", "Read.", 1)
    assert facts_by_slug("none") is None


def test_a_study_without_guidelines_has_none():
    study = create()
    Study.objects.update(guidelines=None)

    found = facts_by_slug(study.slug)

    assert (found.guidelines, found.guidelines_version) == ("", None)


def test_pseudonyms_follow_from_study_and_purpose():
    one, two = create("a"), create("b")

    names = pseudonyms(one.pk, purpose="release-1", subjects=[1, 2])

    assert names == pseudonyms(one.pk, purpose="release-1", subjects=[1, 2])
    assert len(set(names.values())) == 2
    assert names != pseudonyms(one.pk, purpose="release-2", subjects=[1, 2])
    assert names != pseudonyms(two.pk, purpose="release-1", subjects=[1, 2])


def test_a_study_cannot_take_an_address_of_the_product():
    with pytest.raises(StudyExists, match="product itself"):
        build.study("new")
