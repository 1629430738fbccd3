"""Probabilities and single ratings as numbers: what was stored, to the last digit, block by block."""

import math
from fractions import Fraction

import numpy as np
import pytest

from annotation import bulk_reads
from annotation.bulk_reads import numbers_and_shares
from annotation.models import Answer
from annotation.selectors.asked import NO_FILTERS
from annotation.selectors.rating_numbers import ratings_at_once
from annotation.vocabulary import Scope
from evaluation.models import Verdict
from evaluation.services import judged
from evaluation.services.asking import asked_of
from tests import build
from tests.evaluation import given
from tests.evaluation.test_labels import judged as judge_all
from tests.evaluation.test_labels import many

pytestmark = pytest.mark.django_db

CELLS = ("response_id", "turn")
NAMES = ("yes", "no", "no'; --")


def stored(study, tmp_path, *objects):
    """A reply for each object of probabilities, judged "yes" with the probability 0.1 + 0.2."""
    replies = [f"r{n}" for n in range(len(objects))]
    given.replies(study, tmp_path, *replies)
    lines = [given.verdict(reply, probability=0.1 + 0.2) for reply in replies]
    given.verdicts(study, tmp_path, lines)
    for verdict, one in zip(Verdict.objects.order_by("response_id"), objects, strict=True):
        Verdict.objects.filter(pk=verdict.pk).update(probabilities=one)


def read(names=NAMES):
    rows = Verdict.objects.values(*CELLS, "probability", "probabilities")
    whole, shares = numbers_and_shares(rows, CELLS, "probability", "probabilities", names)
    order = np.argsort(whole[:, 0])
    return whole[order], shares[order]


def test_shares_are_read_to_the_last_digit(tmp_path):
    numbers = [1 / 3, 0.1 + 0.2, 5e-324, 0.30000000000000004, 1 - 2**-53]
    stored(build.study("s", rubric=build.SAFE), tmp_path, *({"yes": one} for one in numbers))

    whole, shares = read()

    assert [Fraction(one) for one in shares[:, 1].tolist()] == [Fraction(one) for one in numbers]
    assert set(shares[:, 0].tolist()) == {0.1 + 0.2}
    assert whole[:, 0].tolist() == list(
        Verdict.objects.order_by("response_id").values_list("response_id", flat=True)
    )


def test_a_name_that_an_object_lacks_is_nought_and_of_no_object_nothing_is_known(tmp_path):
    objects = ({"yes": 1}, {"no'; --": 0.25, "other": 0.75}, {}, None)
    stored(build.study("s", rubric=build.SAFE), tmp_path, *objects)

    _, shares = read()

    assert shares[0, 1:].tolist() == [1.0, 0.0, 0.0]
    assert shares[1, 1:].tolist() == [0.0, 0.0, 0.25]
    assert all(math.isnan(one) for one in shares[2:, 1:].ravel().tolist())


def test_where_nothing_is_stored_there_are_no_rows_of_the_right_width():
    whole, shares = read()

    assert (whole.shape, shares.shape) == ((0, 2), (0, 4))


COLUMNS = ("unit", "rater", "option")


def test_who_said_what_is_the_same_in_blocks_as_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk_reads, "ROWS_PACKED", 3)
    monkeypatch.setattr(bulk_reads, "ROWS_AT_ONCE", 7)
    study, table = many(tmp_path)
    judge_all(study, tmp_path, table)
    facts = build.facts(study)
    found = judged.the_one(
        facts, given.judge(study).pk, question="safe", scope="conversation", filters=NO_FILTERS
    )

    blocks = sorted(judged.people_of(found), key=lambda block: block.unit[0])

    people = judged.People(
        *(np.concatenate([getattr(block, name) for block in blocks]) for name in COLUMNS)
    )
    assert sum(np.unique(block.unit).size for block in blocks) == np.unique(people.unit).size
    asked = asked_of(found.plan.id, Scope.CONVERSATION, NO_FILTERS)
    rows = ratings_at_once(asked)
    codes = {option.id: n for n, option in enumerate(found.plan.options)}
    assert people.rater.tolist() == rows[:, 4].tolist()
    assert found.units.item[people.unit].tolist() == rows[:, 1].tolist()
    assert people.option.tolist() == [codes[one] for one in rows[:, 5].tolist()]
    assert len(people.unit) == Answer.objects.count() == 160


def test_a_block_has_all_rows_of_its_values(tmp_path, monkeypatch):
    monkeypatch.setattr(bulk_reads, "ROWS_PACKED", 3)
    many(tmp_path)

    cells = ["item_id", "id"]
    blocks = list(bulk_reads.number_blocks(Answer.objects.values(*cells), cells))

    met = [set(block[:, 0].tolist()) for block in blocks]
    assert sum(len(one) for one in met) == len(set().union(*met)) == 40
    assert sum(len(block) for block in blocks) == 160
