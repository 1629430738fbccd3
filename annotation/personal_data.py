"""Finds what in raters' own words may tell who a person is, and puts marks in its place. Pure.

Made for short texts that people wrote, of which few hold anything: a finding costs a researcher a
decision, so what is doubtful is left. Code, versions, dates, numbers and public help lines are no
findings. A miss is possible: these are patterns, and know no name that nobody introduces.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from typing import Final

from annotation import personal_patterns as patterns
from annotation.vocabulary import PersonalKind

__all__ = ["SCANNER_VERSION", "Found", "found_in", "redacted"]

SCANNER_VERSION: Final = 1
"""Changes with what is found; a release names it."""

PHONE_DIGITS = range(7, 16)
TRUNK_DIGITS = range(9, 13)
INTERNATIONAL_DIGITS = range(9, 16)
# A plus and digits without any space are a number of another kind if there are fewer.
FEWEST_UNBROKEN = 10
BEFORE = 28
HANDLE_LENGTHS = range(3, 31)
GLOBAL_UNICAST = IPv6Network("2000::/3")
DOCUMENTATION = IPv6Network("2001:db8::/32")
FEWEST_LONG_OCTETS = 2
IBAN_MODULUS, IBAN_REMAINDER = 97, 1
DOUBLED_AT_MOST = 9
# Of words that end in a dot: “Dr.”, “Prof.”, “J.”; longer ones end their sentence.
LONGEST_TITLE = 5


@dataclass(frozen=True, slots=True, order=True)
class Found:
    """A stretch that may be personal data; offsets are in code points."""

    start: int
    end: int
    kind: PersonalKind


def found_in(text: str) -> tuple[Found, ...]:
    """Return the stretches of a text that may tell who somebody is, in order, none overlapping.

    Cost: O(length); a text without digit, at sign or introduction is left after one pass.
    """
    taken: list[Found] = []
    finders = _FINDERS if patterns.SIEVE.search(text) else _NAMES_ONLY
    for kind, finder in finders:
        for start, end in finder(text):
            if all(end <= one.start or one.end <= start for one in taken):
                taken.append(Found(start, end, kind))
    return tuple(sorted(taken))


def redacted(text: str, places: Iterable[Found]) -> str:
    """Return the text with ``[redacted: kind]`` in place of each stretch.

    Raises:
        ValueError: two overlap, or one leaves the text.
    """
    parts, at = [], 0
    for one in sorted(places):
        if not at <= one.start < one.end <= len(text):
            raise ValueError(f"{one.start}-{one.end} overlaps another or leaves the text")
        parts += [text[at : one.start], f"[redacted: {one.kind}]"]
        at = one.end
    return "".join([*parts, text[at:]])


Places = Iterator[tuple[int, int]]


def _ibans(text: str) -> Places:
    for match in patterns.IBAN.finditer(text):
        length = patterns.IBAN_LENGTHS.get(match.group()[:2])
        if length is None:
            continue
        # What follows in capitals is not of the number: as many signs as the country's have.
        signs = [at for at in range(match.start(), match.end()) if text[at] != " "][:length]
        end = signs[-1] + 1
        number = "".join(text[at] for at in signs)
        if len(number) == length and not text[end : end + 1].isalnum() and _iban_checks(number):
            yield match.start(), end


def _iban_checks(number: str) -> bool:
    """ISO 13616: the first four signs moved to the end, letters as 10 to 35, modulo 97 is 1."""
    turned = number[4:] + number[:4]
    return int("".join(str(int(sign, 36)) for sign in turned)) % IBAN_MODULUS == IBAN_REMAINDER


def _cards(text: str) -> Places:
    for match in patterns.CARD.finditer(text):
        digits = _digits(match.group())
        shaped = patterns.CARD_SHAPES.fullmatch(match.group())
        if shaped and patterns.CARD_BRANDS.fullmatch(digits) and _luhn_checks(digits):
            yield match.span()


def _luhn_checks(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B: every second digit from the right doubled, the sum ends in 0."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > DOUBLED_AT_MOST else value
    return total % 10 == 0


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


def _users_in_addresses(text: str) -> Places:
    for match in patterns.USER_IN_ADDRESS.finditer(text):
        yield match.span()


def _emails(text: str) -> Places:
    for match in patterns.EMAIL.finditer(text):
        local, _, domain = match.group().lower().rpartition("@")
        labels = domain.split(".")
        nobodys = labels[-2] in patterns.NOBODYS_DOMAINS or labels[-1] in patterns.RESERVED_ENDINGS
        # git@host:path is where code lies.
        of_code = local == "git" or labels[-1] in patterns.FILE_ENDINGS
        if not (nobodys or of_code):
            yield match.span()
    for match in patterns.EMAIL_SPELT.finditer(text):
        yield match.span()


def _profiles(text: str) -> Places:
    for match in patterns.FEDIVERSE.finditer(text):
        yield match.span()
    for match in patterns.PROFILE.finditer(text):
        name, slash, more = match.groups()
        # A page below a person's own is a thing: a post, a repository.
        if name.rstrip(".").lower() not in patterns.NO_PROFILES and not (slash and more):
            yield match.start(), match.end(1)
    for match in patterns.REDDIT.finditer(text):
        yield match.span()
    for match in patterns.NAMED_HANDLE.finditer(text):
        if re.search(r"[_.#\d]", match.group(1).rstrip(".")):
            yield match.start(1), match.start(1) + len(match.group(1).rstrip("."))


def _mentions(text: str) -> Places:
    for match in patterns.HANDLE.finditer(text):
        name = match.group(1)
        known = name.split(".")[0].lower() in patterns.NO_HANDLES
        code = patterns.CODE_AHEAD.match(text, match.end())
        if not (known or code) and len(name) in HANDLE_LENGTHS:
            yield match.span()


def _ips(text: str) -> Places:
    for match in patterns.IPV4.finditer(text):
        try:
            address = IPv4Address(match.group())
        except AddressValueError:
            continue
        before = text[max(0, match.start() - BEFORE) : match.start()]
        long = sum(len(octet) > 1 for octet in match.group().split(".")) >= FEWEST_LONG_OCTETS
        plain = long and not patterns.VERSION_CUE.search(before)
        own = address.is_global and match.group() not in patterns.PUBLIC_RESOLVERS
        if own and (plain or patterns.IP_CUE.search(before)):
            yield match.span()
    for match in patterns.IPV6.finditer(text):
        try:
            wide = IPv6Address(match.group())
        except AddressValueError:
            continue
        if wide in GLOBAL_UNICAST and wide not in DOCUMENTATION:
            yield match.span()


def _addresses(text: str) -> Places:
    for pattern in patterns.ADDRESSES:
        for match in pattern.finditer(text):
            yield match.span()


def _phones(text: str) -> Places:
    for match in patterns.PHONE.finditer(text):
        before = text[max(0, match.start() - BEFORE) : match.start()]
        if _is_phone(match.group(), cued=bool(patterns.PHONE_CUE.search(before))):
            yield match.span()


def _is_phone(written: str, *, cued: bool) -> bool:
    digits = _digits(written)
    public = patterns.TOLL_FREE.match(re.sub(r"[^\d+]", "", written))
    if public or digits in patterns.HELPLINES:
        return False
    if cued:
        return len(digits) in PHONE_DIGITS
    if written.startswith("+") or re.match(r"00[1-9]", written):
        return _is_international(written, digits.removeprefix("00"))
    if patterns.FRENCH.fullmatch(written) or patterns.NORTH_AMERICAN.fullmatch(written):
        return True
    return bool(patterns.TRUNK.fullmatch(written)) and len(digits) in TRUNK_DIGITS


def _is_international(written: str, digits: str) -> bool:
    groups = re.findall(r"\d+", written)
    if len(groups) == 1 and len(digits) < FEWEST_UNBROKEN:
        return False
    return digits[0] != "0" and "000" not in groups and len(digits) in INTERNATIONAL_DIGITS


def _names(text: str) -> Places:
    for match in patterns.NAME.finditer(text):
        name = list(_own_name(match.group(1)))
        if not name or re.split(r"\W", name[0].group().capitalize())[0] in patterns.NO_NAMES:
            continue
        end = match.start(1) + name[-1].end()
        if not patterns.WELCOMES.match(text, end):
            last = name[-1].group()
            yield match.start(1), end - (len(last) - len(last.rstrip(".,")))
    for match in patterns.NAME_UNSPACED.finditer(text):
        yield match.span(match.lastindex or 0)


def _own_name(words: str) -> Iterator[re.Match[str]]:
    """Yield the words of a name: in capitals, up to the sentence's end; titles end in a dot."""
    for word in re.finditer(r"[^ \u00a0\u202f]+", words):
        if not word.group()[0].isupper():
            return
        yield word
        if word.group().endswith(".") and len(word.group()) > LONGEST_TITLE:
            return


# In this order: what a longer pattern took is not looked at again by a wider one.
_FINDERS: tuple[tuple[PersonalKind, Callable[[str], Places]], ...] = (
    (PersonalKind.IBAN, _ibans),
    (PersonalKind.CARD, _cards),
    (PersonalKind.HANDLE, _users_in_addresses),
    (PersonalKind.HANDLE, _profiles),
    (PersonalKind.HANDLE, _mentions),
    (PersonalKind.EMAIL, _emails),
    (PersonalKind.IP, _ips),
    (PersonalKind.ADDRESS, _addresses),
    (PersonalKind.PHONE, _phones),
    (PersonalKind.NAME, _names),
)
_NAMES_ONLY = ((PersonalKind.NAME, _names),)
