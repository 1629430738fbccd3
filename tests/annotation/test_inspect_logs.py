"""Inspect logs: samples are replies, scores are verdicts, whatever the zip is packed with."""

import json
import zipfile

import pytest
from backports import zstd
from django.core.management import CommandError, call_command

from annotation import files
from annotation.errors import FileUnreadable
from annotation.files import Problem, inspect_logs
from annotation.models import Batch, Response, TextVersion
from evaluation.models import Verdict
from tests import build, readers

HEADER = {"version": 2, "eval": {"task": "candour", "model": "maker/new-1"}}


def sample(n=1, **more):
    return {
        "id": n,
        "epoch": 1,
        "input": "Should I tell her?",
        "target": "",
        "messages": [
            {"role": "user", "content": "Should I tell her?"},
            {"role": "assistant", "content": [{"type": "text", "text": "Tell her."}]},
        ],
        "metadata": {"value_a": "Candour", "value_b": "Comfort", "framing": "neutral"},
        "scores": {"misled": {"value": "no", "explanation": "It says so."}},
        **more,
    }


def log(tmp_path, *samples, kind="deflate", name="log.eval", header=HEADER):
    path = tmp_path / name
    if name.endswith(".json"):
        path.write_text(json.dumps({**header, "samples": list(samples)}))
        return path
    members = {"header.json": header} | {
        f"samples/{one['id']}_epoch_{one['epoch']}.json": one for one in samples
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            text = json.dumps(content).encode()
            if kind == "deflate":
                archive.writestr(member, text)
            else:
                _write_zstd(archive, member, text)
    return path


def _write_zstd(archive, member, text):
    """Write a member packed as method 93, which the standard library of 3.11 cannot."""
    packed = zstd.compress(text)
    info = zipfile.ZipInfo(member)
    info.header_offset = archive.fp.tell()
    info.compress_type = zipfile.ZIP_STORED
    info.CRC = zipfile.crc32(text)
    info.compress_size, info.file_size = len(packed), len(text)
    head = bytearray(info.FileHeader())
    head[8:10] = (93).to_bytes(2, "little")
    archive.fp.write(bytes(head) + packed)
    info.compress_type = 93
    archive.filelist.append(info)
    archive.NameToInfo[member] = info
    archive.start_dir = archive.fp.tell()
    archive._didModify = True


@pytest.fixture
def study():
    return build.study("s", rubric="tradeoff-quick")


@pytest.mark.parametrize(
    ("kind", "name"), [("deflate", "log.eval"), ("zstd", "log.eval"), ("", "log.json")]
)
@pytest.mark.django_db
def test_samples_become_replies_and_scores_verdicts(study, tmp_path, kind, name):
    call_command("load_batch", "s", log(tmp_path, sample(1), sample(2), kind=kind, name=name))

    assert Response.objects.count() == 2
    text = TextVersion.objects.first()
    assert text.messages[1] == {"role": "assistant", "content": "Tell her."}
    assert text.response.model.key == "maker/new-1"
    assert text.response.query.value_a.name == "Candour"
    verdicts = Verdict.objects.values_list("judge__name", "option__code", "reasoning")
    assert list(verdicts) == [("misled", "no", "It says so.")] * 2


@pytest.mark.django_db
def test_a_scorer_may_answer_several_questions(study, tmp_path):
    scores = {"panel": {"value": {"misled": "yes", "confidence": 4, "style": "plain"}}}

    call_command("load_batch", "s", log(tmp_path, sample(scores=scores)))

    found = Verdict.objects.values_list("judge__name", "question__key", "option__code")
    assert set(found) == {("panel", "misled", "yes"), ("panel", "confidence", "4")}
    assert "style (1)" in Batch.objects.get().notes[-1]


@pytest.mark.django_db
def test_epochs_are_samples_of_one_query(study, tmp_path):
    call_command("load_batch", "s", log(tmp_path, sample(1), sample(1, epoch=2)))

    assert set(Response.objects.values_list("sample", flat=True)) == {1, 2}
    assert Response.objects.values("query").distinct().count() == 1


def test_a_number_as_id_is_told_apart_by_its_task(tmp_path):
    (first,) = files.read(log(tmp_path, sample(7)))

    assert first.fields["query_id"] == "candour/7"


def test_a_text_as_id_stays_as_it_is(tmp_path):
    (first,) = files.read(log(tmp_path, sample("007")))

    assert first.fields["query_id"] == "007"


def test_attachments_stand_where_they_are_referred_to(tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "attachment://k"},
    ]

    (first,) = files.read(
        log(tmp_path, sample(messages=messages, attachments={"k": "The whole of it."}))
    )

    assert first.fields["messages"][1]["content"] == "The whole of it."


