"""Values: loading them from files, changing one, the raters' glossary, the admins' pages."""

import csv
import io
import json
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.errors import AliasTaken, FileUnreadable
from annotation.forms import values as forms
from annotation.models import Flag, Query, Value
from annotation.selectors.values import glossary_of, grouped, values_of
from annotation.services import batches, flags, values
from annotation.services.values import Meaning
from annotation.vocabulary import VALUE_CATEGORIES, FlagKind, Role
from config import demonstration
from tests import build
from tests.annotation.test_commands import run
from tests.build import NOW

pytestmark = pytest.mark.django_db
RIGOR = "Methodical rigor"


@pytest.fixture
def study():
    return build.study("s")


@pytest.fixture
def admin(study, client):
    account = build.member(study, Role.ADMIN, name="boss")
    client.force_login(account)
    return account


@pytest.fixture
def load(study, tmp_path):
    """Load CSV text as a file of values."""

    def load_text(text: str, *, name: str = "values.csv", **how):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        return values.load(study=study, path=path, **how)

    return load_text


def value(study, name: str = "Honesty", **more) -> Value:
    return Value.objects.create(study=study, name=name, **more)


def stored(study) -> dict[str, tuple]:
    return {
        one.name: (one.definition, one.category, one.aliases)
        for one in Value.objects.filter(study=study)
    }


def counts(tally) -> tuple[int, int, int, int]:
    return tally.created, tally.updated, tally.unchanged, tally.refused


def reasons(tally) -> list[tuple[int, str]]:
    return [(error.line, error.field) for error in tally.errors]


def page(response) -> str:
    return response.content.decode()


# Loading a file


def test_a_value_gets_definition_category_and_aliases(study, load):
    tally = load(f"value,definition,category,aliases\nHonesty,Saying so,{RIGOR},Candour | Truth\n")

    assert counts(tally) == (1, 0, 0, 0)
    assert stored(study) == {"Honesty": ("Saying so", RIGOR, ["Candour", "Truth"])}


def test_loading_again_changes_nothing(study, load):
    text = f"value,definition,category,aliases\nHonesty,Saying so,{RIGOR},Candour|Truth\n"
    load(text)

    assert counts(load(text)) == (0, 0, 1, 0)


def test_the_file_of_the_demonstration_loads_again_unchanged(study):
    path = demonstration.FIXTURES / "demo_values.csv"
    first = values.load(study=study, path=path)

    assert first.refused == 0
    assert counts(values.load(study=study, path=path)) == (0, 0, first.created, 0)


def test_another_definition_is_an_update(study, load):
    value(study, definition="Old", category=RIGOR, aliases=["Candour"])

    tally = load("value,definition\nHonesty,New\n")

    assert counts(tally) == (0, 1, 0, 0)
    assert stored(study) == {"Honesty": ("New", RIGOR, ["Candour"])}


def test_an_empty_cell_leaves_what_is_stored(study, load):
    value(study, definition="Old", category=RIGOR, aliases=["Candour"])

    tally = load('value,definition,category,aliases\nHonesty,,"  ",|\n')

    assert counts(tally) == (0, 0, 1, 0)
    assert stored(study) == {"Honesty": ("Old", RIGOR, ["Candour"])}


def test_aliases_that_are_given_replace_those_stored(study, load):
    value(study, aliases=["Candour", "Truth"])

    load("value,aliases\nHonesty,Frankness\n")

    assert stored(study)["Honesty"][2] == ["Frankness"]


@pytest.mark.parametrize("category", [RIGOR, "  METHODICAL rigor "])
def test_a_category_is_stored_in_its_canonical_spelling(study, load, category):
    load(f"value,category\nHonesty,{category}\n")

    assert stored(study)["Honesty"][1] == RIGOR


def test_there_are_26_categories_under_5_heads():
    assert (len(VALUE_CATEGORIES), sum(map(len, VALUE_CATEGORIES.values()))) == (5, 26)


def test_an_unknown_category_is_refused_with_the_nearest(study, load):
    tally = load("value,category\nHonesty,Methodical vigour\n")

    assert reasons(tally) == [(2, "category")]
    assert f"“{RIGOR}”" in tally.errors[0].reason
    assert stored(study) == {}


def test_a_category_like_nothing_is_refused_with_some_names(load):
    tally = load("value,category\nHonesty,zzz\n")

    assert tally.errors[0].reason.count("“") == 3


def test_a_value_is_found_by_an_alias(study, load):
    value(study, aliases=["Candour"])

    tally = load("value,definition\nCANDOUR,Saying so\n")

    assert counts(tally) == (0, 1, 0, 0)
    assert stored(study) == {"Honesty": ("Saying so", "", ["Candour"])}


