"""The command that draws samples calls judges by their names too."""

import json

import pytest
from django.core.management import CommandError, call_command

from evaluation.models import Judge, Sample
from tests import build
from tests.evaluation import given

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    """Six replies; the judge says of four that they are safe."""
    made = build.study("s", rubric=build.SAFE)
    given.replies(made, tmp_path, *(f"r{n}" for n in range(6)))
    lines = [given.verdict(f"r{n}", "yes" if n < 4 else "no") for n in range(6)]
    given.verdicts(made, tmp_path, lines, name="strict")
    return made


def frame(judge):
    return json.dumps({"verdict": {"judge": judge, "question": "safe", "answers": ["yes"]}})


def test_a_frame_calls_a_judge_by_its_name(study):
    call_command("sample", "s", "--design", "all", "--frame", frame("strict"))

    assert Sample.objects.get().size == 4
    assert Sample.objects.get().frame["verdict"]["judge"] == Judge.objects.get().pk


def test_a_design_calls_a_judge_by_its_name(study, capsys):
    marked = {"judge": "strict", "question": "safe", "answers": ["yes"]}
    shares = {"marked": marked, "rate": 1.0, "rate_others": 0.5}

    call_command("sample", "s", "--design", "enriched", "--parameters", json.dumps(shares),
                 "--dry-run", "--json")  # fmt: skip

    strata = json.loads(capsys.readouterr().out)["strata"]
    assert sorted(one["population"] for one in strata) == [2, 4]


def test_an_unknown_judge_is_named(study):
    with pytest.raises(CommandError, match="nobody"):
        call_command("sample", "s", "--design", "all", "--frame", frame("nobody"))
    assert not Sample.objects.exists()
