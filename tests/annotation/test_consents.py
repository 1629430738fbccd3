"""Consent texts in versions, and who agreed to which (R-103, R-098)."""

from hashlib import sha256

import pytest
from django.utils import translation

from annotation.errors import ConsentTextChanged
from annotation.models import Consent, ConsentText, Study
from annotation.selectors import consents as found
from annotation.services import consents
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study(state="draft")


@pytest.fixture
def ann(study):
    return build.rater(study)


def write(study, text, *, at=NOW):
    return consents.write_text(study=study, text=text, now=at)


def fresh(rater):
    rater.study.refresh_from_db()
    return rater


def versions():
    return list(ConsentText.objects.order_by("version").values_list("version", "text"))


# Writing


def test_the_first_text_is_version_one_and_the_studys(study):
    written = write(study, "Agree?")

    assert (written.version, written.created_at) == (1, NOW)
    assert Study.objects.get().consent_text == written == study.consent_text


def test_another_text_is_the_next_version(study):
    write(study, "One")
    write(study, "Two")

    assert versions() == [(1, "One"), (2, "Two")]
    assert Study.objects.get().consent_text.version == 2


@pytest.mark.parametrize("again", ["One\ntwo", "One\r\ntwo", "  One\ntwo\n"])
def test_the_same_words_make_no_version_however_a_form_sends_them(study, again):
    write(study, "One\ntwo")
    write(study, again)

    assert versions() == [(1, "One\ntwo")]


def test_another_promise_makes_a_version_of_the_same_words(study):
    write(study, "One")
    Study.objects.update(on_withdrawal="delete")

    assert write(study, "One").version == 2
    assert ConsentText.objects.latest("version").on_withdrawal == "delete"


@pytest.mark.parametrize("nothing", ["", " \n"])
def test_an_empty_text_asks_for_no_consent(study, ann, nothing):
    write(study, "One")

    assert write(study, nothing) is None
    assert Study.objects.get().consent_text is None
    assert found.missing(fresh(ann)) is None


def test_the_latest_text_asked_for_again_keeps_who_agreed_to_it(study, ann):
    write(study, "One")
    build.agree(ann)
    write(study, "")

    write(study, "One")

    assert found.missing(fresh(ann)) is None


def test_the_title_is_filled_in_for_good(study):
    written = write(study, "About {title}")
    Study.objects.update(title="Another")

    assert ConsentText.objects.get().text == written.text == "About A study"


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_texts_saved_by_a_double_click_are_one_version():
    study = build.study()

    def save():
        return write(Study.objects.get(pk=study.pk), "Agree?").version

    assert build.at_once(*[save] * 4) == [1] * 4
    assert versions() == [(1, "Agree?")]


# Agreeing


def test_R103_consent_is_kept_with_its_version_time_and_rater(study, ann):
    written = write(study, "One")

    given = consents.give(rater=ann, text_id=written.pk, now=NOW)

    assert (given.text, given.rater, given.given_at) == (written, ann, NOW)


def test_R103_agreeing_twice_is_agreeing_once(study, ann):
    text_id = write(study, "One").pk

    for at in (NOW, NOW + HOUR):
        consents.give(rater=ann, text_id=text_id, now=at)

    assert Consent.objects.get().given_at == NOW


@pytest.mark.parametrize("newer", ["Two", ""])
def test_R103_agreeing_to_a_text_that_was_changed_is_refused(study, ann, newer):
    old = write(study, "One")
    write(study, newer)

    with pytest.raises(ConsentTextChanged, match="read it again") as refusal:
        consents.give(rater=ann, text_id=old.pk, now=NOW)

    assert (refusal.value.code, refusal.value.http_status) == ("consent_text_changed", 409)
    assert not Consent.objects.exists()


def test_another_studys_text_is_refused(study, ann):
    other = write(build.study(), "One")
    write(study, "One")

    with pytest.raises(ConsentTextChanged):
        consents.give(rater=ann, text_id=other.pk, now=NOW)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_agreeing_by_a_double_click_is_stored_once():
    study = build.study()
    ann = build.rater(study)
    text_id = write(study, "Agree?").pk

    given = build.at_once(*[lambda: consents.give(rater=ann, text_id=text_id, now=NOW)] * 4)

    assert {one.pk for one in given} == {Consent.objects.get().pk}


# Languages


def ready(study, **more):
    return consents.write_text(study=study, text=consents.default_text(), now=NOW, **more)


def test_the_ready_text_comes_in_every_language_of_raters(study, settings):
    written = ready(study)

    assert [written.language, *written.translations] == list(dict(settings.LANGUAGES))
    assert "Teilnahme an „A study“" in written.translations["de"]


def test_the_ready_text_is_one_whichever_language_it_was_given_in(study):
    text = consents.default_text("de")
    written = consents.write_text(study=study, text=text, now=NOW)

    assert (written.language, list(written.translations)) == ("de", ["en"])


def test_an_own_text_is_shown_to_everybody_as_it_is(study, ann):
    consents.write_text(study=study, text="D'accord ? {withdrawal}", language="fr", now=NOW)

    with translation.override("de"):
        shown = found.shown_to(fresh(ann))

    assert (shown.language, "D'accord" in shown.html) == ("fr", True)
    assert "Wenn Sie die Studie verlassen" in shown.html


