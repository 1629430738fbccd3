"""What a rater was shown, sealed into the form, so that a judgment is stored with exactly that.

The rater's browser keeps the receipt between showing and judging; the server encrypts it and needs
neither a row nor a second look at the text when the answers come in. Nobody else can read it: the
hash of the whole text would let anyone who guesses a later turn, or has the text from elsewhere,
see that they are right.
"""

import base64
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.translation import gettext as _

from annotation.errors import ShownTextChanged

SALT = "touchstone.receipt"
_NUMBERS = ("turns", "text_version", "rule_set", "renderer", "rubric_id")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Which text, masks, rubric and guidelines a seat showed; no field tells who wrote it."""

    seat_key: str
    shown_sha256: str
    turns: int
    text_version: int
    rule_set: int
    renderer: int
    rubric_id: int
    guidelines_id: int | None
    # Of the second reply of a pair.
    shown_sha256_2: str = ""
    text_version_2: int | None = None
    rule_set_2: int | None = None
    specification_id: int | None = None
    language: str = ""
    # The judgment's revision that an edit starts from; 0 where nothing was sent yet.
    revision: int = 0
    # What was judged and which reply stood first, to find when the seat went to someone else.
    item_id: int = 0
    side: int | None = None


def sealed(receipt: Receipt) -> str:
    """Return the receipt as the form carries it."""
    return _cipher().encrypt(json.dumps(list(asdict(receipt).values())).encode()).decode()


def opened(text: str, *, seat_key: str) -> Receipt:
    """Return the receipt that was sealed for this seat.

    Raises:
        ShownTextChanged: not a receipt of ours, or of another seat.
    """
    try:
        base64.b64decode(
            text, altchars=b"-_", validate=True
        )  # the cipher skips signs it does not know
        receipt = Receipt(*json.loads(_cipher().decrypt(text.encode())))
    except (InvalidToken, TypeError, ValueError) as error:
        raise ShownTextChanged(_incomplete()) from error
    if not all(isinstance(getattr(receipt, name), int) for name in _NUMBERS):
        raise ShownTextChanged(_incomplete())
    if receipt.seat_key != seat_key:
        raise ShownTextChanged(
            _("These answers belong to another item than the one they were sent for.")
        )
    return receipt


def _cipher() -> MultiFernet:
    """Return what encrypts with the secret, and reads what an earlier secret encrypted."""
    return _cipher_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@cache
def _cipher_of(*secrets: str) -> MultiFernet:
    digests = (hashlib.sha256(f"{SALT}:{secret}".encode()).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def _incomplete() -> str:
    return _("This form is not complete any more. Please load the page again.")
