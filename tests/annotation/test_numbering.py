"""Numbers of things within their study; that they are told apart is a test of batches (R-056)."""

import pytest
from django.db import IntegrityError

from annotation.models import Batch
from annotation.numbering import numbered
from tests import build


@pytest.mark.django_db
def test_a_row_that_is_refused_for_something_else_is_not_asked_for_again():
    study = build.study()

    with pytest.raises(IntegrityError, match="batch_state_known"):
        numbered(
            Batch, study_id=study.pk, file_name="b.jsonl", state="nowhere", created_at=build.NOW
        )
