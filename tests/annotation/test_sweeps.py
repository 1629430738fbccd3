"""Newer rules over stored texts: new masks, kept decisions, and nothing that was judged changes."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F

from annotation import rendering, scrubbing, tasks
from annotation.errors import SweepRefused, SweepStopped
from annotation.models import Hit, Judgment, Rendering, SpanAnswer, Sweep, TextVersion
from annotation.selectors.cards import card_for
from annotation.selectors.past import judgment_of
from annotation.services import leaks, sweeps
from annotation.vocabulary import HitDecision, Role, SweepState
from tests import build
from tests.build import HOUR, NOW

TODAY = scrubbing.current_rules().version
NEWER = TODAY + 1
KEPT, MASKED, HELD = HitDecision.KEPT, HitDecision.MASKED, HitDecision.HELD
ZORK = {"name": "Zork", "aliases": ["zork"]}
# Beside talk of AI it is doubtful, anywhere else it is nobody's name.
DOUBTFUL_ZORK = {**ZORK, "doubtful": True, "near_ai": "held", "otherwise": "held"}
pytestmark = pytest.mark.django_db


def said(text: str) -> list[dict]:
    return [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": text}]


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def newer(tmp_path, settings):
    """Bring in rules of a later version: today's with names more, or without some."""

    def bring_in(*names, version=NEWER, gone=()):
        settings.SCRUB_RULES_FILE = build.rules(tmp_path, version=version, names=names, gone=gone)

    return bring_in


def swept(study, *, trial=False) -> Sweep:
    return sweeps.run(sweep_id=sweeps.ask(study=study, trial=trial, now=NOW).pk)


def in_force(reply) -> dict[str, str]:
    """What is found in a reply by the rules it is masked by now."""
    hits = Hit.objects.filter(text__response=reply, text__current=True)
    return dict(hits.filter(rule_set=F("text__rule_set")).values_list("found", "decision"))


def shown(study, reply) -> str:
    """What a rater who comes now would read of a reply."""
    ann = build.rater(study)
    seat = build.claim(ann)
    assert seat.item.reply_1_id == reply.pk
    return card_for(seat, ann).messages[-1].html


# What newer rules change


def test_newer_rules_mask_what_older_ones_did_not_know(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("Zork made me.")).reply_1
    newer(ZORK)

    sweep = swept(study)

    assert "[removed] made me." in rendering.text_of(shown(study, reply))
    assert (sweep.state, sweep.read, sweep.changed) == (SweepState.DONE, 1, 1)
    assert build.current_text(reply).rule_set == NEWER


def test_newer_rules_show_what_they_know_better(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("InstructGPT is a paper.")).reply_1
    assert in_force(reply) == {"InstructGPT": MASKED}
    newer(gone=("InstructGPT",))

    swept(study)

    assert in_force(reply) == {}
    assert not build.current_text(reply).has_hits


def test_a_new_doubtful_finding_waits_and_is_masked_meanwhile(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("The Zork is a model.")).reply_1
    newer(DOUBTFUL_ZORK)

    sweep = swept(study)

    assert in_force(reply) == {"Zork": HELD}
    assert sweep.held == 1
    assert "The [removed] is a model." in rendering.text_of(shown(study, reply))


def test_a_text_in_which_nothing_changes_is_shown_as_it_was(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("I am ChatGPT.")).reply_1
    newer(ZORK)

    sweep = swept(study)

    assert (sweep.read, sweep.changed) == (1, 0)
    assert in_force(reply) == {"ChatGPT": MASKED}


def test_the_models_of_the_whole_study_are_looked_for(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("Ask quorvax-7 about it.")).reply_1
    build.reply(study, tmp_path, model="acme/quorvax-7")
    newer()

    swept(study)

    assert in_force(reply) == {"quorvax-7": MASKED}