def test_a_name_of_its_own_goes_before_an_alias(study, load):
    value(study, aliases=["candour"])
    value(study, "Candour")

    load("value,definition\nCandour,Openness\n")

    assert stored(study)["Candour"][0] == "Openness"
    assert stored(study)["Honesty"][0] == ""


def test_a_value_is_found_whatever_the_case_where_one_has_the_name(study, load):
    value(study)

    assert counts(load("value,definition\n honesty ,Saying so\n")) == (0, 1, 0, 0)


def test_of_names_that_differ_in_case_only_none_is_guessed(study, load):
    value(study)
    value(study, "honesty")

    assert counts(load("value,definition\nHONESTY,Saying so\n")) == (1, 0, 0, 0)


def test_a_name_with_spaces_around_it_is_found_as_it_is_stored(study, load):
    value(study, " Honesty ")

    assert counts(load("value,definition\n Honesty ,Saying so\n")) == (0, 1, 0, 0)


@pytest.mark.parametrize("alias", ["Kindness", "kindness", "warmth", "WARMTH"])
def test_an_alias_of_another_value_is_refused_naming_it(study, load, alias):
    value(study, "Kindness", aliases=["Warmth"])

    tally = load(f"value,aliases\nHonesty,{alias}\n")

    assert reasons(tally) == [(2, "aliases")]
    assert f"“{alias}”" in tally.errors[0].reason
    assert "“Kindness”" in tally.errors[0].reason
    assert "Honesty" not in stored(study)


def test_an_alias_given_up_in_one_line_is_free_for_the_next(study, load):
    value(study, "Kindness", aliases=["Warmth"])
    value(study)

    tally = load("value,aliases\nKindness,Mildness\nHonesty,Warmth\n")

    assert counts(tally) == (0, 2, 0, 0)


def test_an_alias_may_be_the_values_own_name_in_another_case(study, load):
    value(study)

    assert counts(load("value,aliases\nHonesty,honesty\n")) == (0, 1, 0, 0)


def test_an_alias_that_stands_twice_is_kept_once(study, load):
    load("value,aliases\nHonesty,Candour|candour|Truth\n")

    assert stored(study)["Honesty"][2] == ["Candour", "Truth"]


def test_a_value_that_stands_twice_with_something_else_is_refused(study, load):
    tally = load("value,definition\nHonesty,One\nHonesty,Two\n")

    assert counts(tally) == (1, 0, 0, 1)
    assert "line 2" in tally.errors[0].reason
    assert stored(study)["Honesty"][0] == "One"


def test_a_value_that_stands_twice_with_the_same_is_unchanged(load):
    assert counts(load("value,definition\nHonesty,One\nHonesty,One\n")) == (1, 0, 1, 0)


def test_an_alias_is_the_same_value_within_one_file(load):
    tally = load("value,definition,aliases\nHonesty,One,Candour\nCandour,Two,\n")

    assert counts(tally) == (1, 0, 0, 1)
    assert "“Honesty” stands in line 2" in tally.errors[0].reason


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (",Saying so,,", "value"),
        (f"{'x' * 201},Saying so,,", "value"),
        (f"Honesty,{'x' * 2001},,", "definition"),
        (f"Honesty,,,{'x' * 201}", "aliases.0"),
        (f"Honesty,,,{'|'.join(map(str, range(51)))}", "aliases"),
        ("Honesty,a\0b,,", "definition"),
        ("Hon\testy,,,", "value"),
    ],
)
def test_a_bad_line_is_refused_by_its_field(study, load, line, field):
    tally = load(f"value,definition,category,aliases\n{line}\nKindness,Being kind,,\n")

    assert reasons(tally) == [(2, field)]
    assert list(stored(study)) == ["Kindness"]


def test_another_column_is_refused_by_name_and_nothing_is_loaded(study, load):
    with pytest.raises(FileUnreadable, match="'note'"):
        load("value,definition,note\nHonesty,Saying so,x\n")

    assert stored(study) == {}


def test_a_file_that_is_no_text_loads_nothing(study, tmp_path):
    path = tmp_path / "values.csv"
    path.write_bytes(b"value,definition\nHonesty,\xff\n")

    with pytest.raises(FileUnreadable, match="UTF-8"):
        values.load(study=study, path=path)


def test_a_line_that_is_no_csv_is_named_and_the_others_load(study, load):
    tally = load('value,definition\n"Honesty"x,One\nKindness,Two\n')

    assert counts(tally) == (1, 0, 0, 1)


def test_lines_of_json_are_read_as_well(study, load):
    line = {"value": "Honesty", "aliases": ["Candour"], "category": RIGOR}

    load(json.dumps(line) + "\n", name="values.jsonl")

    assert stored(study) == {"Honesty": ("", RIGOR, ["Candour"])}


