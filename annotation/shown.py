"""What raters are shown of a text: masks laid over it, and the hash of the result.

The shown text is always derived, never stored: from the words as uploaded and the masks that hold.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from annotation.scrubbing import mask


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """One message as a rater sees it."""

    role: str
    content: str


def text_sha256(messages: list[dict[str, str]]) -> str:
    """Return the hash of a conversation's words: SHA-256 of its canonical JSON.

    Canonical is a list of [role, content] without spaces, in UTF-8, with the escapes that JSON
    demands and no others.
    """
    return said_sha256([(message["role"], message["content"]) for message in messages])


def said_sha256(said: Sequence[tuple[str, str]]) -> str:
    """Return what :func:`text_sha256` returns, of pairs of role and content."""
    return hashlib.sha256(to_json(said)).hexdigest()


def merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches that these cover, in order, those that overlap as one.

    What a rule finds may lie across what an admin masked by hand. Those that only touch stay two.
    """
    whole: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if whole and start < whole[-1][1]:
            whole[-1] = whole[-1][0], max(end, whole[-1][1])
        else:
            whole.append((start, end))
    return whole


def shown_messages(
    messages: list[dict[str, str]],
    masks: Mapping[int, Iterable[tuple[int, int]]],
    *,
    with_system: bool,
) -> tuple[ShownMessage, ...]:
    """Return the conversation with its masks, system messages only where the study shows them."""
    return tuple(
        ShownMessage(
            role=message["role"],
            content=mask(message["content"], merged(masks[number]))
            if number in masks
            else message["content"],
        )
        for number, message in enumerate(messages)
        if with_system or message["role"] != "system"
    )


def shown_sha256(messages: Iterable[ShownMessage]) -> str:
    """Return the hash of a conversation as shown; equal to the text's where nothing is masked."""
    as_dicts: list[dict[str, Any]] = [
        {"role": message.role, "content": message.content} for message in messages
    ]
    return text_sha256(as_dicts)
