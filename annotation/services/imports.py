"""Judgments made elsewhere: their lines become seats, judgments and answers of wave ``imported``."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from django.db import transaction
from django.db.models import F, Max
from django.utils.dateparse import parse_datetime

from annotation import files, rendering
from annotation.files import Problem
from annotation.formats import JudgmentLine, judgment_line
from annotation.models import Answer, Item, Judgment, Rater, Seat, Study, TextAnswer, TextVersion
from annotation.placement import placed
from annotation.plans import QuestionPlan, RubricPlan
from annotation.selectors.rubrics import plan
from annotation.services import raters, seats
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import QuestionType, RaterSource, Wave

JUDGMENTS_AT_ONCE = 1_000
Chosen = tuple[int, int, int]
Said = tuple[int, int, str]


@dataclass(slots=True)
class _Sheet:
    """All that one rater said of one reply, from wherever its lines stand in the file."""

    lines: list[int] = field(default_factory=list)
    options: dict[Chosen, int] = field(default_factory=dict)
    texts: dict[Said, int] = field(default_factory=dict)
    judged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Reply:
    """What is needed of a reply to place a judgment at it."""

    id: int
    external_id: str
    query_id: int
    scenario_id: int
    turns: int
    version: int
    rule_set: int
    sha256: str


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
    """Load a file of answers, one a line; lines of one (reply, rater) make one judgment.

    Loading it again changes nothing. Answers to further questions make a new revision of the
    judgment; another answer to a question that was answered is refused, naming both.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    files.check(path, name=name)
    tally = Tally()
    rubric = plan(study.rubric_id or 0)
    sheets = _sheets(study, rubric, path, name, tally, progress)
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)  # one load at a time
        store = _Store(study, rubric, tally, source, now)
        for chunk in chunks(sheets.items(), JUDGMENTS_AT_ONCE):
            store.add(chunk)
        store.count()
        transaction.set_rollback(dry_run or (strict and tally.refused > 0))
    return tally


def _sheets(
    study: Study, rubric: RubricPlan, path: Path, name: str, tally: Tally, progress: Progress
) -> dict[tuple[str, str], _Sheet]:
    """Read the whole file into one sheet per reply and rater; refuse what the rubric has not."""
    sheets: dict[tuple[str, str], _Sheet] = defaultdict(_Sheet)
    for chunk in chunks(files.read(path, name=name)):
        lines: list[tuple[int, JudgmentLine]] = []
        for record in chunk:
            tally.read += 1
            found = [record] if isinstance(record, Problem) else judgment_line(record)
            if isinstance(found, list):
                tally.refuse(found)
            else:
                lines.append((record.line, found))
        turns = _turns(study, {line.response_id for _, line in lines})
        for number, line in lines:
            problems = _enter(sheets, rubric, turns, number, line)
            tally.refuse(problems)
        progress(tally.read)
    return sheets


def _turns(study: Study, ids: set[str]) -> dict[str, int]:
    rows = TextVersion.objects.filter(
        response__study=study, response__external_id__in=ids, current=True
    )
    return dict(rows.values_list("response__external_id", "turns"))


def _enter(
    sheets: dict[tuple[str, str], _Sheet],
    rubric: RubricPlan,
    turns: dict[str, int],
    number: int,
    line: JudgmentLine,
) -> list[Problem]:
    """Put a line's answers on its sheet, all or none of them."""
    question = rubric.question(line.question)
    if line.response_id not in turns:
        reason = f"no reply {line.response_id!r} is in the study; load its batch first"
        return [Problem(number, "response_id", reason)]
    if question is None:
        known = ", ".join(q.key for q in rubric.questions)
        reason = f"the rubric has no question {line.question!r}; it has {known}"
        return [Problem(number, "question", reason)]
    judged_at = _time(line.judged_at) if line.judged_at else None
    if line.judged_at and judged_at is None:
        return [Problem(number, "judged_at", "is no ISO 8601 time such as 2026-03-01T12:00:00Z")]
    answers: list[tuple[str, QuestionPlan, str | None, int | None]] = [
        ("answer", question, line.answer, line.turn)
    ]
    if line.confidence is not None:
        confidence = rubric.question("confidence")
        if confidence is None:
            reason = "the rubric has no question 'confidence' to store this under"
            return [Problem(number, "confidence", reason)]
        answers.append(("confidence", confidence, line.confidence, None))
    sheet = sheets[line.response_id, line.rater]
    entries: list[tuple[Chosen | Said, bool]] = []
    for name, asked, word, turn in answers:
        entry = _entry(asked, word, turn, turns[line.response_id])
        if isinstance(entry, str):
            return [Problem(number, "turn" if entry.startswith("turn") else name, entry)]
        problem = _second_answer(sheet, asked, entry)
        if problem:
            return [Problem(number, name, problem)]
        if any(entry != other and entry[:2] == other[:2] for other, _ in entries):
            return [Problem(number, name, f"answers {asked.key!r} twice in this line; keep one")]
        entries.append((entry, bool(asked.options)))
    sheet.lines.append(number)
    sheet.judged_at = judged_at or sheet.judged_at
    for entry, closed in entries:
        (sheet.options if closed else sheet.texts)[entry] = number  # type: ignore[index]
    return []