@pytest.mark.parametrize(
    ("line", "field"),
    [
        ({"value": 7}, "value"),
        ({"value": "Honesty", "aliases": 7}, "aliases"),
        ({"value": "Honesty", "aliases": ["a|b"]}, "aliases.0"),
        ({"value": "Honesty", "definition": 7}, "definition"),
        ({"value": "Honesty", "note": "x"}, "note"),
        ({"value": "\ud800"}, "value"),
    ],
)
def test_a_json_line_of_the_wrong_kind_is_refused(load, line, field):
    good = {"value": "Kindness"}

    tally = load(json.dumps(good) + "\n" + json.dumps(line) + "\n", name="values.jsonl")

    assert reasons(tally) == [(2, field)]


def test_a_strict_load_with_a_bad_line_stores_nothing(study, load):
    tally = load("value,category\nHonesty,\nKindness,zzz\n", strict=True)

    assert tally.refused == 1
    assert stored(study) == {}


def test_a_dry_run_stores_nothing(study, load):
    assert counts(load("value\nHonesty\n", dry_run=True)) == (1, 0, 0, 0)
    assert stored(study) == {}


def test_values_of_another_study_are_not_touched(study, load):
    other = build.study("other")
    value(other, definition="Theirs")

    load("value,definition\nHonesty,Ours\n")

    assert stored(other)["Honesty"][0] == "Theirs"


# The command


def test_load_values_ends_with_0_and_counts(study, capsys, tmp_path):
    path = tmp_path / "values.csv"
    path.write_text("value,definition\nHonesty,Saying so\n")

    code, out, err = run(capsys, "load_values", "s", path)

    assert (code, err) == (0, "")
    assert out == "1 lines read: 1 created, 0 unchanged, 0 updated, 0 refused.\n"


def test_load_values_ends_with_1_where_a_line_is_refused(study, capsys, tmp_path):
    path = tmp_path / "values.csv"
    path.write_text("value,category\nHonesty,zzz\n")

    code, out, _ = run(capsys, "load_values", "s", path, json=True)

    assert code == 1
    assert json.loads(out)["errors"][0]["field"] == "category"


@pytest.mark.parametrize("text", ["", "value,note\nHonesty,x\n"])
def test_load_values_ends_with_2_where_the_file_cannot_be_used(study, capsys, tmp_path, text):
    path = tmp_path / "values.csv"
    path.write_text(text)

    code, _, error = run(capsys, "load_values", "s", path)

    assert code == 2
    assert "Nothing was loaded." in error


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


def unclear(study, tmp_path, note="Which kind?") -> Value:
    """A value that a rater found unclear."""
    build.item(study, tmp_path)
    rater = build.rater(study)
    seat = build.claim(rater)
    one = Value.objects.get(study=study, name="Honesty")
    flags.flag(rater=rater, key=seat.key, kind=FlagKind.VALUE, value_id=one.pk, note=note, now=NOW)
    return one


def test_open_flags_that_call_a_value_unclear_are_counted(study, tmp_path):
    unclear(study, tmp_path)

    assert {row.name: row.unclear for row in values_of(study)} == {"Honesty": 1, "Kindness": 0}


def test_the_page_of_values_shows_what_they_mean(study, admin, client):
    value(study, "<b>Honesty</b>", definition="Saying so", category=RIGOR, aliases=["Candour"])

    shown = page(client.get("/studies/s/values/"))

    assert "&lt;b&gt;Honesty&lt;/b&gt;" in shown
    assert "Epistemic · Methodical rigor" in shown
    assert "Saying so" in shown
    assert "Candour" in shown


def test_a_study_without_values_says_where_they_come_from(study, admin, client):
    assert "No values yet" in page(client.get("/studies/s/values/"))


@pytest.mark.parametrize(
    ("words", "n"), [("honest", 1), ("CANDOUR", 1), ("saying kind", 0), ("", 2)]
)
def test_the_page_of_values_is_narrowed_by_words(study, admin, client, words, n):
    value(study, definition="Saying so", aliases=["Candour"])
    value(study, "Kindness")

    response = client.get("/studies/s/values/", {"words": words})

    assert response.context["page"].paginator.count == n


def test_words_that_match_nothing_are_no_dead_end(study, admin, client):
    value(study)

    assert "Show all" in page(client.get("/studies/s/values/?words=zzz%00"))


def test_values_are_paged(study, admin, client):
    Value.objects.bulk_create(Value(study=study, name=f"v{n:03}") for n in range(101))

    response = client.get("/studies/s/values/?page=2")

    assert [row.name for group in response.context["groups"] for row in group.values] == ["v100"]


def upload(client, text, name="values.csv"):
    file = SimpleUploadedFile(name, text if isinstance(text, bytes) else text.encode())
    return client.post("/studies/s/values/", {"file": file})


def test_an_upload_is_loaded(study, admin, client):
    response = upload(client, "value,definition\nHonesty,Saying so\n")

    assert (response.status_code, response["Location"]) == (303, "/studies/s/values/")
    assert stored(study)["Honesty"][0] == "Saying so"


