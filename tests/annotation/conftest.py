"""What most tests of annotation begin with: a study, a rater of it, and an admin who is signed in.

A file whose tests are about another study defines its own ``study``; the others follow it.
"""

import pytest

from annotation.vocabulary import Role
from tests import build


@pytest.fixture
def study():
    return build.study("s")


@pytest.fixture
def ann(study):
    return build.rater(study)


@pytest.fixture
def admin(study, client):
    account = build.member(study, Role.ADMIN, name="boss")
    client.force_login(account)
    return account
