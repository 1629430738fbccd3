"""The reference says what the code does: commands, settings, columns, states, statistics."""

import argparse
import ast
import re

import pytest
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver

from annotation import vocabulary
from annotation.formats import ReplyLine
from annotation.gold_lines import GoldLine
from annotation.judgment_lines import JudgmentLine
from annotation.rubric_format import OptionPart, QuestionPart, QuestionWords, RubricFile, presets
from annotation.selectors.slices import SLICES
from config.management.commands.file_schemas import SCHEMAS, schema_of
from evaluation.exports.card import FAMILIES, WHAT
from evaluation.exports.columns import DICTIONARY, ESCAPED_COLUMN, TABLES
from evaluation.exports.folder import ENDINGS
from evaluation.models.rehearsal import RehearsalState
from evaluation.models.release import ReleaseState
from evaluation.models.verdict_file import VerdictFileState
from evaluation.services.release_contents import FATES
from evaluation.stats.estimates import Undefined
from evaluation.verdict_lines import VerdictLine
from tests.environment import PROJECT
from tests.guards.documents import (
    OURS,
    PAGES,
    REFERENCE,
    all_tests,
    first_cells,
    relative,
    section,
    text,
)

OF_DJANGO = {
    "-h", "--help", "--version", "-v", "--verbosity", "--settings", "--pythonpath", "--traceback",
    "--no-color", "--force-color", "--skip-checks",
}  # fmt: skip
READS_THE_ENVIRONMENT = ("config/environment.py", "config/settings.py", "config/gunicorn.conf.py")

CASES = sorted((PROJECT / "fixtures" / "reference").glob("*.json"))


def our_commands() -> dict[str, argparse.ArgumentParser]:
    found = {}
    for name, app in get_commands().items():
        if isinstance(app, str) and app in OURS:
            found[name] = load_command_class(app, name).create_parser("manage.py", name)
    return found


# Commands


def test_every_command_and_option_is_documented():
    page = text(REFERENCE / "commands.md")
    missing = []

    for name, parser in our_commands().items():
        part = section(page, f"`{name}")
        for action in parser._actions:
            words = action.option_strings or [action.dest]
            if not part or (OF_DJANGO.isdisjoint(words) and f"`{words[-1]}" not in part):
                missing.append((name, words[-1]))

    assert missing == []