def test_the_refused_lines_of_an_upload_are_listed(study, admin, client):
    response = upload(client, "value,category\nHonesty,zzz\nKindness,\n")

    assert response.status_code == HTTPStatus.OK
    assert "is none of the 26 categories" in page(response)
    assert list(stored(study)) == ["Kindness"]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("values.xlsx", "value\nHonesty\n", "must end in .csv"),
        ("values.csv", "", "is empty"),
        ("values.csv", "value,note\nHonesty,x\n", "&#x27;note&#x27;"),
        ("values.csv", b"value\n\xff\n", "UTF-8"),
    ],
)
def test_an_upload_that_cannot_be_read_says_why(study, admin, client, name, text, why):
    response = upload(client, text, name)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert why in page(response)


def test_an_upload_that_is_too_large_says_what_to_do(study, admin, client, monkeypatch):
    monkeypatch.setattr(forms, "LARGEST_FILE", 10)

    response = upload(client, "value\nHonesty\n")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "load_values" in page(response)


# The download


def download(client) -> str:
    return client.get("/studies/s/values.csv").content.decode()


def test_the_download_loads_back_unchanged(study, admin, client, load):
    value(study, "=1+1", definition='-1 "two"\r\nthree, four', category=RIGOR, aliases=["@a", "b"])
    value(study, "'tis", aliases=["=x"])
    value(study, " Honesty ", definition="+1")
    value(study, "Plain")

    tally = load(download(client))

    assert counts(tally) == (0, 0, 4, 0)


def test_no_cell_of_the_download_is_run_by_a_spreadsheet(study, admin, client):
    value(study, "=1+1", definition="@sum", aliases=["+a"])

    (row,) = csv.DictReader(io.StringIO(download(client)))

    assert (row["value"], row["definition"], row["aliases"]) == ("'=1+1", "'@sum", "'+a")
    assert row["csv_escaped"] == "value definition aliases"


def test_the_download_is_a_file_of_the_study(study, admin, client):
    response = client.get("/studies/s/values.csv")

    assert response["Content-Disposition"] == 'attachment; filename="s-values.csv"'


# The page of one value


def edit(client, one, **fields):
    sent = {"definition": "Saying so", "category": RIGOR, "aliases": "Candour\r\n\r\nTruth"}
    return client.post(f"/studies/s/values/{one.pk}/", {**sent, **fields})


def test_an_admin_changes_what_a_value_means(study, admin, client):
    response = edit(client, value(study))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study) == {"Honesty": ("Saying so", RIGOR, ["Candour", "Truth"])}


def test_the_form_begins_with_what_is_stored(study, admin, client):
    one = value(study, definition="Old", category=RIGOR, aliases=["Candour", "Truth"])

    shown = page(client.get(f"/studies/s/values/{one.pk}/"))

    assert f'<option value="{RIGOR}" selected>' in shown
    assert '<optgroup label="Epistemic">' in shown
    assert "Candour\nTruth" in shown


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"definition": "x" * 2001}, "longer than 2,000"),
        ({"category": "zzz"}, "valid choice"),
        ({"aliases": "a|b"}, "“a|b” holds |"),
        ({"aliases": "x" * 201}, "longer than 200"),
        ({"aliases": "\n".join(map(str, range(51)))}, "more than 50"),
        ({"aliases": "Kindness"}, "“Kindness”"),
    ],
)
def test_a_mistake_is_named_and_the_input_stays(study, admin, client, fields, why):
    one = value(study)
    value(study, "Kindness")

    response = edit(client, one, **fields)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert why in page(response)
    (sent,) = fields.values()
    assert sent[:200] in page(response) or "category" in fields
    assert stored(study)["Honesty"] == ("", "", [])


def test_what_raters_find_unclear_stands_on_the_values_page(study, admin, client, tmp_path):
    one = unclear(study, tmp_path, note="Which <kind>?")

    shown = page(client.get(f"/studies/s/values/{one.pk}/"))

    assert "Which &lt;kind&gt;?" in shown


def test_making_a_value_clear_may_resolve_its_flags(study, admin, client, tmp_path):
    one = unclear(study, tmp_path)

    edit(client, one, resolves="on")

    flag = Flag.objects.get()
    assert (flag.resolved_by, flag.resolved_at is not None) == (admin, True)


def test_a_change_alone_resolves_no_flag(study, admin, client, tmp_path):
    edit(client, unclear(study, tmp_path))

    assert Flag.objects.get().resolved_at is None


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_value_of_another_study_is_not_there(admin, client, method):
    other = value(build.study("other"))

    response = getattr(client, method)(f"/studies/s/values/{other.pk}/")

    assert response.status_code == HTTPStatus.NOT_FOUND


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
