"""Raters beside each other: by service, command, API and pages."""

import csv
import io
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from annotation.models import Rater, TextVersion
from annotation.selectors.asked import Filters
from annotation.services import gold as known_answers
from annotation.vocabulary import RaterSource, Role
from evaluation.errors import FilterInvalid, QuestionUnknown
from evaluation.services import agreement, identical_blocks, rater_quality
from evaluation.services.questions import meant
from evaluation.services.rater_pairs import rater_pairs
from evaluation.services.rater_signs import SignKind
from evaluation.views import picking
from tests import build
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db

# rater-0 and rater-1 mostly agree; rater-2 says yes throughout.
TABLE = {"a": "yes yes yes", "b": "no no yes", "c": "no no yes", "d": "no yes yes"}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


def found_in(study, **asked):
    """The one question's raters by their outside name."""
    (found,) = rater_quality.report(build.facts(study), **asked)
    return found, {one.facts.name: one for one in found.raters}


def signs(one):
    return {sign.kind: sign.sentence for sign in one.signs}


def throughout(tmp_path, *, n=30, said="yes"):
    """Three raters alternate with the items, a fourth gives one answer throughout."""
    usual = ("no", "yes")
    return given.safe(
        tmp_path,
        {f"i{i}": f"{usual[i % 2]} {usual[i % 2]} {usual[i % 2]} {said}" for i in range(n)},
    )


def test_each_rater_is_compared_with_the_others_at_the_same_items(study):
    _, raters = found_in(study)

    # rater-0: with both others at a (1), one of two at b and c (1/2 each), none at d.
    assert raters["rater-0"].agreement.value == pytest.approx((1 + 0.5 + 0.5 + 0) / 4)
    # rater-2: both at a, none at b and c, one of two at d.
    assert raters["rater-2"].agreement.value == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert raters["rater-2"].agreement.clusters == 4


def test_any_two_raters_agree_as_on_the_page_of_agreement(study):
    found, _ = found_in(study)

    (whole,) = agreement.report(build.facts(study))
    assert found.everyone.value == whole.percent.value
    assert (found.everyone.low, found.everyone.high) == (whole.percent.low, whole.percent.high)


def test_the_use_of_answers_stands_beside_the_others_at_the_same_items(study):
    _, raters = found_in(study)

    no, yes = raters["rater-2"].answers
    assert (yes.used, yes.share) == (4, 1.0)
    assert yes.others == pytest.approx((1 + 0 + 0 + 0.5) / 4)
    assert (no.used, no.others) == (0, pytest.approx(2.5 / 4))


def test_hidden_truth_is_the_raters_share_of_probable_truth(study):
    _, raters = found_in(study)

    assert raters["rater-0"].truth.value > raters["rater-2"].truth.value
    for one in raters.values():
        assert 0 <= one.truth.low <= one.truth.value <= one.truth.high <= 1
        assert all(sum(row) == pytest.approx(1) for row in one.confusion)


def test_one_rater_alone_is_undefined_and_says_why(tmp_path):
    found, raters = found_in(given.safe(tmp_path, {"a": "yes", "b": "no"}))

    alone = raters["rater-0"]
    assert found.everyone.value is None
    assert (alone.agreement.value, str(alone.agreement.reason)) == (None, "no_pairs")
    assert (alone.kappa.value, str(alone.kappa.reason)) == (None, "no_pairs")
    assert (alone.truth.value, str(alone.truth.reason)) == (None, "one_rater")
    assert (alone.ratings, alone.shared, alone.confusion) == (2, 0, ())


def test_without_ratings_there_is_nobody():
    found, raters = found_in(build.study(rubric=build.SAFE))

    assert (found.ratings, found.units, raters) == (0, 0, {})


def test_turns_and_the_whole_are_apart(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "a", messages=build.conversation(2))
    lines = [("a", who, "misled", "no", turn) for who in ("ann", "bob") for turn in (1, 2)]
    given.judgments(study, tmp_path, [*lines, ("a", "ann", "misled", "yes")])

    whole, turns = rater_quality.report(build.facts(study), question="misled")

    assert (str(whole.meant.scope), whole.ratings, whole.units) == ("conversation", 1, 1)
    assert (str(turns.meant.scope), turns.ratings, turns.units) == ("turn", 4, 2)


