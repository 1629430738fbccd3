"""R-104 in releases: raters' words are looked through, masked where nobody decided, and counted."""

import csv
import json

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.errors import FindingsUnknown
from annotation.models import Judgment, PersonalDecision, Rater, Study, TextAnswer, User
from annotation.selectors import personal_data as found
from annotation.selectors.personal_data import counts_of, findings_of
from annotation.services import personal_data, withdrawals
from annotation.vocabulary import HitDecision, PersonalKind, Role
from evaluation.exports.verify import verify
from tests import build
from tests.build import NOW
from tests.evaluation import given, told
from tests.evaluation.given import manifest, rows, written

pytestmark = pytest.mark.django_db
MAIL = "ruth.kessler@quarrymail.co.uk"
NOTES = {
    "ann": f"Ask me at {MAIL}, or 555-281-0147.",
    "bob": "It uses @property in version 4.10.22.15, of 2024.",
    "cem": f"Same as {MAIL} says.",
}
MASKED, KEPT, HELD = HitDecision.MASKED, HitDecision.KEPT, HitDecision.HELD


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    made = build.study("kind", rubric=given.TURNS)
    given.replies(made, tmp_path, "a")
    lines = [("a", rater, "misled", "no") for rater in NOTES]
    lines += [("a", rater, "note", note) for rater, note in NOTES.items()]
    given.judgments(made, tmp_path, lines)
    return made


@pytest.fixture
def boss():
    return build.user("boss")


def decide(study, decision, *kinds, by):
    """Decide about every finding of these kinds that waits."""
    return [
        personal_data.decide_kind(
            study_id=study.pk, kind=kind, decision=decision, by_id=by.pk, now=NOW
        )
        for kind in kinds
    ]


def notes(out):
    return sorted(row["answer"] for row in rows(out, "judgments") if row["question"] == "note")


def counted(out):
    return {
        one["kind"]: (one["masked"], one["kept"], one["undecided"])
        for one in manifest(out)["personal_data"]["findings"]
    }


# What leaves


def test_R104_what_nobody_decided_about_is_masked_in_every_form(study, tmp_path):
    out = written(study, tmp_path)

    assert notes(out) == [
        "Ask me at [redacted: e-mail], or [redacted: phone].",
        "It uses @property in version 4.10.22.15, of 2024.",
        "Same as [redacted: e-mail] says.",
    ]
    with (out / "judgments.csv").open(newline="") as file:
        sheet = sorted(row["answer"] for row in csv.DictReader(file) if row["question"] == "note")
    table = pq.read_table(out / "judgments.parquet").to_pylist()
    assert sheet == sorted(row["answer"] for row in table if row["question"] == "note")
    assert sheet == notes(out)


def test_R104_no_file_of_the_release_holds_what_was_masked(study, tmp_path):
    out = written(study, tmp_path)

    for path in out.iterdir():
        assert MAIL not in given.words_of(path), path.name
        assert "281-0147" not in given.words_of(path), path.name


def test_R104_what_is_kept_leaves_and_what_is_masked_does_not(study, tmp_path, boss):
    decide(study, KEPT, PersonalKind.EMAIL, by=boss)
    decide(study, MASKED, PersonalKind.PHONE, by=boss)

    out = written(study, tmp_path)

    assert notes(out)[0] == f"Ask me at {MAIL}, or [redacted: phone]."
    assert counted(out) == {"e-mail": (0, 2, 0), "phone": (1, 0, 0)}


def test_R104_the_manifest_and_the_card_count_what_was_found(study, tmp_path, boss):
    decide(study, KEPT, PersonalKind.PHONE, by=boss)

    out = written(study, tmp_path)

    about = manifest(out)["personal_data"]
    assert (about["texts"], about["texts_with_findings"], about["undecided"]) == (3, 2, "masked")
    assert counted(out) == {"e-mail": (0, 0, 2), "phone": (0, 1, 0)}
    card = (out / "README.md").read_text()
    assert "e-mail: 2 (2 undecided); phone: 1 (1 kept)" in card
    assert "Where nobody decided, a mark `[redacted: kind]` stands." in card


def test_R104_a_study_without_findings_says_that_it_was_looked_through(tmp_path):
    out = written(given.rich(tmp_path), tmp_path)

    assert manifest(out)["personal_data"]["texts"] == 2
    assert "2 texts that raters wrote were looked through" in (out / "README.md").read_text()
    assert "nothing was found" in (out / "README.md").read_text()


def test_R104_texts_of_earlier_revisions_are_masked_too(tmp_path):
    seat = told.everything(tmp_path)
    judged = Judgment.objects.filter(current=True, rater__judgments__revision=2).first()
    told.revise(judged.rater, judged.seat, 0, note=[f"Write to {MAIL}"])
    told.revise(judged.rater, judged.seat, 0, note=["On second thoughts no"])

    out = written(seat.study, tmp_path)

    texts = [row["answer"] for row in rows(out, "revisions") if row["what"] == "text"]
    assert "Write to [redacted: e-mail]" in texts
    assert counted(out) == {"e-mail": (0, 0, 1)}


