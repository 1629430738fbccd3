"""The report of what may tell a reply's author, and replies as raters will see them."""

from http import HTTPStatus

import pytest

from annotation import rendering
from annotation.models import Hit
from annotation.selectors.leaks import preview_of, summary_of
from annotation.services import leaks
from annotation.vocabulary import HitDecision
from tests import build
from tests.annotation.leaking import HELD, planted, report, said
from tests.build import NOW
from tests.pages import page

pytestmark = pytest.mark.django_db


def previews(study, *reply_ids):
    return [preview_of(study, reply_id) for reply_id in reply_ids]


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