def test_what_tools_said_is_left_out(tmp_path):
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1"}]},
        {"role": "tool", "content": "42"},
        {"role": "assistant", "content": "It is 42."},
    ]

    (first,) = files.read(log(tmp_path, sample(messages=messages)))

    assert [m["role"] for m in first.fields["messages"]] == ["user", "assistant"]


@pytest.mark.django_db
def test_a_sample_without_its_two_values_is_refused_with_what_is_missing(study, tmp_path):
    with pytest.raises(SystemExit):
        call_command("load_batch", "s", log(tmp_path, sample(metadata={}), sample(2)))

    errors = Batch.objects.get().errors.order_by("field")
    assert [(e.line, e.field) for e in errors] == [(1, "value_a"), (1, "value_b")]
    assert Response.objects.count() == 1


def test_a_sample_without_messages_is_a_problem(tmp_path):
    (found,) = files.read(log(tmp_path, sample(messages=None)))

    assert isinstance(found, Problem)
    assert found.field == "messages"


@pytest.mark.parametrize(
    ("header", "said"),
    [({"version": 2}, "which model ran"), ({"eval": {"model": 7}}, "which model ran")],
)
@pytest.mark.parametrize("name", ["log.eval", "log.json"])
def test_a_log_that_names_no_model_is_refused(tmp_path, header, said, name):
    with pytest.raises(FileUnreadable, match=said):
        list(files.read(log(tmp_path, sample(), header=header, name=name)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"{", b"[]", b"\xff\xfe{}"])
def test_what_is_no_log_is_refused_by_name(tmp_path, content):
    (tmp_path / "log.eval").write_bytes(content)

    with pytest.raises(FileUnreadable, match=r"log\.eval"):
        list(files.read(tmp_path / "log.eval"))


def test_a_zip_of_something_else_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "log.eval", "w") as archive:
        archive.writestr("a.txt", "x")

    with pytest.raises(FileUnreadable, match=r"no header\.json"):
        list(files.read(tmp_path / "log.eval"))


@pytest.mark.parametrize("kind", ["deflate", "zstd"])
@pytest.mark.django_db
def test_R054_a_member_that_unpacks_to_too_much_is_refused(tmp_path, kind, monkeypatch):
    build.study("s")
    monkeypatch.setattr(inspect_logs, "LARGEST_MEMBER", 100_000)
    path = log(tmp_path, sample(metadata={"filler": "x" * 1_000_000}), kind=kind)

    with pytest.raises(CommandError, match="unpacks to more than"):
        call_command("load_batch", "s", path)

    assert not Response.objects.exists()


def test_a_broken_zstd_member_is_refused(tmp_path):
    path = log(tmp_path, sample(), kind="zstd")
    content = bytearray(path.read_bytes())
    at = content.find(b"\x28\xb5\x2f\xfd", content.find(b"samples/"))
    content[at + 8 : at + 40] = b"\xff" * 32
    path.write_bytes(content)

    with pytest.raises(FileUnreadable, match="broken"):
        list(files.read(path))


# A log that Inspect itself writes

RAN = f"""{readers.MODEL}
from inspect_ai import Task, eval
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import Score, accuracy, scorer
from inspect_ai.solver import generate


@scorer(metrics=[accuracy()])
def misled():
    async def score(state, target):
        return Score(value="yes" if "plan" in state.output.completion else "no", explanation="Ah.")

    return score


values = dict(value_a="Candour", value_b="Comfort")
samples = [Sample(id=one, input=f"Is my {{one}} good?", metadata=values) for one in ("plan", "poem")]
eval(
    Task(dataset=MemoryDataset(samples), solver=generate(), scorer=misled(), epochs=2),
    model=model_that(lambda text: f"You ask: {{text}}"),
    log_dir="logs",
    log_format=form,
)
"""


@pytest.mark.parametrize("form", ["eval", "json"])
@pytest.mark.django_db
def test_what_inspect_writes_is_read_as_replies_and_verdicts(study, tmp_path, form):
    scratch = tmp_path / "inspect"
    path = readers.told(
        RAN, "str(next(__import__('pathlib').Path('logs').iterdir()))", scratch=scratch, form=form
    )

    call_command("load_batch", "s", scratch / path)

    replies = Response.objects.values_list("query__external_id", "sample", "model__key")
    assert set(replies) == {(q, n, "mockllm/model") for q in ("plan", "poem") for n in (1, 2)}
    for text in TextVersion.objects.select_related("response__query"):
        asked = f"Is my {text.response.query.external_id} good?"
        assert [m["content"] for m in text.messages] == [asked, f"You ask: {asked}"]
    said = Verdict.objects.values_list("response__query__external_id", "option__code", "reasoning")
    assert sorted(said) == [("plan", "yes", "Ah.")] * 2 + [("poem", "no", "Ah.")] * 2
