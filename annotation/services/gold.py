"""Known answers: loading them, replacing them, taking them back. What was known is kept."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import structlog
from django.db import transaction
from django.db.models import QuerySet

from annotation import files
from annotation.errors import SeatsRefused
from annotation.files import Problem, Record
from annotation.gold_lines import gold_line
from annotation.judgment_lines import JudgmentLine
from annotation.line_format import shortened
from annotation.models import GoldAnswer, SeatOpening, Study
from annotation.plans import RubricPlan
from annotation.selectors.gold import gold_items
from annotation.selectors.rubrics import plan
from annotation.services import items, openings, sheets
from annotation.services.lanes import as_first_wave
from annotation.services.sheets import Key, Sheet
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import CLOSED_TYPES, Wave

log = structlog.get_logger("touchstone.gold")
PLACES_AT_ONCE = 1_000
LONGEST_FILE_NAME = 255
NONE_CHOSEN = "none of these"

# Item, question and turn: what has one known answer.
Spot = tuple[int, int, int]


def load(
    *,
    study: Study,
    path: Path,
    now: datetime,
    name: str = "",
    by_id: int | None = None,
    replace: bool = False,
    strict: bool = False,
    dry_run: bool = False,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of known answers; lines of one place are options of several choices.

    Loading it again changes nothing. Another answer, or another reason, where something is known
    is refused, naming both, unless ``replace`` is given: what was known before then ends, and is
    kept. Replies that are no item yet become one; they get seats when seats are opened.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    files.check(path, name=name)
    tally = Tally()
    rubric = plan(study.rubric_id or 0)
    reading = _Reading(rubric)
    found = sheets.read(study, rubric, path, name, tally, progress, line_of=reading.line)
    source = _Source(Path(name or path.name).name[:LONGEST_FILE_NAME], by_id, now)
    store = _Store(study, rubric, tally, reading.reasons, source, replace=replace)
    if not (dry_run or strict):
        _store(store, found)
    else:
        with transaction.atomic():
            _store(store, found)
            transaction.set_rollback(dry_run or tally.refused > 0)
    if not dry_run:
        log.info("gold_loaded", study=study.slug, read=tally.read, refused=tally.refused, by=by_id)
    return tally


def remove(*, study: Study, gold_id: int, now: datetime, by_id: int | None) -> bool:
    """End the known answer that this row is of, all options of it; say whether it was in force.

    Its row stays, with when and by whom it was taken back. Seats that were opened stay too.
    """
    mine = GoldAnswer.objects.in_force().filter(item__study=study)
    row = mine.filter(pk=gold_id).first()
    if row is None:
        return False
    of_spot = mine.filter(item=row.item_id, question=row.question_id, turn=row.turn)
    ended = _end(of_spot, now, by_id)
    log.info("gold_removed", study=study.slug, item=row.item_id, rows=ended, by=by_id)
    return ended > 0


def open_seats(
    *,
    study: Study,
    raters_per_item: int,
    seed: int,
    now: datetime,
    by_id: int | None = None,
    reason: str = "",
) -> SeatOpening:
    """Give every gold item this many seats of wave gold, at places drawn from the seed.

    Nothing about them differs for a rater: they are as urgent as the first wave's seats and kept
    for readers of a language where those are, and stand in the queue that those stand in.

    Raises:
        SeatsRefused: nothing is known of any item, or a number beyond its limits.
    """
    chosen = list(gold_items(study))
    if not chosen:
        raise SeatsRefused("No answer is known under this rubric, so there are no gold items yet.")
    with transaction.atomic():
        return openings.open_wave(
            study=study,
            wave=Wave.GOLD,
            items=chosen,
            raters_per_item=raters_per_item,
            seed=seed,
            now=now,
            by_id=by_id,
            reason=reason,
            rule={"gold": True, "rubric_version": plan(study.rubric_id or 0).version},
            routing=as_first_wave(study),
        )


def _end(rows: QuerySet[GoldAnswer], now: datetime, by_id: int | None) -> int:
    return rows.update(ended_at=now, ended_by_id=by_id)


def _store(store: "_Store", found: dict[Key, Sheet]) -> None:
    """Store in chunks of one short transaction each, as judgments made elsewhere are."""
    for chunk in chunks(found.items(), PLACES_AT_ONCE):
        with transaction.atomic():
            # One load at a time: two would both find that nothing is known.
            Study.objects.select_for_update(no_key=True).get(pk=store.study.pk)
            store.add(chunk)


@dataclass(slots=True)
class _Reading:
    """Reads lines of known answers as a rater's would be, and keeps the reason of each."""

    rubric: RubricPlan
    reasons: dict[int, str] = field(default_factory=dict)

    def line(self, record: Record) -> JudgmentLine | list[Problem]:
        found = gold_line(record)
        if isinstance(found, list):
            return found
        question = self.rubric.question(found.question)
        if question is not None and question.type not in CLOSED_TYPES:
            closed = ", ".join(q.key for q in self.rubric.questions if q.type in CLOSED_TYPES)
            reason = f"{found.question!r} has no options to choose from; gold is known for {closed}"
            return [Problem(record.line, "question", reason)]
        self.reasons[record.line] = found.reason
        return found.as_judgment()


