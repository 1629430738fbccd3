"""Placing and storing lines of verdicts, chunk by chunk; nothing that was said is overwritten."""

import json
from collections import defaultdict
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError, transaction

from annotation import bulk
from annotation.files import Problem
from annotation.placement import placed
from annotation.plans import QuestionPlan
from annotation.selectors.items import ReplyPlace, replies_by_id
from annotation.selectors.rated_replies import families_of
from annotation.selectors.studies import StudyFacts
from annotation.tally import Tally
from annotation.vocabulary import CLOSED_TYPES, ItemKind
from evaluation.intake.judge_versions import JudgeVersion
from evaluation.models import Judge, Verdict
from evaluation.verdict_lines import VerdictLine, unlikely

ATTEMPTS = 5
Numbered = tuple[int, VerdictLine]
# A judge's answer belongs to one reply, one question, one turn; of several choices to one option.
Place = tuple[int, int, int, int]


class Given(NamedTuple):
    """A verdict as plain values: for millions of them instances of the model cost too much.

    The names are those of the table's columns.
    """

    response_id: int
    question_id: int
    option_id: int
    turn: int
    single: bool
    probability: float | None
    probabilities: dict[str, float] | None
    score: float | None
    reasoning: str
    clauses: list[str]

    @property
    def place(self) -> Place:
        """What a judge may answer once; of several choices, each option once."""
        option = 0 if self.single else self.option_id
        return (self.response_id, self.question_id, self.turn, option)


COLUMNS = ("judge_id", *Given._fields)
BESIDE_THE_ANSWER = ("probability", "probabilities", "score", "reasoning", "clauses")


@dataclass(slots=True)
class _Outcome:
    """What became of a chunk, to be counted once it is stored."""

    created: int = 0
    unchanged: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A question that verdicts can be about, with what a line is held to."""

    plan: QuestionPlan
    options: dict[str, int]

    @property
    def offered(self) -> list[str]:
        """The options' codes, in order."""
        return list(self.options)


