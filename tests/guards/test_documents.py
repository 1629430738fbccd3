"""The documents say what the code does: commands, settings, columns, reasons, links, words."""

import argparse
import ast
import re

import pytest
from django.apps import apps
from django.core.management import get_commands, load_command_class
from django.urls import get_resolver

from annotation import vocabulary
from annotation.formats import ReplyLine
from annotation.gold_lines import GoldLine
from annotation.judgment_lines import JudgmentLine
from annotation.rubric_format import (
    OptionPart,
    QuestionPart,
    QuestionWords,
    RubricFile,
    presets,
)
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
from tests import readers
from tests.environment import PROJECT

DOCS = PROJECT / "docs"
REFERENCE = DOCS / "reference"
OURS = ("annotation", "evaluation", "config")
OF_DJANGO = {
    "-h", "--help", "--version", "-v", "--verbosity", "--settings", "--pythonpath", "--traceback",
    "--no-color", "--force-color", "--skip-checks",
}  # fmt: skip
READS_THE_ENVIRONMENT = ("config/environment.py", "config/settings.py", "config/gunicorn.conf.py")
PAGES = [
    *PROJECT.glob("*.md"),
    *DOCS.rglob("*.md"),
    *(PROJECT / "fixtures").glob("*.md"),
    *(PROJECT / "benchmarks").glob("*.md"),
]
DECISIONS = sorted((DOCS / "adr").glob("[0-9]*.md"))
CASES = sorted((PROJECT / "fixtures" / "reference").glob("*.json"))
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def text(path) -> str:
    return path.read_text(encoding="utf-8")


def relative(path) -> str:
    return str(path.relative_to(PROJECT))


def section(page: str, heading: str) -> str:
    """Return what stands under a heading of the second level."""
    found = re.search(rf"^## {re.escape(heading)}\b.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    return found[0] if found else ""


def first_cells(page: str) -> set[str]:
    """Return the words in code style in the first cell of every table row."""
    rows = (line.split("|")[1] for line in page.splitlines() if line.startswith("| `"))
    return {word for cell in rows for word in re.findall(r"`([^`]+)`", cell)}


def without_code(page: str) -> str:
    return re.sub(r"```.*?```", "", page, flags=re.DOTALL)


def all_tests() -> str:
    return "\n".join(text(path) for path in (PROJECT / "tests").rglob("test_*.py"))


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


# Dependencies

LOCKS = ["requirements", "requirements-dev", "requirements-readers"]


@pytest.mark.parametrize("name", [f"{lock}.in" for lock in LOCKS])
def test_every_direct_dependency_has_a_reason_in_words(name):
    lines = [line for line in text(PROJECT / name).splitlines() if "==" in line]

    without = [
        line for line in lines if len(re.findall(r"[A-Za-z]{2,}", line.partition("#")[2])) < 2
    ]

    assert lines
    assert without == []


def pins(path) -> set[str]:
    """Return the pins of a requirements file, without extras, each name in one spelling."""
    found = re.findall(r"^([\w.-]+)(?:\[.*?\])?(==\S+)", text(path), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower() + version for name, version in found}


@pytest.mark.parametrize("name", LOCKS)
def test_every_direct_dependency_is_locked_in_its_version(name):
    wanted = pins(PROJECT / f"{name}.in")

    assert wanted
    assert wanted - pins(PROJECT / f"{name}.txt") == set()


def test_the_test_command_makes_the_environment_that_readers_are_tried_in():
    """Where it made another, the tests of readers would be skipped for ever."""
    stamp = relative(readers.INSTALLED)

    assert f"install {stamp} requirements-readers.txt" in text(PROJECT / "bin" / "test")


# Links and pictures


def anchors(path) -> set[str]:
    """Return the anchors of a page's headings, as they are made of their words."""
    headings = re.findall(r"^#{1,6} (.+)$", without_code(text(path)), re.MULTILINE)
    kept = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.strip().replace(" ", "-") for heading in kept}


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_every_relative_link_and_picture_resolves(path):
    broken = []

    for target in LINK.findall(without_code(text(path))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)

    assert broken == []


def test_every_document_is_reached_from_the_readme():
    reached, waiting = set(), [PROJECT / "README.md"]
    while waiting:
        path = waiting.pop()
        if path in reached:
            continue
        reached.add(path)
        if path.is_dir():
            waiting += path.glob("*.md")
        elif path.suffix == ".md":
            links = (target.partition("#")[0] for target in LINK.findall(text(path)))
            waiting += [
                (path.parent / file).resolve() for file in links if file and ":" not in file
            ]

    assert [relative(path) for path in DOCS.rglob("*.md") if path not in reached] == []