def test_R104_what_a_release_meets_is_what_the_page_counts(tmp_path):
    seat = told.everything(tmp_path)
    judged = Judgment.objects.filter(current=True, rater__judgments__revision=2).first()
    told.revise(judged.rater, judged.seat, 0, note=[f"Write to {MAIL}"])
    told.revise(judged.rater, judged.seat, 0, note=["or 555-281-0147"])

    out = written(seat.study, tmp_path)

    listed = {str(one.kind): one.undecided for one in counts_of(findings_of(seat.study.pk))}
    assert listed == {kind: undecided for kind, (_, _, undecided) in counted(out).items()}
    assert listed == {"e-mail": 1, "phone": 1}


def test_R104_the_same_decisions_give_the_same_bytes(study, tmp_path, boss):
    decide(study, KEPT, PersonalKind.PHONE, by=boss)

    one, two = written(study, tmp_path, folder="one"), written(study, tmp_path, folder="two")

    assert {p.name: p.read_bytes() for p in one.iterdir()} == {
        p.name: p.read_bytes() for p in two.iterdir()
    }
    assert verify(one).differences == ()


def test_R104_the_study_keeps_what_raters_wrote(study, tmp_path):
    written(study, tmp_path)

    assert set(TextAnswer.objects.values_list("text", flat=True)) == set(NOTES.values())


def test_a_release_asks_for_decisions_only_where_something_was_found(
    tmp_path, django_assert_num_queries
):
    redaction = found.Redaction()
    place = found.TextPlace(1, 1, 0)

    with django_assert_num_queries(0):
        assert redaction.masked([place], ["Clear."]) == ["Clear."]
    with django_assert_num_queries(1):
        redaction.masked([place, place._replace(turn=1)], [MAIL, f"again {MAIL}"])


# How a release is asked for


def test_R104_the_command_says_how_many_were_found(study, tmp_path, capsys):
    call_command("release", "kind", "--out", str(tmp_path / "out"))

    printed = capsys.readouterr().out
    assert "3 texts that raters wrote were looked through" in printed
    assert "e-mail: 2 (2 undecided); phone: 1 (1 undecided)" in printed


def test_R104_only_when_told_does_the_command_keep_what_nobody_decided_about(
    study, tmp_path, capsys, boss
):
    decide(study, MASKED, PersonalKind.PHONE, by=boss)

    call_command("release", "kind", "--out", str(tmp_path / "out"), "--keep-flagged")

    assert notes(tmp_path / "out")[0] == f"Ask me at {MAIL}, or [redacted: phone]."
    assert manifest(tmp_path / "out")["personal_data"]["undecided"] == "kept"
    assert "Where nobody decided, they stay." in capsys.readouterr().out


@pytest.fixture
def researcher(study, client):
    account = build.member(study, Role.RESEARCHER, name="rita")
    client.force_login(account)
    return client


@pytest.mark.parametrize(("sent", "becomes"), [({}, "masked"), ({"keep_flagged": True}, "kept")])
def test_R104_the_api_masks_unless_told_otherwise(study, researcher, sent, becomes):
    address = reverse("api-releases", args=["kind"])

    made = researcher.post(address, {"name": "one", **sent}, content_type="application/json")

    assert made.status_code == 201
    entry = researcher.get(address).json()["releases"][0]
    assert entry["personal_data"]["undecided"] == becomes
    assert [one["undecided"] for one in entry["personal_data"]["findings"]] == [2, 1]


# Deciding


def page(response):
    return response.content.decode()


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


# Who left


@pytest.mark.parametrize("policy", ["keep", "delete"])
def test_R106_what_a_rater_who_left_wrote_is_no_finding(study, boss, policy):
    decide(study, KEPT, PersonalKind.EMAIL, PersonalKind.PHONE, by=boss)
    Study.objects.filter(pk=study.pk).update(on_withdrawal=policy)

    withdrawals.withdraw(
        rater=Rater.objects.select_related("study").get(external_id="ann"), now=NOW
    )

    assert [finding.found.kind for finding in findings_of(study.pk)] == [PersonalKind.EMAIL]
    left = PersonalDecision.objects.filter(judgment__rater__withdrew_at__isnull=False)
    assert left.count() == (2 if policy == "keep" else 0)
    assert User.objects.filter(pk=boss.pk).exists()


def test_a_release_of_before_says_nothing_of_personal_data(study, researcher):
    release = build.release(study)
    address = reverse("evaluation:release", args=["kind", release.key])
    assert "texts that raters wrote were looked through" in page(researcher.get(address))
    del release.manifest["personal_data"]
    release.save(update_fields=["manifest"])

    assert "texts that raters wrote were looked through" not in page(researcher.get(address))
    listed = json.loads(page(researcher.get(reverse("api-releases", args=["kind"]))))
    assert listed["releases"][0]["personal_data"] is None