@dataclass(frozen=True, slots=True)
class _Source:
    """Which file says so, who loaded it, and when."""

    file_name: str
    by_id: int | None
    now: datetime


@dataclass(frozen=True, slots=True)
class _Said:
    """What a file says of one place: each option's reason, and the line it stands in."""

    reasons: dict[int, str]
    lines: dict[int, int]


class _Store:
    """Compares what a file says with what is known, and stores what is new."""

    def __init__(
        self,
        study: Study,
        rubric: RubricPlan,
        tally: Tally,
        reasons: dict[int, str],
        source: _Source,
        *,
        replace: bool,
    ) -> None:
        self.study, self.tally, self.reasons = study, tally, reasons
        self.source, self.replace = source, replace
        self.asked = {q.id: q.asked_id for q in rubric.questions if q.asked_id is not None}
        self.codes = {o.id: o.code for q in rubric.questions for o in q.options}
        self.swaps = sheets.swaps_of(rubric)
        self.new: list[GoldAnswer] = []

    def add(self, found: list[tuple[Key, Sheet]]) -> None:
        """Store a chunk of sheets; the caller holds the transaction."""
        places = items.at(self.study, [key.place for key, _ in found])
        known = self._known({place.item_id for place in places.values()})
        self.new = []
        for key, sheet in found:
            place = places[key.place]
            turned = sheet.turned(self.swaps) if place.turned else sheet
            for (question, turn), said in self._said(turned).items():
                spot = (place.item_id, question, turn)
                self._meet(spot, known.get(spot, {}), said)
            again = set(sheet.lines) - set(sheet.options.values())
            self.tally.unchanged += len(again)
        GoldAnswer.objects.bulk_create(self.new)

    def _known(self, item_ids: set[int]) -> dict[Spot, dict[int, GoldAnswer]]:
        """Return what is known of these items, by place and option."""
        found: dict[Spot, dict[int, GoldAnswer]] = defaultdict(dict)
        for row in GoldAnswer.objects.in_force().filter(item__in=item_ids):
            found[row.item_id, row.question_id, row.turn][row.option_id] = row
        return found

    def _said(self, sheet: Sheet) -> dict[tuple[int, int], _Said]:
        """Return what a sheet says of each question and turn."""
        found: dict[tuple[int, int], _Said] = {}
        for (question, turn, option), line in sheet.options.items():
            said = found.setdefault((question, turn), _Said({}, {}))
            said.reasons[option], said.lines[option] = self.reasons[line], line
        for (question, _), said in found.items():
            if question in self.asked:
                said.reasons.setdefault(self.asked[question], "")
        return found

    def _meet(self, spot: Spot, known: dict[int, GoldAnswer], said: _Said) -> None:
        """Store what is said of a place, find it unchanged, replace what is known, or refuse."""
        lines = set(said.lines.values())
        if not known:
            self.tally.created += len(lines)
            self._create(spot, said)
        elif not (problems := self._differences(known, said)):
            self.tally.unchanged += len(lines)
        elif self.replace:
            self.tally.updated += len(lines)
            ids = [row.pk for row in known.values()]
            _end(GoldAnswer.objects.filter(pk__in=ids), self.source.now, self.source.by_id)
            self._create(spot, said)
        else:
            self.tally.refuse(problems)

    def _differences(self, known: dict[int, GoldAnswer], said: _Said) -> list[Problem]:
        """Return in what a file contradicts what is known; no reason contradicts none."""
        advice = "gold is not overwritten unless you ask for it to be replaced"
        if known.keys() != said.reasons.keys():
            words = f"is known to be {self._words(known)}, here it is {self._words(said.reasons)}"
            lines = sorted(set(said.lines.values()))
            return [Problem(line, "answer", f"{words}; {advice}") for line in lines]
        return [
            Problem(
                line,
                "reason",
                f"is stored as {shortened(known[option].reason)!r} with the same answer; {advice}",
                shortened(said.reasons[option]),
            )
            for option, line in said.lines.items()
            if said.reasons[option] not in ("", known[option].reason)
        ]

    def _words(self, options: Iterable[int]) -> str:
        codes = sorted(repr(self.codes[option]) for option in options if option in self.codes)
        return " and ".join(codes) or NONE_CHOSEN

    def _create(self, spot: Spot, said: _Said) -> None:
        item, question, turn = spot
        first = min(said.lines.values())
        self.new += [
            GoldAnswer(
                item_id=item,
                question_id=question,
                turn=turn,
                option_id=option,
                single=question not in self.asked,
                reason=reason,
                file_name=self.source.file_name,
                line=said.lines.get(option, first),
                added_by_id=self.source.by_id,
                added_at=self.source.now,
            )
            for option, reason in said.reasons.items()
        ]
