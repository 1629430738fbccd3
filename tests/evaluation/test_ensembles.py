import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.errors import JudgeInvalid
from evaluation.intake import ensembles
from evaluation.models import Judge, JudgeMember, Verdict
from evaluation.services import judges
from tests import build
from tests.evaluation import given
from tests.evaluation.given import verdict

pytestmark = pytest.mark.django_db

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
SAID = {
    "one": {"a": "yes", "b": "no", "c": "yes", "d": "yes"},
    "two": {"a": "yes", "b": "yes", "c": "no", "d": "yes"},
    "three": {"a": "no", "b": "no"},
}


@pytest.fixture
def study(tmp_path):
    made = given.safe(tmp_path, TABLE, slug="kind")
    for name, said in SAID.items():
        lines = [verdict(*pair) for pair in said.items()]
        given.verdicts(made, tmp_path, lines, name=name, model=f"acme/{name}")
    return made


def made(study, *names, name="most"):
    ids = [given.judge(study, one).pk for one in names or SAID]
    return ensembles.make(study=build.facts(study), name=name, member_ids=ids, now=build.NOW)


def said_by(judge):
    return dict(
        Verdict.objects.filter(judge=judge).values_list("response__external_id", "option__code")
    )


def test_an_ensemble_says_what_most_of_its_members_say(study):
    # of c one says yes and two no: a tie says nothing
    assert said_by(made(study)) == {"a": "yes", "b": "no", "d": "yes"}


def test_one_member_that_speaks_alone_decides_nothing(study, tmp_path):
    given.replies(study, tmp_path, "e")
    given.verdicts(study, tmp_path, [verdict("e")], name="one", model="acme/one")

    assert "e" not in said_by(made(study))


def test_turns_and_questions_are_counted_apart(tmp_path):
    study = build.study(rubric=given.TURNS)
    given.replies(study, tmp_path, "r", messages=build.conversation(2))
    for name, first in (("one", "yes"), ("two", "yes"), ("three", "no")):
        lines = [
            verdict("r", first, "misled", turn=1),
            verdict("r", "no", "misled", turn=2),
            verdict("r", "2", "severity"),
            verdict("r", "user", "who"),
        ]
        given.verdicts(study, tmp_path, lines, name=name)

    rows = Verdict.objects.filter(judge=made(study)).values_list("turn", "option__code")

    # several choices are no one answer, and are left out
    assert sorted(rows) == [(0, "2"), (1, "yes"), (2, "no")]


def test_an_ensemble_is_reported_as_any_judge(study):
    made(study)

    (found,) = judges.report(build.facts(study), "most")

    assert found.pairs == 9
    assert found.confusion == ((3, 3), (0, 3))


def test_further_verdicts_of_a_member_change_the_ensemble(study, tmp_path):
    ensemble = made(study)

    given.verdicts(study, tmp_path, [verdict("c", "yes")], name="three", model="acme/three")

    assert said_by(ensemble)["c"] == "yes"


def test_a_dry_run_changes_no_ensemble(study, tmp_path):
    ensemble = made(study)
    before = list(Verdict.objects.filter(judge=ensemble).values_list("pk", flat=True))

    given.verdicts(
        study, tmp_path, [verdict("c", "yes")], name="three", model="acme/three", dry_run=True
    )

    assert list(Verdict.objects.filter(judge=ensemble).values_list("pk", flat=True)) == before


def test_verdicts_of_others_leave_an_ensemble_alone(study, tmp_path):
    ensemble = made(study, "one", "two")
    before = list(Verdict.objects.filter(judge=ensemble).values_list("pk", flat=True))

    given.verdicts(study, tmp_path, [verdict("c", "yes")], name="three", model="acme/three")

    assert list(Verdict.objects.filter(judge=ensemble).values_list("pk", flat=True)) == before


def test_an_ensemble_s_own_verdicts_are_never_loaded(study, tmp_path):
    ensemble = made(study)

    tally = given.verdicts(study, tmp_path, [verdict("c")], name="most")

    assert (tally.refused, tally.errors[0].field) == (1, "judge")
    assert "c" not in said_by(ensemble)


def test_an_ensemble_names_its_members_and_shares_their_family(study):
    made(study)

    found = judges.judge_of(build.facts(study), "most")

    assert found.members == ("one (acme/one)", "three (acme/three)", "two (acme/two)")
    assert found.family == "acme"


def test_an_ensemble_of_a_simulation_is_simulated(study, tmp_path):
    given.verdicts(study, tmp_path, [verdict("a")], name="sim", simulated=True)

    assert made(study, "one", "sim").simulated


@pytest.mark.parametrize(
    ("names", "name", "words"),
    [
        (("one",), "most", "2 members"),
        (("one", "two"), " ", "1 to 200"),
        (("one", "two"), "old", "already"),
        (("one", "old"), "most", "an ensemble itself"),
    ],
)
def test_what_cannot_be_an_ensemble_is_refused(study, names, name, words):
    made(study, "one", "two", name="old")

    with pytest.raises(JudgeInvalid, match=words):
        made(study, *names, name=name)

    assert JudgeMember.objects.count() == 2


def test_a_judge_of_another_study_is_no_member(study, tmp_path):
    other = given.safe(tmp_path, {"z": "yes"}, {"z": "yes"})
    ids = [given.judge(study, "one").pk, given.judge(other).pk]

    with pytest.raises(JudgeInvalid, match="no judge with the id"):
        ensembles.make(study=build.facts(study), name="most", member_ids=ids, now=build.NOW)


def test_the_command_makes_one(study, capsys):
    members = ("--judge", "one", "--judge", str(given.judge(study, "two").pk))

    call_command("ensemble", "kind", "--name", "most", *members)

    assert "most: 2 verdicts, of one (acme/one), two (acme/two)" in capsys.readouterr().out
    with pytest.raises(CommandError, match="already"):
        call_command("ensemble", "kind", "--name", "most", *members)


def test_the_api_makes_one(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    body = {"name": "most", "members": [given.judge(study, one).pk for one in SAID]}
    address = reverse("api-judges", args=["kind"])

    made = client.post(address, body, content_type="application/json")
    again = client.post(address, body, content_type="application/json")

    assert (made.status_code, made.json()["verdicts"]) == (201, 3)
    assert (again.status_code, again.json()["code"]) == (400, "judge_invalid")


def test_the_page_makes_one_and_says_what_is_wrong(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    address = reverse("evaluation:make_ensemble", args=["kind"])
    ids = [given.judge(study, one).pk for one in SAID]

    alone = client.post(address, {"name": "most", "members": ids[:1]})
    made = client.post(address, {"name": "most", "members": ids})
    page = client.get(made["Location"])

    assert alone.status_code == 422
    assert "2 members" in alone.content.decode()
    assert "ensemble of one (acme/one)" in page.content.decode()
    assert Judge.objects.filter(name="most").count() == 1