def test_the_two_commands_come_first():
    first = text(PROJECT / "README.md").partition("```")[2].partition("```")[0]

    assert [line.split()[0] for line in first.strip().splitlines()] == ["bin/serve", "bin/test"]


# Decisions


@pytest.mark.parametrize("path", DECISIONS, ids=relative)
def test_a_decision_has_its_four_headings_and_is_short(path):
    page = text(path)

    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == [
        "Context", "Decision", "Consequences", "Alternatives",
    ]  # fmt: skip
    assert page.startswith(f"# {path.name[:4]}: ")
    assert len(page.split()) <= 400


def test_decisions_are_numbered_without_a_gap():
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


# Words


def product_words() -> str:
    paths = [
        path
        for folder in (*OURS, "templates", "static")
        for ending in ("*.py", "*.html", "*.js", "*.json")
        for path in (PROJECT / folder).rglob(ending)
    ]
    return "\n".join(text(path) for path in paths).lower().replace("_", " ").replace("-", " ")


def test_every_term_of_the_glossary_occurs():
    terms = re.findall(r"^\| \*\*([^*]+)\*\*", text(DOCS / "glossary.md"), re.MULTILINE)
    words = product_words()

    assert terms
    assert [term for term in terms if not re.search(rf"\b{term.replace('-', ' ')}", words)] == []


def test_every_term_of_the_glossary_has_words_to_avoid():
    rows = re.findall(r"^\| \*\*.*$", text(DOCS / "glossary.md"), re.MULTILINE)

    assert [row for row in rows if not row.split("|")[-2].strip()] == []


@pytest.mark.parametrize("word", ["ground truth", "annotator", "labeller", "completion"])
def test_no_page_uses_an_avoided_word(word):
    using = [
        relative(path)
        for path in (PROJECT / "templates").rglob("*.html")
        if re.search(rf"\b{word}", re.sub(r"{[%{#].*?[%}#]}", "", text(path)), re.IGNORECASE)
    ]

    assert using == []


def test_every_model_has_a_name_that_the_data_model_or_glossary_knows():
    pages = text(DOCS / "glossary.md") + text(DOCS / "explanation" / "data-model.md")
    known = re.sub(r"[\s_]", "", pages).lower()
    models = [
        model
        for app in ("annotation", "evaluation")
        for model in apps.get_app_config(app).get_models()
    ]
    aside = {"ApiToken", "SignInLink", "Skip"}

    assert [
        model.__name__
        for model in models
        if model.__name__ not in aside and model.__name__.lower() not in known
    ] == []


# Security


def test_every_promise_in_security_names_a_test():
    promised = section(text(PROJECT / "SECURITY.md"), "What is promised")

    lines = [line for line in promised.splitlines() if line.startswith("- ")]

    assert lines
    assert [line for line in lines if not re.search(r"R-\d{3}|`test_\w+`", line)] == []


@pytest.mark.parametrize("path", PAGES, ids=relative)
def test_every_test_that_a_document_names_exists(path):
    tests = all_tests()
    page = text(path)
    ids = re.findall(r"\bR-(\d{3})\b", page)
    names = re.findall(r"`(test_\w+)`", page)

    missing = [
        *(f"R-{one}" for one in ids if not re.search(rf"def test_[rR]{one}_|_[rR]{one}_", tests)),
        *(name for name in names if f"def {name}(" not in tests),
    ]

    assert missing == []


@pytest.mark.parametrize("heading", ["Reporting", "Supported versions", "What is not promised"])
def test_security_says_how_to_report_and_what_is_not_promised(heading):
    assert section(text(PROJECT / "SECURITY.md"), heading)


def test_the_licence_of_krippendorff_is_noted():
    notes = [" ".join(text(PROJECT / name).split()) for name in ("NOTICE", "README.md")]

    assert [
        note for note in notes if "GPL-3.0-or-later" not in note or "as a whole" not in note
    ] == []
    assert text(PROJECT / "LICENSE").lstrip().startswith("Apache License")


def test_no_document_names_a_path_of_one_machine():
    named = [
        relative(path) for path in PAGES if re.search(r"/(work|root|home/\w+|tmp/\w+)/", text(path))
    ]

    assert named == []


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_schema_of_a_format_is_the_one_that_validates(name):
    stored = PROJECT / "docs" / "reference" / "schemas" / f"{name}.schema.json"

    assert stored.read_text(encoding="utf-8") == schema_of(name), "run manage.py file_schemas"
