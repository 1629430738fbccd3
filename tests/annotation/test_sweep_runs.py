"""Sweeps as they are tried, asked for, stopped and taken up again, and their command."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from annotation.errors import SweepRefused, SweepStopped
from annotation.models import Hit, Sweep, TextVersion
from annotation.services import leaks, sweeps
from annotation.vocabulary import SweepState
from tests import build
from tests.annotation.leaking import said
from tests.annotation.sweeping import (
    KEPT,
    MASKED,
    NEWER,
    TODAY,
    ZORK,
    Killed,
    in_force,
    in_parts,
    killed_after,
    newer_rules,
    swept,
)
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def newer(tmp_path, settings):
    return newer_rules(tmp_path, settings)


# Trying, asking, stopping, going on


def test_a_trial_counts_what_would_change_and_stores_nothing_else(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    build.item(study, tmp_path, messages=said("Nobody made me."))
    ann = build.rater(study)
    build.submit(ann, build.claim(ann), safe="yes")
    build.submit(ann, build.claim(ann), safe="yes")
    newer(ZORK)

    trial = swept(study, trial=True)

    assert (trial.texts, trial.read, trial.changed, trial.judged) == (2, 2, 1, 1)
    assert not Hit.objects.exists()
    assert set(TextVersion.objects.values_list("rule_set", flat=True)) == {TODAY}


def test_where_every_text_has_the_current_rules_there_is_nothing_to_do(study, tmp_path):
    build.reply(study, tmp_path)

    with pytest.raises(SweepRefused, match=f"under rules {TODAY} already"):
        sweeps.ask(study=study, trial=False, now=NOW)


def test_older_rules_never_take_the_place_of_newer_ones(study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(version=1)

    with pytest.raises(SweepRefused):
        sweeps.ask(study=study, trial=False, now=NOW)


def test_one_sweep_of_a_study_is_under_way_at_most(study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweeps.ask(study=study, trial=True, now=NOW)

    with pytest.raises(SweepRefused, match="at this moment"):
        sweeps.ask(study=study, trial=False, now=NOW)


def test_a_worker_with_other_rules_runs_none(study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweep = sweeps.ask(study=study, trial=False, now=NOW)
    newer(ZORK, version=NEWER + 1)

    with pytest.raises(SweepRefused, match=f"worker has rules {NEWER + 1}"):
        sweeps.run(sweep_id=sweep.pk)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.failure[:12]) == (SweepState.FAILED, f"Rules {NEWER} were")


@pytest.mark.parametrize("trial", [False, True])
def test_R115_what_a_killed_worker_left_is_taken_up_where_it_was(
    monkeypatch, study, tmp_path, newer, trial
):
    sweep = in_parts(monkeypatch, study, tmp_path, newer)
    Sweep.objects.update(trial=trial)
    with pytest.raises(Killed):
        sweeps.run(sweep_id=sweep.pk, progress=killed_after(2))

    done = sweeps.run(sweep_id=sweep.pk)

    assert (done.state, done.texts, done.read, done.changed) == (SweepState.DONE, 3, 3, 3)
    assert Hit.objects.count() == (0 if trial else 3)


def test_R115_of_two_workers_at_one_sweep_the_earlier_stores_nothing_more(
    monkeypatch, study, tmp_path, newer
):
    sweep = in_parts(monkeypatch, study, tmp_path, newer)

    def another_takes_over(read):
        if read == 1:
            sweeps.run(sweep_id=sweep.pk)

    with pytest.raises(SweepStopped):
        sweeps.run(sweep_id=sweep.pk, progress=another_takes_over)

    sweep.refresh_from_db()
    assert (sweep.state, sweep.read) == (SweepState.DONE, 3)
    assert Hit.objects.count() == 3


def test_an_admin_stops_it_and_what_was_looked_through_stays_so(
    monkeypatch, study, tmp_path, newer
):
    sweep = in_parts(monkeypatch, study, tmp_path, newer)

    with pytest.raises(SweepStopped):
        sweeps.run(
            sweep_id=sweep.pk,
            progress=lambda read: read == 1 and sweeps.stop(study=study, now=NOW),
        )

    assert sorted(TextVersion.objects.values_list("rule_set", flat=True)) == [TODAY, TODAY, NEWER]
    assert swept(study).read == 2
    assert not sweeps.stop(study=study, now=NOW)


def test_a_text_replaced_while_its_chunk_is_looked_through_is_left_alone(
    monkeypatch, study, tmp_path, newer
):
    reply = build.item(study, tmp_path, messages=said("Zork made me.")).reply_1
    newer(ZORK)
    found = sweeps._found

    def replaced_meanwhile(text, *more):
        TextVersion.objects.filter(response=reply).update(current=False)
        return found(text, *more)

    monkeypatch.setattr(sweeps, "_found", replaced_meanwhile)
    sweep = swept(study)

    assert (sweep.read, sweep.changed) == (1, 0)
    assert not Hit.objects.exists()


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_decision_made_while_newer_rules_run_is_kept_or_refused_never_lost(
    study, tmp_path, newer
):
    reply = build.item(study, tmp_path, messages=said("I am ChatGPT.")).reply_1
    hit, by = Hit.objects.get(), build.user()
    newer(ZORK)
    sweep = sweeps.ask(study=study, trial=False, now=NOW)

    _, decided = build.at_once(
        lambda: sweeps.run(sweep_id=sweep.pk),
        lambda: leaks.decide(
            study=study, seen={hit.pk: MASKED}, decision=KEPT, by=by, now=NOW + HOUR
        ),
    )

    refused = isinstance(decided, leaks.HitsUnknown)
    assert in_force(reply) == {"ChatGPT": MASKED if refused else KEPT}


# The command


def told(*args) -> str:
    out = StringIO()
    call_command("scrub_again", *args, stdout=out)
    return out.getvalue()


def test_the_command_tries_then_runs_then_has_nothing_left(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    newer(ZORK)

    tried, ran, again = told("s", "--dry-run"), told("s"), told("s")

    assert "1 would be shown otherwise" in tried
    assert "a dry run" in tried
    assert f"1 texts looked through under rules {NEWER}: 1 are shown otherwise" in ran
    assert "already" in again


def test_the_command_prints_json(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    newer(ZORK)

    assert json.loads(told("s", "--json")) == {
        "rule_set": NEWER,
        "trial": False,
        "read": 1,
        "changed": 1,
        "judged": 0,
        "held": 0,
    }


def test_the_command_takes_up_what_a_killed_one_left(monkeypatch, study, tmp_path, newer):
    sweep = in_parts(monkeypatch, study, tmp_path, newer)
    with pytest.raises(Killed):
        sweeps.run(sweep_id=sweep.pk, progress=killed_after(1))

    assert "3 texts looked through" in told("s")


def test_the_command_does_not_mix_a_trial_with_the_real_thing(study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweeps.ask(study=study, trial=True, now=NOW)

    with pytest.raises(CommandError, match="A trial of this study is under way"):
        told("s")


def test_the_command_says_when_it_was_stopped(monkeypatch, study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    monkeypatch.setattr(
        sweeps, "_next", lambda sweep, courtesy: sweeps.stop(study=study, now=NOW) and []
    )

    with pytest.raises(CommandError, match="It was stopped"):
        told("s")
