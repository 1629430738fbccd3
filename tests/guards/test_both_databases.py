"""What holds on one database holds on the other."""

import ast
import re

import pytest

from tests.environment import PROJECT

SKIPS = {"skip", "skipif", "xfail"}


def test_R138_the_one_command_runs_every_test_on_both_databases():
    script = (PROJECT / "bin" / "test").read_text()
    runs = re.findall(r"^.*python -m pytest --quiet.*$", script, re.MULTILINE)

    assert len(runs) == 2
    assert 'DATABASE_URL="$url"' in runs[0]
    assert "env -u DATABASE_URL" in runs[1]
    assert not [run for run in runs if re.search(r"tests/|-k |-m ", run.split("pytest", 1)[1])]


def marks() -> list[tuple[str, ast.Call]]:
    return [
        (f"{path.relative_to(PROJECT)}:{node.lineno}", node)
        for path in sorted((PROJECT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in SKIPS
        and "pytest" in ast.unparse(node.func)
    ]


@pytest.mark.parametrize("mark", [pytest.param(node, id=where) for where, node in marks()])
def test_R138_a_test_that_is_left_out_anywhere_says_why(mark):
    given = [word.value for word in mark.keywords if word.arg == "reason"] or mark.args
    reason = ast.unparse(given[0]) if given else ""

    assert len(reason.split()) >= 5
