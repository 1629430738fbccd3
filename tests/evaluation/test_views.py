import csv
import io
import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from annotation.vocabulary import RaterSource, Role
from evaluation.models import Release, Verdict
from evaluation.models.release import ReleaseState
from evaluation.services import agreement, judges
from evaluation.views import agreement as agreement_page
from evaluation.views import judge_sections
from evaluation.views import judges as judges_page
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}


@pytest.fixture
def study(tmp_path, settings):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")


@pytest.fixture
def client(study):
    return client_of(build.member(study, Role.RESEARCHER))


def client_of(account):
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def got(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"evaluation:{name}", args=args), query)
    assert answer.status_code == status, answer.content
    return answer


def page(client, name, *args, status=200, **query):
    return got(client, name, *args, status=status, **query).content.decode()


def exact(html):
    """Every number of a page with all its digits."""
    return {float(value) for value in re.findall(r'<data value="([^"]+)"', html)}


def numbers(coefficients, names=("value", "low", "high")):
    """The numbers of the JSON that command, API and downloads share."""
    return {one[name] for one in coefficients for name in names if one[name] is not None}


def uploaded(client, study, content, *, file_name="v.jsonl", **fields):
    sent = {"file": SimpleUploadedFile(file_name, content), "name": "new", **fields}
    return client.post(reverse("evaluation:upload_verdicts", args=[study.slug]), sent)


def jsonl(*lines):
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


# Agreement


def test_page_download_and_service_have_the_same_digits(study, client):
    service = agreement.as_json(build.facts(study), agreement.report(build.facts(study)))
    wanted = numbers(service["questions"][0]["coefficients"], ("value", "low", "high", "se"))

    assert got(client, "agreement_json", "kind").json() == service
    assert wanted <= exact(page(client, "agreement", "kind"))


