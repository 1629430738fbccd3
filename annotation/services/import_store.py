"""Storing judgments made elsewhere, chunk by chunk: raters, items, judged seats and what was said.

Rows are plain values: their instances would cost several times what the database does with them.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import uuid4

from django.db import connection
from django.db.models import F, Max

from annotation import bulk, rendering
from annotation.files import Problem
from annotation.line_format import shortened
from annotation.models import Answer, Judgment, Rater, Seat, Study, TextAnswer
from annotation.models.statements import moment
from annotation.plans import RubricPlan
from annotation.services import items, openings, raters, sheets
from annotation.services.items import Place
from annotation.services.sheets import Chosen, Key, Said, Sheet
from annotation.tally import Tally
from annotation.vocabulary import RaterSource, Wave

SEAT = (
    "id",
    "study_id",
    "item_id",
    "query_id",
    "scenario_id",
    "wave",
    "number",
    "place",
    "rater_id",
    "judged_at",
)
# What a judgment is bound to, and every revision of it again.
BOUND = (
    "seat_id",
    "rater_id",
    "item_id",
    "rubric_id",
    "shown_sha256",
    "text_version",
    "rule_set",
    "shown_sha256_2",
    "text_version_2",
    "rule_set_2",
    "renderer",
)
JUDGMENT = ("id", "public_id", "revision", "current", "created_at", *BOUND)
ANSWER = (
    "judgment_id",
    "item_id",
    "cluster_id",
    "question_id",
    "option_id",
    "wave",
    "turn",
    "current",
    "single",
)
TEXT = ("judgment_id", "question_id", "turn", "text", "current")


class _New(NamedTuple):
    """Who judged where, and all that they said there."""

    rater_id: int
    place: Place
    sheet: Sheet


class _Met(NamedTuple):
    """A judgment that is stored, as far as a sheet is compared with it."""

    id: int
    rubric_id: int


class _Said(NamedTuple):
    """All that a judgment says, and where."""

    judgment_id: int
    item_id: int
    scenario_id: int
    options: Iterable[Chosen]
    texts: Iterable[Said]


class _Further(NamedTuple):
    """What a stored judgment is to say in its next revision."""

    sheet: Sheet
    options: set[Chosen]
    texts: set[Said]


class Store:
    """Stores sheets in bulk, and tallies what became of their lines."""

    def __init__(
        self, study: Study, rubric: RubricPlan, tally: Tally, source: RaterSource, now: datetime
    ) -> None:
        self.study, self.rubric, self.tally = study, rubric, tally
        self.source, self.now = source, now
        self._loaded_at = moment(now)
        self._asked = {q.id: q.asked_id for q in rubric.questions if q.asked_id is not None}
        self._keys = {question.id: question.key for question in rubric.questions}
        self._codes = {o.id: o.code for q in rubric.questions for o in q.options}
        self._swaps = sheets.swaps_of(rubric)
        # Of the chunks before this one too, whose raters are stored.
        self._rater_ids: dict[str, int] = {}

    def add(self, found: list[tuple[Key, Sheet]]) -> None:
        """Store a chunk of sheets; the caller holds the transaction."""
        self._know_raters({key.rater for key, _ in found})
        places = items.at(self.study, [key.place for key, _ in found])
        placed = [
            _New(
                self._rater_ids[key.rater],
                places[key.place],
                sheet.turned(self._swaps) if places[key.place].turned else sheet,
            )
            for key, sheet in found
        ]
        known = self._known(placed)
        new: list[_New] = []
        again: list[tuple[_Met, Sheet]] = []
        for one in placed:
            met = known.get((one.rater_id, one.place.item_id))
            if met is None:
                new.append(one)
            else:
                again.append((met, one.sheet))
        self._meet_again(again)
        self._create(new)

    def _know_raters(self, names: set[str]) -> None:
        missing = sorted(names - self._rater_ids.keys())
        if missing:
            self._rater_ids |= raters.named(
                study=self.study, names=missing, source=self.source, now=self.now
            )

    def _known(self, placed: list[_New]) -> dict[tuple[int, int], _Met]:
        """Return the current judgments that these raters have at these items."""
        # A rater sits at an item once: by the seats each judgment is found in an index.
        asked = [(one.rater_id, one.place.item_id) for one in placed]
        seats = bulk.keys_of_pairs(Seat, ("rater_id", "item_id"), asked)
        if not seats:
            return {}
        current = Judgment.objects.filter(
            seat__in=seats.values(), seat__wave=Wave.IMPORTED, current=True
        )
        rows = current.values_list("rater_id", "item_id", "pk", "rubric_id")
        return {(rater, item): _Met(pk, rubric) for rater, item, pk, rubric in rows}

    # Judgments that are new

    def _create(self, new: list[_New]) -> None:
        if not new:
            return
        seat_ids = bulk.new_ids(Seat, len(new))
        judgment_ids = bulk.new_ids(Judgment, len(new))
        bulk.insert_values(Seat, SEAT, self._seats(new, seat_ids))
        bulk.insert_values(
            Judgment,
            JUDGMENT,
            [
                (pk, *self._version(1, one.sheet), *self._bound(one, seat_id))
                for pk, seat_id, one in zip(judgment_ids, seat_ids, new, strict=True)
            ],
        )
        self._write(
            _Said(pk, place.item_id, place.first.scenario_id, sheet.options, sheet.texts)
            for pk, (_, place, sheet) in zip(judgment_ids, new, strict=True)
        )
        self._count(Counter(one.rater_id for one in new))
        self.tally.created += sum(len(one.sheet.lines) for one in new)

    def _seats(self, new: list[_New], ids: list[int]) -> list[tuple[Any, ...]]:
        numbers = self._seat_numbers({one.place.item_id for one in new})
        in_order: dict[int, int] = {}
        rows = []
        for pk, (rater_id, place, sheet) in zip(ids, new, strict=True):
            item = place.item_id
            numbers[item] += 1
            if item not in in_order:
                in_order[item] = openings.place_of(place.name, seed=0)
            rows.append(
                (
                    pk,
                    self.study.pk,
                    item,
                    place.first.query_id,
                    place.first.scenario_id,
                    Wave.IMPORTED.value,
                    numbers[item],
                    in_order[item],
                    rater_id,
                    self._when(sheet),
                )
            )
        return rows

    def _seat_numbers(self, item_ids: set[int]) -> dict[int, int]:
        rows = Seat.objects.filter(item__in=item_ids, wave=Wave.IMPORTED).values("item_id")
        highest = rows.annotate(n=Max("number")).values_list("item_id", "n")
        return defaultdict(int, highest)

    def _version(self, revision: int, sheet: Sheet) -> tuple[Any, ...]:
        """Return what is a revision's own: its name outside, its number, and when it was made."""
        public_id = _PUBLIC_ID.get_db_prep_value(uuid4(), connection)
        return (public_id, revision, True, self._when(sheet))

    def _when(self, sheet: Sheet) -> Any:
        """Return when it was judged, as the database keeps it: most files do not say."""
        return moment(sheet.judged_at) if sheet.judged_at else self._loaded_at

    def _bound(self, one: _New, seat_id: int) -> tuple[Any, ...]:
        """Return what a judgment is bound to, in the order of ``BOUND``."""
        first, second = one.place.first, one.place.second
        return (
            seat_id,
            one.rater_id,
            one.place.item_id,
            self.rubric.id,
            first.sha256,
            first.version,
            first.rule_set,
            second.sha256 if second else "",
            second.version if second else None,
            second.rule_set if second else None,
            rendering.RENDERER_VERSION,
        )

    def _write(self, said: Iterable[_Said]) -> None:
        answers: list[tuple[Any, ...]] = []
        texts: list[tuple[Any, ...]] = []
        wave, asked = Wave.IMPORTED.value, self._asked
        for judgment, item, scenario, options, words in said:
            chosen = set(options)
            if asked:
                chosen |= {(q, turn, asked[q]) for q, turn, _ in options if q in asked}
            answers += (
                (judgment, item, scenario, q, option, wave, turn, True, q not in asked)
                for q, turn, option in sorted(chosen)
            )
            texts += ((judgment, q, turn, text, True) for q, turn, text in words)
        if answers:
            bulk.insert_values(Answer, ANSWER, answers)
        if texts:
            bulk.insert_values(TextAnswer, TEXT, texts)

    def _count(self, judged: Counter[int]) -> None:
        """Add to each rater's counter what was stored, in the judgments' own transaction."""
        by_number: dict[int, list[int]] = defaultdict(list)
        for rater_id, n in judged.items():
            by_number[n].append(rater_id)
        for n, rater_ids in by_number.items():
            Rater.objects.filter(pk__in=rater_ids).update(judged_count=F("judged_count") + n)

    # Judgments that are met again

    def _meet_again(self, met: list[tuple[_Met, Sheet]]) -> None:
        """Compare sheets with the stored judgments: unchanged, more questions, or conflicts."""
        if not met:
            return
        ids = [judgment.id for judgment, _ in met]
        stored: dict[int, set[Chosen]] = defaultdict(set)
        said: dict[int, set[Said]] = defaultdict(set)
        options = Answer.objects.filter(judgment__in=ids)
        for pk, *chosen in options.values_list("judgment_id", "question_id", "turn", "option_id"):
            stored[pk].add((chosen[0], chosen[1], chosen[2]))
        texts = TextAnswer.objects.filter(judgment__in=ids)
        for pk, question, turn, text in texts.values_list(
            "judgment_id", "question_id", "turn", "text"
        ):
            said[pk].add((question, turn, text))
        further: dict[int, _Further] = {}
        for judgment, sheet in met:
            more = self._compare(judgment, sheet, stored[judgment.id], said[judgment.id])
            if more is not None:
                further[judgment.id] = more
        self._revise(further)

    def _compare(
        self, judgment: _Met, sheet: Sheet, stored: set[Chosen], said: set[Said]
    ) -> _Further | None:
        """Tally a sheet's lines beside what is stored; return what goes beyond that, if any."""
        if judgment.rubric_id != self.rubric.id:
            self.tally.refuse(_under_another_rubric(line) for line in sheet.lines)
            return None
        answered = {(question, turn) for question, turn, _ in [*stored, *said]}
        conflicts = self._conflicts(sheet, stored, said, answered)
        self.tally.refuse(conflicts)
        refused = {problem.line for problem in conflicts}
        # Of a line all or nothing is stored: what it says besides a conflict is refused with it.
        new_options = {
            e for e, n in sheet.options.items() if e[:2] not in answered and n not in refused
        }
        new_texts = {
            e for e, n in sheet.texts.items() if e[:2] not in answered and n not in refused
        }
        new_lines = {sheet.options[e] for e in new_options} | {sheet.texts[e] for e in new_texts}
        # Several answers may have one number: those of a task of Label Studio do.
        accepted = [line for line in sheet.lines if line not in refused]
        updated = sum(line in new_lines for line in accepted)
        self.tally.updated += updated
        self.tally.unchanged += len(accepted) - updated
        return _Further(sheet, stored | new_options, said | new_texts) if new_lines else None

    def _revise(self, further: dict[int, _Further]) -> None:
        """Make the next revision of judgments; each stays bound to the text it was given to."""
        if not further:
            return
        old = list(
            Judgment.objects.filter(pk__in=further)
            .order_by("pk")
            .values_list("pk", "revision", "seat__scenario_id", *BOUND)
        )
        Judgment.objects.filter(pk__in=further).update(current=False)
        Answer.objects.filter(judgment__in=further).update(current=False)
        TextAnswer.objects.filter(judgment__in=further).update(current=False)
        ids = bulk.new_ids(Judgment, len(old))
        bulk.insert_values(
            Judgment,
            JUDGMENT,
            [
                (new_id, *self._version(revision + 1, further[pk].sheet), *bound)
                for new_id, (pk, revision, _, *bound) in zip(ids, old, strict=True)
            ],
        )
        item_at = BOUND.index("item_id")
        self._write(
            _Said(new_id, bound[item_at], scenario, further[pk].options, further[pk].texts)
            for new_id, (pk, _, scenario, *bound) in zip(ids, old, strict=True)
        )

    def _conflicts(
        self,
        sheet: Sheet,
        stored: set[Chosen],
        said: set[Said],
        answered: set[tuple[int, int]],
    ) -> list[Problem]:
        entries: list[tuple[Chosen | Said, int]] = [*sheet.options.items(), *sheet.texts.items()]
        return [
            Problem(
                line,
                "answer",
                f"this rater's answer to {self._keys[entry[0]]!r} is stored with another word;"
                " judgments are never overwritten",
                self._word(entry[2]),
            )
            for entry, line in entries
            if entry[:2] in answered and entry not in stored and entry not in said
        ]

    def _word(self, said: int | str) -> str:
        return self._codes.get(said, "") if isinstance(said, int) else shortened(said)


_PUBLIC_ID = Judgment._meta.get_field("public_id")


def _under_another_rubric(line: int) -> Problem:
    reason = "this rater judged this item under another rubric version, and it keeps that"
    return Problem(line, "question", reason)
