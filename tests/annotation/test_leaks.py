import re
from http import HTTPStatus

import pytest

from annotation import rendering
from annotation.errors import HitsUnknown
from annotation.models import Hit
from annotation.selectors.leaks import LeakFilter, alike_of, grouped, preview_of, summary_of
from annotation.services import leaks
from annotation.vocabulary import HitDecision, Role
from tests import build
from tests.build import NOW

HELD = HitDecision.HELD
pytestmark = pytest.mark.django_db


def said(text: str) -> list[dict]:
    return [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": text}]


def planted(
    study,
    tmp_path,
    *,
    decision=HitDecision.HELD,
    before="Well, ",
    found="Zork",
    after=" made me.",
    rule="vendor",
):
    """A hit of our own making, so that no rule set decides these tests."""
    reply = build.reply(study, tmp_path, messages=said(f"{before}{found}{after}"))
    text = reply.versions.get()
    type(text).objects.filter(pk=text.pk).update(has_hits=True)
    return Hit.objects.create(
        text=text,
        batch=reply.batch,
        rule_set=text.rule_set,
        rule=rule,
        message=1,
        start=len(before),
        end=len(before) + len(found),
        found=found,
        context=f"{before}{found}{after}",
        decision=decision,
    )


def report(study, **wanted):
    """The whole leak report, on one page."""
    asked = LeakFilter(**wanted)
    return grouped(study, alike_of(study, asked), asked)


def previews(study, *reply_ids):
    return [preview_of(study, reply_id) for reply_id in reply_ids]


@pytest.fixture
def study():
    return build.study("s")


@pytest.fixture
def admin(study, client):
    account = build.member(study, Role.ADMIN, name="boss")
    client.force_login(account)
    return account


def page(response) -> str:
    return response.content.decode()


def words(response) -> str:
    """What is read on a page, without its elements: a mask is one of its own."""
    return re.sub(r"<[^>]*>", "", page(response))


def test_an_upload_that_names_its_author_is_in_the_report(study, admin, client, tmp_path):
    build.reply(study, tmp_path, messages=said("I am ChatGPT, made by OpenAI."))

    assert "<mark>" in page(client.get("/studies/s/leaks/"))


def test_what_waits_for_a_decision_stands_first(study, tmp_path):
    planted(study, tmp_path, decision=HitDecision.KEPT)
    planted(study, tmp_path, decision=HitDecision.HELD)
    planted(study, tmp_path, decision=HitDecision.MASKED)

    groups = report(study)

    assert [group.decision for group in groups] == ["held", "masked", "kept"]


def test_a_hit_is_marked_within_the_words_around_it(study, admin, client, tmp_path):
    planted(study, tmp_path, before="<b>Zork?</b> ", found="Zork", after=" & Co")

    assert "&lt;b&gt;Zork?&lt;/b&gt; <mark>Zork</mark> &amp; Co" in page(
        client.get("/studies/s/leaks/")
    )


def test_a_hit_deep_in_a_text_is_marked_at_its_place(study, tmp_path):
    found = build.reply(study, tmp_path, messages=said("x" * 200 + " I am ChatGPT " + "y" * 200))

    hit = Hit.objects.get(text__response=found)
    shown = report(study)[0].alike[0].hits[0]
    assert shown.before + shown.found + shown.after == hit.context
    assert shown.found == hit.found


def test_a_context_cut_otherwise_still_shows_the_hit(study, tmp_path):
    hit = planted(study, tmp_path)
    Hit.objects.update(context="made by Zork!")

    shown = report(study)[0].alike[0].hits[0]
    assert (shown.id, shown.before, shown.after) == (hit.pk, "made by ", "!")


@pytest.mark.parametrize(
    ("query", "n"),
    [
        ("", 3),
        ("decision=kept", 1),
        ("rule=name", 1),
        ("batch=1", 1),
        ("decision=nonsense", 3),
        ("batch=x&rule=y", 3),
        ("alike=99999", 0),
    ],
)
def test_the_report_is_narrowed(study, admin, client, tmp_path, query, n):
    planted(study, tmp_path)
    planted(study, tmp_path, decision=HitDecision.KEPT)
    planted(study, tmp_path, rule="name")

    response = client.get(f"/studies/s/leaks/?{query}")

    assert response.status_code == HTTPStatus.OK
    assert response.context["page"].paginator.count == n


def test_nothing_that_matches_is_no_dead_end(study, admin, client, tmp_path):
    planted(study, tmp_path)

    assert "Show all" in page(client.get("/studies/s/leaks/?decision=kept"))


def test_a_report_without_findings_says_so(study, admin, client):
    assert "Nothing was found" in page(client.get("/studies/s/leaks/"))


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


def test_the_preview_shows_what_a_rater_sees(study, admin, client, tmp_path):
    hit = planted(study, tmp_path)
    path = f"/studies/s/replies/{hit.text.response_id}/"
    before = page(client.get(path))

    leaks.decide(study=study, seen={hit.pk: HELD}, decision=HitDecision.KEPT, by=admin, now=NOW)

    assert "Well, [removed] made me." in rendering.text_of(before)
    assert "Well, Zork made me." in page(client.get(path))
    assert "acme" not in before


def test_another_studys_reply_has_no_preview(study, admin, client, tmp_path):
    foreign = planted(build.study(), tmp_path)

    assert (
        client.get(f"/studies/s/replies/{foreign.text.response_id}/").status_code
        == HTTPStatus.NOT_FOUND
    )
    assert preview_of(study, foreign.text.response_id) is None


def test_one_goes_through_the_replies_of_a_batch_as_raters_see_them(study, admin, client, tmp_path):
    lines = [build.reply_fields(response_id=name) for name in ("one", "two", "three")]
    batch = build.batch(study, lines, tmp_path)
    build.reply(study, tmp_path)
    one, two, three = batch.responses.order_by("pk").values_list("pk", flat=True)

    beside = [(found.before_id, found.after_id) for found in previews(study, one, two, three)]

    assert f"/studies/s/replies/{one}/" in page(client.get("/studies/s/batches/1/"))
    assert beside == [(None, two), (one, three), (two, None)]
    assert f'rel="next" href="/studies/s/replies/{two}/"' in page(
        client.get(f"/studies/s/replies/{one}/")
    )


def test_the_preview_has_what_is_true_as_raters_read_it(study, admin, client, tmp_path):
    reply = build.reply(study, tmp_path, facts=["The shop opens at nine."])

    assert "The shop opens at nine." in page(client.get(f"/studies/s/replies/{reply.pk}/"))


def test_hits_of_a_text_that_was_replaced_are_not_asked_about(study, tmp_path):
    hit = planted(study, tmp_path)
    type(hit.text).objects.update(current=False)

    assert summary_of(study).total == 0


def test_a_long_report_comes_in_pages_that_keep_the_filter(
    study, admin, client, tmp_path, monkeypatch
):
    monkeypatch.setattr("annotation.views.leaks.ALIKE_PER_PAGE", 1)
    planted(study, tmp_path)
    planted(study, tmp_path, found="Frob")

    shown = page(client.get("/studies/s/leaks/?decision=held"))

    assert "Page 1 of 2" in shown
    assert "?decision=held&amp;page=2" in shown


def test_the_report_costs_the_same_for_any_number_of_hits(
    study, admin, client, tmp_path, django_assert_max_num_queries
):
    for _ in range(5):
        planted(study, tmp_path)

    with django_assert_max_num_queries(11):
        client.get("/studies/s/leaks/")


def test_what_is_alike_stands_once_with_its_first_places_and_most_of_it_first(study, tmp_path):
    planted(study, tmp_path, found="Frob")
    hits = [planted(study, tmp_path) for _ in range(5)]

    first, second = report(study)[0].alike

    assert (first.found, first.n, second.found) == ("Zork", 5, "Frob")
    assert [hit.id for hit in first.hits] == [hit.pk for hit in hits[:3]]


def test_each_place_of_what_is_alike_can_be_looked_at(study, admin, client, tmp_path):
    hits = [planted(study, tmp_path) for _ in range(5)]
    planted(study, tmp_path, found="Frob")

    whole = page(client.get("/studies/s/leaks/"))
    one = client.get(f"/studies/s/leaks/?alike={hits[1].pk}")

    assert f"alike={hits[0].pk}" in whole
    assert page(one).count('name="hit"') == 5
    assert "Frob" not in page(one)


# Masking by hand


def masked_by_hand(client, reply, words):
    return client.post(f"/studies/s/replies/{reply.pk}/mask/", {"words": words}, follow=True)


def test_R085_words_that_no_rule_found_are_masked_with_name_and_time(
    study, admin, client, tmp_path
):
    reply = build.reply(study, tmp_path, messages=said("My maker is Zork & Co, my maker."))

    response = masked_by_hand(client, reply, " Zork & Co ")

    hit = Hit.objects.get()
    assert "My maker is [removed], my maker." in words(response)
    assert (hit.rule, hit.found, hit.decision) == ("by hand", "Zork & Co", HitDecision.MASKED)
    assert hit.decided_by == admin
    assert hit.decided_at is not None
    assert reply.versions.get().messages[1]["content"] == "My maker is Zork & Co, my maker."


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
