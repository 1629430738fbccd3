"""What a test committed is gone afterwards, and nothing else has changed."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, IntegrityError

from annotation.models import Judgment, Rubric, User
from tests import build, emptying

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def judged(tmp_path):
    """Rows in tables that refuse a DELETE, and in tables that point at them."""
    study = build.study(rubric=build.WITH_EVIDENCE)
    build.item(study, tmp_path)
    build.specification(study)
    build.asks_consent(study)
    ann = build.rater(study)
    build.agree(ann)
    build.submit(ann, build.claim(ann), misled="yes", who="user", note="hm")
    build.withdrawal_row(ann)


def test_every_row_is_gone_but_what_the_migrations_wrote(judged):
    kept = (ContentType.objects.count(), Permission.objects.count())

    emptying.empty()

    filled = {model for model in apps.get_models() if model.objects.exists()}
    assert filled == {ContentType, Permission}
    assert (ContentType.objects.count(), Permission.objects.count()) == kept


@pytest.mark.parametrize(("model", "reason"), [(Judgment, "append_only"), (Rubric, "published")])
def test_what_refused_a_delete_refuses_it_again(judged, tmp_path, model, reason):
    emptying.empty()
    study = build.study()
    build.item(study, tmp_path)
    build.judgment(build.rater(study))

    with pytest.raises(DatabaseError, match=reason):
        model.objects.all()._raw_delete(using="default")


def test_a_row_that_points_nowhere_is_refused_again(judged):
    emptying.empty()

    with pytest.raises(IntegrityError):
        User.groups.through.objects.create(user_id=1, group_id=1)
