"""Rules that leave judgments out: with a reason, lifted, never changed; numbers with and without."""

from http import HTTPStatus

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from annotation.models import Rater
from annotation.selectors.studies import pseudonyms
from annotation.vocabulary import Role
from evaluation import selections
from evaluation.errors import ExclusionInvalid, ExclusionUnknown
from evaluation.models import Exclusion
from evaluation.services import asked_agreement, exclusions
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Two raters who agree, and one who always says the opposite."""
    table = {"a": "yes yes no", "b": "no no yes", "c": "yes yes no", "d": "no no yes"}
    return given.safe(tmp_path, table, slug="spoiled")


def name_of(study, external_id):
    rater = Rater.objects.get(study=study, external_id=external_id).pk
    return pseudonyms(study.pk, purpose="pages", subjects=[rater])[rater]


def add(study, kind, subject, reason="It said so."):
    return exclusions.add(
        build.facts(study), kind=kind, subject=subject, reason=reason, now=NOW, by_id=None
    )


def alpha(study, **more):
    asked = selections.read(more)
    return asked_agreement.compute(build.facts(study), asked)[0].alpha.value


def client_of(study, role=Role.RESEARCHER):
    client = Client()
    account = build.member(study, role)
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_rater_is_left_out_and_counted_again_when_the_rule_is_lifted(study):
    before = alpha(study)

    rule = add(study, "rater", name_of(study, "rater-2"))
    assert alpha(study) == 1.0
    exclusions.lift(build.facts(study), rule.number, now=NOW, by_id=None)

    assert alpha(study) == before < 0.1


def test_an_item_a_batch_and_quick_judgments_are_left_out(study, tmp_path):
    add(study, "item", "a")
    asked = selections.read({})
    assert asked_agreement.compute(build.facts(study), asked)[0].items == 3

    add(study, "batch", "1")

    assert asked_agreement.compute(build.facts(study), asked)[0].items == 0


def test_quick_judgments_are_left_out_and_those_without_a_time_stay(study, tmp_path):
    item = build.item(study, tmp_path, response_id="quick")
    rater = build.rater(study)
    build.submit(rater, build.claim(rater), safe="yes")

    add(study, "fast", "5")

    found = asked_agreement.compute(build.facts(study), selections.read({}))[0]
    assert item.pk
    assert found.judgments == 12


def test_what_is_applied_is_part_of_the_number_without_naming_anyone(study):
    add(study, "rater", name_of(study, "rater-2"))

    found = asked_agreement.compute(build.facts(study), selections.read({}))[0].as_json()

    assert found["filters"]["exclusions"] == [1]
    assert not [name for name in found["filters"] if name.startswith("not_")]


def test_exclusions_are_not_applied_where_that_is_asked_for(study):
    before = alpha(study)

    add(study, "rater", name_of(study, "rater-2"))

    assert alpha(study, exclusions=["none"]) == before


@pytest.mark.parametrize(
    ("kind", "subject", "reason", "field"),
    [
        ("rater", "nobody", "Why not", "subject"),
        ("item", "nothing", "Why not", "subject"),
        ("batch", "9", "Why not", "subject"),
        ("fast", "soon", "Why not", "subject"),
        ("mood", "bad", "Why not", "kind"),
        ("item", "a", "  ", "reason"),
    ],
)
def test_a_rule_that_names_nothing_or_has_no_reason_is_refused(study, kind, subject, reason, field):
    with pytest.raises(ExclusionInvalid) as refused:
        add(study, kind, subject, reason)

    assert refused.value.details["field"] == field


def test_a_rule_is_lifted_once(study):
    rule = add(study, "item", "a")
    exclusions.lift(build.facts(study), rule.number, now=NOW, by_id=None)

    with pytest.raises(ExclusionUnknown):
        exclusions.lift(build.facts(study), rule.number, now=NOW, by_id=None)


@pytest.mark.parametrize("change", [{"reason": "Another"}, {"lifted_at": None}, {"number": 5}])
def test_a_rule_is_never_changed(study, change):
    rule = add(study, "item", "a")
    exclusions.lift(build.facts(study), rule.number, now=NOW, by_id=None)

    with pytest.raises(IntegrityError, match="exclusion_kept"), transaction.atomic():
        Exclusion.objects.filter(pk=rule.pk).update(**change)


def test_a_rule_is_never_deleted(study):
    rule = add(study, "item", "a")

    with pytest.raises(IntegrityError, match="exclusion_kept"), transaction.atomic():
        Exclusion.objects.filter(pk=rule.pk).delete()


def test_the_page_applies_a_rule_and_agreement_shows_both_numbers(study):
    client = client_of(study)
    sent = {"kind": "rater", "subject": name_of(study, "rater-2"), "reason": "Opposite scale."}

    client.post(reverse("evaluation:exclusions", args=[study.slug]), sent)

    html = client.get(reverse("evaluation:agreement", args=[study.slug])).content.decode()
    assert "without exclusions:" in html
    listed = client.get(reverse("evaluation:exclusions", args=[study.slug])).content.decode()
    assert "Opposite scale." in listed


def test_the_page_keeps_what_was_entered_and_says_what_is_wrong(study):
    sent = {"kind": "item", "subject": "nothing", "reason": "Broken."}

    answer = client_of(study).post(reverse("evaluation:exclusions", args=[study.slug]), sent)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Broken." in answer.content.decode()
    assert "No item of the study is the reply" in answer.content.decode()


def test_the_page_lifts_a_rule(study):
    rule = add(study, "item", "a")

    client_of(study).post(reverse("evaluation:lift_exclusion", args=[study.slug, rule.number]))

    rule.refresh_from_db()
    assert rule.lifted_at is not None
