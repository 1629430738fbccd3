import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.errors import JudgeInvalid, JudgeUnknown, OptionUnknown
from evaluation.services import judge_comparisons, judges
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
OLD = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}
NEW = {"a": "yes", "b": "yes", "c": "yes", "d": "no"}


@pytest.fixture
def study(tmp_path):
    made = given.safe(tmp_path, TABLE, OLD, slug="kind")
    lines = [verdict(*pair) for pair in NEW.items()]
    given.verdicts(made, tmp_path, lines, model="new")
    return made


def compared(study, **more):
    facts = build.facts(study)
    first, second = (judges.judge_of(facts, one) for one in given.judge_ids(study))
    (found,) = judge_comparisons.report(facts, first, second, **more)
    return found


def test_two_versions_are_held_to_the_same_ratings(study):
    found = compared(study)

    # old 9 of 12 ratings (a 2, b 3, c 3, d 1), new 7 (a 2, c 3, d 2)
    assert found.paired.first.value == pytest.approx(9 / 12)
    assert found.paired.second.value == pytest.approx(7 / 12)
    assert found.paired.accuracy.value == pytest.approx(-2 / 12)
    assert (found.units, found.pairs, found.paired.accuracy.clusters) == (4, 12, 4)


def test_the_table_counts_what_each_said(study):
    assert compared(study).table == ((0, 1), (1, 2))


def test_what_changed_is_listed_with_what_people_said(study):
    found = compared(study)

    assert [(one.response_id, one.first, one.second) for one in found.changed] == [
        ("b", "no", "yes"),
        ("d", "yes", "no"),
    ]
    assert found.changed[1].people == (("no", 2), ("yes", 1))


def test_a_cell_of_the_table_lists_its_items(study):
    found = compared(study, cell=("yes", "yes"))

    assert [one.response_id for one in found.changed] == ["a", "c"]
    assert found.n_changed == 2


def test_a_cell_that_the_question_does_not_offer_is_refused(study):
    with pytest.raises(OptionUnknown, match="offers no, yes"):
        compared(study, question="safe", cell=("yes", "perhaps"))


def test_verdicts_on_what_nobody_rated_are_counted_apart(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.verdicts(study, tmp_path, [verdict("e", "no")])
    given.verdicts(study, tmp_path, [verdict("e", "yes")], model="new")

    found = compared(study)

    assert (found.units, found.n_changed) == (4, 2)
    assert (found.places.both, found.places.differ) == (5, 3)


def test_judges_that_share_no_question_have_nothing_to_compare(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.verdicts(study, tmp_path, [verdict("e")], name="other")
    facts = build.facts(study)
    first, other = (
        judges.judge_of(facts, given.judge_ids(study)[0]),
        judges.judge_of(facts, "other"),
    )

    assert judge_comparisons.report(facts, first, other) == []
    assert judge_comparisons.report(facts, first, other, question="safe")[0].units == 0


def test_scores_are_compared_through_the_winner_that_follows(tmp_path):
    study = build.study(rubric="tradeoff-standard")
    given.replies(study, tmp_path, "r")
    given.judgments(study, tmp_path, [("r", "ann", "score_a", "5"), ("r", "ann", "score_b", "1")])
    for model, points in (("old", "2"), ("new", "6")):
        lines = [verdict("r", points, "score_a"), verdict("r", "3", "score_b")]
        given.verdicts(study, tmp_path, lines, model=model)

    found = compared(study, question="winner_from_scores")

    assert [(one.first, one.second) for one in found.changed] == [("value_b", "value_a")]
    assert found.places is None


def test_page_command_and_api_give_the_same_comparison(study, client, capsys):
    client.force_login(build.member(study, Role.RESEARCHER))
    first, second = map(str, given.judge_ids(study))
    command = ("judge_report", "kind", "--judge", first, "--against", second)

    by_command = given.printed(capsys, *command)
    by_api = client.get(
        reverse("api-judge-against", args=["kind", first]), {"other": second}
    ).json()
    page = client.get(reverse("evaluation:judge_against", args=["kind", first]), {"other": second})

    assert by_command == by_api
    (found,) = by_api["questions"]
    assert f'value="{found["difference"]["value"]!r}"' in page.content.decode()
    assert "It cannot be told which agrees more" in page.content.decode()


def test_the_page_opens_the_items_of_a_cell(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    first, second = given.judge_ids(study)
    asked = {"other": second, "question": "safe", "first": "no", "second": "yes"}

    page = client.get(reverse("evaluation:judge_against", args=["kind", first]), asked)

    item = study.items.get(reply_1__external_id="b").pk
    assert reverse("evaluation:item", args=["kind", item]) in page.content.decode()


def test_the_page_says_what_was_answered_in_words_and_not_in_codes(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    first, second = given.judge_ids(study)
    asked = {"other": second, "question": "safe", "first": "no", "second": "yes"}

    page = client.get(reverse("evaluation:judge_against", args=["kind", first]), asked)

    found = page.content.decode()
    assert "the first said “<bdi>No</bdi>” and the second “<bdi>Yes</bdi>”" in found
    assert '<td dir="auto">No</td><td dir="auto">Yes</td><td dir="auto">No × 3</td>' in found


def test_without_another_judge_the_page_offers_those_there_are(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))

    page = client.get(reverse("evaluation:judge_against", args=["kind", given.judge_ids(study)[0]]))

    assert "robo (new)" in page.content.decode()


def test_a_judge_is_not_compared_with_itself(study):
    same = judges.judge_of(build.facts(study), given.judge_ids(study)[0])

    with pytest.raises(JudgeInvalid, match="robo cannot be compared with itself"):
        judge_comparisons.report(build.facts(study), same, same)


def test_the_page_of_a_judge_beside_itself_says_why_and_offers_others(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    one = given.judge_ids(study)[0]

    page = client.get(reverse("evaluation:judge_against", args=["kind", one]), {"other": one})

    assert "A judge beside itself differs nowhere" in page.content.decode()
    assert "robo (new)</option>" in page.content.decode()


def test_the_api_refuses_a_judge_beside_itself(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    one = given.judge_ids(study)[0]

    answer = client.get(reverse("api-judge-against", args=["kind", one]), {"other": one})

    assert (answer.status_code, answer.json()["code"]) == (400, "judge_invalid")


def test_the_command_prints_for_people(study, capsys):
    first, second = map(str, given.judge_ids(study))

    call_command("judge_report", "kind", "--judge", first, "--against", second)

    assert "b: no -> yes (people: no 3)" in capsys.readouterr().out


def test_the_api_asks_for_the_other_judge(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))

    answer = client.get(reverse("api-judge-against", args=["kind", given.judge_ids(study)[0]]))

    assert (answer.status_code, answer.json()["code"]) == (400, "judge_invalid")


def test_what_cannot_be_compared_is_refused(study):
    with pytest.raises(JudgeUnknown):
        judges.judge_named(build.facts(study), "999999")
    with pytest.raises(CommandError, match="not for both"):
        call_command(
            "judge_report", "kind", "--judge", "robo", "--model", "new", "--by", "model",
            "--against", "robo",
        )  # fmt: skip
