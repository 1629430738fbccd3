"""What holds of every document: links, words, decisions, dependencies, promises of security."""

import re

import pytest
from django.apps import apps

from tests import readers
from tests.environment import PROJECT
from tests.guards.documents import DOCS, OURS, PAGES, all_tests, relative, section, text

DECISIONS = sorted((DOCS / "adr").glob("[0-9]*.md"))

LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def without_code(page: str) -> str:
    return re.sub(r"```.*?```", "", page, flags=re.DOTALL)


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
