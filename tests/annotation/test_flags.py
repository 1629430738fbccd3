"""What raters point out: flags, and the small form behind them."""

from http import HTTPStatus
from types import SimpleNamespace

import pytest
from django.db import transaction
from django.template.loader import render_to_string
from django.test import Client

from annotation.errors import FlagRefused, SeatNotHeld
from annotation.models import Flag, Rater, Seat, Value
from annotation.selectors.values import seat_values
from annotation.services import flags
from annotation.vocabulary import FlagKind
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db
FORM = "/studies/s/rate/{}/flag/"


@pytest.fixture
def study(tmp_path):
    made = build.study("s")
    build.item(made, tmp_path, n_seats=2)
    return made


@pytest.fixture
def rater(study):
    return build.rater(study)


@pytest.fixture
def seat(rater):
    return build.claim(rater)


@pytest.fixture
def browser(rater, client):
    client.force_login(rater.user)
    return client


def flag(rater, seat, kind=FlagKind.ITEM, *, value=None, note="Broken", key=None, now=NOW):
    value_id = value and Value.objects.get(study=rater.study, name=value).pk
    return flags.flag(
        rater=rater, key=key or seat.key, kind=kind, value_id=value_id, note=note, now=now
    )


def page(response) -> str:
    return response.content.decode()


# Flagging


def test_an_item_is_flagged_with_a_note(rater, seat):
    made = flag(rater, seat, note="  Cut off.\r\nTwice. ")

    stored = Flag.objects.get()
    assert stored == made
    assert (stored.rater, stored.item_id, stored.kind) == (rater, seat.item_id, "item")
    assert (stored.note, stored.flagged_at, stored.value) == ("Cut off.\nTwice.", NOW, None)


@pytest.mark.parametrize("name", ["Honesty", "Kindness"])
def test_either_value_is_flagged_as_unclear(rater, seat, name):
    flag(rater, seat, FlagKind.VALUE, value=name)

    assert Flag.objects.get().value.name == name


def test_a_judged_seat_is_flagged_too(rater, seat):
    key = seat.key
    build.judgment(rater)

    flag(rater, seat, key=key)

    assert Flag.objects.count() == 1


def test_flagging_again_gives_the_open_flag_the_new_note(rater, seat):
    first = flag(rater, seat, note="One")

    again = flag(rater, seat, note="Two", now=NOW + HOUR)

    assert again == first
    assert (Flag.objects.get().note, Flag.objects.get().flagged_at) == ("Two", NOW)


def test_flagging_again_without_a_note_keeps_the_first(rater, seat):
    flag(rater, seat, note="One")

    assert flag(rater, seat, note=" ").note == "One"


def test_item_and_values_are_flagged_apart(rater, seat):
    flag(rater, seat)
    flag(rater, seat, FlagKind.VALUE, value="Honesty")
    flag(rater, seat, FlagKind.VALUE, value="Kindness")

    assert Flag.objects.count() == 3


def test_what_was_resolved_may_be_flagged_anew(rater, seat):
    flag(rater, seat, note="One")
    Flag.objects.update(resolved_at=NOW, resolved_by=build.user())

    flag(rater, seat, note="Two")

    assert list(Flag.objects.order_by("pk").values_list("note", flat=True)) == ["One", "Two"]


def test_a_flag_that_is_resolved_meanwhile_is_raised_anew(rater, seat, monkeypatch):
    flag(rater, seat, note="One")
    noted, boss = flags._noted, build.user()

    def resolved_first(found, words):
        Flag.objects.update(resolved_at=NOW, resolved_by=boss)
        return noted(found, words)

    monkeypatch.setattr(flags, "_noted", resolved_first)
    flag(rater, seat, note="Two")

    assert Flag.objects.get(resolved_at=None).note == "Two"


def test_a_double_click_makes_one_flag(rater, seat, monkeypatch):
    about = {"rater": rater, "item_id": seat.item_id, "kind": FlagKind.ITEM}

    def after_another():
        Flag.objects.get_or_create(**about, defaults={"flagged_at": NOW, "note": "First"})
        return transaction.atomic()

    monkeypatch.setattr(flags, "transaction", SimpleNamespace(atomic=after_another))
    made = flag(rater, seat, note="Second")

    assert (Flag.objects.get(), Flag.objects.get().note) == (made, "Second")


@pytest.mark.parametrize("note", ["a\0b", "\ud800", "x" * 2001])
def test_a_note_that_cannot_be_stored_is_refused(rater, seat, note):
    with pytest.raises(FlagRefused):
        flag(rater, seat, note=note)

    assert not Flag.objects.exists()


def test_the_longest_note_is_stored(rater, seat):
    assert len(flag(rater, seat, note="x" * 2000).note) == 2000


