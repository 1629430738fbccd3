from http import HTTPStatus

import pytest

from annotation import rendering
from annotation.errors import HitsUnknown
from annotation.models import Hit
from annotation.selectors.leaks import LeakFilter, grouped, hits_of, preview_of, summary_of
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


def test_an_upload_that_names_its_author_is_in_the_report(study, admin, client, tmp_path):
    build.reply(study, tmp_path, messages=said("I am ChatGPT, made by OpenAI."))

    assert "<mark>" in page(client.get("/studies/s/leaks/"))


def test_what_waits_for_a_decision_stands_first(study, tmp_path):
    planted(study, tmp_path, decision=HitDecision.KEPT)
    planted(study, tmp_path, decision=HitDecision.HELD)
    planted(study, tmp_path, decision=HitDecision.MASKED)

    groups = grouped(study, hits_of(study, LeakFilter()))

    assert [group.decision for group in groups] == ["held", "masked", "kept"]


def test_a_hit_is_marked_within_the_words_around_it(study, admin, client, tmp_path):
    planted(study, tmp_path, before="<b>Zork?</b> ", found="Zork", after=" & Co")

    assert "&lt;b&gt;Zork?&lt;/b&gt; <mark>Zork</mark> &amp; Co" in page(
        client.get("/studies/s/leaks/")
    )


def test_a_hit_deep_in_a_text_is_marked_at_its_place(study, tmp_path):
    found = build.reply(study, tmp_path, messages=said("x" * 200 + " I am ChatGPT " + "y" * 200))

    hit = hits_of(study, LeakFilter()).filter(text__response=found).first()
    shown = grouped(study, [hit])[0].alike[0].hits[0]
    assert shown.before + shown.found + shown.after == hit.context
    assert shown.found == hit.found


def test_a_context_cut_otherwise_still_shows_the_hit(study, tmp_path):
    hit = planted(study, tmp_path)
    Hit.objects.update(context="made by Zork!")

    shown = grouped(study, hits_of(study, LeakFilter()))[0].alike[0].hits[0]
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

    assert (
        grouped(study, [Hit.objects.select_related("text__response", "batch").get(pk=hit.pk)])[0]
        .alike[0]
        .total
        == 2
    )


def test_alike_counts_and_changes_only_what_was_seen_so(study, admin, client, tmp_path):
    waiting, by_rule = planted(study, tmp_path), planted(study, tmp_path, decision=HitDecision.KEPT)

    alike = grouped(study, hits_of(study, LeakFilter()))[0].alike[0]
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
        ({"decision": "kept 99999 held"}, "not of this study"),
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


def test_hits_of_a_text_that_was_replaced_are_not_asked_about(study, tmp_path):
    hit = planted(study, tmp_path)
    type(hit.text).objects.update(current=False)

    assert summary_of(study).total == 0


def test_a_long_report_comes_in_pages_that_keep_the_filter(
    study, admin, client, tmp_path, monkeypatch
):
    monkeypatch.setattr("annotation.views.leaks.HITS_PER_PAGE", 1)
    planted(study, tmp_path)
    planted(study, tmp_path)

    shown = page(client.get("/studies/s/leaks/?decision=held"))

    assert "Page 1 of 2" in shown
    assert "?decision=held&amp;page=2" in shown


def test_the_report_costs_the_same_for_any_number_of_hits(
    study, admin, client, tmp_path, django_assert_max_num_queries
):
    for _ in range(5):
        planted(study, tmp_path)

    with django_assert_max_num_queries(10):
        client.get("/studies/s/leaks/")
