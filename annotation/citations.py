"""Cited clauses: what decided an answer, and what it did for it, as a form sends them. Pure.

With script a page sends one field for each, "role id". Without script it sends rows of a role and
an id. Which clauses there are is not known here.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest

from django.utils.translation import gettext as _

from annotation.vocabulary import ClauseRole

MOST = 50
BY_SCRIPT = ".clause"
ROLE_OF_ROW = ".clause_role"
ID_OF_ROW = ".clause_id"

Sent = Mapping[str, Sequence[str]]
Cited = tuple[ClauseRole, str]


def rows(sent: Sent, question_key: str) -> tuple[tuple[str, str], ...]:
    """Return role and id of each clause named for a question, as they came, each once."""
    found = [word.strip().partition(" ")[::2] for word in sent.get(question_key + BY_SCRIPT, ())]
    found += zip_longest(
        sent.get(question_key + ROLE_OF_ROW, ()),
        sent.get(question_key + ID_OF_ROW, ()),
        fillvalue="",
    )
    named = ((role.strip(), clause_id.strip()) for role, clause_id in found)
    return tuple(dict.fromkeys(row for row in named if any(row)))


def parsed(sent: Sent, question_key: str) -> tuple[Cited, ...] | str:
    """Return the clauses cited for a question, each once; or a sentence that says what is wrong."""
    found = rows(sent, question_key)
    if any(role not in ClauseRole.values for role, _id in found):
        return _("Say what each clause did: it was violated, supports or governs.")
    if not all(clause_id for _role, clause_id in found):
        return _("Name the clause that you say something about, or leave the whole row empty.")
    if len(found) > MOST:
        return _("More than %s clauses are named; name fewer.") % MOST
    return tuple((ClauseRole(role), clause_id) for role, clause_id in found)
