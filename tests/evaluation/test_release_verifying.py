import json
from collections import Counter

import krippendorff
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from evaluation.exports import recompute
from evaluation.exports.columns import TABLES
from evaluation.exports.folder import Folder
from evaluation.exports.verify import verify
from tests.evaluation import given
from tests.evaluation.given import manifest, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, given.TABLE, given.JUDGED, slug="kind")


@pytest.fixture
def rich(tmp_path):
    return given.rich(tmp_path)


def test_a_whole_release_is_verified(rich, tmp_path, capsys):
    out = written(rich, tmp_path)

    call_command("verify_release", str(out))

    assert "is whole: 52 files and 4 numbers checked, 0 differences" in capsys.readouterr().out


def test_verifying_needs_no_database(study, tmp_path, django_assert_num_queries):
    out = written(study, tmp_path)

    with django_assert_num_queries(0):
        call_command("verify_release", str(out))


def spoiled(out, name, change):
    path = out / name
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(SystemExit) as stop:
        call_command("verify_release", str(out))
    assert stop.value.code == 1


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("labels.csv", lambda raw: raw[:-40], "labels.csv: has"),
        ("labels.csv", lambda raw: raw.replace(b"yes", b"yed", 1), "labels.csv: has SHA-256"),
        ("judgments.jsonl", lambda raw: raw.replace(b'"yes"', b'"no"', 2), "alpha of safe"),
        ("judgments.jsonl", lambda raw: b"{", "alpha cannot be recomputed"),
        ("rubric.json", lambda raw: b"[]", "alpha cannot be recomputed"),
    ],
)
def test_what_differs_is_named(study, tmp_path, capsys, name, change, words):
    out = written(study, tmp_path)

    spoiled(out, name, change)

    assert words in capsys.readouterr().err


def test_missing_and_strange_files_are_named(study, tmp_path):
    out = written(study, tmp_path)
    (out / "items.csv").unlink()
    (out / "extra.txt").write_text("x")

    found = {one.what: one.reason for one in verify(out).differences}

    assert found == {
        "items.csv": "cannot be read: No such file or directory",
        "extra.txt": "is not in the manifest",
    }


def test_a_changed_manifest_is_found_out(study, tmp_path, capsys):
    out = written(study, tmp_path)
    found = manifest(out)
    found["headline"][0]["alpha"]["value"] = 0.9
    found["files"][0]["rows"] = 7
    found["files"].append({"name": "../secret", "rows": None, "bytes": 0, "sha256": ""})
    del found["complete"]
    (out / "manifest.json").write_text(json.dumps(found))
    capsys.readouterr()

    with pytest.raises(SystemExit):
        call_command("verify_release", str(out), "--json")

    differences = json.loads(capsys.readouterr().out)["differences"]
    assert [one["what"] for one in differences] == [
        found["files"][0]["name"],
        "../secret",
        "manifest.json",
        "alpha of safe (conversation)",
    ]


@pytest.mark.parametrize(
    "text", [None, "not JSON", "[]", '{"format": "other/1"}', '{"format": "touchstone-release/1"}']
)
def test_a_directory_that_is_no_release_is_refused(tmp_path, text):
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)

    with pytest.raises(CommandError) as stop:
        call_command("verify_release", str(tmp_path))

    assert stop.value.returncode == 2


def test_undefined_on_both_sides_is_the_same():
    assert recompute.same(None, None)
    assert not recompute.same(None, 0.0)


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
def test_alpha_of_patterns_is_the_package_s_alpha_of_all_units(level):
    counts = np.random.default_rng(7).integers(0, 3, size=(200, 4))
    question = {"type": "single", "level": level, "options": [{"code": n} for n in (-2, 0, 1, 5)]}
    codes = ("-2", "0", "1", "5")
    patterns = Counter(
        tuple(((code,), n) for code, n in zip(codes, row, strict=True) if n)
        for row in counts.tolist()
    )

    found = recompute.alpha_of(question, patterns)

    domain = [-2, 0, 1, 5] if level == "interval" else [0, 1, 2, 3]
    whole = krippendorff.alpha(value_counts=counts, value_domain=domain, level_of_measurement=level)
    assert found == pytest.approx(whole, abs=1e-12)


def test_a_file_in_many_blocks_gives_the_same_alpha(rich, tmp_path, monkeypatch):
    out = written(rich, tmp_path)
    monkeypatch.setattr(recompute, "BYTES_AT_ONCE", 1)

    assert verify(out).differences == ()


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ("ab", "ab", 0),
        ("", "", 0),
        ("a", "", 1),
        ("a", "b", 1),
        ("a", "ab", 1 - 1 / 2 * 2 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),
    ],
)
def test_sets_are_apart_as_passonneau_says(one, other, distance):
    metric = recompute._masi([tuple(one), tuple(other)])

    assert metric(i1=0, i2=1) == pytest.approx(distance)


def test_long_tables_report_while_they_are_written(tmp_path):
    heard = []
    folder = Folder(tmp_path, lambda name, rows: heard.append((name, rows)))
    row = dict.fromkeys(column.name for column in TABLES["raters"])

    folder.table("raters", TABLES["raters"], [row] * 1001)

    assert heard == [("raters", 1000), ("raters", 1001)]
