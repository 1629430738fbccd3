"""Verdicts coming in: placed as raters' answers are, and never overwritten."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, transaction

from annotation import bulk, files
from annotation.files import Problem, Record
from annotation.placement import placed
from annotation.plans import QuestionPlan
from annotation.selectors.items import ReplyPlace, replies_by_id
from annotation.selectors.studies import StudyFacts
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import CLOSED_TYPES, ItemKind
from evaluation.errors import JudgeInvalid
from evaluation.models import Judge, Verdict
from evaluation.verdict_lines import VerdictLine, unlikely, verdict_line

LONGEST_NAME = 200
LONGEST_VERSION = 100
ATTEMPTS = 5
Numbered = tuple[int, VerdictLine]
# A judge's answer belongs to one reply, one question, one turn.
Place = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class JudgeVersion:
    """Which judge speaks, in which version."""

    name: str
    model: str = ""
    prompt_version: str = ""
    rubric_version: str = ""
    simulated: bool = False

    def check(self) -> None:
        """Refuse names that cannot be stored.

        Raises:
            JudgeInvalid: an empty name, or one that is too long.
        """
        if not self.name.strip() or len(self.name) > LONGEST_NAME:
            raise JudgeInvalid(f"A judge's name has 1 to {LONGEST_NAME} characters.")
        versions = (self.prompt_version, self.rubric_version)
        if len(self.model) > LONGEST_NAME or any(len(v) > LONGEST_VERSION for v in versions):
            raise JudgeInvalid(
                f"A judge's model has up to {LONGEST_NAME} characters, a version {LONGEST_VERSION}."
            )


def load_verdicts(
    *,
    study: StudyFacts,
    path: Path,
    judge: JudgeVersion | None,
    now: datetime,
    name: str = "",
    dry_run: bool = False,
    strict: bool = False,
    progress: Progress = no_progress,
) -> Tally:
    """Load a file of verdicts, one a line, in chunks of one short transaction each.

    Loading it again changes nothing; another answer of the same judge to the same question is
    refused, naming both. ``judge`` speaks on every line; without it each line must name its own,
    as those of a release do. ``strict`` and ``dry_run`` run everything in one transaction, which
    is given up when a line is bad, or in any case.

    Raises:
        FileUnreadable, JudgeInvalid: nothing was loaded.
    """
    if judge is not None:
        judge.check()
    files.check(path, name=name)
    records = files.read(path, name=name)
    if not (strict or dry_run):
        return load_records(study=study, records=records, judge=judge, now=now, progress=progress)
    with transaction.atomic():
        tally = load_records(study=study, records=records, judge=judge, now=now, progress=progress)
        transaction.set_rollback(dry_run or tally.refused > 0)
    return tally


def load_records(
    *,
    study: StudyFacts,
    records: Iterable[Record | Problem],
    judge: JudgeVersion | None,
    now: datetime,
    progress: Progress = no_progress,
) -> Tally:
    """Load verdicts from wherever they come, each record the fields of one line."""
    tally = Tally()
    _load(_Store(study, judge, tally, now), records, progress)
    return tally


def _load(store: "_Store", records: Iterable[Record | Problem], progress: Progress) -> None:
    for chunk in chunks(records):
        good: list[Numbered] = []
        for record in chunk:
            store.tally.read += 1
            found = [record] if isinstance(record, Problem) else verdict_line(record)
            if isinstance(found, list):
                store.tally.refuse(found)
            else:
                good.append((record.line, found))
        store.add(good)
        progress(store.tally.read)


@dataclass(slots=True)
class _Outcome:
    """What became of a chunk, to be counted once it is stored."""

    created: int = 0
    unchanged: int = 0


class _Store:
    """Places and stores the good lines, chunk by chunk, and tallies what became of each."""

    def __init__(
        self, study: StudyFacts, judge: JudgeVersion | None, tally: Tally, now: datetime
    ) -> None:
        self.study, self.judge, self.tally, self.now = study, judge, tally, now
        self.named_in_file: JudgeVersion | None = None
        self.codes = {o.id: o.code for q in study.rubric.questions for o in q.options}

    def add(self, lines: list[Numbered]) -> None:
        """Store one chunk; again from the start if another load stored some of it meanwhile."""
        replies = replies_by_id(self.study.id, (line.response_id for _, line in lines))
        problems: list[Problem] = []
        spoken: dict[JudgeVersion, list[tuple[int, Verdict]]] = defaultdict(list)
        for number, line in lines:
            speaker = self._speaker(number, line)
            if isinstance(speaker, Problem):
                problems.append(speaker)
                continue
            found = self._read(number, line, replies)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                spoken[speaker].append((number, found))
        outcome = self._stored(spoken, problems)
        self.tally.refuse(problems)
        self.tally.created += outcome.created
        self.tally.unchanged += outcome.unchanged

    def _stored(
        self, spoken: dict[JudgeVersion, list[tuple[int, Verdict]]], problems: list[Problem]
    ) -> _Outcome:
        for attempt in range(ATTEMPTS):
            outcome, refused = _Outcome(), list[Problem]()
            try:
                with transaction.atomic():
                    for speaker, verdicts in spoken.items():
                        self._store(speaker, verdicts, outcome, refused)
            except IntegrityError:
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            problems += refused
            return outcome
        raise AssertionError  # pragma: no cover - the last attempt returns or raises

    def _speaker(self, number: int, line: VerdictLine) -> JudgeVersion | Problem:
        """Return whose verdict a line is."""
        named = None
        if line.judge is not None:
            named = JudgeVersion(
                line.judge,
                line.judge_model,
                line.judge_prompt_version,
                line.judge_rubric_version,
                line.judge_simulated,
            )
        if self.judge is None:
            missing = "is missing; name the judge on every line, or once with --judge"
            return named or Problem(number, "judge", missing)
        self.named_in_file = self.named_in_file or named
        if named not in (None, self.named_in_file):
            reason = f"is {line.judge!r}, but earlier lines are of another judge or version"
            return Problem(number, "judge", f"{reason}; leave --judge out to load each as named")
        return self.judge

    def _read(
        self, number: int, line: VerdictLine, replies: dict[str, ReplyPlace]
    ) -> Verdict | Problem:
        """Return the verdict of a line, unsaved and without its judge, or what is wrong."""
        reply = replies.get(line.response_id)
        if reply is None:
            reason = f"no reply {line.response_id!r} is in the study; load its batch first"
            return Problem(number, "response_id", reason)
        question = self._question(number, line)
        if isinstance(question, Problem):
            return question
        turn = placed(question, line.turn, reply.turns)
        if isinstance(turn, str):
            return Problem(number, "turn", turn.removeprefix("turn: ").removeprefix("turn "))
        option_id = _option_id(question, line.answer)
        if isinstance(option_id, str):
            return Problem(number, "answer", option_id)
        one_answer = question.asked_id is None
        offered = [option.code for option in question.options]
        wrong = unlikely(line, offered=offered, one_answer=one_answer)
        if wrong:
            return Problem(number, "probabilities", wrong)
        return Verdict(
            response_id=reply.id,
            question_id=question.id,
            option_id=option_id,
            turn=turn,
            single=one_answer,
            probability=line.probability,
            probabilities=line.probabilities,
            score=line.score,
            reasoning=line.reasoning,
            clauses=line.clauses,
        )

    def _question(self, number: int, line: VerdictLine) -> QuestionPlan | Problem:
        question = self.study.rubric.question(line.question)
        if question is None or question.type not in CLOSED_TYPES:
            known = ", ".join(q.key for q in self.study.rubric.questions if q.type in CLOSED_TYPES)
            reason = f"the rubric has no question {line.question!r} with options; it has {known}"
            return Problem(number, "question", reason)
        if self.study.rubric.kind == ItemKind.PAIR:
            reason = "is about two replies side by side; a verdict is about one reply"
            return Problem(number, "question", reason)
        return question

    def _store(
        self,
        speaker: JudgeVersion,
        verdicts: list[tuple[int, Verdict]],
        outcome: _Outcome,
        problems: list[Problem],
    ) -> None:
        judge = self._judge(speaker)
        if judge.simulated != speaker.simulated:
            known = "simulated" if judge.simulated else "not simulated"
            reason = f"{speaker.name!r} is stored as {known}; give this one another version"
            problems += (Problem(number, "judge", reason) for number, _ in verdicts)
            return
        stored = self._known(judge, verdicts)
        new: list[Verdict] = []
        for number, verdict in verdicts:
            verdict.judge, verdict.pk = judge, None  # a pk is left from an attempt given up
            met = stored.get(_key(verdict))
            if met is None:
                new.append(verdict)
                stored[_key(verdict)] = verdict
            elif problem := self._conflict(number, met, verdict):
                problems.append(problem)
            else:
                outcome.unchanged += 1
        bulk.insert(new)
        outcome.created += len(new)

    def _judge(self, speaker: JudgeVersion) -> Judge:
        judge, _ = Judge.objects.get_or_create(
            study_id=self.study.id,
            name=speaker.name,
            model=speaker.model,
            prompt_version=speaker.prompt_version,
            rubric_version=speaker.rubric_version,
            defaults={"simulated": speaker.simulated, "created_at": self.now},
        )
        return judge

    def _known(self, judge: Judge, verdicts: list[tuple[int, Verdict]]) -> dict[Place, Verdict]:
        replies = {verdict.response_id for _, verdict in verdicts}
        questions = {verdict.question_id for _, verdict in verdicts}
        found = Verdict.objects.filter(judge=judge, question__in=questions, response__in=replies)
        return {_key(verdict): verdict for verdict in found}

    def _conflict(self, number: int, stored: Verdict, given: Verdict) -> Problem | None:
        """Say so when a judge spoke differently before; nothing it said is overwritten."""
        if stored.option_id != given.option_id:
            there, here = self.codes.get(stored.option_id), self.codes.get(given.option_id)
            reason = f"this judge's stored answer is {there!r}, this line says {here!r}"
            advice = "verdicts are never overwritten; load another version under its own version"
            return Problem(number, "answer", f"{reason}; {advice}")
        for name in ("probability", "probabilities", "score", "reasoning", "clauses"):
            there, here = getattr(stored, name), getattr(given, name)
            if there != here:
                reason = f"is stored as {there!r:.80} with the same answer, here it is {here!r:.80}"
                return Problem(number, name, f"{reason}; verdicts are never overwritten")
        return None


def _option_id(question: QuestionPlan, answer: str | None) -> int | str:
    if answer is None:
        if question.asked_id is None:
            return "is missing; only a question of several choices can have none chosen"
        return question.asked_id
    option = question.option(answer.strip())
    if option is None:
        offered = ", ".join(o.code for o in question.options)
        return f"{answer[:80]!r} is not an answer to {question.key!r}; it offers {offered}"
    return option.id


def _key(verdict: Verdict) -> Place:
    """Return what a judge may answer once; of several choices, each option once."""
    option = 0 if verdict.single else verdict.option_id
    return (verdict.response_id, verdict.question_id, verdict.turn, option)
