"""Values in a study: batches that name them by an alias, changing one, the raters' glossary."""

from http import HTTPStatus

import pytest

from annotation.errors import AliasTaken
from annotation.models import Query, Value
from annotation.selectors.values import glossary_of, grouped, values_of
from annotation.services import batches, values
from annotation.services.values import Meaning
from annotation.vocabulary import Role
from tests import build
from tests.annotation.loading import counts, reasons
from tests.annotation.meanings import RIGOR, stored, unclear, value
from tests.build import NOW
from tests.pages import page

pytestmark = pytest.mark.django_db


# Batches that name a value by an alias


def query_values(study) -> list[tuple[str, str]]:
    return list(Query.objects.filter(study=study).values_list("value_a__name", "value_b__name"))


def test_a_reply_that_names_a_value_by_an_alias_is_put_to_that_value(study, tmp_path):
    value(study, aliases=["Candour"])

    build.reply(study, tmp_path, value_a="CANDOUR", value_b="Kindness")

    assert query_values(study) == [("Honesty", "Kindness")]
    assert sorted(stored(study)) == ["Honesty", "Kindness"]


def test_replies_under_name_and_alias_belong_to_one_query(study, tmp_path):
    value(study, aliases=["Candour"])
    build.reply(study, tmp_path, query_id="q", value_a="Honesty", model="acme/one")

    build.reply(study, tmp_path, query_id="q", value_a="candour", model="acme/two")

    assert query_values(study) == [("Honesty", "Kindness")]


def test_a_batch_with_an_alias_loads_again_unchanged(study, tmp_path):
    value(study, aliases=["Candour"])
    path = build.jsonl(tmp_path / "b.jsonl", [build.reply_fields(value_a="Candour")])
    batches.load(batch=batches.register(study=study, file_name="b.jsonl", now=NOW), path=path)

    again = batches.register(study=study, file_name="b.jsonl", now=NOW)

    assert counts(batches.load(batch=again, path=path)) == (0, 0, 1, 0)


def test_a_value_of_that_very_name_goes_before_an_alias(study, tmp_path):
    value(study, aliases=["Candour"])
    value(study, "candour")

    build.reply(study, tmp_path, value_a="candour")

    assert query_values(study) == [("candour", "Kindness")]


def test_two_names_of_one_value_are_no_conflict_of_two(study, tmp_path):
    value(study, aliases=["Candour"])
    line = build.reply_fields(value_a="Candour", value_b="Honesty")
    path = build.jsonl(tmp_path / "b.jsonl", [line])
    batch = batches.register(study=study, file_name="b.jsonl", now=NOW)

    tally = batches.load(batch=batch, path=path)

    assert reasons(tally) == [(1, "value_b")]
    assert "'Honesty'" in tally.errors[0].reason


# Changing one value


def meaning(definition="Saying so", category=RIGOR, aliases=("Candour",)) -> Meaning:
    return Meaning(definition, category, aliases)


def test_a_value_is_changed(study, admin):
    one = value(study)

    assert values.change(study=study, value_id=one.pk, meaning=meaning(), by_id=admin.pk)
    assert stored(study) == {"Honesty": ("Saying so", RIGOR, ["Candour"])}


def test_changing_nothing_says_so(study, admin):
    one = value(study)
    values.change(study=study, value_id=one.pk, meaning=meaning(), by_id=admin.pk)

    assert not values.change(study=study, value_id=one.pk, meaning=meaning(), by_id=admin.pk)


def test_what_is_emptied_on_its_page_is_empty(study, admin):
    one = value(study, definition="Old", category=RIGOR, aliases=["Candour"])

    values.change(study=study, value_id=one.pk, meaning=Meaning("", "", ()), by_id=admin.pk)

    assert stored(study) == {"Honesty": ("", "", [])}