def test_of_several_choices_the_whole_set_is_one_answer(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "a")
    both = [("a", "ann", "who", "user"), ("a", "ann", "who", "public")]
    given.judgments(study, tmp_path, [*both, ("a", "bob", "who", "user"), ("a", "cem", "who")])

    found, raters = found_in(study, question="who")

    assert found.answers == ("none of these", "public + user", "user")
    assert raters["ann"].agreement.value == 0.0


def test_known_answers_stand_beside(study, tmp_path):
    path = build.jsonl(
        tmp_path / "gold.jsonl",
        [{"response_id": one, "question": "safe", "answer": "no"} for one in "bcd"],
    )
    known_answers.load(study=study, path=path, now=NOW)

    _, raters = found_in(study)

    first = raters["rater-0"].gold
    assert (first.judged, first.right, first.share.value) == (3, 3, 1.0)
    assert raters["rater-2"].gold.share.value == 0.0


def test_R101_one_answer_throughout_is_a_sign_with_its_numbers(tmp_path):
    _, raters = found_in(throughout(tmp_path))

    said = signs(raters["rater-3"])[SignKind.ONE_ANSWER]
    assert "“Yes” in 30 of 30 answers" in said
    assert "others gave it in 50.0\N{NO-BREAK SPACE}%" in said
    assert SignKind.ONE_ANSWER not in signs(raters["rater-0"])


def test_R101_answers_in_a_pattern_are_a_sign(tmp_path):
    _, raters = found_in(throughout(tmp_path))

    assert "repeat every 2: 28 of 28" in signs(raters["rater-0"])[SignKind.PATTERN]


def test_R101_who_is_far_apart_from_the_others_shows_it(tmp_path):
    table = {f"i{i}": "no no no no yes" if i % 3 else "yes yes yes yes no" for i in range(30)}

    _, raters = found_in(given.safe(tmp_path, table))

    assert "Agrees with the others in 0.0" in signs(raters["rater-4"])[SignKind.APART]
    assert SignKind.APART not in signs(raters["rater-0"])


def test_R101_wrong_where_the_answer_is_known_is_a_sign(tmp_path):
    study = given.safe(tmp_path, {f"i{i}": "no no no yes" for i in range(12)})
    lines = [{"response_id": f"i{i}", "question": "safe", "answer": "no"} for i in range(12)]
    known_answers.load(study=study, path=build.jsonl(tmp_path / "g.jsonl", lines), now=NOW)

    _, raters = found_in(study)

    assert "Right in 0.0" in signs(raters["rater-3"])[SignKind.GOLD]
    assert SignKind.GOLD not in signs(raters["rater-0"])


def test_R101_a_sign_leaves_nobody_out(tmp_path):
    study = throughout(tmp_path)
    (before,) = agreement.report(build.facts(study))

    found, raters = found_in(study)

    assert raters["rater-3"].signs
    (after,) = agreement.report(build.facts(study))
    assert (before.raters, before.judgments) == (after.raters, after.judgments) == (4, 120)
    assert not any(one.facts.paused for one in found.raters)


def test_raters_with_signs_stand_first_and_then_the_least_agreeing(tmp_path):
    found, _ = found_in(throughout(tmp_path))

    shown = [(len(one.signs), one.agreement.value) for one in found.raters]
    assert shown == sorted(shown, key=lambda one: (-one[0], one[1]))


def judged_in(study, rater, seconds, *, at=NOW):
    """The next seat, judged after so many seconds."""
    seat = build.claim(rater, at=at)
    build.submit(rater, seat, at=at + timedelta(seconds=seconds), safe="yes")


def long_items(tmp_path, *, n, words=300):
    study = build.study(rubric=build.SAFE)
    for _ in range(n):
        messages = [
            {"role": "user", "content": "Well?"},
            {"role": "assistant", "content": "words " * words},
        ]
        build.batch(study, [build.reply_fields(messages=messages)], tmp_path)
    build.open_seats(study)
    return study


def test_R093_pace_is_the_servers_time_beside_the_length_of_the_text(tmp_path):
    study = long_items(tmp_path, n=6)
    bot, person = build.rater(study), build.rater(study)
    for number in range(6):
        judged_in(study, bot, 1.5, at=NOW + number * build.HOUR)
        judged_in(study, person, 90, at=NOW + number * build.HOUR)

    _, raters = found_in(study)

    fast, slow = raters[bot.user.username], raters[person.user.username]
    assert (fast.pace.timed, fast.pace.seconds, fast.pace.too_fast) == (6, 1.5, 6)
    assert fast.pace.speed == pytest.approx((1800 + 5 - 1) / 1.5, rel=0.01)
    assert "6 of 6 timed judgments were faster" in signs(fast)[SignKind.PACE]
    assert (slow.pace.seconds, slow.pace.too_fast, slow.signs) == (90.0, 0, ())


