"""From many votes to one label, or to none: the front door to every aggregation."""

from evaluation.stats.dawid_skene import HiddenTruth, dawid_skene, one_coin, posterior_given
from evaluation.stats.votes import (
    NO_LABEL,
    HardLabels,
    Votes,
    VoteShares,
    Wawa,
    majority,
    vote_shares,
    wawa,
)

__all__ = [
    "NO_LABEL",
    "HardLabels",
    "HiddenTruth",
    "VoteShares",
    "Votes",
    "Wawa",
    "dawid_skene",
    "majority",
    "one_coin",
    "posterior_given",
    "vote_shares",
    "wawa",
]
