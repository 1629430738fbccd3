"""Agreement on marked places: who counts, which texts are compared, and where it is shown."""

import json
from http import HTTPStatus

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.models import Rendering, TextVersion
from annotation.vocabulary import Role, Wave
from evaluation import selections, tasks
from evaluation.errors import SliceUnknown
from evaluation.services import asked_agreement, exclusions, span_agreement
from evaluation.services.report_kinds import AGREEMENT
from tests import build
from tests.build import NOW
from tests.evaluation.given import judgments, printed, written
from tests.evaluation.told import new_text

pytestmark = pytest.mark.django_db

WORDS = "red **green** blue"
MESSAGES = [{"role": "user", "content": "?"}, {"role": "assistant", "content": WORDS}]
SHOWN = "red green blue\n"
KINDS = [{"code": "omission", "label": "Omission"}, {"code": "framing", "label": "Framing"}]


def rubric(*before, **more):
    evidence = {"key": "evidence", "label": "Where?", "type": "spans", "required": False}
    return {
        "key": "marks",
        "title": "Marks",
        "questions": [*before, {**evidence, "options": KINDS, **more}],
    }


YES_NO = [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}]
MISLED = {"key": "misled", "label": "Misled?", "type": "single", "options": YES_NO}


def place(quote, *, kind="omission", message=1, text=SHOWN):
    start = text.index(quote)
    fields = {"slot": 1, "message": message, "start": start, "end": start + len(quote)}
    return json.dumps({**fields, "kind": kind, "quote": quote})


def replies(study, tmp_path, *, n=1, messages=None, seats=3):
    build.batch(
        study, [build.reply_fields(messages=messages or MESSAGES) for _ in range(n)], tmp_path
    )
    build.open_seats(study, n_seats=seats)


def judge(study, *quotes, kind="omission", turn=0, **answers):
    """One more rater, who marks these words of the next item."""
    rater = build.rater(study)
    marked = [place(quote, kind=kind) for quote in quotes]
    build.submit(rater, build.claim(rater), turn=turn, evidence=marked, **answers)


def found(study, **more):
    return span_agreement.report(build.facts(study), **more)[0]


def values(marking):
    return [one.value for one in marking.coefficients.values()]


@pytest.fixture
def study(tmp_path):
    """One reply that three raters judged: two marked something, the third nothing."""
    made = build.study("marks", rubric=rubric())
    replies(made, tmp_path)
    judge(made, "green")
    judge(made, "red green")
    judge(made)
    return made


def test_who_marked_nothing_is_a_rater_who_marked_nothing(study):
    marking = found(study)

    assert (marking.judgments, marking.raters, marking.pairs, marking.empty_pairs) == (3, 3, 3, 0)
    assert values(marking)[:2] == [pytest.approx(5 / 9 / 3)] * 2


def test_letters_are_those_of_the_text_as_shown(study):
    # 15 letters: 5 marked by two, 4 by one, 6 by none; three raters of each.
    n, marked = 45, 5 * 2 + 4
    observed = 9 * 2
    expected = 1 - (n - 1) * observed / (n**2 - marked**2 - (n - marked) ** 2)

    assert found(study).coefficients["span_character_alpha"].value == pytest.approx(expected)
    assert found(study).unknown_lengths == 0


def test_one_query_gives_no_interval_and_says_why(study):
    overlap = found(study).coefficients["span_jaccard"]

    assert (overlap.clusters, overlap.low, str(overlap.reason)) == (1, None, "one_cluster")


def test_raters_of_different_texts_are_not_compared_and_their_pairs_are_counted(tmp_path):
    made = build.study(rubric=rubric())
    line = build.reply_fields(messages=MESSAGES)
    build.batch(made, [line], tmp_path)
    build.open_seats(made)
    judge(made, "green")
    judge(made, "red green")
    line["messages"] = [MESSAGES[0], {"role": "assistant", "content": "blue red green"}]
    new_text(made, tmp_path, line)
    rater = build.rater(made)
    build.submit(rater, build.claim(rater), evidence=[])

    marking = found(made)

    assert (marking.items, marking.texts, marking.judgments) == (1, 2, 3)
    assert (marking.pairs, marking.left_out_pairs) == (1, 2)
    assert marking.coefficients["span_jaccard"].value == pytest.approx(5 / 9)


def test_kinds_part_letters_and_not_places(tmp_path):
    made = build.study(rubric=rubric())
    replies(made, tmp_path)
    judge(made, "green")
    judge(made, "green", kind="framing")

    overlap, _, alpha = values(found(made))

    assert overlap == 1
    assert alpha < 1


def test_who_was_not_asked_is_no_rater(tmp_path):
    asked_if = {"question": "misled", "is": ["yes"]}
    made = build.study(rubric=rubric(MISLED, show_if=asked_if))
    replies(made, tmp_path)
    judge(made, "green", misled="yes")
    judge(made, misled="no")
    judge(made, "green", misled="yes")

    marking = found(made)

    assert (marking.judgments, marking.pairs) == (2, 1)
    assert marking.coefficients["span_jaccard"].value == 1


