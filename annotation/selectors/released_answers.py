"""The answers that a release freezes, as Arrow columns: millions of them, in parts.

A part is a run of judgments with what each keeps of its circumstances, and their answers as narrow
rows of numbers; both are put together here, so that the database neither repeats long texts nor
sorts them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import Exists, OuterRef, QuerySet

from annotation.bulk_reads import INTEGER, TEXT, TIME, columns, numbers, runs
from annotation.models import (
    Answer,
    Guidelines,
    Judgment,
    Option,
    Question,
    Rubric,
    SpecificationVersion,
    TextAnswer,
)
from annotation.selectors.asked import Filters
from annotation.selectors.left_out import rules_at
from annotation.selectors.personal_data import Redaction, TextPlace
from annotation.vocabulary import Wave

Ints = npt.NDArray[np.int64]
# So many judgments are in memory at once, and so many of their answers leave together. Of answers
# in words fewer: each may be long.
JUDGMENTS_AT_ONCE = 10_000
WRITTEN_AT_ONCE = 1_000
ANSWERS_AT_ONCE = 5_000
NOBODY = -1

# What is read of a judgment: its name here, the field, the type.
_FACTS = {
    "id": ("pk", INTEGER),
    "rater": ("rater_id", INTEGER),
    "judged_at": ("created_at", TIME),
    "judgment": ("public_id", TEXT),
    "revision": ("revision", INTEGER),
    "rubric_id": ("rubric_id", INTEGER),
    "guidelines_id": ("guidelines_id", INTEGER),
    "specification_id": ("specification_id", INTEGER),
    "language": ("language", TEXT),
    "client": ("client", TEXT),
    "position": ("position", INTEGER),
    "side": ("side", INTEGER),
    "renderer": ("renderer", INTEGER),
    "text_version": ("text_version", INTEGER),
    "shown_sha256": ("shown_sha256", TEXT),
    "rule_set": ("rule_set", INTEGER),
    "text_version_2": ("text_version_2", INTEGER),
    "shown_sha256_2": ("shown_sha256_2", TEXT),
    "rule_set_2": ("rule_set_2", INTEGER),
    "response_id": ("item__reply_1__external_id", TEXT),
    "response_id_2": ("item__reply_2__external_id", TEXT),
}
_WAVES = pa.array([str(wave.label) for wave in Wave], TEXT)
_WAVE_NUMBERS = np.array([int(wave) for wave in Wave], dtype=np.int64)


def answer_parts(
    study_id: int, *, until: int, rules: Mapping[int, Filters], redaction: Redaction
) -> Iterator[pa.Table]:
    """Yield every current answer up to a cut-off: closed ones by judgment, then the texts.

    One row an answer; ``rater`` is the number that a release puts a pseudonym for, ``excluded`` has
    the numbers of the ``rules`` that leave the judgment out, nothing where none does. What is
    personal data in the texts is masked by the ``redaction``. Memory does not grow with the study.
    """
    words = _Words.of_study(study_id)
    for facts in _runs(study_id, until, Answer, JUDGMENTS_AT_ONCE, words, rules):
        yield from _slices(facts, _closed(facts, words))
    for facts in _runs(study_id, until, TextAnswer, WRITTEN_AT_ONCE, words, rules):
        yield from _slices(facts, _written(facts, words, redaction))


@dataclass(frozen=True, slots=True, eq=False)
class _Keyed:
    """Values by primary key, of a table with few rows."""

    keys: Ints
    values: pa.Array

    @classmethod
    def of(cls, rows: "QuerySet[Any, Any]", field: str, kind: pa.DataType) -> "_Keyed":
        found = list(rows.order_by("pk").values_list("pk", field))
        keys = np.array([pk for pk, _ in found], dtype=np.int64)
        return cls(keys, pa.array([value for _, value in found], kind))

    def take(self, keys: pa.Array) -> pa.Array:
        """Return the value of each key; nothing for no key."""
        numbers = pc.fill_null(keys, NOBODY).to_numpy(zero_copy_only=False)
        places = pa.array(np.searchsorted(self.keys, numbers), mask=numbers == NOBODY)
        return self.values.take(places)

    def numbers(self, keys: pa.Array) -> Ints:
        """Return the number of each key."""
        found: Ints = self.take(keys).to_numpy(zero_copy_only=False)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _Words:
    """What the numbers in a study's judgments and answers stand for."""

    of_judgments: Mapping[str, tuple[str, _Keyed]]
    question: _Keyed
    question_position: _Keyed
    option: _Keyed
    option_position: _Keyed

    @classmethod
    def of_study(cls, study_id: int) -> "_Words":
        rubrics = Rubric.objects.filter(study=study_id)
        questions = Question.objects.filter(rubric__study=study_id)
        options = Option.objects.filter(question__rubric__study=study_id)
        guidelines = Guidelines.objects.filter(study=study_id)
        specifications = SpecificationVersion.objects.filter(specification__study=study_id)
        of_judgments = {
            "rubric": ("rubric_id", _Keyed.of(rubrics, "key", TEXT)),
            "rubric_version": ("rubric_id", _Keyed.of(rubrics, "version", INTEGER)),
            "guidelines_version": ("guidelines_id", _Keyed.of(guidelines, "version", INTEGER)),
            "specification": (
                "specification_id",
                _Keyed.of(specifications, "specification__key", TEXT),
            ),
            "specification_version": (
                "specification_id",
                _Keyed.of(specifications, "version", TEXT),
            ),
        }
        return cls(
            of_judgments,
            _Keyed.of(questions, "key", TEXT),
            _Keyed.of(questions, "position", INTEGER),
            _Keyed.of(options, "code", TEXT),
            _Keyed.of(options, "position", INTEGER),
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Answers in order: the place of the judgment that each is of, and what it says."""

    judgment: Ints
    said: dict[str, pa.Array]


def _runs(
    study_id: int,
    until: int,
    answers: Any,
    at_once: int,
    words: _Words,
    rules: Mapping[int, Filters],
) -> Iterator[pa.Table]:
    """Yield the facts of current judgments that have such answers, by their own sequence."""
    current = Judgment.objects.filter(item__study=study_id, current=True, pk__lte=until)
    if answers is TextAnswer:
        current = current.filter(
            Exists(TextAnswer.objects.filter(judgment=OuterRef("pk"), current=True))
        )
    for facts in runs(current, _FACTS, at_once=at_once):
        first, last = facts["id"][0].as_py(), facts["id"][-1].as_py()
        marked = rules_at(current.filter(pk__gte=first, pk__lte=last), rules)
        yield _in_words(_with_rules(facts, marked), words)


def _with_rules(facts: pa.Table, marked: Mapping[int, str]) -> pa.Table:
    numbers = [marked.get(pk) for pk in facts["id"].to_pylist()]
    return facts.append_column("excluded", pa.array(numbers, TEXT))


def _in_words(facts: pa.Table, words: _Words) -> pa.Table:
    for name, (key, keyed) in words.of_judgments.items():
        facts = facts.append_column(name, keyed.take(facts[key].combine_chunks()))
    # Of one reply there is no second text; the database keeps an empty one.
    second = pc.if_else(
        pc.is_valid(facts["response_id_2"]), facts["shown_sha256_2"], pa.scalar(None, TEXT)
    )
    return facts.set_column(
        facts.schema.get_field_index("shown_sha256_2"), "shown_sha256_2", second
    )


def _closed(facts: pa.Table, words: _Words) -> _Answers:
    """Return the options that these judgments chose, in the order of their questions.

    The row without a code says that the question was asked; it stays where nothing was chosen.
    """
    names = ("judgment_id", "question_id", "turn", "wave", "option_id")
    ids = facts["id"].to_numpy()
    found = numbers(_current(Answer.objects.all(), ids).values(*names), names)
    at, ours = _places(ids, found[:, 0])
    rows = {name: pa.array(found[ours, n]) for n, name in enumerate(names)}
    place = words.question_position.numbers(rows["question_id"])
    turn = rows["turn"].to_numpy()
    order = np.lexsort((words.option_position.numbers(rows["option_id"]), turn, place, at))
    where = np.column_stack([at, place, turn])[order]
    follows = np.zeros(len(order), dtype=bool)
    follows[1:] = (where[1:] == where[:-1]).all(axis=1)
    code = words.option.take(rows["option_id"])
    chosen = pc.not_equal(code, "")
    said = chosen.to_numpy(zero_copy_only=False)[order]
    code = pc.if_else(chosen, code, pa.scalar(None, TEXT))
    return _answers(rows, at, order[said | ~follows], code, words)


def _written(facts: pa.Table, words: _Words, redaction: Redaction) -> _Answers:
    """Return what these raters wrote, in the order of the questions, personal data masked."""
    numbers = ("judgment_id", "question_id", "turn", "judgment__seat__wave")
    types = {**dict.fromkeys(numbers, INTEGER), "text": TEXT}
    ids = facts["id"].to_numpy()
    found = columns(_current(TextAnswer.objects.all(), ids).values_list(*types), types)
    at, ours = _places(ids, found["judgment_id"].to_numpy())
    found = found.take(pa.array(ours))
    rows = {name: found[name].combine_chunks() for name in types}
    rows["wave"] = rows.pop("judgment__seat__wave")
    place = words.question_position.numbers(rows["question_id"])
    order = np.lexsort((rows["turn"].to_numpy(), place, at))
    named = (rows[name].to_pylist() for name in ("judgment_id", "question_id", "turn"))
    places = list(map(TextPlace, *named))
    leaves = pa.array(redaction.masked(places, rows["text"].to_pylist()), TEXT)
    return _answers(rows, at, order, leaves, words)


def _current(answers: "QuerySet[Any]", ids: Ints) -> "QuerySet[Any]":
    """Return the current answers of these judgments, and of those of others between them."""
    between = answers.filter(judgment__gte=int(ids[0]), judgment__lte=int(ids[-1]))
    return between.filter(current=True).order_by()


def _places(ids: Ints, judgments: Ints) -> tuple[Ints, Ints]:
    """Return which of our judgments each answer is of, and which of the answers are ours."""
    at = np.searchsorted(ids, judgments)
    ours = np.flatnonzero(ids[at] == judgments)
    return at[ours], ours


def _answers(
    rows: Mapping[str, pa.Array], at: Ints, order: Ints, answer: pa.Array, words: _Words
) -> _Answers:
    chosen = pa.array(order)
    wave = np.searchsorted(_WAVE_NUMBERS, rows["wave"].take(chosen).to_numpy())
    return _Answers(
        at[order],
        {
            "question": words.question.take(rows["question_id"].take(chosen)),
            "answer": answer.take(chosen),
            "turn": rows["turn"].take(chosen),
            "wave": _WAVES.take(pa.array(wave)),
        },
    )


def _slices(facts: pa.Table, answers: _Answers) -> Iterator[pa.Table]:
    """Lay the circumstances of the judgment beside each answer."""
    said = pa.table(answers.said)
    for start in range(0, said.num_rows, ANSWERS_AT_ONCE):
        part = said.slice(start, ANSWERS_AT_ONCE)
        table = facts.take(pa.array(answers.judgment[start : start + ANSWERS_AT_ONCE]))
        for name in part.column_names:
            table = table.append_column(name, part[name])
        yield table