def test_the_length_is_of_the_text_that_was_judged(tmp_path):
    study = long_items(tmp_path, n=1)
    rater = build.rater(study)
    judged_in(study, rater, 10)
    stored = TextVersion.objects.get()
    stored.current = False
    stored.save(update_fields=["current"])
    TextVersion.objects.create(
        response=stored.response,
        number=2,
        messages=[{"role": "assistant", "content": "x"}],
        sha256="b",
        turns=1,
        rule_set=stored.rule_set,
    )

    _, raters = found_in(study)

    assert raters[rater.user.username].pace.speed == pytest.approx(180, rel=0.02)


def test_judgments_made_elsewhere_are_not_timed(study):
    _, raters = found_in(study)

    assert {one.pace.timed for one in raters.values()} == {0}


def test_filters_say_which_answers_count(study):
    by_name = found_in(study)[1]
    left_out = by_name["rater-2"].facts.id

    filters = Filters(not_rater=(left_out,), source=("import",))
    (found,) = rater_quality.report(build.facts(study), filters=filters)

    assert {one.facts.name for one in found.raters} == {"rater-0", "rater-1"}
    assert found.as_json()["filters"]["source"] == ["import"]


def test_the_number_of_queries_does_not_grow_with_raters(tmp_path):
    asked = []
    for slug, raters in (("few", 2), ("many", 40)):
        table = {f"{slug}-a": "yes " * raters, f"{slug}-b": "no " * raters}
        study = given.safe(tmp_path, table, slug=slug)
        with CaptureQueriesContext(connection) as queries:
            rater_quality.report(build.facts(study))
        asked.append(len(queries))

    assert asked[0] == asked[1]


@pytest.mark.parametrize("key", ["note", "nothing"])
def test_a_question_that_is_none_is_refused_with_those_there_are(tmp_path, key):
    study = build.study(rubric=given.TURNS)

    with pytest.raises(QuestionUnknown, match="They are asked misled, who, severity"):
        rater_quality.report(build.facts(study), question=key)


def test_a_scope_in_which_a_question_is_not_asked_is_refused(study):
    with pytest.raises(QuestionUnknown, match="safe is not asked of 'turn', but of conversation"):
        rater_quality.report(build.facts(study), question="safe", scope="turn")


def test_a_study_without_closed_questions_says_so(tmp_path):
    texts = {"key": "t", "title": "T", "questions": [{"key": "n", "label": "N", "type": "text"}]}

    with pytest.raises(QuestionUnknown, match="asks no closed question"):
        meant(build.facts(build.study(rubric=texts)), None)


# Command and API


def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def test_command_api_and_service_give_the_same(study, client, capsys):
    facts = build.facts(study)
    by_command = given.printed(capsys, "rater_report", "s")

    by_api = researcher(study, client).get(reverse("api-raters", args=["s"])).json()

    assert (
        by_command
        == by_api
        == rater_quality.as_json(facts, rater_quality.report(facts), identical_blocks.report(facts))
    )


def test_the_command_prints_numbers_and_signs(tmp_path, capsys):
    study = throughout(tmp_path)

    call_command("rater_report", study.slug, "--question", "safe")

    said = capsys.readouterr().out
    assert "120 ratings by 4 raters at 30 items" in said
    assert "sign: “Yes” in 30 of 30 answers" in said
    assert "pace             no judgment is timed" in said


def test_the_command_ends_with_2_for_a_question_that_is_none(study):
    with pytest.raises(CommandError) as refusal:
        call_command("rater_report", "s", "--question", "nothing")

    assert refusal.value.returncode == 2


def test_the_api_refuses_an_unknown_parameter_or_question(study, client):
    client = researcher(study, client)
    address = reverse("api-raters", args=["s"])

    assert client.get(address, {"x": "1"}).status_code == 400
    assert client.get(address, {"question": "no"}).json()["code"] == "question_unknown"


# Pages


def page(client, name, study, **asked):
    return client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)


def table(response):
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_a_researcher_reads_names_that_mean_nothing_and_an_admin_the_accounts(study, client):
    by_researcher = page(researcher(study, client), "rater_quality", study).content.decode()
    client.force_login(build.member(study, Role.ADMIN))
    by_admin = page(client, "rater_quality", study).content.decode()

    assert "rater-0" not in by_researcher
    assert "<bdi>rater-0</bdi>" in by_admin