def test_judgments_made_elsewhere_were_not_asked(tmp_path):
    made = build.study(rubric=rubric(MISLED))
    replies(made, tmp_path)
    reply = TextVersion.objects.get().response.external_id
    judgments(made, tmp_path, [(reply, "ann", "misled", "no")])
    judge(made, "green", misled="no")

    assert found(made).judgments == 1


def test_turns_are_texts_of_their_own(tmp_path):
    made = build.study(rubric=rubric(scope="turn"))
    replies(made, tmp_path, messages=build.conversation(2))
    for quotes in (("Turn1",), ()):
        rater = build.rater(made)
        seat = build.claim(rater)
        marked = [place(one, text="Turn1.") for one in quotes]
        build.submit(rater, seat, turn=1, evidence=marked)
        seat.refresh_from_db()
        build.submit(rater, seat, turn=2, evidence=[])

    marking = found(made)

    assert (marking.scope, marking.items, marking.texts, marking.pairs) == ("turn", 1, 2, 2)
    assert marking.coefficients["span_jaccard"].value == pytest.approx((0 + 1) / 2)


def test_a_text_whose_length_is_not_known_is_left_to_overlap_and_counted(study):
    Rendering.objects.all().delete()

    marking = found(study)

    assert marking.unknown_lengths == 1
    assert marking.coefficients["span_jaccard"].value == pytest.approx(5 / 9 / 3)
    assert marking.coefficients["span_character_alpha"].value is None


@pytest.mark.parametrize(
    "chosen", [{"waves": (Wave.GOLD,)}, {"until": 0}], ids=["wave", "until"]
)  # fmt: skip
def test_other_judgments_do_not_count(study, chosen):
    marking = found(study, **chosen)

    assert marking.judgments == 0
    assert str(marking.coefficients["span_jaccard"].reason) == "no_items"


def test_what_an_exclusion_leaves_out_does_not_count(study):
    facts, asked = build.facts(study), selections.read({})
    item = TextVersion.objects.get().response.external_id
    exclusions.add(facts, kind="item", subject=item, reason="Broken.", now=NOW, by_id=None)

    assert asked_agreement.spans(facts, asked)[0].judgments == 0
    assert asked_agreement.spans(facts, asked.without_exclusions())[0].judgments == 3


def test_page_api_command_release_and_kept_report_have_the_same_digits(
    study, tmp_path, client, capsys
):
    account = build.member(study, Role.RESEARCHER)
    client.force_login(account)
    shown = found(study).as_json()

    page = client.get(reverse("evaluation:agreement", args=["marks"]))
    of_page = client.get(reverse("evaluation:agreement_json", args=["marks"])).json()
    report = tasks.request_report(build.facts(study), AGREEMENT, {}, now=NOW, by_id=None)
    of_release = json.loads((written(study, tmp_path) / "agreement.json").read_text())

    assert page.status_code == HTTPStatus.OK
    assert "18.5" in page.content.decode()
    assert of_page["spans"] == printed(capsys, "agreement", "marks")["spans"] == [shown]
    assert of_release["spans"] == report.result["spans"] == [shown]


def test_the_command_says_it_in_words(study, capsys):
    call_command("agreement", "marks")

    text = capsys.readouterr().out
    assert "evidence (conversation): places marked in 1 texts of 1 items, 3 raters" in text
    assert "Alpha of characters" in text


def test_a_marked_question_can_be_asked_for_alone(study, client, capsys):
    client.force_login(build.member(study, Role.RESEARCHER))
    asked = {"question": "evidence"}

    page = client.get(reverse("evaluation:agreement", args=["marks"]), asked).content.decode()
    by_api = client.get(reverse("api-agreement", args=["marks"]), asked).json()

    assert "Agreement on places marked for “Where?”" in page
    assert '<option value="evidence" selected>Where?</option>' in page
    assert by_api == printed(capsys, "agreement", "marks", "--question", "evidence")
    assert (by_api["questions"], by_api["spans"]) == ([], [found(study).as_json()])


def test_a_marked_question_alone_is_kept_as_a_report_and_shown(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    asked = {"question": ["evidence"]}

    report = tasks.request_report(build.facts(study), AGREEMENT, asked, now=NOW, by_id=None)
    page = client.get(reverse("evaluation:kept_report", args=["marks", report.number]))

    assert report.result["spans"] == [found(study).as_json()]
    assert "Overlap (Jaccard)" in page.content.decode()


def test_a_marked_question_is_not_sliced_and_the_page_says_so(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    asked = {"question": "evidence", "by": "model"}

    answer = client.get(reverse("evaluation:agreement", args=["marks"]), asked)

    assert answer.status_code == SliceUnknown.http_status
    assert "it is not sliced" in answer.content.decode()


def test_slices_and_one_closed_question_have_no_marked_places(study):
    facts = build.facts(study)

    assert asked_agreement.spans(facts, selections.read({"by": ["model"]})) == []
    assert asked_agreement.spans(facts, selections.read({"question": ["safe"]})) == []