def test_a_value_of_another_item_is_refused(rater, seat):
    Value.objects.create(study=rater.study, name="Zeal")

    with pytest.raises(FlagRefused, match="one of the two values"):
        flag(rater, seat, FlagKind.VALUE, value="Zeal")


def test_an_unclear_value_has_to_be_named(rater, seat):
    with pytest.raises(FlagRefused):
        flag(rater, seat, FlagKind.VALUE)


def test_an_item_and_a_value_are_not_one_flag(rater, seat):
    with pytest.raises(FlagRefused, match="not both"):
        flag(rater, seat, FlagKind.ITEM, value="Honesty")


@pytest.mark.parametrize("key", ["", "no-such-key"])
def test_a_seat_that_is_not_there_is_not_held(rater, key):
    with pytest.raises(SeatNotHeld):
        flags.flag(rater=rater, key=key, kind=FlagKind.ITEM, value_id=None, note="", now=NOW)


def test_a_seat_of_another_rater_is_not_held(study, seat):
    with pytest.raises(SeatNotHeld):
        flag(build.rater(study), seat)


def test_a_seat_that_was_left_half_way_is_not_held_any_more(rater, seat):
    Seat.objects.filter(pk=seat.pk).update(abandoned_at=NOW, hold=None, leased_until=None)

    with pytest.raises(SeatNotHeld):
        flag(rater, seat)


# The form and its answers


def send(browser, seat, *, script=False, **fields):
    headers = {"HX-Request": "true"} if script else {}
    return browser.post(FORM.format(seat.key), fields, headers=headers)


@pytest.mark.parametrize(
    ("fields", "kind", "value"),
    [
        ({"kind": "item"}, "item", None),
        ({"kind": "value", "value": "a"}, "value", "Honesty"),
        ({"kind": "value", "value": "b"}, "value", "Kindness"),
        ({"value": "b"}, "value", "Kindness"),
    ],
)
def test_without_script_a_flag_leads_back_to_the_item(browser, seat, fields, kind, value):
    response = send(browser, seat, note="Hm", **fields)

    stored = Flag.objects.get()
    assert (response.status_code, response["Location"]) == (303, "/studies/s/rate/")
    assert (stored.kind, stored.value and stored.value.name, stored.note) == (kind, value, "Hm")
    assert ["Thank you" in str(one) for one in response.wsgi_request._messages] == [True]


def test_with_script_a_flag_is_answered_with_a_sentence(browser, seat):
    response = send(browser, seat, script=True, kind="item")

    assert response.status_code == HTTPStatus.OK
    assert 'role="status"' in page(response)
    assert "<html" not in page(response)


@pytest.mark.parametrize("script", [False, True])
@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "Choose what"),
        ({"kind": "nonsense"}, "Choose what"),
        ({"kind": "value"}, "one of the two values"),
        ({"kind": "value", "value": "c"}, "one of the two values"),
        ({"kind": "item", "note": "x" * 2001}, "longer than 2,000"),
        ({"kind": "item", "note": "a\0b"}, "cannot be stored"),
    ],
)
def test_a_flag_that_is_refused_says_why(browser, seat, fields, why, script):
    response = send(browser, seat, script=script, **fields)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert why in page(response)
    assert ("<html" in page(response)) is not script
    assert not Flag.objects.exists()


def test_without_script_the_note_stays_in_the_form(browser, seat):
    shown = page(send(browser, seat, note="A <note>"))

    assert "A &lt;note&gt;</textarea>" in shown
    assert "“Honesty” is unclear" in shown
    assert FORM.format(seat.key) in shown


@pytest.mark.parametrize("script", [False, True])
def test_the_seat_of_another_says_so_and_shows_no_values(study, seat, script):
    other, client = build.rater(study), Client()
    client.force_login(other.user)

    response = send(client, seat, script=script, kind="item", note="Mine")

    assert response.status_code == HTTPStatus.CONFLICT
    assert "not yours any more" in page(response)
    assert "Honesty" not in page(response)
    assert ("Mine" in page(response)) is not script


def test_a_page_that_only_asks_is_refused(browser, seat):
    assert browser.get(FORM.format(seat.key)).status_code == HTTPStatus.METHOD_NOT_ALLOWED


def test_the_form_has_three_choices_and_a_note(rater, seat):
    card = seat_values(rater, seat.key)

    shown = render_to_string("annotation/_flag.html", {"card": card, "rater": rater})

    assert '<details class="skip" id="flag">' in shown
    assert shown.count('type="submit"') == 3
    assert 'maxlength="2000"' in shown
    assert f'action="{FORM.format(seat.key)}"' in shown


def test_the_rater_stays_where_they_were(rater, seat):
    flag(rater, seat)

    assert build.claim(rater) == seat
    assert Rater.objects.get(pk=rater.pk).skipped_count == 0
