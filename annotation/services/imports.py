"""Judgments made elsewhere: their lines become seats and judgments of wave ``imported``."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.db.models import F, Max

from annotation import files, rendering
from annotation.files import Problem
from annotation.models import Answer, Judgment, Rater, Seat, Study, TextAnswer
from annotation.plans import RubricPlan
from annotation.selectors.rubrics import plan
from annotation.services import items, openings, raters, sheets
from annotation.services.items import Place
from annotation.services.sheets import Chosen, Key, Said, Sheet
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import RaterSource, Wave

JUDGMENTS_AT_ONCE = 1_000


# Who judged where, and all that they said there.
_New = tuple[int, Place, Sheet]


def load(
    *,
    study: Study,
    path: Path,
    now: datetime,
    name: str = "",
    dry_run: bool = False,
    strict: bool = False,
    source: RaterSource = RaterSource.IMPORT,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of answers, one a line; lines of one (reply or pair, rater) make one judgment.

    Loading it again changes nothing. Answers to further questions make a new revision of the
    judgment; another answer to a question that was answered is refused, naming both.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    files.check(path, name=name)
    tally = Tally()
    rubric = plan(study.rubric_id or 0)
    found = sheets.read(study, rubric, path, name, tally, progress)
    store = _Store(study, rubric, tally, source, now)
    if not (dry_run or strict):
        _store(store, found)
        return tally
    with transaction.atomic():
        _store(store, found)
        transaction.set_rollback(dry_run or tally.refused > 0)
    return tally


def _store(store: "_Store", sheets_found: dict[Key, Sheet]) -> None:
    """Store in chunks of one short transaction each, so that raters never wait for a whole file."""
    for chunk in chunks(sheets_found.items(), JUDGMENTS_AT_ONCE):
        with transaction.atomic():
            # One load at a time: two would give the same seats their numbers.
            Study.objects.select_for_update(no_key=True).get(pk=store.study.pk)
            store.add(chunk)
            store.count()


class _Store:
    """Writes sheets: raters, items, judged seats, judgments and answers, in bulk."""

    def __init__(
        self, study: Study, rubric: RubricPlan, tally: Tally, source: RaterSource, now: datetime
    ) -> None:
        self.study, self.rubric, self.tally = study, rubric, tally
        self.source, self.now = source, now
        self.judged: Counter[int] = Counter()
        self.asked = {q.id: q.asked_id for q in rubric.questions if q.asked_id is not None}
        self.swaps = sheets.swaps_of(rubric)

    def add(self, found: list[tuple[Key, Sheet]]) -> None:
        """Store a chunk of sheets; the caller holds the transaction."""
        names = sorted({key.rater for key, _ in found})
        rater_ids = raters.named(study=self.study, names=names, source=self.source, now=self.now)
        places = items.at(self.study, [key.place for key, _ in found])
        placed = [
            (
                rater_ids[key.rater],
                places[key.place],
                sheet.turned(self.swaps) if places[key.place].turned else sheet,
            )
            for key, sheet in found
        ]
        item_ids = {place.item_id for place in places.values()}
        known = self._known(set(rater_ids.values()), item_ids)
        new: list[_New] = []
        again: list[tuple[Judgment, Sheet]] = []
        for rater, place, sheet in placed:
            met = known.get((rater, place.item_id))
            if met is None:
                new.append((rater, place, sheet))
            else:
                again.append((met, sheet))
        self._meet_again(again)
        self._create(new)

    def _known(self, rater_ids: set[int], item_ids: set[int]) -> dict[tuple[int, int], Judgment]:
        """Return the current judgments that these raters have at these items, seats loaded."""
        imported = Judgment.objects.select_related("seat").filter(
            rater__in=rater_ids, item__in=item_ids, current=True, seat__wave=Wave.IMPORTED
        )
        return {(judgment.rater_id, judgment.item_id): judgment for judgment in imported}

    def _create(self, new: list[_New]) -> None:
        numbers = self._seat_numbers({place.item_id for _, place, _ in new})
        rows = []
        for rater, place, sheet in new:
            numbers[place.item_id] += 1
            rows.append(
                Seat(
                    study=self.study,
                    item_id=place.item_id,
                    query_id=place.first.query_id,
                    scenario_id=place.first.scenario_id,
                    wave=Wave.IMPORTED,
                    number=numbers[place.item_id],
                    place=openings.place_of(place.name, seed=0),
                    rater_id=rater,
                    judged_at=sheet.judged_at or self.now,
                )
            )
        stored = Seat.objects.bulk_create(rows)
        judgments = Judgment.objects.bulk_create(
            self._judgment(seat, place, sheet)
            for seat, (_, place, sheet) in zip(stored, new, strict=True)
        )
        self._write(
            (judgment, seat, sheet.options, sheet.texts)
            for judgment, seat, (_, _, sheet) in zip(judgments, stored, new, strict=True)
        )
        self.judged.update(rater for rater, _, _ in new)
        self.tally.created += sum(len(sheet.lines) for _, _, sheet in new)

    def _seat_numbers(self, item_ids: set[int]) -> dict[int, int]:
        rows = Seat.objects.filter(item__in=item_ids, wave=Wave.IMPORTED).values("item_id")
        highest = rows.annotate(n=Max("number")).values_list("item_id", "n")
        return defaultdict(int, highest)

    def _judgment(self, seat: Seat, place: Place, sheet: Sheet) -> Judgment:
        first, second = place.first, place.second
        return Judgment(
            seat=seat,
            revision=1,
            current=True,
            rater_id=seat.rater_id or 0,
            item_id=seat.item_id,
            rubric_id=self.rubric.id,
            shown_sha256=first.sha256,
            text_version=first.version,
            rule_set=first.rule_set,
            shown_sha256_2=second.sha256 if second else "",
            text_version_2=second.version if second else None,
            rule_set_2=second.rule_set if second else None,
            renderer=rendering.RENDERER_VERSION,
            created_at=sheet.judged_at or self.now,
        )

    def _write(
        self, rows: Iterable[tuple[Judgment, Seat, Iterable[Chosen], Iterable[Said]]]
    ) -> None:
        answers: list[Answer] = []
        texts: list[TextAnswer] = []
        for judgment, seat, options, words in rows:
            chosen = set(options)
            chosen |= {(q, turn, self.asked[q]) for q, turn, _ in chosen if q in self.asked}
            answers += (self._answer(judgment, seat, *option) for option in sorted(chosen))
            texts += (
                TextAnswer(judgment=judgment, question_id=q, turn=turn, text=text, current=True)
                for q, turn, text in words
            )
        Answer.objects.bulk_create(answers, batch_size=5_000)
        TextAnswer.objects.bulk_create(texts)

    def _answer(self, judgment: Judgment, seat: Seat, q: int, turn: int, option: int) -> Answer:
        return Answer(
            judgment=judgment,
            item_id=seat.item_id,
            cluster_id=seat.scenario_id,
            question_id=q,
            option_id=option,
            wave=Wave.IMPORTED,
            turn=turn,
            current=True,
            single=q not in self.asked,
        )

    def count(self) -> None:
        """Add to each rater's counter what was stored, in the judgments' own transaction."""
        for rater, n in self.judged.items():
            Rater.objects.filter(pk=rater).update(judged_count=F("judged_count") + n)
        self.judged.clear()

    def _meet_again(self, met: list[tuple[Judgment, Sheet]]) -> None:
        """Compare sheets with the stored judgments: unchanged, more questions, or conflicts."""
        ids = [judgment.pk for judgment, _ in met]
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
        for judgment, sheet in met:
            self._compare(judgment, sheet, stored[judgment.pk], said[judgment.pk])

    def _compare(
        self, judgment: Judgment, sheet: Sheet, stored: set[Chosen], said: set[Said]
    ) -> None:
        if judgment.rubric_id != self.rubric.id:
            self.tally.refuse(self._under_another_rubric(line) for line in sheet.lines)
            return
        answered = {(question, turn) for question, turn, _ in [*stored, *said]}
        conflicts = self._conflicts(sheet, stored, said, answered)
        self.tally.refuse(conflicts)
        refused = {problem.line for problem in conflicts}
        new_options = {e for e in sheet.options if e[:2] not in answered}
        new_texts = {e for e in sheet.texts if e[:2] not in answered}
        new_lines = {sheet.options[e] for e in new_options} | {sheet.texts[e] for e in new_texts}
        self.tally.updated += len(new_lines - refused)
        self.tally.unchanged += len(set(sheet.lines) - new_lines - refused)
        if new_lines:
            Judgment.objects.filter(pk=judgment.pk).update(current=False)
            judgment.answers.update(current=False)
            judgment.texts.update(current=False)
            newer = self._revision_of(judgment, sheet)
            newer.save(force_insert=True)
            self._write([(newer, judgment.seat, stored | new_options, said | new_texts)])

    def _under_another_rubric(self, line: int) -> Problem:
        reason = "this rater judged this item under another rubric version, and it keeps that"
        return Problem(line, "question", reason)

    def _revision_of(self, judgment: Judgment, sheet: Sheet) -> Judgment:
        """Return the next revision of a judgment; it stays bound to the text it was given to."""
        return Judgment(
            seat=judgment.seat,
            revision=judgment.revision + 1,
            current=True,
            rater_id=judgment.rater_id,
            item_id=judgment.item_id,
            rubric_id=judgment.rubric_id,
            shown_sha256=judgment.shown_sha256,
            text_version=judgment.text_version,
            rule_set=judgment.rule_set,
            shown_sha256_2=judgment.shown_sha256_2,
            text_version_2=judgment.text_version_2,
            rule_set_2=judgment.rule_set_2,
            renderer=judgment.renderer,
            created_at=sheet.judged_at or self.now,
        )

    def _conflicts(
        self,
        sheet: Sheet,
        stored: set[Chosen],
        said: set[Said],
        answered: set[tuple[int, int]],
    ) -> list[Problem]:
        keys = {question.id: question.key for question in self.rubric.questions}
        entries = [*sheet.options.items(), *sheet.texts.items()]
        return [
            Problem(
                line,
                "answer",
                f"this rater's answer to {keys[entry[0]]!r} is stored with another word;"
                " judgments are never overwritten",
            )
            for entry, line in entries
            if entry[:2] in answered and entry not in stored and entry not in said
        ]
