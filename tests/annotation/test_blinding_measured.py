"""How well the scrub rules tell what identifies an author, on labelled sentences.

A place counts as found where it is masked at first: by the rules, or held for an admin. The rules
were written without the sentences set aside; those were scored once, after the rules were committed.
"""

import json
from collections import Counter

import pytest

from annotation import scrubbing
from annotation.scrubbing import Decision
from tests.environment import PROJECT


def _rows(name: str) -> list[dict]:
    lines = (PROJECT / "fixtures" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


ROWS = _rows("blinding_sentences.jsonl")
UNSEEN = _rows("blinding_unseen.jsonl")
LEAST_RECALL, LEAST_PRECISION = 0.98, 0.95


def found(text: str) -> bool:
    hits = scrubbing.find(text, rules=scrubbing.current_rules())
    return any(hit.decision is not Decision.KEPT for hit in hits)


@pytest.mark.parametrize(
    "part",
    [
        "open",
        "aside",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "sixth",
        "seventh",
        "eighth",
        "ninth",
        "tenth",
    ],
)
def test_identifying_sentences_are_found_and_others_left(part, record_property):
    rows = [row for row in ROWS + UNSEEN if row["set"] == part]
    counts = Counter((row["identifying"], found(row["text"])) for row in rows)
    recall = counts[True, True] / (counts[True, True] + counts[True, False])
    precision = counts[True, True] / (counts[True, True] + counts[False, True])

    words = f"blinding, sentences {part}: recall {recall:.3f}, precision {precision:.3f}"
    record_property("measured", words)
    assert (recall >= LEAST_RECALL, precision >= LEAST_PRECISION) == (True, True), words


@pytest.mark.parametrize(("rows", "at_least"), [(ROWS, 400), (UNSEEN, 1_300)])
def test_a_set_is_large_hard_and_of_many_languages(rows, at_least):
    texts = [row["text"] for row in rows]

    assert len(set(texts)) == len(texts) >= at_least
    assert len({row["language"] for row in rows}) >= 6
    assert 0.45 <= sum(row["identifying"] for row in rows) / len(rows) <= 0.55


def test_a_quarter_of_the_sentences_is_set_aside():
    assert sum(row["set"] == "aside" for row in ROWS) >= len(ROWS) / 4


@pytest.mark.parametrize(
    "text",
    [
        "クロード・モネは睡蓮を描きました。",
        "클로드 모네는 수련을 그렸다.",
        "克劳德·莫奈画了很多睡莲。",
        "Клод Моне писал кувшинки.",
        "क्लाउड मोने ने कमल के चित्र बनाए।",
        "رسم كلود مونيه زنابق الماء.",
    ],
)
def test_the_painter_is_left_in_every_script(text):
    assert not found(text)
