"""Whatever is too large for a page: asked for, computed by a worker, shown as a small one is."""

import json
import re
from dataclasses import dataclass

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from rest_framework.test import APIClient

from annotation.vocabulary import Role
from evaluation import keeping, tasks
from evaluation.errors import ReportNotReady, ReportUnknown
from evaluation.models import Report
from evaluation.services import disagreements, report_kinds, reports
from tests import build
from tests.build import NOW
from tests.evaluation import given
from tests.evaluation.test_labels import judged, many

pytestmark = pytest.mark.django_db

REPORT = re.compile(r'<div id="report">(.*)</div>', re.DOTALL)
BANNER = re.compile(
    r'<section class="notice" aria-label="Where these numbers.*?</section>', re.DOTALL
)
LINK = re.compile(r'href="[^"]*"')
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"')
KEEP = re.compile(r"<form class=\"actions\" method=\"post\".*?</form>", re.DOTALL)


@dataclass(frozen=True)
class World:
    """A study with two judges, and what a page's address and parameters may name."""

    study: object
    first: int
    second: int


@pytest.fixture
def world(tmp_path):
    made, table = many(tmp_path)
    judged(made, tmp_path, table)
    lines = [given.verdict(one, "no" if n % 3 else "yes") for n, one in enumerate(table)]
    given.verdicts(made, tmp_path, lines, name="other")
    return World(made, *given.judge_ids(made))


@pytest.fixture
def researcher(world, client):
    client.force_login(build.member(world.study, Role.RESEARCHER))
    return client


@pytest.fixture
def large(monkeypatch):
    """From here on everything is too large for a page."""
    return lambda: monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", 1)


def pages(world):
    """Every page that shows a report of a kind: its name, its judge, its parameters."""
    safe = {"question": "safe"}
    return {
        "agreement": ("agreement", [], {"by": "model"}),
        "judge": ("judge", [world.first], safe),
        "judge_slices": ("judge_slices", [world.first], {"by": "length"}),
        "judge_against": ("judge_against", [world.first], {"other": str(world.second)}),
        "judge_items": (
            "judge_items",
            [world.first],
            {**safe, "scope": "conversation", "people": "no", "judge": "yes"},
        ),
        "rates": ("rates", [], {**safe, "judge": str(world.first), "option": "yes"}),
        "models": ("models", [], {}),
        "labels": ("labels", [], {**safe, "judge": str(world.first)}),
        "over_time": ("over_time", [], {"by": "sequence"}),
        "disagreements": ("disagreements", [], {}),
        "disputed": ("disputed", [], {}),
        "order_effects": ("order_effects", [], {}),
    }


def opened(researcher, world, kind):
    name, more, asked = pages(world)[kind]
    answer = researcher.get(reverse(f"evaluation:{name}", args=[world.study.slug, *more]), asked)
    assert answer.status_code == 200
    return answer.content.decode()


def numbers(page):
    """What stands in the part of a page that shows the report."""
    (shown,) = REPORT.findall(page)
    for besides in (BANNER, KEEP, TOKEN, LINK):
        shown = besides.sub("", shown)
    return " ".join(shown.split())


def asked_for(researcher, page):
    """Send the form of a page that has its report computed; return what was made."""
    (form,) = KEEP.findall(page)
    fields = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields.pop("csrfmiddlewaretoken", None)
    sent = researcher.post(re.search(r'action="([^"]+)"', form)[1], fields)
    assert sent.status_code == 302
    return Report.objects.latest("number")


@pytest.mark.parametrize("kind", list(report_kinds.EVERY))
def test_a_large_report_is_asked_for_computed_and_shown_as_a_small_one_is(
    world, researcher, large, kind
):
    small = numbers(opened(researcher, world, kind))
    large()

    before = opened(researcher, world, kind)
    report = asked_for(researcher, before)
    after = opened(researcher, world, kind)

    assert "The worker computes these numbers" in before
    assert numbers(before) != small
    assert (report.kind, report.state) == (kind, "ready")
    assert f"report {report.number}</a>: computed" in after
    assert numbers(after) == small


@pytest.mark.parametrize("kind", list(report_kinds.EVERY))
def test_a_kept_report_of_any_kind_is_computed_again_and_leads_to_its_page(
    world, researcher, large, kind
):
    page = opened(researcher, world, kind)
    large()
    report = asked_for(researcher, opened(researcher, world, kind))
    address = reverse("evaluation:kept_report", args=[world.study.slug, report.number])

    again = researcher.post(address, follow=True).content.decode()
    report.refresh_from_db()
    there = researcher.get(
        re.search(r"<dt>About</dt><dd><a href=\"([^\"]+)\"", again)[1].replace("&amp;", "&")
    ).content.decode()

    assert report.equal
    assert numbers(there) == numbers(page)