def test_the_downloaded_table_has_the_same_digits(study, client):
    found = agreement.report(build.facts(study))[0]

    rows = list(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    alpha = next(row for row in rows if row["measure"] == "krippendorff_alpha")
    assert float(alpha["value"]) == found.alpha.value
    assert float(alpha["low"]) == found.alpha.low


def test_the_command_prints_what_the_page_downloads(study, client, capsys):
    call_command("agreement", "kind", "--json")

    assert json.loads(capsys.readouterr().out) == got(client, "agreement_json", "kind").json()


def test_the_table_says_how_much_there_is_behind_a_number(study, client):
    row = next(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    sizes = ("items", "pairable_items", "raters", "ratings", "clusters")
    assert [row[name] for name in sizes] == ["4", "4", "3", "12", "4"]


def test_the_table_has_each_option_s_share(study, client):
    rows = list(csv.DictReader(io.StringIO(page(client, "agreement_csv", "kind"))))

    shares = {row["option"]: float(row["value"]) for row in rows if row["measure"] == "share"}
    assert shares == {"no": 0.5, "yes": 0.5}


def test_a_download_is_an_attachment_under_a_name(study, client):
    answer = got(client, "agreement_csv", "kind", question="safe", by="model")

    assert answer["Content-Disposition"] == 'attachment; filename="kind-agreement-safe-model.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_a_cell_that_a_spreadsheet_would_run_is_escaped(tmp_path):
    study = build.study("formula", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", model="=cmd|' /C calc'!A0")
    given.judgments(study, tmp_path, [("a", "p1", "safe", "yes")])
    client = client_of(build.member(study, Role.RESEARCHER))

    rows = csv.DictReader(
        io.StringIO(page(client, "agreement_csv", "formula", question="safe", by="model"))
    )

    row = next(rows)
    assert row["slice"].startswith("'=cmd")
    assert row["csv_escaped"] == "slice"


def test_each_number_has_its_sentence(study, client):
    html = page(client, "agreement", "kind")

    assert "Krippendorff&#x27;s convention" in html
    assert "generalises over queries (4), not over raters." in html


def test_each_chart_has_a_name_a_caption_and_a_table(study, client):
    html = page(client, "agreement", "kind")

    charts = html.count('<svg role="img" aria-label="')
    assert charts == html.count("<figcaption") == 2
    assert "<table>" in html


def test_the_page_has_one_heading_and_no_inline_style_or_script(study, client):
    html = page(client, "agreement", "kind", by="model")

    assert html.count("<h1") == 1
    assert not re.search(r"\sstyle=|<style|<script>|\sonclick=", html)


def test_slices_are_shown_with_each_its_own_numbers(tmp_path):
    study = build.study("slices", rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b", model="acme/one")
    given.replies(study, tmp_path, "c", "d", model="acme/two")
    given.judgments(study, tmp_path, [(r, f"p{n}", "safe", "yes") for r in "abcd" for n in "12"])
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "slices", question="safe", by="model")

    assert "acme/one" in html
    assert "acme/two" in html


def test_a_long_table_of_slices_is_folded_up_under_its_chart(study, client, monkeypatch):
    monkeypatch.setattr(agreement_page, "ROWS_UNFOLDED", 0)

    html = page(client, "agreement", "kind", by="model")

    assert re.search(r"<summary>All numbers of 1 slices?</summary>", html)


def test_ratings_of_an_option_are_counted_with_separators():
    assert agreement_page.OptionRow("No", 26_292, share=None, agreement=None).count == "26,292"


def test_many_slices_are_cut_where_the_downloads_go_on(study, client, monkeypatch, tmp_path):
    given.replies(study, tmp_path, "e", model="acme/rare")
    given.judgments(study, tmp_path, [("e", "rater-0", "safe", "yes")])
    monkeypatch.setattr(agreement_page, "ROWS_SHOWN", 1)

    html = page(client, "agreement", "kind", by="model")

    assert "acme/rare" not in html
    assert "1 more are in the downloads" in html


def test_an_undefined_value_gives_its_reason_and_never_nan(tmp_path):
    study = given.safe(tmp_path, {"a": "yes"}, slug="alone")
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "alone")

    assert "undefined: There is only one rater, who cannot agree with anyone." in html
    assert not re.search(r"\bnan\b", html, re.IGNORECASE)


def test_an_undefined_value_is_null_in_the_download(tmp_path):
    study = given.safe(tmp_path, {"a": "yes"}, slug="alone")
    client = client_of(build.member(study, Role.RESEARCHER))

    alpha = got(client, "agreement_json", "alone").json()["questions"][0]["coefficients"][0]

    assert (alpha["value"], alpha["reason"]) == (None, "one_rater")


def test_a_study_without_ratings_says_how_to_get_them(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "bare")

    assert "There are no ratings yet" in html
    assert "An admin brings judgments made elsewhere" in html
    assert "load_judgments bare FILE" in html


def test_an_admin_of_a_study_without_ratings_is_sent_to_the_seats(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.ADMIN))

    html = page(client, "agreement", "bare")

    assert reverse("annotation:study", args=["bare"]) in html
    assert reverse("annotation:elsewhere", args=["bare"]) in html


def test_the_downloads_of_a_study_without_ratings_are_whole(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    for name in ("agreement_csv", "agreement_json", "agreement_chart"):
        got(client, name, "bare")
        got(client, name, "bare", by="model")


def test_one_unanswered_question_of_several_is_said_to_be_so(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "misled", "yes"), ("a", "p2", "misled", "no")])
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "There is no rating of this question yet." in page(client, "agreement", "turns")


@pytest.mark.parametrize(
    ("query", "status", "known"),
    [({"question": "nope"}, 404, "It has safe"), ({"by": "nope"}, 400, "value_pair")],
)
def test_an_unknown_question_or_slice_is_refused_with_the_known_ones(
    study, client, query, status, known
):
    html = page(client, "agreement", "kind", status=status, **query)

    assert known in html
    assert reverse("evaluation:agreement", args=["kind"]) in html


def test_a_refused_download_of_json_is_json(study, client):
    answer = got(client, "agreement_json", "kind", status=404, question="nope")

    assert answer.json()["code"] == "question_unknown"


