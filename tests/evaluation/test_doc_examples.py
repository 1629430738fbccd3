"""What the documents show of releases runs: the blocks of the how-to, and the client over HTTP."""

import importlib.util
import re
import sys

import pytest
from django.core.management import call_command
from knox.models import get_token_model

from annotation.vocabulary import Role
from evaluation.exports.verify import verify
from evaluation.models import Verdict
from evaluation.services import releases
from tests import build, readers
from tests.environment import PROJECT
from tests.evaluation import given
from tests.evaluation.given import rows, written

HOW_TO = (PROJECT / "docs" / "how-to" / "use-a-release.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", HOW_TO, re.DOTALL)
LIBRARIES = ("pandas", "datasets", "mlcroissant", "inspect_ai")


def blocks(library):
    return [
        block for block in BLOCKS if re.search(rf"^(import|from) {library}\b", block, re.MULTILINE)
    ]


def left(library, tells, tmp_path, out, *, before=""):
    """Run the how-to's blocks for a library as they stand, and return what ``tells`` is then."""
    program = "\n".join([before, *blocks(library)])
    return readers.told(program, tells, scratch=tmp_path / "reader", folder=str(out))


@pytest.fixture
def out(tmp_path, db):
    return written(given.rich(tmp_path), tmp_path)


def test_every_block_belongs_to_a_library_that_is_tried_here():
    assert sum(len(blocks(library)) for library in LIBRARIES) == len(BLOCKS) == 6


def test_pandas_reads_a_release_as_the_how_to_shows(out, tmp_path):
    tells = """{
        "judgments": len(judgments),
        "shares": list(labels["shares"]),
        "judged_at": str(judgments["judged_at"].dtype),
        "plain": list(plain["answer"]),
        "exact": list(exact["response_id"]),
    }"""

    found = left("pandas", tells, tmp_path, out)

    assert found["judgments"] == len(rows(out, "judgments"))
    assert found["shares"] == [row["shares"] for row in rows(out, "labels")]
    assert found["judged_at"].startswith("datetime64")
    assert found["plain"] == [row["answer"] or "" for row in rows(out, "judgments")]
    assert found["exact"] == [row["response_id"] for row in rows(out, "items")]


def test_datasets_reads_a_release_as_the_how_to_shows(out, tmp_path):
    found = left("datasets", '[labels["response_id"][:], items["response_id"][:]]', tmp_path, out)

    assert found == [
        [row["response_id"] for row in rows(out, table)] for table in ("labels", "items")
    ]


def test_croissant_reads_a_release_as_the_how_to_shows(out, tmp_path):
    found = left("mlcroissant", "len(labels)", tmp_path, out)

    assert found == len(rows(out, "labels"))


# A judge that says yes to a reply with an odd number.
JUDGE = f"""{readers.MODEL}
import re

odd = lambda text: int(re.search(r"Answer (\\d+)", text)[1]) % 2
model = model_that(lambda text: "yes" if odd(text) else "no")
"""


@pytest.fixture
def judged(tmp_path, db):
    """A study without a judge, its release, and what the how-to's judge says of it."""
    study = given.safe(tmp_path, given.TABLE)
    out = written(study, tmp_path)
    samples = left(
        "inspect_ai", "[(one.id, one.target) for one in dataset]", tmp_path, out, before=JUDGE
    )
    return study, out, samples


def test_inspect_takes_a_release_as_the_how_to_shows(judged):
    _, out, samples = judged

    assert samples == [
        [row["response_id"], row["label"]] for row in rows(out, "labels") if row["label"]
    ]


def test_what_a_judge_says_in_inspect_loads_as_the_how_to_shows(judged, tmp_path):
    study, out, samples = judged

    call_command("load_verdicts", study.slug, tmp_path / "reader" / "verdicts.jsonl", judge="new")

    odd = {
        row["response_id"]: bool(int(re.search(r"\d+", row["messages"][-1]["content"])[0]) % 2)
        for row in rows(out, "items")
    }
    found = Verdict.objects.values_list("response__external_id", "option__code")
    assert dict(found) == {one: "yes" if odd[one] else "no" for one, _ in samples}


# The client


@pytest.fixture(scope="module")
def example():
    """The documents' client, as a module."""
    place = PROJECT / "docs" / "examples" / "client.py"
    specification = importlib.util.spec_from_file_location("touchstone_client", place)
    module = importlib.util.module_from_spec(specification)
    sys.modules["touchstone_client"] = module  # dataclasses look their module up
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def study(tmp_path, settings, transactional_db):
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, given.TABLE, given.JUDGED, slug="kind")


@pytest.fixture
def client(study, live_server, example):
    token = get_token_model().objects.create(user=build.member(study, Role.RESEARCHER))[1]
    return example.Client(live_server.url, token)


def test_the_client_makes_a_release_and_fetches_it_whole(client, tmp_path):
    made = client.make_release("kind", "pilot")
    client.download("kind", made, tmp_path / "pilot")

    assert client.studies() == ["kind"]
    assert verify(tmp_path / "pilot").differences == ()
    (alpha,) = client.agreement("kind", question="safe")
    stated = given.manifest(tmp_path / "pilot")["headline"][0]["alpha"]["value"]
    assert alpha["coefficients"][0]["value"] == stated


def test_the_client_goes_on_with_a_download_that_was_cut(client, tmp_path):
    made = client.make_release("kind", "pilot")
    whole = releases.folder_of(releases.Release.objects.get(key=made.key)) / "labels.csv"
    (tmp_path / "pilot").mkdir()
    (tmp_path / "pilot" / "labels.csv").write_bytes(whole.read_bytes()[:30])

    client.download("kind", made, tmp_path / "pilot")

    assert verify(tmp_path / "pilot").differences == ()


def test_the_client_names_a_damaged_file(client, tmp_path):
    made = client.make_release("kind", "pilot")
    client.download("kind", made, tmp_path / "pilot")
    damaged = tmp_path / "pilot" / "labels.csv"
    damaged.write_bytes(b"x" * damaged.stat().st_size)

    with pytest.raises(ValueError, match=r"labels\.csv is damaged"):
        client.download("kind", made, tmp_path / "pilot")


def test_the_client_compares_two_releases(client):
    one, other = client.make_release("kind", "one"), client.make_release("kind", "two")

    assert client.compare("kind", one, other)["labels_changed"] == 0


def test_the_client_gives_a_refusal_its_code(client, example):
    client.make_release("kind", "pilot")

    with pytest.raises(example.Refused, match="take another name") as refusal:
        client.make_release("kind", "pilot")

    assert (refusal.value.status, refusal.value.code) == (409, "release_exists")
