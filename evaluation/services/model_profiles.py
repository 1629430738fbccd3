"""What is particular to each model: the report that page, command and API share."""

from dataclasses import dataclass
from typing import Any

from annotation.plans import QuestionPlan
from annotation.selectors.asked import NO_FILTERS, Filters
from annotation.selectors.labels import has_named_scenarios
from annotation.selectors.profiles import model_keys, value_names
from annotation.selectors.studies import StudyFacts
from annotation.vocabulary import DEFAULT_WAVES, ItemKind, QuestionType, Scope
from evaluation.derived import VALUES, Derived, derived_of
from evaluation.errors import SliceUnknown
from evaluation.services.agreement import plan_of
from evaluation.services.asking import counting
from evaluation.services.judges import JudgeFacts, id_or_name, judge_of
from evaluation.services.model_drift import Drift, drift
from evaluation.services.model_rows import (
    Asking,
    Replies,
    Source,
    Winners,
    ranked_of,
    replies_in,
    said_of,
    winners_of,
)
from evaluation.services.model_spread import Spread, spread
from evaluation.services.value_priorities import (
    FALSE_DISCOVERIES,
    FEWEST_CLUSTERS,
    ModelDifference,
    Priorities,
    priorities,
)

CATEGORY, VALUE = "category", "value"
RANKED_BY = (CATEGORY, VALUE)
WINNER_KEYS = ("winner", "winner_from_scores")
# A ranking costs the cube of what is ranked; pages do not wait for more than this.
MOST_ON_A_PAGE = 300
PAIRS = "The study asks about two replies side by side; a profile is of single replies."
NO_WINNER = (
    "The rubric asks neither winner, with value_a and value_b, nor score_a and score_b of whole"
    " replies."
)
NO_ANSWERS = "Nobody answered which value won."


@dataclass(frozen=True, slots=True)
class ModelReport:
    """Everything about the models of a study, and whose answers it is made from.

    ``reason`` says in a sentence why there are no priorities; ``left_out`` counts answers that name
    no winner; ``exclusions`` are the numbers of the rules that were applied.
    """

    study: StudyFacts
    source: Source
    judge: JudgeFacts | None
    by: str
    cluster: str
    question: str
    definition: str
    left_out: int
    reason: str
    priorities: tuple[Priorities, ...]
    differences: tuple[ModelDifference, ...]
    drift: tuple[Drift, ...]
    spread: Spread
    exclusions: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as command and API give it."""
        return {
            "study": self.study.slug,
            "rubric_version": self.study.rubric.version,
            "waves": [str(wave.label) for wave in DEFAULT_WAVES],
            "exclusions": list(self.exclusions),
            "source": str(self.source),
            "judge": self.judge.as_json() if self.judge else None,
            "by": self.by,
            "cluster": self.cluster,
            "priorities": {
                "question": self.question or None,
                "definition": self.definition or None,
                "left_out": self.left_out,
                "reason": self.reason or None,
                "models": [one.as_json() for one in self.priorities],
            },
            "differences": {
                "tests": sum(one.p is not None for one in self.differences),
                "found": sum(one.found for one in self.differences),
                "q": FALSE_DISCOVERIES,
                "fewest_clusters": FEWEST_CLUSTERS,
                "pairs": [one.as_json() for one in self.differences],
            },
            "drift": [one.as_json() for one in self.drift],
            "disagreement": self.spread.as_json(),
        }


def report(
    study: StudyFacts,
    *,
    source: str = Source.MAJORITY,
    judge: int | str | None = None,
    by: str = CATEGORY,
    filters: Filters | None = None,
    **version: str | None,
) -> ModelReport:
    """Return the profile of every model, from people's answers or a judge's.

    Args:
        study: which.
        source: ``majority`` of the raters of each reply, or all ``ratings``. A judge's answers are
            taken where ``judge`` is given.
        judge: a judge's id or name; ``version`` as for ``judges.judge_of``.
        by: rank ``category`` or ``value``.
        filters: which of people's judgments count; left out, those that no exclusion in force
            leaves out.

    Raises:
        SliceUnknown: ``source`` or ``by`` is none of these.
        JudgeUnknown, JudgeAmbiguous: see ``judges.judge_of``.
    """
    if by not in RANKED_BY:
        raise SliceUnknown(f"Cannot rank by {by!r}. Choose one of {', '.join(RANKED_BY)}.")
    if source not in (Source.MAJORITY, Source.RATINGS):
        raise SliceUnknown(f"Cannot take {source!r}. Choose majority, ratings, or name a judge.")
    facts = None if judge is None else judge_of(study, judge, **version)
    counted = counting(study) if filters is None else filters
    asking = Asking(
        Source.JUDGE if facts else Source(source),
        facts.id if facts else None,
        # A judge's verdicts are nobody's judgments: no exclusion touches them.
        filters=NO_FILTERS if facts else counted,
    )
    replies, models = replies_in(study.id), model_keys(study.id)
    asked, reason = _winner_questions(study)
    winners = _winners(asked, asking, replies)
    if winners is not None and not winners.row.size:
        reason = NO_ANSWERS
    ranked = ranked_of(value_names(study.id), by_category=by == CATEGORY)
    found, differences = (
        priorities(winners, replies, ranked, models) if winners is not None else ([], [])
    )
    return ModelReport(
        study=study,
        source=asking.source,
        judge=facts,
        by=by,
        cluster="scenario" if has_named_scenarios(study.id) else "query",
        question=winners.question if winners else "",
        definition=winners.definition if winners else "",
        left_out=winners.left_out if winners else 0,
        reason=reason,
        priorities=tuple(found),
        differences=tuple(differences),
        drift=tuple(drift(study.rubric, asking, replies, models)),
        spread=spread(study.rubric, asking, replies, models),
        exclusions=asking.filters.exclusions,
    )


def bounded_report(
    study: StudyFacts,
    *,
    source: str,
    judge: str | None,
    by: str,
    filters: Filters | None = None,
) -> ModelReport:
    """Return a report for whoever waits for a page; ``judge`` is a number or a name.

    Raises:
        SliceUnknown: besides as :func:`report`, where more values would be ranked than anybody
            waits for.
        JudgeUnknown, JudgeAmbiguous: see :func:`report`.
    """
    if by == VALUE and len(value_names(study.id)) > MOST_ON_A_PAGE:
        raise SliceUnknown(
            f"The study has more than {MOST_ON_A_PAGE} values: a page does not wait for their"
            " ranking. Rank by category, or run manage.py model_report --by value."
        )
    return report(study, source=source, judge=id_or_name(judge), by=by, filters=filters)


def _winner_questions(study: StudyFacts) -> tuple[list[QuestionPlan | Derived], str]:
    """Return the questions that say which value won of a whole reply, or why there is none."""
    if study.rubric.kind == ItemKind.PAIR:
        return [], PAIRS
    known: list[QuestionPlan | Derived] = [*study.rubric.questions, *derived_of(study.rubric)]
    found = [
        one
        for one in known
        if (plan := plan_of(one)).key in WINNER_KEYS
        and plan.type == QuestionType.SINGLE
        and plan.scope != Scope.TURN
        and {option.code for option in plan.options} >= set(VALUES)
    ]
    return found, "" if found else NO_WINNER


def _winners(
    asked: list[QuestionPlan | Derived], asking: Asking, replies: Replies
) -> Winners | None:
    """Return who won by the first question that was answered: a judge may give scores only."""
    found = None
    for one in asked:
        said = said_of(one, Scope.CONVERSATION, asking, replies)
        found = winners_of(said, plan_of(one).key, asking.source)
        if said.row.size:
            break
    return found
