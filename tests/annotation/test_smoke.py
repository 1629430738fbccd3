import pytest

from tests import build

pytestmark = pytest.mark.django_db


def test_a_judgment_is_stored(tmp_path):
    study = build.study()
    build.item(study, tmp_path)
    ann = build.rater(study)

    stored = build.judgment(ann)

    assert stored.finished