def test_the_page_says_the_numbers_in_words(study, client):
    html = page(researcher(study, client), "rater_quality", study).content.decode()

    assert "3 raters gave 12 ratings at 4 items or turns" in html
    assert "No rater shows a sign" in html
    assert '<svg role="img"' in html


def test_page_csv_and_service_have_the_same_digits(study, client):
    client = researcher(study, client)
    found, _ = found_in(study)

    rows = table(page(client, "rater_quality_csv", study))
    html = page(client, "rater_quality", study).content.decode()

    assert [row["rater"] for row in rows] == [one.rater for one in found.raters]
    for row, one in zip(rows, found.raters, strict=True):
        assert float(row["agreement"]) == one.agreement.value
        assert f'value="{one.agreement.value!r}"' in html
        assert f'value="{one.truth.value!r}"' in html


def test_one_rater_opens_with_signs_and_use_of_answers(tmp_path, client):
    study = throughout(tmp_path)
    rater = found_in(study)[1]["rater-3"].rater

    address = reverse("evaluation:rater_on_question", args=[study.slug, rater])
    html = researcher(study, client).get(address).content.decode()

    assert "“Yes” in 30 of 30 answers" in html
    assert "Beside the hidden truth" in html


CHOSEN = {"cohort": "careful"}


@pytest.fixture
def chosen(study):
    """Two of the three raters are of a cohort that can be chosen."""
    names = ("rater-0", "rater-1")
    Rater.objects.filter(study=study, external_id__in=names).update(cohort="careful")
    return study


@pytest.mark.parametrize(
    ("name", "all_of_them", "of_these"),
    [
        ("rater_quality", "3 raters gave 12 ratings", "2 raters gave 8 ratings"),
        ("rater_pairs", "3 of 3 pairs of 3 raters", "1 of 1 pairs of 2 raters"),
        ("disputed", "Raters differ at 3 of 4 items", "Raters differ at 1 of 4 items"),
        ("disagreements", "6 of 12 pairs of ratings differ", "1 of 4 pairs of ratings differ"),
        ("over_time", "4 items or turns, 12 ratings", "4 items or turns, 8 ratings"),
    ],
)
def test_pages_about_raters_count_the_judgments_that_are_chosen(
    chosen, client, name, all_of_them, of_these
):
    client = researcher(chosen, client)

    assert all_of_them in page(client, name, chosen).content.decode()
    assert of_these in page(client, name, chosen, **CHOSEN).content.decode()


def test_downloads_and_links_keep_what_is_chosen(chosen, client):
    client = researcher(chosen, client)

    html = page(client, "rater_pairs", chosen, **CHOSEN).content.decode()
    rows = table(page(client, "rater_pairs_csv", chosen, **CHOSEN))

    assert "rater-pairs.csv?question=safe%3Aconversation&amp;cohort=careful" in html
    assert "disputed/?question=safe%3Aconversation&amp;cohort=careful" in html
    assert 'agreement/?cohort=careful"' in html
    assert len(rows) == 1


def test_the_command_that_a_page_names_counts_what_is_chosen_too(chosen, client, monkeypatch):
    monkeypatch.setattr(picking, "MOST_ON_A_PAGE", 7)

    html = page(researcher(chosen, client), "rater_pairs", chosen, **CHOSEN).content.decode()

    assert "rater_report s --question safe --cohort careful --json" in html


def test_what_leaves_no_judgment_says_so_and_leads_back(study, client):
    html = page(researcher(study, client), "rater_quality", study, wave="audit").content.decode()

    assert "0 ratings fit what is chosen" in html
    assert 'href="?question=safe%3Aconversation">start anew' in html


def test_a_filter_that_is_none_is_refused_on_pages_about_raters(study, client):
    answer = page(researcher(study, client), "rater_quality", study, since="soon")

    assert answer.status_code == FilterInvalid.http_status
    assert "write a day as 2026-03-31" in answer.content.decode()


def test_command_and_api_count_the_judgments_that_are_chosen(chosen, client, capsys):
    by_command = given.printed(capsys, "rater_report", "s", "--cohort", "careful")
    by_api = researcher(chosen, client).get(reverse("api-raters", args=["s"]), CHOSEN).json()

    assert by_command == by_api
    assert by_api["questions"][0]["filters"]["cohort"] == ["careful"]
    assert by_api["questions"][0]["ratings"] == 8