class VerdictStore:
    """Places and stores the good lines, chunk by chunk, and tallies what became of each."""

    def __init__(
        self, study: StudyFacts, judge: JudgeVersion | None, tally: Tally, now: datetime
    ) -> None:
        self.study, self.judge, self.tally, self.now = study, judge, tally, now
        self.named_in_file: JudgeVersion | None = None
        self.codes = {o.id: o.code for q in study.rubric.questions for o in q.options}
        self.wanted = {
            plan.key: _Wanted(plan, {option.code: option.id for option in plan.options})
            for plan in study.rubric.questions
            if plan.type in CLOSED_TYPES
        }
        # Of the judges that spoke, those in ensembles have them counted again at the end.
        self.judge_ids: set[int] = set()

    def add(self, lines: list[Numbered]) -> None:
        """Store one chunk; again from the start if another load stored some of it meanwhile."""
        replies = replies_by_id(self.study.id, (line.response_id for _, line in lines))
        problems: list[Problem] = []
        spoken: dict[JudgeVersion, list[tuple[int, Given]]] = defaultdict(list)
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
        self, spoken: dict[JudgeVersion, list[tuple[int, Given]]], problems: list[Problem]
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
    ) -> Given | Problem:
        """Return the verdict of a line, or what is wrong with it."""
        reply = replies.get(line.response_id)
        if reply is None:
            reason = f"no reply {line.response_id!r} is in the study; load its batch first"
            return Problem(number, "response_id", reason, line.response_id)
        wanted = self._wanted(number, line)
        if isinstance(wanted, Problem):
            return wanted
        question = wanted.plan
        turn = placed(question, line.turn, reply.turns)
        if isinstance(turn, str):
            reason = turn.removeprefix("turn: ").removeprefix("turn ")
            return Problem(number, "turn", reason, str(line.turn or ""))
        option_id = _option_id(wanted, line.answer)
        if isinstance(option_id, str):
            return Problem(number, "answer", option_id, line.answer or "")
        one_answer = question.asked_id is None
        if line.probabilities is not None:
            wrong = unlikely(line, offered=wanted.offered, one_answer=one_answer)
            if wrong:
                return Problem(number, "probabilities", wrong, json.dumps(line.probabilities))
        return Given(
            reply.id,
            question.id,
            option_id,
            turn,
            one_answer,
            line.probability,
            line.probabilities,
            line.score,
            line.reasoning,
            list(line.clauses),
        )

    def _wanted(self, number: int, line: VerdictLine) -> _Wanted | Problem:
        found = self.wanted.get(line.question)
        if found is None:
            reason = f"the rubric has no question {line.question!r} with options; it has"
            return Problem(number, "question", f"{reason} {', '.join(self.wanted)}", line.question)
        if self.study.rubric.kind == ItemKind.PAIR:
            reason = "is about two replies side by side; a verdict is about one reply"
            return Problem(number, "question", reason, line.question)
        return found

    def _store(
        self,
        speaker: JudgeVersion,
        verdicts: list[tuple[int, Given]],
        outcome: _Outcome,
        problems: list[Problem],
    ) -> None:
        judge = self._judge(speaker)
        self.judge_ids.add(judge.pk)
        wrong = _not_for(judge, speaker)
        if wrong:
            problems += (Problem(number, "judge", wrong, speaker.name) for number, _ in verdicts)
            return
        stored = self._known(judge, verdicts)
        new: list[Given] = []
        for number, verdict in verdicts:
            place = verdict.place
            met = stored.get(place)
            if met is None:
                new.append(verdict)
                stored[place] = verdict
            elif problem := self._conflict(number, met, verdict):
                problems.append(problem)
            else:
                outcome.unchanged += 1
        if new:
            bulk.insert_values(Verdict, COLUMNS, (_written(judge.pk, one) for one in new))
        outcome.created += len(new)

    def _judge(self, speaker: JudgeVersion) -> Judge:
        version = dict(
            zip(
                ("name", "model", "prompt_version", "rubric_version"),
                astuple(speaker),
                strict=False,
            )
        )
        found = Judge.objects.filter(study=self.study.id, **version).first()
        if found is not None:
            return found
        # Another load may be making it just now: the database decides who does.
        judge, _ = Judge.objects.get_or_create(
            study_id=self.study.id,
            **version,
            defaults={
                "simulated": speaker.simulated,
                "created_at": self.now,
                "family": family_of(speaker.model, families_of(self.study.id)),
            },
        )
        return judge

    def _known(self, judge: Judge, verdicts: list[tuple[int, Given]]) -> dict[Place, Given]:
        """Return what this judge said before at the places of these verdicts."""
        replies = {verdict.response_id for _, verdict in verdicts}
        questions = {verdict.question_id for _, verdict in verdicts}
        found = Verdict.objects.filter(judge=judge, question__in=questions, response__in=replies)
        rows = (Given(*row) for row in found.values_list(*Given._fields))
        return {one.place: one for one in rows}

    def _conflict(self, number: int, stored: Given, given: Given) -> Problem | None:
        """Say so when a judge spoke differently before; nothing it said is overwritten."""
        if stored == given:
            return None
        if stored.option_id != given.option_id:
            there, here = self.codes.get(stored.option_id), self.codes.get(given.option_id)
            reason = f"this judge's stored answer is {there!r}, this line says {here!r}"
            advice = "verdicts are never overwritten; load another version under its own version"
            return Problem(number, "answer", f"{reason}; {advice}", here or "")
        for name in BESIDE_THE_ANSWER:
            there, here = getattr(stored, name), getattr(given, name)
            if there != here:
                reason = f"is stored as {there!r:.80} with the same answer, here it is {here!r:.80}"
                return Problem(
                    number, name, f"{reason}; verdicts are never overwritten", f"{here!s:.80}"
                )
        return None


def family_of(model: str, known: dict[str, str]) -> str:
    """Return the family of the model behind a judge: as a reply's of the same name, else its maker.

    Of ``maker/name`` that is the maker; else it is not known, and empty.
    """
    return known.get(model) or model.partition("/")[0] * ("/" in model)


def _not_for(judge: Judge, speaker: JudgeVersion) -> str:
    """Say why nothing is loaded for a judge; empty where it may be."""
    if judge.memberships.exists():
        return f"{speaker.name!r} is an ensemble: its answers follow from its members'"
    if judge.simulated != speaker.simulated:
        known = "simulated" if judge.simulated else "not simulated"
        return f"{speaker.name!r} is stored as {known}; give this one another version"
    return ""


def _option_id(wanted: _Wanted, answer: str | None) -> int | str:
    if answer is None:
        if wanted.plan.asked_id is None:
            return "is missing; only a question of several choices can have none chosen"
        return wanted.plan.asked_id
    option = wanted.options.get(answer.strip())
    if option is None:
        offered = ", ".join(wanted.options)
        return f"{answer[:80]!r} is not an answer to {wanted.plan.key!r}; it offers {offered}"
    return option


def _written(judge_id: int, given: Given) -> tuple[Any, ...]:
    """Return a row as it is stored, JSON written out."""
    probabilities = given.probabilities
    return (
        judge_id,
        given.response_id,
        given.question_id,
        given.option_id,
        given.turn,
        given.single,
        given.probability,
        None if probabilities is None else json.dumps(probabilities),
        given.score,
        given.reasoning,
        json.dumps(given.clauses) if given.clauses else "[]",
    )
