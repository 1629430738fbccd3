"""A body that ends too early is told from one that is whole."""

import io

import pytest

from config.bodies import Whole, WholeBodies


def test_a_whole_body_is_read_as_it_is():
    body = Whole(io.BytesIO(b"one\ntwo\nthree"), 13)

    assert [body.readline(), body.read(2), body.readline(1), body.readline()] == [
        b"one\n", b"tw", b"o", b"\n",
    ]  # fmt: skip
    assert [body.read(), body.read(), body.readline()] == [b"three", b"", b""]


@pytest.mark.parametrize("read", [Whole.read, Whole.readline, lambda body: body.read(9)])
def test_R122_a_body_that_ends_too_early_cannot_be_read(read):
    with pytest.raises(OSError, match="ended before"):
        read(Whole(io.BytesIO(b"half"), 9))


def test_nothing_behind_the_body_is_read():
    assert Whole(io.BytesIO(b"body, and the next request"), 4).read() == b"body"


@pytest.mark.parametrize("length", [None, "", "-1", "x"])
def test_a_body_without_a_length_is_left_alone(length):
    given = io.BytesIO(b"x")
    environ = {"wsgi.input": given, "CONTENT_LENGTH": length}

    WholeBodies(lambda environ, start: [])(environ, lambda *more: None)

    assert environ["wsgi.input"] is given
