"""A chunk made ready to be stored comes through the pipe as it went in."""

import pickle

import pytest

from annotation.files import Place, Problem
from annotation.prepared import Chunk, PreparedReply, chunks
from tests import build


def prepared(tmp_path, *lines):
    path = tmp_path / "b.jsonl"
    build.jsonl(path, [*lines])
    (chunk,) = chunks(path, name=path.name, after=0, at_once=99, with_records=True)
    return chunk


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_chunk_is_the_same_after_the_pipe(tmp_path, n):
    lines = [build.reply_fields(language="de", topics=["t"]) for _ in range(n)]
    chunk = prepared(tmp_path, *lines, {"query_id": 1})

    received = pickle.loads(pickle.dumps(chunk))

    assert received == chunk
    assert len(received.replies) == n
    assert received.read() == chunk.read()


def test_what_is_received_has_its_names(tmp_path):
    received = pickle.loads(pickle.dumps(prepared(tmp_path, build.reply_fields())))

    (reply,) = received.replies
    assert isinstance(reply, PreparedReply)
    assert isinstance(reply.place, Place)
    assert reply.told.value_a


def test_a_chunk_of_problems_alone_comes_through():
    chunk = Chunk(records=1, units=1, problems=[Problem(1, "f", "why")], share=0.5, rule_set=2)

    assert pickle.loads(pickle.dumps(chunk)) == chunk