def test_a_taken_alias_is_refused_and_nothing_is_stored(study, admin):
    one = value(study)
    value(study, "Kindness", aliases=["Warmth"])

    with pytest.raises(AliasTaken, match="“Kindness”") as refusal:
        values.change(
            study=study, value_id=one.pk, meaning=meaning(aliases=("warmth",)), by_id=admin.pk
        )

    assert refusal.value.details == {"alias": "warmth", "value": "Kindness"}
    assert stored(study)["Honesty"] == ("", "", [])


# What admins see


def test_values_stand_by_head_category_and_name(study, tmp_path):
    build.reply(study, tmp_path, value_a="Zeal", value_b="Awe")
    value(study, "honesty", category="Critical thinking")
    value(study, "Candour", category="Critical thinking")
    value(study, "Rigor", category=RIGOR)

    groups = grouped(values_of(study))

    assert [(group.head, group.category) for group in groups] == [
        ("Epistemic", RIGOR), ("Epistemic", "Critical thinking"), ("", ""),
    ]  # fmt: skip
    assert [[one.name for one in group.values] for group in groups] == [
        ["Rigor"], ["Candour", "honesty"], ["Awe", "Zeal"],
    ]  # fmt: skip


def test_queries_are_counted_on_either_side(study, tmp_path):
    build.reply(study, tmp_path, value_a="Zeal", value_b="Awe")
    build.reply(study, tmp_path, value_a="Awe", value_b="Calm")

    assert {row.name: row.queries for row in values_of(study)} == {"Awe": 2, "Calm": 1, "Zeal": 1}


def test_open_flags_that_call_a_value_unclear_are_counted(study, tmp_path):
    unclear(study, tmp_path)

    assert {row.name: row.unclear for row in values_of(study)} == {"Honesty": 1, "Kindness": 0}


# The raters' glossary


@pytest.fixture
def rater(study, client):
    account = build.member(study, Role.RATER)
    client.force_login(account)
    return account


def test_the_glossary_has_the_values_that_occur_by_name(study, tmp_path):
    build.reply(study, tmp_path, value_a="Zeal", value_b="awe")
    value(study, "Unused")
    Value.objects.filter(name="Zeal").update(
        definition="Ardour", category=RIGOR, aliases=["Passion"]
    )

    found = glossary_of(study.pk)

    assert [entry.name for entry in found] == ["awe", "Zeal"]
    assert (found[1].head, found[1].category, found[1].definition, found[1].aliases) == (
        "Epistemic", RIGOR, "Ardour", ("Passion",),
    )  # fmt: skip


def test_a_rater_reads_the_glossary(study, rater, client, tmp_path):
    build.reply(study, tmp_path)
    Value.objects.filter(name="Honesty").update(definition="Saying <so>", category=RIGOR)

    shown = page(client.get("/studies/s/values/glossary/"))

    assert "Saying &lt;so&gt;" in shown
    assert f"Epistemic · {RIGOR}" in shown


def test_a_value_without_definition_or_category_says_so(study, rater, client, tmp_path):
    build.reply(study, tmp_path)

    shown = page(client.get("/studies/s/values/glossary/"))

    assert "No definition was given." in shown
    assert "No category was given." in shown


def test_a_glossary_without_values_says_so(study, rater, client):
    assert "This study has no values yet." in page(client.get("/studies/s/values/glossary/"))


def test_the_glossary_is_narrowed_by_words(study, rater, client, tmp_path):
    build.reply(study, tmp_path, value_a="Zeal", value_b="Awe")

    response = client.get("/studies/s/values/glossary/?words=zea")

    assert [entry.name for entry in response.context["page"]] == ["Zeal"]


def test_a_glossary_in_which_nothing_matches_is_no_dead_end(study, rater, client, tmp_path):
    build.reply(study, tmp_path)

    assert "Show all" in page(client.get("/studies/s/values/glossary/?words=zzz"))


@pytest.mark.parametrize("address", ["values/", "values.csv"])
def test_raters_do_not_see_the_admins_pages_of_values(study, rater, client, address):
    assert client.get(f"/studies/s/{address}").status_code == HTTPStatus.FORBIDDEN