@pytest.mark.parametrize(
    ("asked", "read"), [("de", "de"), ("de-at", "de"), ("en", "en"), ("en-gb", "en")]
)
def test_a_rater_reads_the_ready_text_in_their_language(study, ann, asked, read):
    ready(study)

    with translation.override(asked):
        shown = found.shown_to(fresh(ann))

    assert shown.language == read
    title = {"de": "Teilnahme an", "en": "Taking part in"}[read]
    promise = {"de": "Wenn Sie die Studie verlassen", "en": "When you leave"}[read]
    assert title in shown.html
    assert promise in shown.html


def test_R103_a_consent_says_which_words_were_agreed_to(study, ann):
    text = ready(study)

    given = consents.give(rater=ann, text_id=text.pk, language="de", now=NOW)

    assert given.language == "de"
    assert given.text_sha256 == sha256(text.translations["de"].encode()).hexdigest()


def test_R103_without_a_language_the_texts_own_words_are_agreed_to(study, ann):
    text = write(study, "One")

    given = consents.give(rater=ann, text_id=text.pk, now=NOW)

    assert (given.language, given.text_sha256) == ("en", sha256(b"One").hexdigest())


def test_R103_words_that_the_version_does_not_have_cannot_be_agreed_to(study, ann):
    text = ready(study)

    with pytest.raises(ConsentTextChanged):
        consents.give(rater=ann, text_id=text.pk, language="fr", now=NOW)

    assert not Consent.objects.exists()


def test_what_was_agreed_to_is_shown_again_in_those_words(study, ann):
    consents.give(rater=ann, text_id=ready(study).pk, language="de", now=NOW)

    assert found.shown_to(fresh(ann)).language == "de"


def test_another_language_is_a_version_of_the_same_words(study):
    write(study, "One")

    assert consents.write_text(study=study, text="One", language="de", now=NOW).version == 2


def test_a_text_from_before_there_were_languages_is_no_reason_to_ask_again(study):
    study.consent_texts.create(version=1, text="One", on_withdrawal="keep", created_at=NOW)

    assert write(study, "One").version == 1


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_ready_text_has_the_same_parts_in_every_language(language):
    text = consents.default_text(language)

    assert (text.count("\n## "), text.count("\n- ")) == (5, 5)
    assert (text.count("{title}"), text.count("{withdrawal}")) == (1, 1)


# What is missing


def test_nothing_is_missing_where_nothing_is_asked(ann):
    assert found.current_for(ann) is None
    assert found.missing(ann) is None
    assert found.shown_to(ann) is None


def test_R103_what_is_missing_is_the_newest_text(study, ann):
    write(study, "One")
    assert found.missing(fresh(ann)).version == 1

    build.agree(ann)
    assert found.missing(fresh(ann)) is None

    newest = write(study, "Two")
    assert found.missing(fresh(ann)) == newest == found.current_for(ann)


def test_what_is_shown_says_whether_it_is_the_first_time(study, ann):
    write(study, "One")
    before = found.shown_to(fresh(ann))
    build.agree(ann)
    write(study, "Two")

    after = found.shown_to(fresh(ann))

    assert (before.first, before.agreed_at) == (True, None)
    assert (after.first, after.version) == (False, 2)


# What is promised


def test_the_promise_is_that_of_the_text_agreed_to_last(study, ann):
    assert found.policy_for(ann) == "keep"
    Study.objects.update(on_withdrawal="delete")
    write(study, "One")
    build.agree(ann)

    Study.objects.update(on_withdrawal="keep")

    assert found.policy_for(fresh(ann)) == "delete"


@pytest.mark.parametrize(("policy", "said"), [("keep", "are kept"), ("delete", "are deleted")])
def test_R106_the_text_says_what_becomes_of_the_judgments(study, ann, policy, said):
    Study.objects.update(on_withdrawal=policy)
    write(study, "Leave when you like. {withdrawal}")

    shown = found.shown_to(fresh(ann))

    assert said in shown.html
    assert "{" not in shown.html
    assert shown.promise == ""


def test_R106_a_text_without_the_place_has_the_promise_below_it(study, ann):
    write(study, "Leave when you like.")

    assert "are kept" in found.shown_to(fresh(ann)).promise


def test_a_text_is_safe_html(study, ann):
    write(study, "**Agree** <script>x</script> [here](http://example.org)")

    shown = found.shown_to(fresh(ann)).html

    assert "<strong>Agree</strong>" in shown
    assert "<script" not in shown
    assert "<a" not in shown


@pytest.mark.parametrize(
    "said",
    [
        "often you paste into a text field",
        "often you leave one",
        "never which keys you press",
        "Dictation, screen readers",
        "wide or narrow",
        "pseudonym",
        "without giving a reason",
        "You may skip any item",
        "Ask whoever invited you",
    ],
)
def test_R098_the_ready_text_announces_what_is_recorded(said):
    assert said in consents.default_text()


def test_the_ready_text_has_its_two_places():
    assert "{title}" in consents.default_text()
    assert "{withdrawal}" in consents.default_text()
