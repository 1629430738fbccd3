"""The sealed receipt: R-130, answers are stored with exactly what was shown."""

import base64
import json
from dataclasses import asdict, astuple

import pytest
from cryptography.fernet import Fernet
from django.test import override_settings

from annotation.errors import ShownTextChanged
from annotation.receipts import Receipt, _cipher, opened, sealed

RECEIPT = Receipt("key", "f" * 64, 3, 2, 1, 1, 7, None)


def test_a_receipt_comes_back_as_it_was_sealed():
    assert opened(sealed(RECEIPT), seat_key="key") == RECEIPT


def test_R130_a_receipt_of_another_seat_is_refused():
    with pytest.raises(ShownTextChanged, match="another item"):
        opened(sealed(RECEIPT), seat_key="other")


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: "A" + s[1:], lambda s: s + "A"])
def test_R130_a_changed_receipt_is_refused(change):
    with pytest.raises(ShownTextChanged, match="load the page again"):
        opened(change(sealed(RECEIPT)), seat_key="key")


@pytest.mark.parametrize("text", ["", ":", "a:b:c", "é", "\ud800:a:b", "\0", "x" * 10_000])
def test_what_is_no_receipt_is_refused(text):
    with pytest.raises(ShownTextChanged):
        opened(text, seat_key="key")


@pytest.mark.parametrize("value", [[], [1], ["key"] * 9, {"seat_key": "key"}, "key", None, 7])
def test_what_is_sealed_but_no_receipt_is_refused(value):
    text = _cipher().encrypt(json.dumps(value).encode()).decode()

    with pytest.raises(ShownTextChanged):
        opened(text, seat_key="key")


def test_what_another_key_sealed_is_refused():
    foreign = Fernet(Fernet.generate_key()).encrypt(json.dumps(astuple(RECEIPT)).encode())

    with pytest.raises(ShownTextChanged):
        opened(foreign.decode(), seat_key="key")


def test_a_receipt_outlives_a_rotation_of_keys(settings):
    text, old = sealed(RECEIPT), settings.SECRET_KEY

    with override_settings(SECRET_KEY="another secret", SECRET_KEY_FALLBACKS=[old]):
        assert opened(text, seat_key="key") == RECEIPT


def test_R087_nobody_reads_a_receipt_and_the_same_one_twice_looks_different():
    first, second = sealed(RECEIPT), sealed(RECEIPT)

    assert first != second
    plain = base64.urlsafe_b64decode(first + "==")
    assert not [
        value
        for value in asdict(RECEIPT).values()
        if str(value).encode() in plain and len(str(value)) > 2
    ]
