"""One item for a researcher: the reply, what each rater said, what each judge said."""

from dataclasses import dataclass

from annotation.selectors.items import GivenJudgment, ItemFacts, item_facts, judgments_at
from annotation.selectors.studies import StudyFacts, pseudonyms
from evaluation.errors import ItemUnknown
from evaluation.models import Verdict


@dataclass(frozen=True, slots=True)
class RaterAnswers:
    """What one rater said, under a name that means nothing elsewhere."""

    rater: str
    judgment: GivenJudgment


@dataclass(frozen=True, slots=True)
class GivenVerdict:
    """What one judge said of an item, or of one turn of it."""

    judge_id: int
    judge: str
    simulated: bool
    question: str
    turn: int
    code: str
    words: str
    probability: float | None
    probabilities: dict[str, float] | None
    score: float | None
    reasoning: str
    clauses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemDetail:
    """Everything that is known of one item. Not for raters: it names the model."""

    facts: ItemFacts
    raters: tuple[RaterAnswers, ...]
    verdicts: tuple[GivenVerdict, ...]


def item_detail(study: StudyFacts, item_id: int) -> ItemDetail:
    """Return one item of the study with all that was said of it.

    Raises:
        ItemUnknown: the study has no such item.
    """
    facts = item_facts(study.id, item_id)
    if facts is None:
        raise ItemUnknown("The study has no such item.")
    given = judgments_at(facts)
    names = pseudonyms(study.id, purpose="pages", subjects=[one.rater for one in given])
    return ItemDetail(
        facts=facts,
        raters=tuple(RaterAnswers(names[one.rater], one) for one in given),
        verdicts=tuple(_verdicts(facts)),
    )


def _verdicts(facts: ItemFacts) -> list[GivenVerdict]:
    rows = Verdict.objects.filter(
        response__in=[reply.id for reply in facts.replies]
    ).select_related("judge", "question", "option")
    ordered = rows.order_by("judge__name", "judge_id", "question__position", "turn", "pk")
    return [
        GivenVerdict(
            judge_id=row.judge_id,
            judge=row.judge.name,
            simulated=row.judge.simulated,
            question=row.question.key,
            turn=row.turn,
            code=row.option.code,
            words=_words(row.option.label, facts),
            probability=row.probability,
            probabilities=row.probabilities,
            score=row.score,
            reasoning=row.reasoning,
            clauses=tuple(row.clauses),
        )
        for row in ordered
    ]


def _words(label: str, facts: ItemFacts) -> str:
    return label.replace("{value_a}", facts.value_a).replace("{value_b}", facts.value_b)
