"""What a rater was shown, sealed into the form, so that a judgment is stored with exactly that.

The rater's browser keeps the receipt between showing and judging; the server signs it and needs
neither a row nor a second look at the text when the answers come in.
"""

from dataclasses import asdict, dataclass

from django.core import signing
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


def sealed(receipt: Receipt) -> str:
    """Return the receipt as the form carries it."""
    return signing.dumps(list(asdict(receipt).values()), salt=SALT)


def opened(text: str, *, seat_key: str) -> Receipt:
    """Return the receipt that was sealed for this seat.

    Raises:
        ShownTextChanged: not a receipt of ours, or of another seat.
    """
    try:
        receipt = Receipt(*signing.loads(text, salt=SALT))
    except (signing.BadSignature, TypeError, ValueError) as error:
        raise ShownTextChanged(_incomplete()) from error
    if not all(isinstance(getattr(receipt, name), int) for name in _NUMBERS):
        raise ShownTextChanged(_incomplete())
    if receipt.seat_key != seat_key:
        raise ShownTextChanged(
            _("These answers belong to another item than the one they were sent for.")
        )
    return receipt


def _incomplete() -> str:
    return _("This form is not complete any more. Please load the page again.")
