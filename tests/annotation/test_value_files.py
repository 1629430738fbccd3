"""Files of values: what is created, updated and refused, names and aliases, the command."""

import json

import pytest

from annotation.errors import FileUnreadable
from annotation.services import values
from annotation.vocabulary import VALUE_CATEGORIES
from config import demonstration
from tests import build
from tests.annotation.loading import counts, reasons
from tests.annotation.meanings import RIGOR, loader, stored, value
from tests.annotation.test_commands import run

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


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
