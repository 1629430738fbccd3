"""The libraries that others read our files with, or compute with, in an environment of their own.

They are large and the product needs none of them, so ``bin/test`` installs them beside ``.venv``.
A program runs there in a process of its own, far from Django and from the tests' own libraries.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.environment import PROJECT

PLACE = PROJECT / ".venv-readers"
INSTALLED = PLACE / ".readers"  # bin/environment.sh writes it last
# Whoever reads a release needs no network: a program that asks for it fails, whatever it makes of
# the refusal.
ALONE = """
import sys

_asked = []


def _alone(event, arguments):
    if event == "socket.getaddrinfo" or (
        event == "socket.connect" and isinstance(arguments[1], tuple)
    ):
        _asked.append(str(arguments))
        raise ConnectionRefusedError("tests are run without a network")


sys.addaudithook(_alone)
"""
TELL = """
with open("told.json", "w") as _told:
    __import__("json").dump({}, _told)
if _asked:
    sys.exit(f"asked the network for {{_asked}}")
"""
# A model of Inspect that says what a function of the last message returns. It counts no tokens:
# Inspect would fetch a list of them.
MODEL = """
from inspect_ai.model import ModelOutput, ModelUsage, get_model


def model_that(says):
    def output(messages, *_):
        said = ModelOutput.from_content("mockllm/model", says(messages[-1].text))
        said.usage = ModelUsage()
        return said

    return get_model("mockllm/model", custom_outputs=output)
"""
# A developer's own settings of these libraries; their caches are the test's.
NOT_OURS = ("HF_", "INSPECT_", "XDG_", "CROISSANT_")
SECONDS = 300


def told(program, tells, *, scratch: Path, **given):
    """Run a program with ``given`` as names, and return what the expression ``tells`` is after it.

    What is told goes as JSON. The test is skipped where the libraries are not installed.
    """
    if not INSTALLED.is_file():
        pytest.skip(
            "no .venv-readers with pandas, Croissant, statsmodels and others: bin/test makes it"
        )
    scratch.mkdir()
    names = "".join(f"{name} = {value!r}\n" for name, value in given.items())
    (scratch / "program.py").write_text(
        "\n".join([ALONE, names, program, TELL.format(tells)]), encoding="utf-8"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith(NOT_OURS)}
    ran = subprocess.run(
        [PLACE / "bin" / "python", "-I", "program.py"],
        cwd=scratch,
        env={
            **kept,
            "HOME": str(scratch),
            "HF_HUB_OFFLINE": "1",
            "HF_DATASETS_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "INSPECT_DISPLAY": "none",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
    return json.loads((scratch / "told.json").read_text(encoding="utf-8"))