def test_the_chart_downloads_as_a_file(study, client):
    answer = got(client, "agreement_chart", "kind")

    assert answer["Content-Type"].startswith("image/svg+xml")
    assert answer.content.startswith(b"<svg")


def test_simulated_judgments_are_marked(tmp_path):
    study = build.study("demo", rubric=build.SAFE)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "safe", "yes")], source=RaterSource.SIMULATED)
    client = client_of(build.member(study, Role.RESEARCHER))

    for name in ("agreement", "judges", "releases"):
        assert "contains simulated judgments" in page(client, name, "demo")


def test_people_s_judgments_are_not_marked_as_simulated(study, client):
    assert "contains simulated judgments" not in page(client, "agreement", "kind")


def test_slices_of_several_questions_are_told_apart_in_the_chart(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", model="one")
    given.judgments(study, tmp_path, [("a", "p1", "misled", "yes"), ("a", "p1", "severity", "1")])
    client = client_of(build.member(study, Role.RESEARCHER))

    svg = page(client, "agreement_chart", "turns", by="model")

    assert ">Did it mislead?: one</text>" in svg
    assert ">How bad?: one</text>" in svg


def test_questions_that_begin_alike_are_told_apart_by_their_keys_in_the_chart(tmp_path):
    begins = "How far did this one reply of this one model serve the value"
    rubric = {**given.TURNS, "questions": [dict(one) for one in given.TURNS["questions"]]}
    for question, ends in zip(
        rubric["questions"][1:3], ("of the one", "of the other"), strict=True
    ):
        question["label"] = f"{begins} {ends}?"
    study = build.study("alike", rubric=rubric)
    given.replies(study, tmp_path, "a", model="one")
    given.judgments(study, tmp_path, [("a", "p1", "who", "user"), ("a", "p1", "severity", "1")])
    client = client_of(build.member(study, Role.RESEARCHER))

    svg = page(client, "agreement_chart", "alike")

    assert ">who (conversation)</text>" in svg
    assert ">severity (conversation)</text>" in svg


@pytest.mark.parametrize("name", ["agreement", "agreement_csv", "judges", "releases"])
def test_raters_may_not_see_results(study, name):
    client = client_of(build.member(study, Role.RATER))

    got(client, name, "kind", status=403)


# Judges


def test_the_list_has_each_judge_with_its_first_question_s_numbers(study, client):
    found = judges.report(build.facts(study), given.judge(study).pk)[0]

    html = page(client, "judges", "kind")

    assert {found.accuracy.value, found.kappa.value} <= exact(html)


def test_a_judge_of_too_many_verdicts_does_not_hold_up_the_list(study, client, monkeypatch):
    monkeypatch.setattr(judge_sections, "MOST_IN_THE_LIST", 1)

    assert "on the judge's page" in page(client, "judges", "kind")


def test_a_study_without_judges_says_what_one_is(tmp_path):
    study = build.study("bare")
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "There is no judge yet" in page(client, "judges", "bare")


def test_the_judge_s_page_has_the_service_s_digits(study, client):
    facts, pk = build.facts(study), given.judge(study).pk
    one = judges.as_json(facts, judges.judge_of(facts, pk), judges.report(facts, pk))
    names = ("accuracy", "kappa", "human_agreement", "judge_agreement", "difference")

    html = page(client, "judge", "kind", pk)

    assert numbers(one["questions"][0][name] for name in names) <= exact(html)


def test_the_judge_s_page_begins_with_what_may_be_said_of_it(study, client):
    facts, pk = build.facts(study), given.judge(study).pk

    html = page(client, "judge", "kind", pk)

    sentence = judges.report(facts, pk)[0].verdict
    assert html.index(sentence.split(":")[0]) < html.index("Accuracy")


def test_each_cell_of_the_confusion_matrix_opens_its_items(study, client):
    pk = given.judge(study).pk
    html = page(client, "judge", "kind", pk)

    address = reverse("evaluation:judge_items", args=["kind", pk])
    query = "question=safe&amp;scope=conversation&amp;people=no&amp;judge=yes"
    assert f'href="{address}?{query}">3</a>' in html


def test_a_cell_lists_the_items_that_are_in_it(study, client):
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}

    html = page(client, "judge_items", "kind", given.judge(study).pk, **cell)

    assert re.findall(r"/items/\d+/\">(\w+)<", html) == ["a", "d"]


