"""What the page says of a stage besides the answers: how long, on what screen, what was unfolded.

All of it is measured by the page and may be missing or made up, so nothing is refused for it and
nothing of it decides anything: it is kept beside the server's own times. Only counts come in, never
what was typed or pasted. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotation.vocabulary import ClientKind

FIELD = "page"
LONGEST = 20_000
# A day: what lies above is a clock that went wrong.
MOST_MS = 24 * 60 * 60 * 1000
MOST_COUNT = 100_000
MOST_KEYS = 300


@dataclass(frozen=True, slots=True)
class PageSignals:
    """What a page measured at one stage; empty where it runs no script."""

    client: ClientKind = ClientKind.PLAIN
    active_ms: int | None = None
    # By question key: milliseconds, pastes into its text field, and absences from it.
    active_at: Mapping[str, int] = field(default_factory=dict)
    pastes: Mapping[str, int] = field(default_factory=dict)
    absences: Mapping[str, int] = field(default_factory=dict)
    # Messages that were folded because of their length, and those of them that were opened.
    folded: tuple[int, ...] = ()
    unfolded: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it beside the times."""
        found = {
            "pastes": dict(self.pastes),
            "absences": dict(self.absences),
            "folded": list(self.folded),
            "unfolded": list(self.unfolded),
        }
        return {name: value for name, value in found.items() if value}


ELSEWHERE = PageSignals(client=ClientKind.ELSEWHERE)


def page_signals(text: str) -> PageSignals:
    """Return what a page sent; whatever cannot be read is as if it was not sent."""
    if not text or len(text) > LONGEST:
        return PageSignals()
    try:
        sent = json.loads(text)
    except (ValueError, RecursionError):
        return PageSignals()
    if not isinstance(sent, dict):
        return PageSignals()
    client = sent.get("client")
    return PageSignals(
        client=ClientKind(client)
        if client in (ClientKind.WIDE, ClientKind.NARROW)
        else ClientKind.PLAIN,
        active_ms=_number(sent.get("active"), MOST_MS),
        active_at=_numbers(sent.get("questions"), MOST_MS),
        pastes=_numbers(sent.get("pastes"), MOST_COUNT),
        absences=_numbers(sent.get("absences"), MOST_COUNT),
        folded=_list(sent.get("folded")),
        unfolded=_list(sent.get("unfolded")),
    )


def _number(value: Any, most: int) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
        return None
    return int(value)


def _numbers(values: Any, most: int) -> dict[str, int]:
    if not isinstance(values, dict) or len(values) > MOST_KEYS:
        return {}
    found = {str(key)[:100]: _number(value, most) for key, value in values.items()}
    # What cannot be printed no question is called, and no database stores all of it.
    return {key: value for key, value in found.items() if value and key.isprintable()}


def _list(values: Any) -> tuple[int, ...]:
    if not isinstance(values, list) or len(values) > MOST_KEYS:
        return ()
    found = {number for value in values if (number := _number(value, MOST_COUNT)) is not None}
    return tuple(sorted(found))