def test_texts_of_other_studies_and_texts_that_were_replaced_stay(study, tmp_path, newer):
    other = build.item(build.study(), tmp_path, messages=said("Zork made me.")).reply_1
    reply = build.item(study, tmp_path, messages=said("Zork made me.")).reply_1
    old = build.current_text(reply)
    TextVersion.objects.filter(pk=old.pk).update(current=False)
    fields = {"sha256": old.sha256, "turns": 1, "rule_set": TODAY, "messages": said("Two")}
    TextVersion.objects.create(response=reply, number=2, **fields)
    newer(ZORK)

    assert swept(study).read == 1
    assert build.current_text(other).rule_set == TODAY
    old.refresh_from_db()
    assert old.rule_set == TODAY


def test_html_of_the_new_shown_text_is_there_before_a_rater_asks(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    newer(ZORK)

    swept(study)

    (made,) = Rendering.objects.all()
    assert "[removed] made me." in rendering.text_of(made.html[-1])


# Decisions of admins


def decided(study, reply, decision, *, found):
    hit = Hit.objects.get(text__response=reply, found=found)
    by = build.user()
    leaks.decide(
        study=study, seen={hit.pk: HitDecision(hit.decision)}, decision=decision, by=by, now=NOW
    )
    return by


def test_a_decision_to_keep_holds_for_the_same_stretch_and_rule(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("I am ChatGPT.")).reply_1
    by = decided(study, reply, KEPT, found="ChatGPT")
    newer(ZORK)

    sweep = swept(study)

    hit = Hit.objects.get(rule_set=NEWER)
    assert (hit.decision, hit.decided_by, hit.decided_at) == (KEPT, by, NOW)
    assert sweep.changed == 0


def test_a_decision_to_keep_does_not_hold_for_another_rule(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("InstructGPT is here.")).reply_1
    decided(study, reply, KEPT, found="InstructGPT")
    newer({"name": "Instruct", "aliases": ["instructgpt"]}, gone=("InstructGPT",))

    swept(study)

    assert in_force(reply) == {"InstructGPT": MASKED}


def test_a_decision_to_mask_holds_even_where_newer_rules_find_nothing(study, tmp_path, newer):
    messages = said("InstructGPT is a paper.")
    reply = build.item(study, tmp_path, messages=messages).reply_1
    decided(study, reply, KEPT, found="InstructGPT")
    by = decided(study, reply, MASKED, found="InstructGPT")
    newer(gone=("InstructGPT",))

    sweep = swept(study)

    hit = Hit.objects.get(rule_set=NEWER)
    assert (hit.decision, hit.decided_by, hit.found) == (MASKED, by, "InstructGPT")
    assert sweep.changed == 0


def test_what_was_masked_by_hand_stays_so_beside_what_newer_rules_find(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("Made by Zork Labs in Rome.")).reply_1
    leaks.mask_words(
        study=study, reply_id=reply.pk, words="by Zork", by=build.user("boss"), now=NOW
    )
    newer({"name": "Zork", "aliases": ["zork labs"]})

    swept(study)

    assert in_force(reply) == {"by Zork": MASKED, "Zork Labs": MASKED}
    assert "Made [removed] in Rome." in rendering.text_of(shown(study, reply))


def test_findings_and_decisions_of_older_rules_are_kept_under_them(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("I am ChatGPT.")).reply_1
    before = Hit.objects.values().get()
    newer(ZORK)

    swept(study)

    assert Hit.objects.values().get(rule_set=TODAY) == before
    new = Hit.objects.get(rule_set=NEWER)
    leaks.decide_alike(
        study=study, hit_id=new.pk, was=MASKED, decision=KEPT, by=build.user(), now=NOW
    )
    assert Hit.objects.values().get(rule_set=TODAY) == before
    assert in_force(reply) == {"ChatGPT": KEPT}


def test_a_finding_seen_before_newer_rules_ran_is_not_decided_about(study, tmp_path, newer):
    reply = build.item(study, tmp_path, messages=said("I am ChatGPT.")).reply_1
    old = Hit.objects.get()
    newer(ZORK)
    swept(study)

    with pytest.raises(leaks.HitsUnknown, match="newer rules"):
        leaks.decide(study=study, seen={old.pk: MASKED}, decision=KEPT, by=build.user(), now=NOW)
    assert in_force(reply) == {"ChatGPT": MASKED}


# What was judged, and what is being judged


def test_R043_a_judgment_stays_bound_to_what_was_shown_under_older_rules(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    ann, bob = build.rater(study), build.rater(study)
    build.submit(ann, build.claim(ann), safe="yes")
    newer(ZORK)
    sweep = swept(study)

    build.submit(bob, build.claim(bob), safe="yes")

    old, new = Judgment.objects.order_by("pk")
    assert (old.rule_set, new.rule_set) == (TODAY, NEWER)
    assert old.shown_sha256 != new.shown_sha256
    assert sweep.judged == 1
    assert "Zork made me." in judgment_of(ann, old.public_id).messages[-1].html
    assert not judgment_of(ann, old.public_id).text_changed


def test_R043_a_form_that_was_open_meanwhile_is_stored_with_what_it_showed(study, tmp_path, newer):
    build.item(study, tmp_path, messages=said("Zork made me."))
    ann = build.rater(study)
    seat = build.claim(ann)
    sealed = build.receipt(seat, ann)
    newer(ZORK)
    swept(study)

    build.submit(ann, seat, sealed=sealed, safe="yes")

    stored = Judgment.objects.get()
    assert (stored.rule_set, stored.shown_sha256) == (TODAY, sealed.shown_sha256)


def test_R043_places_marked_meanwhile_are_places_of_the_text_that_was_shown(tmp_path, newer):
    study = build.study("spans", rubric=build.WITH_EVIDENCE)
    build.item(study, tmp_path, messages=said("Zork made me."))
    ann = build.rater(study)
    seat = build.claim(ann)
    sealed = build.receipt(seat, ann)
    newer(ZORK)
    swept(study)

    place = {"message": 1, "start": 0, "end": 4, "quote": "Zork", "kind": "omission"}
    build.submit(ann, seat, sealed=sealed, misled="no", evidence=[json.dumps(place)])

    assert SpanAnswer.objects.get().quote == "Zork"


def test_R043_a_begun_conversation_goes_on_with_the_masks_it_was_begun_with(tmp_path, newer):
    rubric = {**build.SAFE, "questions": [{**build.SAFE["questions"][0], "scope": "turn"}]}
    study = build.study("turns", rubric=rubric)
    build.item(study, tmp_path, messages=build.conversation(2, text="Zork"))
    ann = build.rater(study)
    seat = build.claim(ann)
    build.submit(ann, seat, turn=1, safe="yes")
    newer({"name": "Zork", "aliases": ["zork1", "zork2"]})
    swept(study)

    seat = build.claim(ann)
    second = card_for(seat, ann)
    build.submit(ann, seat, turn=2, safe="yes")

    assert "Zork2" in second.messages[-1].html
    assert Judgment.objects.get().rule_set == TODAY


def test_a_seat_that_was_held_and_not_begun_shows_the_new_text_when_it_is_loaded_again(
    study, tmp_path, newer
):
    build.item(study, tmp_path, messages=said("Zork made me."))
    ann = build.rater(study)
    seat = build.claim(ann)
    newer(ZORK)
    swept(study)

    card = card_for(seat, ann)
    build.submit(ann, seat, safe="yes")

    assert "[removed] made me." in rendering.text_of(card.messages[-1].html)
    assert Judgment.objects.get().rule_set == NEWER


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


def in_parts(monkeypatch, study, tmp_path, newer, *, texts=3) -> Sweep:
    """A sweep over several texts, in chunks of one."""
    monkeypatch.setattr(sweeps, "TEXTS_AT_ONCE", 1)
    for _ in range(texts):
        build.item(study, tmp_path, messages=said("Zork made me."))
    newer(ZORK)
    return sweeps.ask(study=study, trial=False, now=NOW)


class Killed(Exception):
    """The worker is gone."""


def killed_after(texts):
    def progress(read):
        if read == texts:
            raise Killed

    return progress


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


# The page


@pytest.fixture
def admin(study, client):
    account = build.member(study, Role.ADMIN, name="boss")
    client.force_login(account)
    return account


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
