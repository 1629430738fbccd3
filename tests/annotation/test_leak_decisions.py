"""Decisions about findings: by name and time, alike ones at once, masks by hand, never unseen."""

from http import HTTPStatus

import pytest

from annotation.errors import HitsUnknown
from annotation.models import Hit
from annotation.services import leaks
from annotation.vocabulary import HitDecision
from tests import build
from tests.annotation.leaking import HELD, planted, report, said, words
from tests.build import NOW
from tests.pages import page

pytestmark = pytest.mark.django_db


def test_chosen_hits_are_decided_with_name_and_time(study, admin, client, tmp_path):
    chosen, other = planted(study, tmp_path), planted(study, tmp_path)

    response = client.post(
        "/studies/s/leaks/decide/?decision=held", {"hit": [f"{chosen.pk} held"], "decision": "kept"}
    )

    chosen.refresh_from_db()
    other.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == "/studies/s/leaks/?decision=held"
    assert (chosen.decision, chosen.decided_by) == (HitDecision.KEPT, admin)
    assert chosen.decided_at is not None
    assert other.decision == HitDecision.HELD


def test_all_that_are_alike_are_decided_at_once(study, admin, client, tmp_path):
    one, same = planted(study, tmp_path), planted(study, tmp_path)
    otherwise = planted(study, tmp_path, found="Zorkish")

    client.post(
        "/studies/s/leaks/decide/",
        {"decision": f"masked {one.pk} held", "hit": [f"{otherwise.pk} held"]},
    )

    decisions = dict(Hit.objects.values_list("pk", "decision"))
    assert decisions == {one.pk: "masked", same.pk: "masked", otherwise.pk: "held"}


def test_alike_counts_the_whole_study(study, tmp_path):
    hit = planted(study, tmp_path)
    planted(study, tmp_path)

    (alike,) = report(study, batch=hit.batch.number)[0].alike

    assert (alike.n, alike.total) == (1, 2)


def test_alike_counts_and_changes_only_what_was_seen_so(study, admin, client, tmp_path):
    waiting, by_rule = planted(study, tmp_path), planted(study, tmp_path, decision=HitDecision.KEPT)

    alike = report(study)[0].alike[0]
    client.post("/studies/s/leaks/decide/", {"decision": f"masked {waiting.pk} held"})

    by_rule.refresh_from_db()
    assert alike.total == 1
    assert by_rule.decision == HitDecision.KEPT


def test_what_somebody_else_decided_meanwhile_stays(study, admin, client, tmp_path):
    hit = planted(study, tmp_path)
    leaks.decide(
        study=study, seen={hit.pk: HELD}, decision=HitDecision.KEPT, by=build.user("first"), now=NOW
    )

    response = client.post(
        "/studies/s/leaks/decide/", {"hit": [f"{hit.pk} held"], "decision": "masked"}, follow=True
    )

    hit.refresh_from_db()
    assert "somebody did so a moment ago" in page(response)
    assert (hit.decision, hit.decided_by.username, hit.decided_at) == (
        HitDecision.KEPT,
        "first",
        NOW,
    )


def test_a_decision_can_be_changed(study, admin, tmp_path):
    hit = planted(study, tmp_path, decision=HitDecision.MASKED)

    changed = leaks.decide(
        study=study, seen={hit.pk: HitDecision.MASKED}, decision=HitDecision.KEPT, by=admin, now=NOW
    )

    hit.refresh_from_db()
    assert (changed, hit.decision) == (1, HitDecision.KEPT)


