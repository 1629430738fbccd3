"""Newer rules over stored texts: new masks, kept decisions, and nothing that was judged changes."""

import json

import pytest

from annotation import rendering
from annotation.models import Hit, Judgment, Rendering, SpanAnswer, TextVersion
from annotation.selectors.cards import card_for
from annotation.selectors.past import judgment_of
from annotation.services import leaks
from annotation.vocabulary import SweepState
from tests import build
from tests.annotation.leaking import said
from tests.annotation.sweeping import (
    DOUBTFUL_ZORK,
    HELD,
    KEPT,
    MASKED,
    NEWER,
    TODAY,
    ZORK,
    decided,
    in_force,
    newer_rules,
    shown,
    swept,
)
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.SAFE)


@pytest.fixture
def newer(tmp_path, settings):
    return newer_rules(tmp_path, settings)


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
