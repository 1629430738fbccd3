import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.models import Value
from annotation.vocabulary import Role
from evaluation.errors import SliceUnknown
from evaluation.models import Judge
from evaluation.services import judge_slices
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

N = 24


@pytest.fixture
def study(tmp_path):
    """Twelve queries, a reply of each of two families; the judge excuses its own family.

    People say "yes" of every reply but each fourth; the judge says "no" of none of its own.
    """
    made = build.study("kind", rubric=build.SAFE)
    lines = [
        build.reply_fields(
            response_id=f"r{n:02}",
            query_id=f"q{n // 2}",
            model=f"{'acme' if n % 2 else 'other'}/m",
            messages=build.conversation(1, text="x" * (10 * 2 ** (n % 3))),
            framing="neutral" if n < N / 2 else "value_a",
        )
        for n in range(N)
    ]
    build.batch(made, lines, tmp_path)
    said = [
        (f"r{n:02}", f"rater-{rater}", "safe", "no" if n // 2 % 2 else "yes")
        for n in range(N)
        for rater in (0, 1)
    ]
    said[0] = ("r00", "rater-0", "safe", "no")
    given.judgments(made, tmp_path, said)
    verdicts = [verdict(f"r{n:02}", "yes" if n % 2 or not n // 2 % 2 else "no") for n in range(N)]
    given.verdicts(made, tmp_path, verdicts, model="acme/judge")
    return made


def sliced(study, by):
    (found,) = judge_slices.report(build.facts(study), "robo", by=by)
    return found


def test_a_judge_s_family_follows_from_its_model(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("r00")], name="bare", model="unheard")

    assert given.judge(study).family == "acme"
    assert given.judge(study, "bare").family == ""


def test_slices_by_model_add_up_to_the_whole(study):
    found = sliced(study, "model")

    assert [(row.key, row.items, row.pairs) for row in found.rows] == [
        ("acme/m", 12, 24),
        ("other/m", 12, 24),
    ]
    assert found.rows[0].accuracy.value == 0.5  # "yes" of everything
    assert found.rows[1].accuracy.value == pytest.approx(23 / 24)


def test_self_preference_is_tested_against_what_people_say(study):
    found = sliced(study, "family")

    (test,) = found.tests
    # it says yes of all 24 ratings of its own where people do of 12, and of others as people do
    assert test.option == "yes"
    assert test.found.value == pytest.approx(12 / 24 - 1 / 24)
    assert test.is_clear
    assert [row.own for row in found.rows] == [True, False]


def test_without_a_family_self_preference_is_not_tested(study):
    Judge.objects.update(family="")

    found = sliced(study, "family")

    assert found.tests == ()
    assert "not known" in found.why_no_bias


@pytest.mark.parametrize("family", ["acme", "third"])
def test_without_replies_of_both_kinds_self_preference_is_not_tested(tmp_path, family):
    study = given.safe(tmp_path, {"a": "yes no", "b": "no no"}, {"a": "yes", "b": "no"})
    Judge.objects.update(family=family)  # all replies are acme's

    assert sliced(study, "family").why_no_bias


def test_verbosity_bias_is_the_slope_of_the_excess_by_doubling(tmp_path):
    study = build.study(rubric=build.SAFE)
    names = [f"r{n:02}" for n in range(12)]
    for n, name in enumerate(names):
        given.replies(
            study,
            tmp_path,
            name,
            messages=[
                {"role": "user", "content": "?"},
                {"role": "assistant", "content": "x" * 2 ** (3 + n % 4)},
            ],
        )
    given.judgments(study, tmp_path, [(name, "ann", "safe", "no") for name in names])
    # "yes" of the two longest kinds: excess 0, 0, 1, 1 at 3, 4, 5, 6 doublings; slope 2/5
    said = [verdict(name, "yes" if n % 4 >= 2 else "no") for n, name in enumerate(names)]
    given.verdicts(study, tmp_path, said)

    (test,) = sliced(study, "length").tests

    assert test.found.value == pytest.approx(0.4)
    assert test.is_clear


def test_slices_by_length_are_thirds_with_their_limits(study):
    rows = sliced(study, "length").rows

    assert [row.items for row in rows] == [8, 8, 8]
    assert all("characters" in row.key for row in rows)


def test_an_item_lies_in_the_categories_of_both_its_values(study):
    one, other = Value.objects.filter(study=study)
    Value.objects.filter(pk=one.pk).update(category="Care")
    Value.objects.filter(pk=other.pk).update(category="Truth")

    assert [(row.key, row.items) for row in sliced(study, "category").rows] == [
        ("Care", N),
        ("Truth", N),
    ]


def test_values_without_a_category_are_named_so(study):
    Value.objects.update(category="")

    assert [row.key for row in sliced(study, "category").rows] == ["(none)"]


def test_slices_by_framing(study):
    assert [(row.key, row.items) for row in sliced(study, "framing").rows] == [
        ("neutral", 12),
        ("value_a", 12),
    ]


def test_only_what_is_asked_of_turns_is_sliced_by_turn(study, tmp_path):
    assert judge_slices.report(build.facts(study), "robo", by="turn") == []

    turns = build.study(rubric=given.TURNS)
    given.replies(turns, tmp_path, "r", messages=build.conversation(2))
    given.judgments(turns, tmp_path, [("r", "ann", "misled", "yes", turn) for turn in (1, 2)])
    lines = [verdict("r", "yes", "misled", turn=1), verdict("r", "no", "misled", turn=2)]
    given.verdicts(turns, tmp_path, lines)

    rows = sliced(turns, "turn").rows
    assert [(row.key, row.accuracy.value) for row in rows] == [("turn 1", 1), ("turn 2", 0)]


def test_what_nobody_judged_has_no_slices(study, tmp_path):
    bare = build.study(rubric=build.SAFE)
    given.replies(bare, tmp_path, "r")
    given.verdicts(bare, tmp_path, [verdict("r")])

    for by in ("model", "length", "family"):
        assert sliced(bare, by).rows == ()


def test_an_unknown_slice_is_refused(study, client):
    with pytest.raises(SliceUnknown, match="framing"):
        judge_slices.report(build.facts(study), "robo", by="mood")
    with pytest.raises(CommandError, match="mood"):
        call_command("judge_report", "kind", "--judge", "robo", "--by", "mood")


@pytest.mark.parametrize("by", judge_slices.SLICES)
def test_page_command_and_api_give_the_same_slices(study, client, capsys, by):
    client.force_login(build.member(study, Role.RESEARCHER))
    judge = given.judge_ids(study)[0]

    by_command = given.printed(capsys, "judge_report", "kind", "--judge", "robo", "--by", by)
    by_api = client.get(reverse("api-judge-slices", args=["kind", judge]), {"by": by}).json()
    page = client.get(reverse("evaluation:judge_slices", args=["kind", judge]), {"by": by})

    assert by_command == by_api
    for row in [row for one in by_api["questions"] for row in one["slices"]]:
        assert row["slice"] in page.content.decode()
        assert f'value="{row["accuracy"]["value"]!r}"' in page.content.decode()


def test_the_page_says_what_self_preference_was_found(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    address = reverse("evaluation:judge_slices", args=["kind", given.judge_ids(study)[0]])

    page = client.get(address, {"by": "family"}).content.decode()

    assert "+45.8 percentage points" in page
    assert "This shows self-preference." in page


def test_a_researcher_says_of_which_family_a_judge_is(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    address = reverse("evaluation:judge_family", args=["kind", given.judge_ids(study)[0]])

    stored = client.post(address, {"family": " other "})
    refused = client.post(address, {"family": "x" * 201})

    assert stored.status_code == 302
    assert refused.status_code == 422
    assert given.judge(study).family == "other"
