"""Raters go first: a load pauses while people are judging, and only then."""

from datetime import timedelta

import pytest

from annotation.models import Sweep
from annotation.services import batches, sweeps
from annotation.services.courtesy import LATELY, SMALLER, Courtesy, raters_active
from tests import build
from tests.build import NOW, claim

pytestmark = pytest.mark.django_db


class Clock:
    """Time that passes when it is told to, and what was slept."""

    def __init__(self):
        self.at, self.slept = 100.0, []

    def __call__(self):
        return self.at

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.at += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def courtesy(clock, settings):
    settings.JOBS_YIELD = 2.0
    return Courtesy(clock=clock, sleep=clock.sleep, now=lambda: NOW)


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    build.item(made, tmp_path)
    return made


def test_a_rater_who_took_an_item_lately_is_active(study):
    claim(build.rater(study), at=NOW - LATELY + timedelta(seconds=1))

    assert raters_active(NOW)


def test_a_rater_who_took_an_item_long_ago_is_not(study):
    claim(build.rater(study), at=NOW - LATELY - timedelta(seconds=1))

    assert not raters_active(NOW)


def test_free_seats_are_nobodys_activity(study):
    assert not raters_active(NOW)


def test_R063_work_pauses_for_its_own_time_twice_while_raters_are_active(study, courtesy, clock):
    claim(build.rater(study))

    clock.at += 0.5
    courtesy.after_work()
    clock.at += 0.25
    courtesy.after_work()

    assert clock.slept == [1.0, 0.5]


def test_work_does_not_pause_for_nobody(study, courtesy, clock):
    clock.at += 0.5
    courtesy.after_work()

    assert clock.slept == []


def test_a_share_of_nothing_never_pauses(study, clock, settings):
    settings.JOBS_YIELD = 0
    claim(build.rater(study))
    courtesy = Courtesy(clock=clock, sleep=clock.sleep, now=lambda: NOW)

    clock.at += 0.5
    courtesy.after_work()

    assert clock.slept == []


@pytest.mark.parametrize(("active", "pauses"), [(True, 4), (False, 0)])
def test_a_load_beside_raters_has_smaller_chunks_and_pauses_after_each(
    active, pauses, study, courtesy, clock, tmp_path, monkeypatch
):
    monkeypatch.setattr(batches, "LINES_AT_ONCE", 4 * SMALLER)
    if active:
        claim(build.rater(study))
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields() for _ in range(15)])
    batch = batches.register(study=study, file_name="b.jsonl", now=NOW)

    tally = batches.load(batch=batch, path=path, courtesy=courtesy)

    assert tally.created == 15
    assert len(clock.slept) == pauses


@pytest.mark.parametrize(("active", "pauses"), [(True, 5), (False, 2)])
def test_R063_newer_rules_run_in_smaller_chunks_beside_raters_and_pause_after_each(
    active, pauses, study, courtesy, clock, tmp_path, settings, monkeypatch
):
    monkeypatch.setattr(sweeps, "TEXTS_AT_ONCE", SMALLER)
    for _ in range(4):
        build.item(study, tmp_path)
    settings.SCRUB_RULES_FILE = build.rules(tmp_path, version=99)
    if active:
        claim(build.rater(study))
    asked = sweeps.ask(study=study, trial=False, now=NOW)
    met = []

    sweeps.run(sweep_id=asked.pk, progress=met.append, courtesy=courtesy)

    assert (Sweep.objects.get().read, len(met)) == (5, pauses)
    assert len(clock.slept) == (pauses if active else 0)


def test_looking_for_raters_is_one_question(study, django_assert_num_queries):
    with django_assert_num_queries(1):
        raters_active(NOW)
