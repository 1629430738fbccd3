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
def files_here(settings, tmp_path):
    """What is uploaded lies in the test's own directory."""
    settings.DATA_DIR = tmp_path


@pytest.fixture
def boss(study):
    """An admin who is not signed in on pages."""
    return build.member(study, Role.ADMIN, name="boss")


@pytest.fixture
def ann(study):
    return build.rater(study)


@pytest.fixture
def admin(boss, client):
    client.force_login(boss)
    return boss