def test_a_rater_who_is_none_is_not_found_with_a_sentence(study, client):
    address = reverse("evaluation:rater_on_question", args=["s", "nobody"])

    response = researcher(study, client).get(address)

    assert response.status_code == 404
    assert "No rater &#x27;nobody&#x27; has answered" in response.content.decode()


@pytest.mark.parametrize("answers", [TABLE, {"a": "yes"}], ids=["three raters", "one rater"])
def test_charts_of_raters_are_downloaded(tmp_path, client, answers):
    study = given.safe(tmp_path, answers, slug="s")
    client = researcher(study, client)
    rater = found_in(study)[0].raters[0].rater

    for name, args in (
        ("rater_quality", ["s"]),
        ("rater_pairs", ["s"]),
        ("rater_confusion", ["s", rater]),
    ):
        svg = client.get(reverse(f"evaluation:{name}_svg", args=args))
        png = client.get(reverse(f"evaluation:{name}_png", args=args))
        assert svg.content.startswith(b"<svg "), name
        assert png.content.startswith(b"\x89PNG"), name


@pytest.mark.parametrize("name", ["rater_quality", "rater_pairs"])
def test_more_ratings_than_a_page_waits_for_name_the_command(study, client, monkeypatch, name):
    monkeypatch.setattr(picking, "MOST_ON_A_PAGE", 11)

    html = page(researcher(study, client), name, study).content.decode()

    assert "This question has 12 ratings" in html
    assert "manage.py rater_report s --question safe --json" in html


@pytest.mark.parametrize("name", ["rater_quality", "rater_pairs"])
@pytest.mark.parametrize(
    ("asked", "status"), [("nothing", 404), ("safe:turn", 404), (":", 200), ("safe:", 200)]
)
def test_an_unknown_question_gets_a_sentence_and_none_the_first(study, client, name, asked, status):
    response = page(researcher(study, client), name, study, question=asked)

    assert response.status_code == status
    assert ("That is not in this study" in response.content.decode()) == (status == 404)


def test_without_ratings_pages_say_how_to_get_some(client):
    study = build.study(rubric=build.SAFE)
    client = researcher(study, client)

    for name in ("rater_quality", "rater_pairs"):
        html = page(client, name, study).content.decode()
        assert "There are no ratings of this question yet" in html


# Pairs of raters


def test_each_two_raters_are_compared_by_item(study):
    (one,) = meant(build.facts(study), "safe")

    pairs = {
        frozenset((pair.first_facts.name, pair.second_facts.name)): pair.agreement
        for pair in rater_pairs(build.facts(study), one)
    }

    assert pairs[frozenset(("rater-0", "rater-1"))].value == 0.75
    assert pairs[frozenset(("rater-0", "rater-2"))].value == 0.25
    assert pairs[frozenset(("rater-1", "rater-2"))].items == 4


def test_the_least_agreeing_pair_stands_first(study, client):
    rows = table(page(researcher(study, client), "rater_pairs_csv", study))

    assert [float(row["agreement"]) for row in rows] == [0.25, 0.5, 0.75]
    assert {row["shared"] for row in rows} == {"4"}


def test_the_page_of_pairs_draws_each_pair_with_its_n(study, client):
    html = page(researcher(study, client), "rater_pairs", study).content.decode()

    assert "3 of 3 pairs of 3 raters share an item" in html
    assert html.count(">0.75</text>") == 2
    assert "n 4)</title>" in html


def test_a_pair_that_shares_one_item_gave_one_rating_both(tmp_path, client):
    study = given.safe(tmp_path, {"a": "yes no"})

    html = page(researcher(study, client), "rater_pairs", study).content.decode()

    assert "of 1 rating that both gave." in html


def test_raters_who_share_no_item_are_said_to(tmp_path, client):
    study = build.study(rubric=build.SAFE)
    given.replies(study, tmp_path, "a", "b")
    given.judgments(study, tmp_path, [("a", "ann", "safe", "yes"), ("b", "bob", "safe", "no")])

    html = page(researcher(study, client), "rater_pairs", study).content.decode()

    assert "No two raters share an item yet" in html
    assert "2 raters gave 2 ratings at 2 items" in html


def test_simulated_raters_are_marked(tmp_path, client):
    study = build.study(rubric=build.SAFE)
    given.replies(study, tmp_path, "a")
    lines = [("a", who, "safe", "yes") for who in ("ann", "bob")]
    given.judgments(study, tmp_path, lines, source=RaterSource.SIMULATED)

    html = page(researcher(study, client), "rater_quality", study).content.decode()

    assert html.count(">SIMULATED<") == 2