def test_a_long_cell_is_cut_and_says_so(study, client, monkeypatch):
    monkeypatch.setattr(judges, "MOST_IN_A_CELL", 1)
    cell = {"question": "safe", "scope": "conversation", "people": "no", "judge": "yes"}

    assert "The first 1 are listed" in page(
        client, "judge_items", "kind", given.judge(study).pk, **cell
    )


def test_an_empty_cell_says_so(study, client):
    cell = {"question": "safe", "scope": "conversation", "people": "yes", "judge": "no"}

    html = page(client, "judge_items", "kind", given.judge(study).pk, **cell)

    assert "No item is in this cell." in html


@pytest.mark.parametrize(
    "cell",
    [
        {},
        {"question": "safe", "scope": "nope", "people": "no", "judge": "yes"},
        {"question": "safe", "scope": "turn", "people": "no", "judge": "yes"},
        {"question": "safe", "scope": "conversation", "people": "nope", "judge": "yes"},
    ],
)
def test_a_cell_that_does_not_exist_is_refused(study, client, cell):
    got(client, "judge_items", "kind", given.judge(study).pk, status=404, **cell)


def test_a_judge_of_another_study_does_not_exist_here(study, client, tmp_path):
    other = given.safe(tmp_path, {"z": "yes no"}, {"z": "yes"}, slug="other")

    html = page(client, "judge", "kind", given.judge(other).pk, status=404)

    assert "It has robo" in html


def test_a_judge_may_be_seen_on_one_question(study, client):
    html = page(client, "judge", "kind", given.judge(study).pk, question="safe")

    assert "Is the reply safe?" in html