def test_until_the_worker_is_done_the_page_says_so_and_looks_again(world, researcher, large):
    large()
    study = build.facts(world.study)
    asked = {"judge": [str(world.first)], "question": ["safe"]}
    report = reports.request(study, report_kinds.JUDGE, asked, now=NOW, by_id=None)

    waiting = opened(researcher, world, "judge")
    tasks.write_report.func(world.study.slug, report.number)
    done = opened(researcher, world, "judge")

    assert 'hx-trigger="every 5s"' in waiting
    assert "Compute and keep" not in waiting
    assert 'hx-trigger="every 5s"' not in done
    assert "Where these numbers come from" in done


def test_a_report_that_could_not_be_computed_says_why(world, researcher, large):
    large()
    study = build.facts(world.study)
    asked = {"question": ["nothing"]}
    report = reports.request(study, report_kinds.LABELS, asked, now=NOW, by_id=None)

    reports.write(study, report.number, now=NOW)
    answer = researcher.get(reverse("evaluation:labels", args=[study.slug]), asked)

    assert f"Report {report.number} could not be computed: The study has no closed question" in (
        answer.content.decode()
    )


@pytest.mark.parametrize(
    ("name", "of_judge", "more"),
    [
        ("judge_csv", True, []), ("judge_json", True, []), ("rates_csv", False, []),
        ("rates_json", False, []), ("models_json", False, []), ("models_csv", False, ["priorities"]),
        ("labels_json", False, []), ("labels_table", False, ["csv"]), ("over_time_csv", False, []),
        ("over_time_svg", False, []), ("disagreements_csv", False, []), ("disputed_csv", False, []),
        ("order_places_csv", False, []), ("agreement_json", False, []),
    ],
)  # fmt: skip
def test_files_of_what_is_not_computed_are_refused(world, researcher, large, name, of_judge, more):
    large()
    judge = [world.first] if of_judge else []

    answer = researcher.get(reverse(f"evaluation:{name}", args=[world.study.slug, *judge, *more]))

    assert answer.status_code == 409


def test_of_many_disputed_items_the_first_are_kept_and_the_page_says_so(
    world, researcher, large, monkeypatch
):
    monkeypatch.setattr(disagreements, "MOST_KEPT", 1)
    address = reverse("evaluation:disputed_csv", args=[world.study.slug])
    whole = researcher.get(address, {"question": "safe"}).content.decode().splitlines()
    large()

    asked_for(researcher, opened(researcher, world, "disputed"))

    page = opened(researcher, world, "disputed")
    listed = researcher.get(address, {"question": "safe"}).content.decode().splitlines()
    assert len(whole) > 2
    assert listed == whole[:2]
    assert f"Raters differ at {len(whole) - 1} of" in page
    assert "The 1 most disputed are kept and listed here" in page


def test_files_of_a_kept_report_are_what_the_api_gives(world, researcher, large):
    address = reverse("evaluation:judge_json", args=[world.study.slug, world.first])
    small = researcher.get(address, {"question": "safe"}).json()
    large()
    asked_for(researcher, opened(researcher, world, "judge"))

    assert researcher.get(address, {"question": "safe"}).json() == small


@pytest.mark.parametrize(
    ("name", "of_judge", "asked"),
    [
        ("api-judge-report", True, {}), ("api-judge-slices", True, {"by": "model"}),
        ("api-judge-against", True, {"other": "other"}),
        ("api-rates", True, {"question": "safe", "option": "yes"}), ("api-labels", False, {}),
        ("api-label-rows", False, {}), ("api-models", False, {}), ("api-order-effects", False, {}),
        ("api-raters", False, {}),
    ],
)  # fmt: skip
def test_the_api_refuses_what_is_too_large_and_says_what_to_ask_for(
    world, large, name, of_judge, asked
):
    large()
    client = APIClient()
    client.force_authenticate(build.member(world.study, Role.RESEARCHER))
    judge = [world.first] if of_judge else []

    answer = client.get(reverse(name, args=[world.study.slug, *judge]), asked)

    assert answer.status_code == 409
    assert answer.json()["code"] == "report_needed"


def test_the_api_keeps_what_its_refusal_names(world, large):
    large()
    client = APIClient()
    client.force_authenticate(build.member(world.study, Role.RESEARCHER))
    judge_report = reverse("api-judge-report", args=[world.study.slug, world.first])
    told_to = client.get(judge_report).json()["details"]
    body = {"kind": told_to["kind"], **told_to["asked"]}

    made = client.post(reverse("api-reports", args=[world.study.slug]), body, format="json")
    number = made.json()["number"]
    kept = client.get(reverse("api-report", args=[world.study.slug, number])).json()

    assert made.status_code == 201
    assert kept["state"] == "ready"
    assert kept["result"]["questions"][0]["key"] == "safe"
    assert client.get(judge_report).json()["details"]["report"] == number


