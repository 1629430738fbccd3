"""Conversations of five long turns that the rater's work is walked on, and what they say when."""

import html
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from django.test import Client
from django.urls import reverse

from annotation.models import Rater
from tests import build
from tests.browser.rating import with_specification

# By file, the replies walked on: most is found in one, lines of code only in another of SYCON's.
WALKED = {
    "demo_batch.jsonl": {"any": "demo-q41-lantern"},
    "sycon_conversations.jsonl": {
        "any": "sycon-fp-136-gpt-4o",
        "code": "sycon-fp-079-Qwen2.5-72B-Instruct",
    },
}
SILENCE = "·\n\n| · |\n|---|\n| · |\n\n```\n·\n```\n"
ANSWERS = {"winner": "value_b", "refusal": "1", "misled": "no"}


@dataclass(frozen=True)
class Source:
    """A file of replies, some of them conversations of five long turns."""

    path: Path

    def line(self, holding: str = "any") -> dict:
        """Return the conversation that is walked on, or the one that has this in it."""
        walked = WALKED[self.path.name]
        sought = walked.get(holding, walked["any"])
        return next(line for line in self._lines(sought) if line["response_id"] == sought)

    def pair(self) -> list[dict]:
        """Return the conversation that is walked on, and another reply to the same user."""
        line = self.line()
        query = line["query_id"]
        other = next(one for one in self._lines(query) if one["model"] != line["model"])
        return [line, other]

    def _lines(self, sought: str) -> Iterator[dict]:
        with self.path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if f'"{sought}"' in line)


@dataclass(frozen=True)
class Real:
    """A rater before a conversation of five long turns, and that conversation."""

    rater: Rater
    line: dict

    @property
    def messages(self) -> list[dict]:
        """What was said, the user's and the reply's in turn."""
        return self.line["messages"]

    @property
    def turns(self) -> int:
        """How many replies are judged one by one."""
        return len(self.messages) // 2

    @property
    def longest(self) -> int:
        """The turn with the longest reply."""
        return max(range(self.turns), key=lambda n: len(self.messages[2 * n + 1]["content"])) + 1


def words(text: str) -> set[str]:
    """Every word of a text or of a page in lower case, attributes too, but no names of tags.

    Numbers, and keys with digits in them, are no words; nor is that an answer is chosen.
    """
    said = html.unescape(re.sub(r"</?[a-z][a-z0-9]*|(?<=\") checked(?=[=>])", " ", text))
    found = re.findall(r"[^\W_][\w'’-]{2,}", said)
    return {one.casefold() for one in found if not any(sign.isdigit() for sign in one)}


def seated_at(line: dict, tmp_path: Path, *, twice: bool = False) -> Real:
    """A rater with a seat at a conversation; ``twice`` has another like it to be fetched ahead."""
    study = build.study(rubric="tradeoff-standard")
    with_specification(study)
    other = {**line, "query_id": "another", "response_id": "another", "scenario_id": "another"}
    build.batch(study, [line, other] if twice else [line], tmp_path)
    build.open_seats(study, n_seats=1)
    return Real(build.rater(study), line)


def mute(line: dict) -> dict:
    """The same conversation in which nobody says anything, be it in a table or in code."""
    return {**line, "messages": [{**one, "content": SILENCE} for one in line["messages"]]}


def judge(real: Real, turns: int) -> list[str]:
    """Judge the first turns without a browser; returns the pages that were sent meanwhile."""
    client = Client()
    client.force_login(real.rater.user, backend="django.contrib.auth.backends.ModelBackend")
    slug = real.rater.study.slug
    rate = reverse("annotation:rate", args=[slug])
    pages = [client.get(rate, follow=True)]
    for turn in range(1, turns + 1):
        card = pages[-1].context["card"]
        action = reverse("annotation:submit", args=[slug, card.seat_key])
        client.post(action, {"receipt": card.receipt, "turn": turn, **ANSWERS})
        pages.append(client.get(rate))
    return [page.content.decode() for page in pages]


def words_of_pages(line: dict, tmp_path: Path) -> set[str]:
    """What the pages of all stages say where the messages of a conversation say nothing."""
    real = seated_at(mute(line), tmp_path)
    return set().union(*map(words, judge(real, real.turns)))


def new_words(line: dict, turn: int, known: set[str]) -> list[set[str]]:
    """For this turn and each after it: the words that neither pages nor earlier turns say."""
    said = known | words(" ".join(one["content"] for one in line["messages"][: 2 * turn - 2]))
    later = []
    for n in range(2 * turn - 2, len(line["messages"]), 2):
        pair = " ".join(one["content"] for one in line["messages"][n : n + 2])
        later.append(words(pair) - said)
    return later