def test_no_command_or_option_is_documented_that_is_not_there():
    page = text(REFERENCE / "commands.md")
    invented = []

    for part in re.findall(r"^## `.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL):
        name = re.match(r"## `(\w+)", part)[1]
        parser = our_commands().get(name)
        known = (
            {word for action in parser._actions for word in action.option_strings or [action.dest]}
            if parser
            else set()
        )
        said = {word.split()[0] for word in first_cells(part)}
        invented += [(name, word) for word in said if word not in known]

    assert invented == []


def test_every_management_command_named_in_a_document_exists():
    known = set(get_commands())
    named = {
        (relative(path), name)
        for path in PAGES
        for name in re.findall(r"manage\.py ([a-z_]{2,})", text(path))
    }

    assert [(path, name) for path, name in sorted(named) if name not in known] == []


def test_the_slices_are_named():
    pages = [text(REFERENCE / name) for name in ("commands.md", "api.md")]

    assert [by for by in SLICES for page in pages if f"`{by}`" not in page] == []


# Settings


def variables(path) -> set[str]:
    """Return the environment variables that a module reads, whichever way it reads them."""
    found = set()
    for node in ast.walk(ast.parse(text(path))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            reads = re.fullmatch(r"env\.\w+|os\.environ\.(get|setdefault|pop)|os\.getenv", called)
            if reads and node.args and isinstance(node.args[0], ast.Constant):
                found.add(node.args[0].value)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "os.environ":
            found.add(ast.literal_eval(node.slice))
    return found


def test_every_environment_variable_is_documented_and_no_other():
    read = set().union(*(variables(PROJECT / name) for name in READS_THE_ENVIRONMENT))
    documented = {word for word in first_cells(text(REFERENCE / "settings.md")) if word.isupper()}

    assert read == documented


def test_every_check_of_ours_is_documented():
    ids = set(re.findall(r"\"(touchstone\.[EW]\d+)\"", text(PROJECT / "config" / "checks.py")))

    assert ids
    assert ids == {
        word
        for word in first_cells(text(REFERENCE / "settings.md"))
        if word.startswith("touchstone")
    }


# Formats, releases, states, the API


@pytest.mark.parametrize("table", sorted(TABLES))
def test_every_column_of_a_release_is_documented_and_no_other(table):
    part = text(REFERENCE / "release.md").partition(f"### {table}\n")[2].partition("\n\n")[0]

    assert first_cells(part) == {column.name for column in TABLES[table]}


def test_every_file_of_a_release_is_documented():
    page = text(REFERENCE / "release.md")
    files = [name if "." in name else f"{name}.{ending}" for name in WHAT for ending in ENDINGS]
    words = [
        *files,
        *FAMILIES,
        ESCAPED_COLUMN.name,
        *(column.name for column in DICTIONARY),
        *FATES,
    ]

    assert [word for word in words if f"`{word}`" not in page] == []


@pytest.mark.parametrize(
    ("heading", "model", "left_out"),
    [
        ("Replies", ReplyLine, set()),
        # what only a release's own files have, and loading passes over
        ("Judgments", JudgmentLine, {column.name for column in TABLES["judgments"]} - {
            "response_id", "rater", "question", "answer", "turn", "judged_at"}),
        ("Known answers", GoldLine, set()),
        ("Verdicts", VerdictLine, {"rubric", "rubric_version"}),
        ("Rubric", RubricFile, set()),
        ("Rubric", QuestionWords, set()),
        ("Rubric", QuestionPart, set()),
        ("Rubric", OptionPart, set()),
    ],
)  # fmt: skip
def test_every_field_of_a_file_is_documented(heading, model, left_out):
    part = section(text(REFERENCE / "formats.md"), heading)

    assert [
        name for name in model.model_fields if name not in left_out and f"`{name}`" not in part
    ] == []


@pytest.mark.parametrize("name", ["commands.md", "formats.md"])
def test_every_preset_is_documented(name):
    assert [key for key in presets() if f"`{key}`" not in text(REFERENCE / name)] == []


def test_every_preset_is_documented_in_its_version():
    page = text(REFERENCE / "formats.md")
    rows = dict(re.findall(r"^\| `([\w-]+)` \| .* \| (\d+) \|$", page, re.MULTILINE))

    assert rows == {key: str(found.version) for key, found in presets().items()}


def test_every_word_of_pairs_and_every_type_of_question_is_documented():
    part = section(text(REFERENCE / "formats.md"), "Rubric")
    sets = (vocabulary.QuestionType, vocabulary.Level, vocabulary.Scope, vocabulary.ItemKind)
    words = [*vocabulary.PAIR_OPTIONS, *(word for one in sets for word in one.values)]

    assert [word for word in words if f"`{word}`" not in part] == []


def test_every_check_of_integrity_is_documented_and_no_other():
    source = text(PROJECT / "annotation" / "services" / "integrity.py")
    part = section(text(REFERENCE / "commands.md"), "`integrity")

    checks = set(re.findall(r"(?:_found|Difference)\(\s*\"(\w+)\"", source))

    assert checks
    assert checks == {
        word
        for line in re.findall(r"^- (.*?):", part, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", line)
    }


def test_every_state_is_documented():
    page = text(REFERENCE / "states.md")
    words = (
        vocabulary.StudyState,
        vocabulary.BatchState,
        vocabulary.HitDecision,
        vocabulary.LineFileState,
        vocabulary.SweepState,
        ReleaseState,
        RehearsalState,
        VerdictFileState,
    )

    assert [word for one in words for word in one.values if f"`{word}`" not in page] == []


def test_every_address_of_the_api_is_documented():
    page = text(REFERENCE / "api.md")
    missing = []

    for entry in get_resolver().url_patterns:
        if str(entry.pattern) != "api/" or not hasattr(entry, "url_patterns"):
            continue
        for route in entry.url_patterns:
            address = (
                str(route.pattern).replace("<slug:slug>", "SLUG").replace("<int:judge_id>", "ID")
            )
            address = address.replace("<str:key>", "KEY").replace("<str:name>", "NAME")
            address = address.replace("<str:upload_key>", "KEY").replace("<int:number>", "N")
            if f"/api/{address}`" not in page:
                missing.append(address)

    assert missing == []


# Statistics


def test_every_reference_case_is_named():
    named = text(REFERENCE / "statistics.md") + all_tests()

    assert CASES
    assert [path.stem for path in CASES if not re.search(rf"\b{path.stem}\b", named)] == []


def test_every_case_and_test_that_the_statistics_name_exists():
    page = text(REFERENCE / "statistics.md")
    said = re.findall(r"(?:Cases?\.\*\*|^Reference cases:)(.*)$", page, re.MULTILINE)
    offered = section(page, "Offered by the package").splitlines()
    said += [row.split("|")[-2] for row in offered if row.startswith("| `")]
    cases = set(re.findall(r"`([a-z0-9_]+)`", "\n".join(said))) - {"krippendorff"}
    files = set(re.findall(r"`(?:tests/[a-z/]*)?(test_[a-z_]+\.py)`", page))

    assert cases
    assert sorted(cases - {path.stem for path in CASES}) == []
    assert [name for name in files if not list((PROJECT / "tests").rglob(name))] == []


def test_every_reason_of_an_undefined_number_is_documented():
    page = text(REFERENCE / "statistics.md")

    assert [one for one in Undefined if f"| `{one}` | {one.sentence} |" not in page] == []


def test_every_function_that_the_statistics_name_exists():
    page = section(text(REFERENCE / "statistics.md"), "Offered by the package")
    source = "\n".join(text(path) for path in (PROJECT / "evaluation" / "stats").glob("*.py"))

    named = {name for name in first_cells(page) if "`" not in name}

    assert named
    assert [name for name in sorted(named) if f"def {name}(" not in source] == []


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_schema_of_a_format_is_the_one_that_validates(name):
    stored = PROJECT / "docs" / "reference" / "schemas" / f"{name}.schema.json"

    assert stored.read_text(encoding="utf-8") == schema_of(name), "run manage.py file_schemas"