def _entry(
    question: QuestionPlan, word: str | None, turn: int | None, turns: int
) -> Chosen | Said | str:
    """Return what to store for one answer, or a sentence saying why it cannot be.

    No answer to a question of several choices says that none was chosen.
    """
    place = placed(question, turn, turns)
    if isinstance(place, str):
        return place
    if word is None:
        if question.asked_id is None:
            return "is missing; only a question of several choices can have none chosen"
        return (question.id, place, question.asked_id)
    if question.type == QuestionType.TEXT:
        return (question.id, place, word)
    option = question.option(word.strip())
    if option is None:
        offered = ", ".join(o.code for o in question.options)
        return f"{word[:80]!r} is not an answer to {question.key!r}; it offers {offered}"
    return (question.id, place, option.id)


def _second_answer(sheet: _Sheet, question: QuestionPlan, entry: Chosen | Said) -> str:
    """Say so when a question of one answer is answered twice, differently, in the file."""
    if question.asked_id is not None:
        return ""
    for other, line in [*sheet.options.items(), *sheet.texts.items()]:
        if other[:2] == entry[:2] and other != entry:
            return f"{question.key!r} was answered otherwise in line {line}; keep one"
    return ""


def _time(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None:
        return None
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    try:
        return found.astimezone(UTC)
    except OverflowError:
        return None


class _Store:
    """Writes sheets: raters, items, judged seats, judgments and answers, in bulk."""

    def __init__(
        self, study: Study, rubric: RubricPlan, tally: Tally, source: RaterSource, now: datetime
    ) -> None:
        self.study, self.rubric, self.tally = study, rubric, tally
        self.source, self.now = source, now
        self.judged: Counter[int] = Counter()
        self.asked = {q.id: q.asked_id for q in rubric.questions if q.asked_id is not None}

    def add(self, sheets: list[tuple[tuple[str, str], _Sheet]]) -> None:
        """Store a chunk of sheets; the caller holds the transaction."""
        sheets = [(key, sheet) for key, sheet in sheets if sheet.lines]
        names = sorted({rater for (_, rater), _ in sheets})
        rater_ids = raters.named(study=self.study, names=names, source=self.source, now=self.now)
        replies = self._replies({reply for (reply, _), _ in sheets})
        items = self._items(replies)
        placed = [
            (rater_ids[rater], items[reply], replies[reply], sheet)
            for (reply, rater), sheet in sheets
        ]
        known = self._known({rater for rater, *_ in placed}, set(items.values()))
        new = [row for row in placed if row[:2] not in known]
        again = [(known[row[:2]], row[2], row[3]) for row in placed if row[:2] in known]
        self._meet_again(again)
        self._create(new)

    def _replies(self, ids: set[str]) -> dict[str, _Reply]:
        rows = TextVersion.objects.filter(
            response__study=self.study, response__external_id__in=ids, current=True
        ).values_list(
            "response_id",
            "response__external_id",
            "response__query_id",
            "response__query__scenario_id",
            "turns",
            "number",
            "rule_set",
            "sha256",
        )
        return {row[1]: _Reply(*row) for row in rows}

    def _items(self, replies: dict[str, _Reply]) -> dict[str, int]:
        Item.objects.bulk_create(
            (
                Item(
                    study=self.study,
                    reply_1_id=reply.id,
                    query_id=reply.query_id,
                    scenario_id=reply.scenario_id,
                )
                for reply in replies.values()
            ),
            ignore_conflicts=True,
        )
        found = Item.objects.filter(
            kind="single", reply_1__in=[reply.id for reply in replies.values()]
        )
        return dict(found.values_list("reply_1__external_id", "pk"))

    def _known(self, rater_ids: set[int], item_ids: set[int]) -> dict[tuple[int, int], Judgment]:
        """Return the current judgments that these raters have at these items, seats loaded."""
        imported = Judgment.objects.select_related("seat").filter(
            rater__in=rater_ids, item__in=item_ids, current=True, seat__wave=Wave.IMPORTED
        )
        return {(judgment.rater_id, judgment.item_id): judgment for judgment in imported}

    def _create(self, new: list[tuple[int, int, _Reply, _Sheet]]) -> None:
        numbers = self._seat_numbers({item for _, item, _, _ in new})
        rows = []
        for rater, item, reply, sheet in new:
            numbers[item] += 1
            rows.append(
                Seat(
                    study=self.study,
                    item_id=item,
                    query_id=reply.query_id,
                    scenario_id=reply.scenario_id,
                    wave=Wave.IMPORTED,
                    number=numbers[item],
                    place=seats.place_of(reply.external_id, seed=0),
                    rater_id=rater,
                    judged_at=sheet.judged_at or self.now,
                )
            )
        stored = Seat.objects.bulk_create(rows)
        judgments = Judgment.objects.bulk_create(
            self._judgment(seat, reply, sheet)
            for seat, (_, _, reply, sheet) in zip(stored, new, strict=True)
        )
        self._write(
            (judgment, seat, sheet.options, sheet.texts)
            for judgment, seat, (*_, sheet) in zip(judgments, stored, new, strict=True)
        )
        self.judged.update(rater for rater, *_ in new)
        self.tally.created += sum(len(sheet.lines) for *_, sheet in new)

    def _seat_numbers(self, item_ids: set[int]) -> dict[int, int]:
        rows = Seat.objects.filter(item__in=item_ids, wave=Wave.IMPORTED).values("item_id")
        highest = rows.annotate(n=Max("number")).values_list("item_id", "n")
        return defaultdict(int, highest)

    def _judgment(self, seat: Seat, reply: _Reply, sheet: _Sheet) -> Judgment:
        return Judgment(
            seat=seat,
            revision=1,
            current=True,
            rater_id=seat.rater_id,
            item_id=seat.item_id,
            rubric_id=self.rubric.id,
            shown_sha256=reply.sha256,
            text_version=reply.version,
            rule_set=reply.rule_set,
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

    def _meet_again(self, met: list[tuple[Judgment, _Reply, _Sheet]]) -> None:
        """Compare sheets with the stored judgments: unchanged, more questions, or conflicts."""
        ids = [judgment.pk for judgment, _, _ in met]
        stored: dict[int, set[Chosen]] = defaultdict(set)
        said: dict[int, set[Said]] = defaultdict(set)
        options = Answer.objects.filter(judgment__in=ids)
        for pk, *chosen in options.values_list("judgment_id", "question_id", "turn", "option_id"):
            stored[pk].add((chosen[0], chosen[1], chosen[2]))
        texts = TextAnswer.objects.filter(judgment__in=ids)
        for pk, *words in texts.values_list("judgment_id", "question_id", "turn", "text"):
            said[pk].add((words[0], words[1], words[2]))
        for judgment, _, sheet in met:
            self._compare(judgment, sheet, stored[judgment.pk], said[judgment.pk])

    def _compare(
        self, judgment: Judgment, sheet: _Sheet, stored: set[Chosen], said: set[Said]
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
        reason = "this rater judged this reply under another rubric version, and it keeps that"
        return Problem(line, "question", reason)

    def _revision_of(self, judgment: Judgment, sheet: _Sheet) -> Judgment:
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
            renderer=judgment.renderer,
            created_at=sheet.judged_at or self.now,
        )

    def _conflicts(
        self,
        sheet: _Sheet,
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
