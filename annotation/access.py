"""Who may do what in a study: predicates over Membership, and the refusal of everything else.

Roles do not include each other by accident: an admin may read results, a researcher may not change
the study, and neither may rate, because they know which model wrote which reply.
"""

import rules

from annotation.models import Membership, Study, User
from annotation.vocabulary import Role

CREATE = "study.create"
RATE = "study.rate"
RESEARCH = "study.research"
ADMINISTER = "study.administer"


def membership_of(user: User, study: Study) -> Membership | None:
    """Return the account's active membership; read once per request and study."""
    known: dict[int, Membership | None] = user.__dict__.setdefault("_memberships", {})
    if study.pk not in known:
        known[study.pk] = Membership.objects.active().filter(user=user, study=study).first()
    return known[study.pk]


def _has_role(*roles: Role) -> rules.Predicate:
    def test(user: User, study: Study | None) -> bool:
        membership = membership_of(user, study) if study and user.is_authenticated else None
        return membership is not None and membership.role in roles

    return rules.Predicate(test, name=" or ".join(roles))


rules.add_perm(RATE, _has_role(Role.RATER))
rules.add_perm(RESEARCH, _has_role(Role.RESEARCHER, Role.ADMIN))
rules.add_perm(ADMINISTER, _has_role(Role.ADMIN))


def _may_create(user: User) -> bool:
    administers = Membership.objects.active().filter(user=user, role=Role.ADMIN)
    return user.is_authenticated and (user.is_staff or administers.exists())


rules.add_perm(CREATE, rules.Predicate(_may_create, name="operator, or admin of any study"))
