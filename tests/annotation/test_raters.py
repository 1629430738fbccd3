"""Raters of a study: brought in once, paused and resumed."""

import pytest

from annotation.models import Rater
from annotation.services import raters
from annotation.vocabulary import RaterSource
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study()


def named(study, *names, source=RaterSource.IMPORT, **more):
    return raters.named(study=study, names=list(names), source=source, now=NOW, **more)


def test_an_account_has_one_rater_in_a_study(study):
    ann = build.user("ann")

    first, again = (raters.enrol(study=study, user=ann, now=NOW) for _ in range(2))

    assert first == again
    assert (first.source, first.user, first.external_id) == ("account", ann, str(ann.pk))


def test_an_account_has_a_rater_of_its_own_in_each_study(study):
    ann = build.user("ann")

    here, there = (raters.enrol(study=s, user=ann, now=NOW) for s in (study, build.study()))

    assert here.pk != there.pk
    assert here.start != there.start


def test_names_are_made_once(study):
    first = named(study, "ann", "007")

    assert named(study, "007", "ann", "bob") == {**first, "bob": Rater.objects.latest("pk").pk}
    assert Rater.objects.count() == 3


def test_names_of_another_source_or_study_are_others(study):
    imported = named(study, "ann")["ann"]

    assert named(study, "ann", source=RaterSource.SIMULATED)["ann"] != imported
    assert named(build.study(), "ann")["ann"] != imported


def test_a_cohort_is_kept(study):
    named(study, "ann", cohort="experts")

    assert Rater.objects.get().cohort == "experts"


def test_pausing_again_keeps_the_first_time(study):
    ann = build.rater(study)

    raters.pause(rater=ann, now=NOW, by_id=1)
    raters.pause(rater=ann, now=NOW + HOUR, by_id=1)

    assert Rater.objects.get().paused_at == NOW


def test_a_rater_is_named_by_a_number_only(study):
    ann = build.rater(study)

    assert str(ann) == f"rater {ann.pk}"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_enrolling_at_once_makes_one_rater():
    study, ann = build.study(), build.user("ann")

    made = build.at_once(*[lambda: raters.enrol(study=study, user=ann, now=NOW)] * 4)

    assert {rater.pk for rater in made} == {Rater.objects.get().pk}
