"""Whether raters recognise who wrote replies: their guesses beside the authors, and beside chance.

A guess is right where it names the model, its family or its maker, in any spelling that the
scrubbing rules know. Chance is how often the same words would be right of the other replies that
were asked about: whoever names the most frequent maker every time is right often and above chance
never.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import fmean

import numpy as np

from annotation.scrub_rules import compact, current_rules
from annotation.selectors.guesses import Author, Guessed, authors, guessed
from annotation.selectors.studies import StudyFacts
from evaluation.services import agreement, asking
from evaluation.services.agreement import Agreement
from evaluation.stats.estimates import Estimate
from evaluation.stats.intervals import cluster_mean, cluster_proportion

KNEW, RIGHT, ABOVE = "share_knew", "share_right", "above_chance"
SHORTEST_NAME = 3
SHORTEST_FAMILY = 4
MOST_WORDS = 4  # of a name that the rules know
Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recognised:
    """How raters did at the replies of one model, or at all of them (``model`` is empty).

    ``right`` of ``knew`` guesses name the author; ``chance`` is the share expected if they told
    nothing, and ``above`` how much more are right. Intervals are over scenarios, not raters.
    """

    model: str
    asked: int
    knew: int
    right: int
    share_knew: Estimate
    share_right: Estimate
    chance: float | None
    above: Estimate


@dataclass(frozen=True, slots=True)
class BothWays:
    """Agreement on a question, and without the items whose author somebody claimed to know."""

    whole: Agreement
    without: Agreement


@dataclass(frozen=True, slots=True)
class Report:
    """What raters recognised, the whole first, and whether agreement depends on it."""

    rows: tuple[Recognised, ...]
    both_ways: tuple[BothWays, ...]
    items_left_out: int


@dataclass(frozen=True, slots=True)
class _Scored:
    """One guess: whether it is right, and how often the same words would be by chance."""

    said: Guessed
    right: bool
    chance: float | None


def report(study: StudyFacts) -> Report:
    """Return how far raters recognise authors; no rows where nobody was asked."""
    said = guessed(study.id)
    if not said:
        return Report((), (), 0)
    known = authors(study.id)
    scored = _scored(said, known)
    rows = [_row("", said, scored)]
    for author in sorted(known.values(), key=lambda one: one.name):
        asked = [one for one in said if one.model == author.id]
        if asked:
            rows.append(_row(author.name, asked, [g for g in scored if g.said.model == author.id]))
    claimed = frozenset(one.item for one in said if one.knew)
    return Report(tuple(rows), _both_ways(study, claimed), len(claimed))


def _scored(said: list[Guessed], known: dict[int, Author]) -> list[_Scored]:
    """Hold every guess against its author, and against the authors of all other replies asked."""
    written = Counter(one.model for one in said)
    guesses = {one.words for one in said if one.knew}
    fits = {(words, model): names(words, known[model]) for words in guesses for model in written}
    scored = []
    for one in said:
        if one.knew:
            right = fits[one.words, one.model]
            matched = sum(n for model, n in written.items() if fits[one.words, model])
            others = len(said) - 1
            scored.append(_Scored(one, right, (matched - right) / others if others else None))
    return scored


def _row(model: str, asked: list[Guessed], scored: list[_Scored]) -> Recognised:
    chances = [one.chance for one in scored if one.chance is not None]
    clusters = [one.said.cluster for one in scored]
    above = [one.right - one.chance for one in scored if one.chance is not None]
    return Recognised(
        model=model,
        asked=len(asked),
        knew=len(scored),
        right=sum(one.right for one in scored),
        share_knew=_share([one.cluster for one in asked], [one.knew for one in asked], KNEW),
        share_right=_share(clusters, [one.right for one in scored], RIGHT),
        chance=fmean(chances) if chances else None,
        above=cluster_mean(above, clusters if above else [], lower=-1.0, upper=1.0, name=ABOVE),
    )


def _share(clusters: list[int], have: list[bool], name: str) -> Estimate:
    _, cluster = np.unique(np.array(clusters, dtype=np.int64), return_inverse=True)
    successes = np.bincount(cluster, weights=np.array(have, dtype=np.float64))
    return cluster_proportion(successes, np.bincount(cluster), name=name)


def _both_ways(study: StudyFacts, claimed: frozenset[int]) -> tuple[BothWays, ...]:
    if not claimed:
        return ()
    counted = asking.counting(study)
    without = replace(counted, not_item=(*counted.not_item, *sorted(claimed)))
    rest = {(one.key, one.scope): one for one in agreement.report(study, filters=without)}
    whole = agreement.report(study, filters=counted)
    return tuple(
        BothWays(one, rest[one.key, one.scope]) for one in whole if (one.key, one.scope) in rest
    )


def names(words: str, author: Author) -> bool:
    """Say whether words name an author: by maker, family, or any name that the study has."""
    said = _words(words)
    if _makers(said) & _makers(_words(" ".join(author.names))):
        return True
    return any(_within(own, said) for own in _own_names(author.names))


def _words(text: str) -> Words:
    """Split into letters and numbers, so that GPT4, GPT-4 and gpt 4 are the same."""
    return tuple(re.findall(r"[^\W\d_]+|\d+", text.casefold()))


def _makers(said: Words) -> set[str]:
    """Return the makers that words name, by the names that the scrubbing rules know."""
    known = current_rules().names
    runs = (
        compact("".join(said[start:end]))
        for start in range(len(said))
        for end in range(start + 1, min(start + MOST_WORDS, len(said)) + 1)
    )
    return {known[run].vendor for run in runs if run in known}


def _own_names(given: Iterable[str]) -> set[Words]:
    """Return what a model may be called after its own names: all of one, or a part between /."""
    parts = {part for name in given for part in (name, *name.split("/"))}
    whole = {_words(part) for part in parts}
    families = {words[:1] for words in whole if words and len(words[0]) >= SHORTEST_FAMILY}
    return families | {words for words in whole if len("".join(words)) >= SHORTEST_NAME}


def _within(own: Words, said: Words) -> bool:
    return any(said[at : at + len(own)] == own for at in range(len(said) - len(own) + 1))