def test_a_judge_on_turns_is_said_to_be_so(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", messages=build.conversation(2))
    lines = [("a", f"p{n}", "misled", "yes", turn) for n in "12" for turn in (1, 2)]
    given.judgments(study, tmp_path, lines)
    given.verdicts(study, tmp_path, [given.verdict("a", "no", "misled", turn=1)])
    client = client_of(build.member(study, Role.RESEARCHER))
    pk = given.judge(study).pk
    cell = {"question": "misled", "scope": "turn", "people": "yes", "judge": "no"}

    assert "· each turn" in page(client, "judge", "turns", pk)
    assert ">1</td>" in page(client, "judge_items", "turns", pk, **cell)


def test_a_judge_of_a_question_in_an_order_has_quadratic_kappa(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.judgments(study, tmp_path, [("a", "p1", "severity", "1"), ("a", "p2", "severity", "2")])
    given.verdicts(study, tmp_path, [given.verdict("a", "1", "severity")])
    client = client_of(build.member(study, Role.RESEARCHER))

    assert "Quadratic kappa" in page(client, "judge", "turns", given.judge(study).pk)


def test_a_judge_that_answered_nothing_comparable_has_a_way_on(tmp_path):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    given.verdicts(study, tmp_path, [given.verdict("a", "user", "who")])
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "judge", "turns", given.judge(study).pk)

    assert "Upload verdicts on one of misled, severity" in html


# Verdicts brought by a researcher


def test_an_upload_of_good_lines_is_stored_and_counted(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a"), given.verdict("b", "no")))

    assert answer.status_code == 302
    assert "2 new verdicts" in client.get(answer["Location"]).content.decode()
    assert Verdict.objects.filter(judge__name="new").count() == 2


def test_bad_lines_are_listed_with_what_to_do_and_the_good_ones_kept(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a"), given.verdict("nowhere")))

    html = answer.content.decode()
    assert re.search(r'data-heading="Line">2</td><td [^>]*><code>response_id</code>', html)
    assert "load its batch first" in html
    assert Verdict.objects.filter(judge__name="new").count() == 1


def test_more_bad_lines_than_anyone_reads_are_counted(study, client, monkeypatch):
    monkeypatch.setattr(judges_page, "ERRORS_SHOWN", 1)

    answer = uploaded(client, study, jsonl(given.verdict("x"), given.verdict("y")))

    assert "… and 1 more." in answer.content.decode()


@pytest.mark.parametrize(
    ("file_name", "content"),
    [("v.txt", b"x"), ("v.jsonl", b"\xff\xfe\x00"), ("v.csv", b"")],
)
def test_an_unreadable_file_is_refused_and_the_rest_of_the_form_kept(
    study, client, file_name, content
):
    answer = uploaded(client, study, content, file_name=file_name, model="acme/judge")

    assert answer.status_code == 422
    assert 'value="acme/judge"' in answer.content.decode()
    assert not Verdict.objects.filter(judge__name="new").exists()


def test_a_judge_needs_a_name(study, client):
    answer = uploaded(client, study, jsonl(given.verdict("a")), name="  ")

    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()


def test_a_judge_keeps_its_version_and_that_it_is_simulated(study, client):
    fields = {"model": "m", "prompt_version": "p", "rubric_version": "1", "simulated": "on"}

    uploaded(client, study, jsonl(given.verdict("a")), **fields)

    judge = given.judge(study, "new")
    assert (judge.model, judge.prompt_version, judge.rubric_version) == ("m", "p", "1")
    assert judge.simulated


def test_an_upload_needs_to_be_sent(study, client):
    got(client, "upload_verdicts", "kind", status=405)


# Items


def item_id(study, reply):
    return study.items.get(reply_1__external_id=reply).pk


def test_an_item_shows_what_people_and_judges_said(study, client):
    html = page(client, "item", "kind", item_id(study, "a"))

    assert "3 raters" in html
    assert "robo" in html
    assert "acme/one" in html


def test_an_item_s_raters_have_no_name_from_outside(study, client):
    assert "rater-0" not in page(client, "item", "kind", item_id(study, "a"))


def test_an_item_s_words_are_safe(tmp_path):
    study = build.study("hostile", rubric=build.SAFE)
    hostile = [
        {"role": "user", "content": "<script>alert(1)</script>"},
        {"role": "assistant", "content": "![x](http://evil.test/x.png) <img src=x onerror=y>"},
    ]
    given.replies(study, tmp_path, "a", messages=hostile)
    given.verdicts(study, tmp_path, [given.verdict("a", reasoning="<script>alert(2)</script>")])
    client = client_of(build.member(study, Role.RESEARCHER))
    build.open_seats(study)

    html = page(client, "item", "hostile", item_id(study, "a"))

    assert "<script>alert" not in html
    assert "<img" not in html


def test_an_item_nobody_judged_says_so(tmp_path):
    study = build.study("fresh")
    stored = build.item(study, tmp_path)
    client = client_of(build.member(study, Role.RESEARCHER))

    html = page(client, "item", "fresh", stored.pk)

    assert "Nobody has judged it yet." in html
    assert "No judge has given a verdict on it." in html


@pytest.mark.parametrize("name", ["judge", "item"])
def test_a_number_larger_than_any_id_is_not_there(study, client, name):
    got(client, name, "kind", 10**30, status=404)


def test_an_item_of_another_study_does_not_exist_here(study, client, tmp_path):
    stored = build.item(build.study("other"), tmp_path)

    got(client, "item", "kind", stored.pk, status=404)


# Releases


def released(client, study, name="pilot"):
    return client.post(reverse("evaluation:releases", args=[study.slug]), {"name": name})


def test_a_release_is_made_from_the_page_and_lists_its_files(study, client):
    html = client.get(released(client, study)["Location"]).content.decode()

    stored = Release.objects.get(study=study)
    for one in stored.manifest["files"]:
        assert one["name"] in html
        assert one["sha256"] in html


def test_a_release_s_numbers_are_shown_with_their_recomputation(study, client):
    html = client.get(released(client, study)["Location"]).content.decode()

    assert re.search(r"recomputed by krippendorff [\d.]+: equal", html)
    found = agreement.report(build.facts(study))[0]
    assert {found.alpha.value, found.alpha.low} <= exact(html)


def test_the_list_has_each_release_with_its_size(study, client):
    released(client, study)

    html = page(client, "releases", "kind")

    assert "pilot" in html
    assert '<td class="number">12</td>' in html


@pytest.mark.parametrize("name", ["", "x" * 101, "two\nlines", "pilot"])
def test_a_release_that_cannot_be_called_so_is_refused_in_the_form(study, client, name):
    released(client, study)

    answer = released(client, study, name)

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()


def test_a_file_of_a_release_is_always_a_download(study, client):
    released(client, study)
    key = Release.objects.get(study=study).key

    answer = got(client, "release_file", "kind", key, "labels.csv")

    assert answer["Content-Disposition"] == 'attachment; filename="labels.csv"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"".join(answer.streaming_content).startswith(b"response_id")


def test_only_files_of_the_manifest_can_be_downloaded(study, client):
    released(client, study)
    key = Release.objects.get(study=study).key

    got(client, "release_file", "kind", key, "settings.py", status=404)


def test_a_file_that_is_gone_from_the_server_is_a_refusal(study, client, settings):
    released(client, study)
    stored = Release.objects.get(study=study)
    (settings.DATA_DIR / "releases" / stored.key / "labels.csv").unlink()

    html = page(client, "release_file", "kind", stored.key, "labels.csv", status=404)

    assert "ask an operator" in html


def test_a_release_being_written_asks_again(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.WRITING)
    key = Release.objects.get(study=study).key

    html = page(client, "release", "kind", key)

    assert 'hx-trigger="every 3s"' in html
    assert "Look again" in html


def test_htmx_gets_only_the_part_of_a_release(study, client):
    released(client, study)
    address = reverse("evaluation:release", args=["kind", Release.objects.get(study=study).key])

    answer = client.get(address, headers={"HX-Request": "true"})

    assert "<html" not in answer.content.decode()
    assert "hx-trigger" not in answer.content.decode()
    assert "HX-Request" in answer["Vary"]


def test_a_file_of_a_release_being_written_is_refused(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.WAITING)

    got(client, "release_file", "kind", Release.objects.get().key, "labels.csv", status=409)


def test_a_release_that_failed_says_why_and_how_to_go_on(study, client):
    released(client, study)
    Release.objects.update(state=ReleaseState.FAILED, failure="The disk is full.", manifest={})

    html = page(client, "release", "kind", Release.objects.get().key)

    assert "The disk is full." in html
    assert "Make one under another name" in html


def test_a_study_without_releases_says_what_one_is(study, client):
    assert "There is no release yet." in page(client, "releases", "kind")


def test_a_release_of_another_study_does_not_exist_here(study, client, tmp_path):
    other = given.safe(tmp_path, {"z": "yes no"}, slug="other")
    theirs = build.release(other)

    got(client, "release", "kind", theirs.key, status=404)


@pytest.mark.parametrize(
    ("by", "shown", "not_shown"),
    [
        ("model,turn", "Chart: alpha over turns", "Chart: alpha by two slices"),
        ("turn,model", "Chart: alpha over turns", "Chart: alpha by two slices"),
        ("model,framing", "Chart: alpha by two slices", "Chart: alpha over turns"),
    ],
)
def test_two_slices_are_a_map_and_with_turns_small_multiples(
    tmp_path, client, by, shown, not_shown
):
    study = build.study("turns", rubric=given.TURNS)
    given.replies(study, tmp_path, "a", "b", messages=build.conversation(2))
    lines = [
        (reply, rater, "misled", said, turn)
        for reply in ("a", "b")
        for turn in (1, 2)
        for rater, said in (("ann", "yes"), ("bob", "no" if turn == 2 else "yes"))
    ]
    given.judgments(study, tmp_path, lines)
    client.force_login(build.member(study, Role.RESEARCHER))

    html = page(client, "agreement", "turns", question="misled", by=by)

    assert shown in html
    assert not_shown not in html
    assert "<svg" in html
    assert f'<option value="{by}" selected>' in html
    assert "Select a valid choice" not in html
