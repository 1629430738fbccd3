"""The sealed receipt: R-130, answers are stored with exactly what was shown."""

import pytest
from django.core import signing

from annotation.errors import ShownTextChanged
from annotation.receipts import SALT, Receipt, opened, sealed

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


@pytest.mark.parametrize("value", [[], [1], ["key"] * 9, {"seat_key": "key"}])
def test_what_is_signed_but_no_receipt_is_refused(value):
    with pytest.raises(ShownTextChanged):
        opened(signing.dumps(value, salt=SALT), seat_key="key")


def test_what_was_signed_for_something_else_is_refused():
    with pytest.raises(ShownTextChanged):
        opened(signing.dumps(["key", "f", 3, 2, 1, 1, 7, None], salt="other"), seat_key="key")
