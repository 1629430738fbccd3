"""R-104: findings of personal data as a researcher decides about them, one by one or by kind."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.errors import FindingsUnknown
from annotation.models import PersonalDecision, Rater
from annotation.selectors import personal_data as found
from annotation.selectors.personal_data import counts_of, findings_of
from annotation.services import personal_data
from annotation.vocabulary import PersonalKind
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.found_words import HELD, KEPT, MAIL, decide, rita_of, study_of_notes
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path, settings):
    return study_of_notes(tmp_path, settings)


@pytest.fixture
def boss():
    return build.user("boss")


@pytest.fixture
def researcher(study, client):
    return rita_of(study, client)


LIST = "evaluation:personal_data"


def test_R104_before_a_release_is_made_the_page_says_what_was_found(researcher):
    shown = page(researcher.get(reverse("evaluation:releases", args=["kind"])))

    assert "E-mail address: 2 in 2 texts, 2 undecided" in shown
    assert "Telephone number: 1 in 1 text, 1 undecided" in shown
    assert reverse(LIST, args=["kind"]) in shown


def test_R104_each_finding_is_listed_with_its_rater_question_and_words(study, researcher):
    shown = page(researcher.get(reverse(LIST, args=["kind"])))

    assert shown.count(f"<mark>{MAIL}</mark>") == 2
    assert "Ask me at <mark>" in shown
    assert "question <bdi>note</bdi>" in shown
    names = found.pseudonyms(
        study.pk, purpose="pages", subjects=list(Rater.objects.values_list("pk", flat=True))
    )
    ann = Rater.objects.get(external_id="ann")
    assert f"rater {names[ann.pk]}" in shown
    assert "external" not in shown


def test_the_list_shows_one_kind_when_asked(researcher):
    shown = page(researcher.get(reverse(LIST, args=["kind"]), {"kind": "phone"}))

    assert "<mark>555-281-0147</mark>" in shown
    assert MAIL + "</mark>" not in shown


def values_of(client, kind):
    """What the forms of the findings of a kind send."""
    rows = client.get(reverse(LIST, args=["kind"]), {"kind": kind}).context["rows"]
    return [row.sent for row in rows]


def test_R104_one_finding_is_kept_and_the_others_wait(study, researcher):
    (first, _) = values_of(researcher, "e-mail")

    answer = researcher.post(
        reverse(LIST, args=["kind"]), {"finding": [first], "decision": "kept"}, follow=True
    )

    assert "1 finding decided." in page(answer)
    assert sorted(findings_of(study.pk).values()) == [HELD, HELD, KEPT]
    row = PersonalDecision.objects.get()
    assert (row.decided_by.username, row.decision, row.kind) == ("rita", "kept", "e-mail")


def test_R104_all_of_a_kind_are_decided_at_once(study, researcher):
    researcher.post(reverse(LIST, args=["kind"]), {"decision": "masked e-mail"})

    counts = {str(one.kind): one for one in counts_of(findings_of(study.pk))}
    assert (counts["e-mail"].masked, counts["e-mail"].undecided) == (2, 0)
    assert counts["phone"].undecided == 1


def test_R104_a_decision_can_be_taken_back_and_the_first_stays_on_record(study, researcher):
    address = reverse(LIST, args=["kind"])
    researcher.post(address, {"decision": "kept phone"})
    (value,) = values_of(researcher, "phone")

    researcher.post(address, {"finding": [value], "decision": "masked"})

    assert counts_of(findings_of(study.pk))[1].masked == 1
    made = PersonalDecision.objects.order_by("pk").values_list("decision", flat=True)
    assert list(made) == ["kept", "masked"]


def test_what_somebody_else_decided_meanwhile_stays(study, researcher, boss):
    (value,) = values_of(researcher, "phone")
    decide(study, KEPT, PersonalKind.PHONE, by=boss)

    answer = researcher.post(
        reverse(LIST, args=["kind"]), {"finding": [value], "decision": "masked"}, follow=True
    )

    assert "somebody did so a moment ago" in page(answer)
    assert PersonalDecision.objects.get().decision == "kept"


def test_deciding_goes_back_to_the_kind_that_was_shown(researcher):
    answer = researcher.post(
        reverse(LIST, args=["kind"]) + "?kind=phone", {"decision": "kept phone"}
    )

    assert answer["Location"].endswith("?kind=phone")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"decision": "held"}, "Press Mask or Keep."),
        ({"decision": "kept"}, "Choose at least one finding first."),
        ({"decision": "kept", "finding": ["1 2"]}, "not all of this study"),
        ({"decision": "kept", "finding": ["1 1 0 0 9 phone x"]}, "not all of this study"),
        ({"decision": "kept", "finding": ["1 1 0 0 -9 phone held"]}, "not all of this study"),
        ({"decision": "kept", "finding": ["1 1 0 0 9 phone held"]}, "not all of this study"),
        ({"decision": "kept nonsense"}, "not all of this study"),
    ],
)
def test_a_decision_about_what_is_no_finding_changes_nothing(researcher, sent, sentence):
    answer = researcher.post(reverse(LIST, args=["kind"]), sent)

    assert answer.status_code == 422
    assert sentence in page(answer)
    assert not PersonalDecision.objects.exists()


def test_a_finding_of_another_study_is_not_decided(study, tmp_path, boss):
    other = build.study("other", rubric=given.TURNS)
    given.replies(other, tmp_path, "b")
    given.judgments(
        other, tmp_path, [("b", "dan", "misled", "no"), ("b", "dan", "note", f"At {MAIL}")]
    )
    (finding,) = findings_of(other.pk)

    with pytest.raises(FindingsUnknown):
        personal_data.decide(
            study_id=study.pk, seen={finding: HELD}, decision=KEPT, by_id=boss.pk, now=NOW
        )


def test_waiting_is_no_decision(study, boss):
    with pytest.raises(ValueError, match="no decision"):
        decide(study, HELD, PersonalKind.PHONE, by=boss)


def test_texts_that_came_since_are_found_at_the_next_look(study, tmp_path):
    assert len(findings_of(study.pk)) == 3
    given.judgments(
        study, tmp_path, [("a", "dan", "misled", "no"), ("a", "dan", "note", "I'm +44 7700 900123")]
    )

    assert len(findings_of(study.pk)) == 4


def test_nothing_is_looked_through_twice(study, django_assert_max_num_queries):
    first = findings_of(study.pk)

    with django_assert_max_num_queries(10) as asked:
        assert findings_of(study.pk) == first

    assert not [one for one in asked if '"annotation_textanswer"."text"' in one["sql"]]


def test_texts_that_came_since_are_looked_through_with_those_beside_them_alone(
    study, tmp_path, monkeypatch
):
    monkeypatch.setattr(found, "TEXTS_A_LOT", 1)
    assert len(findings_of(study.pk)) == 3
    given.judgments(
        study, tmp_path, [("a", "dan", "misled", "no"), ("a", "dan", "note", "I'm +44 7700 900123")]
    )

    with CaptureQueriesContext(connection) as asked:
        assert len(findings_of(study.pk)) == 4

    looked = [one for one in asked if '"annotation_textanswer"."text"' in one["sql"]]
    assert len(looked) == 1
