"""What a rater said at a stage, as it is stored: for comparing, for showing again, for editing."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from annotation import own_words
from annotation.answers import Given
from annotation.models import Answer, CitedClause, Judgment, SpanAnswer, TextAnswer
from annotation.plans import QuestionPlan, RubricPlan
from annotation.spans import Span, as_sent
from annotation.vocabulary import ClauseRole, QuestionType

NONE = "\N{EN DASH}"
# Question, turn, and what was said to it.
Chosen = tuple[int, int, int]
Written = tuple[int, int, str]
Marked = tuple[int, int, Span]
Cited = tuple[int, int, ClauseRole, str]


@dataclass(frozen=True, slots=True)
class Said:
    """Everything that was said at some turns, comparable as a whole."""

    options: frozenset[Chosen] = field(default_factory=frozenset)
    texts: frozenset[Written] = field(default_factory=frozenset)
    spans: frozenset[Marked] = field(default_factory=frozenset)
    clauses: frozenset[Cited] = field(default_factory=frozenset)


def said_in(given: Iterable[Given]) -> Said:
    """Return what a rater has just sent."""
    answers = tuple(given)
    return Said(
        options=frozenset((a.question.id, a.turn, one) for a in answers for one in a.rows),
        texts=frozenset((a.question.id, a.turn, a.text) for a in answers if a.text),
        spans=frozenset((a.question.id, a.turn, span) for a in answers for span in a.spans),
        clauses=frozenset((a.question.id, a.turn, *one) for a in answers for one in a.clauses),
    )


def said_at(judgment_id: int, *, turns: Iterable[int] | None = None) -> Said:
    """Return what is stored of a judgment, at these turns or at all of them."""
    wanted = {"judgment": judgment_id} | ({} if turns is None else {"turn__in": list(turns)})
    spans = SpanAnswer.objects.filter(**wanted)
    cited = CitedClause.objects.filter(**wanted)
    place = ("question_id", "turn")
    return Said(
        options=frozenset(Answer.objects.filter(**wanted).values_list(*place, "option_id")),
        texts=frozenset(TextAnswer.objects.filter(**wanted).values_list(*place, "text")),
        spans=frozenset(
            (question, turn, Span(*rest))
            for question, turn, *rest in spans.values_list(
                *place, "slot", "message", "start", "end", "quote", "text_sha256", "option_id"
            )
        ),
        clauses=frozenset(
            (question, turn, ClauseRole(role), clause)
            for question, turn, role, clause in cited.values_list(
                *place, "role", "clause__clause_id"
            )
        ),
    )


def latest_of_stage(seat_id: int, turn: int) -> Judgment | None:
    """Return the judgment that has a rater's last word on one stage of a seat.

    That is a late revision of this turn, where there is one, else the last whole judgment.
    """
    late = Judgment.objects.filter(seat=seat_id, late_turn=turn or None).exclude(late_turn=None)
    found = late.order_by("-revision").first()
    return found or whole_judgment(seat_id)


def whole_judgment(seat_id: int) -> Judgment | None:
    """Return the last revision of a seat that is about all of its stages, begun ones included."""
    whole = Judgment.objects.filter(seat=seat_id, late_turn=None)
    return whole.order_by("-revision").first()


def last_revision(seat_id: int) -> int:
    """Return the highest revision at a seat, late ones included; 0 for none."""
    found = Judgment.objects.filter(seat=seat_id).order_by("-revision")
    return found.values_list("revision", flat=True).first() or 0


def as_form(said: Said, rubric: RubricPlan) -> dict[str, list[str]]:
    """Return what was said as a form would send it, by the names of its fields."""
    by_id = {question.id: question for question in rubric.questions}
    codes = {option.id: option.code for q in rubric.questions for option in q.options}
    form: dict[str, list[str]] = {}
    for question_id, _, option_id in sorted(said.options):
        form.setdefault(by_id[question_id].key, [])
        if option_id in codes:
            form[by_id[question_id].key].append(codes[option_id])
    for question_id, _, text in said.texts:
        form[by_id[question_id].key] = [text]
    for question_id, _, span in sorted(said.spans, key=lambda one: (one[0], *_order(one[2]))):
        kind = codes.get(span.option_id or 0, "")
        form.setdefault(by_id[question_id].key, []).append(as_sent(span, kind))
    for question_id, _, role, clause_id in sorted(said.clauses):
        form.setdefault(f"{by_id[question_id].key}.clause", []).append(f"{role} {clause_id}")
    return form


def in_words(said: Said, rubric: RubricPlan) -> list[tuple[int, str, str]]:
    """Return what was said as turn, question and words, in the order of the rubric."""
    rows: list[tuple[int, int, str, str]] = []
    for position, question in enumerate(rubric.questions):
        turns = _turns(said, question)
        rows += [(turn, position, question.label, _words(said, question, turn)) for turn in turns]
    return [(turn, label, words) for turn, _, label, words in sorted(rows, key=lambda row: row[:2])]


def _turns(said: Said, question: QuestionPlan) -> set[int]:
    kinds: tuple[Iterable[tuple[int, int, object]], ...] = (said.options, said.texts, said.spans)
    return {turn for kind in kinds for asked, turn, _ in kind if asked == question.id}


def _words(said: Said, question: QuestionPlan, turn: int) -> str:
    here = (question.id, turn)
    if question.type == QuestionType.TEXT:
        return next(text for *place, text in said.texts if tuple(place) == here)
    labels = {option.id: option.label for option in question.options}
    if question.type == QuestionType.SPANS:
        spans = sorted((one for *place, one in said.spans if tuple(place) == here), key=_order)
        return "; ".join(
            f"“{own_words.as_read(span.quote)}”"
            + (f" ({labels[span.option_id]})" if span.option_id else "")
            for span in spans
        )
    chosen = {one for *place, one in said.options if tuple(place) == here}
    words = ", ".join(label for pk, label in labels.items() if pk in chosen) or NONE
    cited = sorted((role, clause) for q, t, role, clause in said.clauses if (q, t) == here)
    clauses = ", ".join(f"{clause} ({ClauseRole(role).label})" for role, clause in cited)
    return f"{words}: {clauses}" if clauses else words


def _order(span: Span) -> tuple[int, int, int, int, int]:
    return (span.slot, span.message, span.start, span.end, span.option_id or 0)