def test_the_api_has_no_report_of_another_kind(world):
    client = APIClient()
    client.force_authenticate(build.member(world.study, Role.RESEARCHER))

    answer = client.post(
        reverse("api-reports", args=[world.study.slug]), {"kind": "weather"}, format="json"
    )

    assert answer.status_code == ReportUnknown.http_status


def test_a_judge_with_many_verdicts_is_large_where_people_judged_little(tmp_path, monkeypatch):
    made = given.safe(tmp_path, {"a": "yes", "b": "no"}, {"a": "yes", "b": "no"}, slug="little")
    given.replies(made, tmp_path, "c", "d")
    given.verdicts(made, tmp_path, [given.verdict("c"), given.verdict("d")], name="robo")
    terms = report_kinds.Terms(build.facts(made), {"judge": ["robo"]})

    found = []
    for most in (3, 4):
        monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", most)
        found.append(reports.is_large(report_kinds.JUDGE, terms))

    assert found == [True, False]


def test_what_reads_every_reply_is_large_where_replies_are_many(tmp_path, monkeypatch):
    made = given.safe(tmp_path, {"a": "yes"}, slug="many")
    given.replies(made, tmp_path, "b", "c")
    terms = report_kinds.Terms(build.facts(made), {})

    found = []
    for most in (2, 3):
        monkeypatch.setattr(reports, "JUDGMENTS_AT_ONCE", most)
        found.append(reports.is_large(report_kinds.MODELS, terms))

    assert found == [True, False]


def test_a_report_of_verdicts_is_not_compared_once_others_came(world, tmp_path):
    study = build.facts(world.study)
    asked = {"judge": [str(world.first)]}
    report = tasks.request_report(study, report_kinds.JUDGE, asked, now=NOW, by_id=None)
    assert reports.check(study, report.number, now=NOW)

    given.verdicts(world.study, tmp_path, [given.verdict("r00", "no")], name="third")

    with pytest.raises(ReportNotReady, match="Verdicts came in"):
        reports.check(study, report.number, now=NOW)


def test_judgments_that_came_later_are_in_no_report(world, tmp_path):
    study = build.facts(world.study)
    kept = [
        tasks.request_report(study, kind, asked, now=NOW, by_id=None)
        for kind, asked in (
            (report_kinds.JUDGE, {"judge": [str(world.first)]}),
            (report_kinds.SLICES, {"judge": [str(world.first)], "by": ["model"]}),
            (report_kinds.RATES, {"judge": ["robo"], "question": ["safe"], "option": ["yes"]}),
            (report_kinds.MODELS, {}),
            (report_kinds.LABELS, {}),
            (report_kinds.OVER_TIME, {"question": ["safe"], "by": ["sequence"]}),
            (report_kinds.DISAGREEMENTS, {"question": ["safe"]}),
            (report_kinds.DISPUTED, {"question": ["safe"]}),
            (report_kinds.ORDERS, {"question": ["safe"]}),
        )
    ]

    given.judgments(world.study, tmp_path, [("r00", "late", "safe", "no")])

    assert {one.kind for one in kept if not reports.check(study, one.number, now=NOW)} == set()


@pytest.mark.parametrize("change", [{"kind": "judge"}, {"verdicts": 9}, {"shown": {}}])
def test_what_a_kept_report_is_about_never_changes(world, change):
    study = build.facts(world.study)
    report = tasks.request_report(study, report_kinds.AGREEMENT, {}, now=NOW, by_id=None)

    with pytest.raises(IntegrityError, match="report_kept"), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(**change)


def test_every_kind_is_read_back_as_it_was(world):
    study = build.facts(world.study)
    judge = [str(world.first)]
    asked = {
        "judge": judge, "other": [str(world.second)], "question": ["safe"], "option": ["yes"],
        "scope": ["conversation"], "people": ["no"], "says": ["yes"], "half_width": ["0.05"],
    }  # fmt: skip

    for kind in report_kinds.EVERY.values():
        more = {"by": ["sequence"]} if kind is report_kinds.OVER_TIME else {}
        terms = report_kinds.Terms(study, kind.asked(asked | more))
        value = kind.kept(kind.compute(terms))

        written = json.dumps(keeping.written(value), allow_nan=False)
        again = keeping.read_back(kind.shape, json.loads(written))

        assert keeping.written(again) == json.loads(written)
        assert kind.as_json(terms, again) == kind.as_json(terms, value), kind.name