def test_the_decision_a_hit_has_already_is_not_signed_again(study, admin, tmp_path):
    hit = planted(study, tmp_path, decision=HitDecision.MASKED)

    changed = leaks.decide(
        study=study,
        seen={hit.pk: HitDecision.MASKED},
        decision=HitDecision.MASKED,
        by=admin,
        now=NOW,
    )

    hit.refresh_from_db()
    assert (changed, hit.decided_by) == (0, None)


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"decision": "kept"}, "Choose at least one"),
        ({"decision": "held", "hit": ["1 held"]}, "Press Mask or Keep"),
        ({"hit": ["1 held"]}, "Press Mask or Keep"),
        ({"decision": "kept", "hit": ["x"]}, "not all of this study"),
        ({"decision": "kept 99999 held"}, "not all of this study"),
        ({"decision": "kept", "hit": ["9" * 30 + " held"]}, "not all of this study"),
        ({"decision": "kept", "hit": ["1"]}, "not all of this study"),
        ({"decision": "kept", "hit": ["99999 held"]}, "not all of this study"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused(study, admin, client, tmp_path, sent, sentence):
    planted(study, tmp_path)

    response = client.post("/studies/s/leaks/decide/", sent)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page(response)


def test_another_studys_hit_is_never_decided(study, tmp_path):
    own, foreign = planted(study, tmp_path), planted(build.study(), tmp_path)

    with pytest.raises(HitsUnknown):
        leaks.decide(
            study=study,
            seen={own.pk: HELD, foreign.pk: HELD},
            decision=HitDecision.KEPT,
            by=build.user(),
            now=NOW,
        )
    with pytest.raises(HitsUnknown):
        leaks.decide_alike(
            study=study,
            hit_id=foreign.pk,
            was=HELD,
            decision=HitDecision.KEPT,
            by=build.user(),
            now=NOW,
        )

    assert set(Hit.objects.values_list("decision", flat=True)) == {HitDecision.HELD}


def test_alike_in_another_study_stays_as_it_is(study, tmp_path):
    own, foreign = planted(study, tmp_path), planted(build.study(), tmp_path)

    leaks.decide_alike(
        study=study, hit_id=own.pk, was=HELD, decision=HitDecision.KEPT, by=build.user(), now=NOW
    )

    foreign.refresh_from_db()
    assert foreign.decision == HitDecision.HELD


def test_nothing_goes_back_to_waiting(study, tmp_path):
    hit = planted(study, tmp_path)

    with pytest.raises(ValueError, match="no decision"):
        leaks.decide(
            study=study, seen={hit.pk: HELD}, decision=HitDecision.HELD, by=build.user(), now=NOW
        )


def masked_by_hand(client, reply, words):
    return client.post(f"/studies/s/replies/{reply.pk}/mask/", {"words": words}, follow=True)


def test_R085_words_that_no_rule_found_are_masked_with_name_and_time(
    study, admin, client, tmp_path
):
    reply = build.reply(study, tmp_path, messages=said("Ask Zork & Co, who know."))

    response = masked_by_hand(client, reply, " Zork & Co ")

    hit = Hit.objects.get()
    assert "Ask [removed], who know." in words(response)
    assert (hit.rule, hit.found, hit.decision) == ("by hand", "Zork & Co", HitDecision.MASKED)
    assert hit.decided_by == admin
    assert hit.decided_at is not None
    assert reply.versions.get().messages[1]["content"] == "Ask Zork & Co, who know."


def test_R085_a_wrong_mask_is_taken_off_and_put_on_again(study, admin, client, tmp_path):
    reply = build.reply(study, tmp_path, messages=said("I am ChatGPT."))
    path = f"/studies/s/replies/{reply.pk}/"
    hit = Hit.objects.get()

    kept = client.post(
        "/studies/s/leaks/decide/",
        {"hit": [f"{hit.pk} masked"], "decision": "kept", "reply": reply.pk},
        follow=True,
    )
    again = masked_by_hand(client, reply, "ChatGPT")

    assert kept.request["PATH_INFO"] == path
    assert "I am ChatGPT." in page(kept)
    assert "I am [removed]." in words(again)
    assert Hit.objects.get().rule != "by hand"


def test_words_are_masked_wherever_they_stand_in_the_reply(study, admin, client, tmp_path):
    reply = build.reply(study, tmp_path, messages=said("Zork, said Zork. zork!"))

    response = masked_by_hand(client, reply, "Zork")

    assert "[removed], said [removed]. zork!" in words(response)
    assert "Masked at 2 places" in page(response)


def test_what_is_masked_by_hand_may_lie_across_what_a_rule_found(study, admin, client, tmp_path):
    reply = build.reply(study, tmp_path, messages=said("I am ChatGPT by Zork."))

    response = masked_by_hand(client, reply, "am ChatGPT by Zork")

    assert "I [removed]." in words(response)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("", "at least two"),
        ("x", "at least two"),
        ("Frob", "do not stand in the reply as one piece"),
        ("ChatGPT", "masked already"),
        ("Chat", "masked already"),
        ("ab", "60 times"),
        ("\0\0", "at least two"),
    ],
)
def test_words_that_cannot_be_masked_are_refused_and_stay_in_the_field(
    study, admin, client, tmp_path, words, sentence
):
    reply = build.reply(study, tmp_path, messages=said("I am ChatGPT. " + "ab " * 60))

    response = masked_by_hand(client, reply, words)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert sentence in page(response)
    assert response.context["words"] == words.replace("\0", "")


def test_another_studys_reply_is_not_masked(study, admin, client, tmp_path):
    foreign = build.reply(build.study(), tmp_path)

    assert masked_by_hand(client, foreign, "Answer").status_code == HTTPStatus.NOT_FOUND
    assert not Hit.objects.exists()


def test_the_reply_page_shows_what_was_uploaded_with_what_is_masked(study, admin, client, tmp_path):
    reply = build.reply(study, tmp_path, messages=said("<b>I am ChatGPT.</b>"))

    shown = page(client.get(f"/studies/s/replies/{reply.pk}/"))

    assert "&lt;b&gt;I am <mark>ChatGPT</mark>.&lt;/b&gt;" in shown
