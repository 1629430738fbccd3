"""The pages on which an admin counts what newer rules would change, and runs them."""

import pytest

from annotation import tasks
from annotation.models import Sweep, TextVersion
from annotation.services import sweeps
from annotation.vocabulary import SweepState
from tests import build
from tests.annotation.leaking import said
from tests.annotation.sweeping import (
    MASKED,
    NEWER,
    TODAY,
    ZORK,
    in_force,
    in_parts,
    killed_after,
    newer_rules,
)
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def newer(tmp_path, settings):
    return newer_rules(tmp_path, settings)


def page(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.mark.parametrize("path", ["leaks/", "leaks/rules/", "batches/1/"])
def test_pages_say_which_texts_lack_the_current_rules(study, admin, client, tmp_path, newer, path):
    build.reply(study, tmp_path)
    newer(ZORK)

    assert f"1 text was masked under rules {TODAY}" in page(client.get(f"/studies/s/{path}"))


def test_a_batch_whose_texts_have_the_current_rules_says_nothing(
    study, admin, client, tmp_path, newer
):
    build.reply(study, tmp_path)
    newer(ZORK)
    build.reply(study, tmp_path)

    assert "were masked under" not in page(client.get("/studies/s/batches/2/"))


def test_an_admin_counts_what_would_change_then_runs_the_rules(
    study, admin, client, tmp_path, newer
):
    reply = build.item(study, tmp_path, messages=said("Zork made me.")).reply_1
    newer(ZORK)

    tried = client.post("/studies/s/leaks/rules/run/", {"trial": "on"}, follow=True)
    ran = client.post("/studies/s/leaks/rules/run/", follow=True)

    assert [row.changed for row in tried.context["sweeps"]] == [1]
    assert f"1 text was masked under rules {TODAY}" in page(tried)
    assert f"Every text was looked through under rules {NEWER}" in page(ran)
    assert in_force(reply) == {"Zork": MASKED}
    assert Sweep.objects.filter(created_by=admin).count() == 2


def test_what_is_under_way_is_shown_with_its_progress_and_can_be_stopped(
    study, admin, client, tmp_path, newer
):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweep = sweeps.ask(study=study, trial=False, now=NOW)
    Sweep.objects.update(state="running", began_at=NOW, texts=4, read=1)

    shown = client.get("/studies/s/leaks/rules/", headers={"HX-Request": "true"})
    again = client.post("/studies/s/leaks/rules/run/")
    stopped = client.post("/studies/s/leaks/rules/stop/", follow=True)
    too_late = client.post("/studies/s/leaks/rules/stop/", follow=True)

    assert "25 %" in page(shown)
    assert "every 2s" in page(shown)
    assert again.status_code == 409
    assert "at this moment" in page(again)
    assert "Stopped." in page(stopped)
    assert "Nothing was left to stop" in page(too_late)
    sweep.refresh_from_db()
    assert sweep.state == SweepState.STOPPED


def test_what_waits_for_a_worker_that_is_not_there_says_so(study, admin, client, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweeps.ask(study=study, trial=False, now=NOW)

    assert "manage.py work" in page(client.get("/studies/s/leaks/rules/"))


def test_a_job_whose_sweep_was_stopped_ends_quietly(study, tmp_path, newer):
    build.reply(study, tmp_path)
    newer(ZORK)
    sweep = sweeps.ask(study=study, trial=False, now=NOW)
    sweeps.stop(study=study, now=NOW)

    tasks.sweep.call(sweep.pk)

    assert TextVersion.objects.get().rule_set == TODAY


def test_a_job_that_breaks_off_says_so(monkeypatch, study, admin, client, tmp_path, newer):
    sweep = in_parts(monkeypatch, study, tmp_path, newer)
    monkeypatch.setattr(sweeps, "_found", killed_after(None))

    with pytest.raises(TypeError):
        tasks.sweep.call(sweep.pk)

    assert "It broke off" in page(client.get("/studies/s/leaks/rules/"))
