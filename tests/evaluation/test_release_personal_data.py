"""R-104 in releases: raters' words are looked through, masked where nobody decided, and counted."""

import csv
import json

import pyarrow.parquet as pq
import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Judgment, PersonalDecision, Rater, Study, TextAnswer, User
from annotation.selectors import personal_data as found
from annotation.selectors.personal_data import counts_of, findings_of
from annotation.services import withdrawals
from annotation.vocabulary import PersonalKind
from evaluation.exports.verify import verify
from tests import build
from tests.build import NOW
from tests.evaluation import given, told
from tests.evaluation.found_words import KEPT, MAIL, MASKED, NOTES, decide, rita_of, study_of_notes
from tests.evaluation.given import manifest, rows, written
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


@pytest.mark.parametrize(("sent", "becomes"), [({}, "masked"), ({"keep_flagged": True}, "kept")])
def test_R104_the_api_masks_unless_told_otherwise(study, researcher, sent, becomes):
    address = reverse("api-releases", args=["kind"])

    made = researcher.post(address, {"name": "one", **sent}, content_type="application/json")

    assert made.status_code == 201
    entry = researcher.get(address).json()["releases"][0]
    assert entry["personal_data"]["undecided"] == becomes
    assert [one["undecided"] for one in entry["personal_data"]["findings"]] == [2, 1]


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
