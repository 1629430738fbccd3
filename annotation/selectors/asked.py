"""Which judgments a number is about: a question, waves, and everything that leaves some out."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from annotation.models import Answer, GoldAnswer, Item, Judgment, Question
from annotation.vocabulary import DEFAULT_WAVES, JUDGEABLE, JUDGEABLE_YES, Scope, Wave


@dataclass(frozen=True, slots=True)
class Filters:
    """Which judgments count, apart from their wave; an empty field leaves none out.

    Attributes:
        since, until_day: the first and the last day on which they were made, both included.
        cohort, source: of the rater.
        language: of the query.
        batch: the numbers of the batches of which a reply is; of a pair one is enough.
        rule_set: the versions of the scrub rules under which the reply was shown.
        gold: "without" items with a known answer, "only" those, or both.
        not_rater, not_item: primary keys left out.
        not_batch: numbers of batches left out.
        not_faster_than: seconds from taking the seat to sending; quicker judgments are left out.
        not_after: the last judgment that counts, of the judgments' own sequence.
        exclusions: the numbers of the rules that the other ``not_…`` fields come from.
    """

    since: date | None = None
    until_day: date | None = None
    cohort: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    language: tuple[str, ...] = ()
    batch: tuple[int, ...] = ()
    rule_set: tuple[int, ...] = ()
    gold: str = ""
    not_rater: tuple[int, ...] = ()
    not_item: tuple[int, ...] = ()
    not_batch: tuple[int, ...] = ()
    not_faster_than: int = 0
    not_after: int | None = None
    exclusions: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return what is set, as it stands in a number's identity; of exclusions their numbers."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: _plain(value)
            for name, value in given.items()
            if value and not name.startswith("not_")
        }

    def of_judgments(self) -> Q | None:
        """Return what they ask of a judgment, None where they ask nothing."""
        wanted = Q()
        if self.since:
            wanted &= Q(created_at__gte=_midnight(self.since))
        if self.until_day:
            wanted &= Q(created_at__lt=_midnight(self.until_day + timedelta(days=1)))
        if self.cohort:
            wanted &= Q(rater__cohort__in=self.cohort)
        if self.source:
            wanted &= Q(rater__source__in=self.source)
        if self.rule_set:
            wanted &= Q(rule_set__in=self.rule_set)
        if self.not_rater:
            wanted &= ~Q(rater__in=self.not_rater)
        if self.not_faster_than:
            took = timedelta(seconds=self.not_faster_than)
            wanted &= Q(claimed_at=None) | Q(created_at__gte=F("claimed_at") + took)
        return wanted or None

    def of_items(self) -> Q | None:
        """Return what they ask of an item, None where they ask nothing."""
        wanted = Q()
        if self.language:
            wanted &= Q(query__language__in=self.language)
        if self.batch:
            wanted &= _of_batches(self.batch)
        if self.not_batch:
            wanted &= ~_of_batches(self.not_batch)
        if self.gold:
            known = GoldAnswer.objects.in_force().values("item")
            wanted &= Q(pk__in=known) if self.gold == "only" else ~Q(pk__in=known)
        if self.not_item:
            wanted &= ~Q(pk__in=self.not_item)
        return wanted or None


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Asked:
    """Which answers are meant: a question, about turns or about the whole, in which waves.

    ``until`` is the last judgment that counts, of the judgments' own sequence; None is all. What a
    judgment says besides "not judgeable" does not count, except what it says to that question.
    """

    question_id: int
    scope: Scope
    waves: tuple[Wave, ...] = DEFAULT_WAVES
    until: int | None = None
    filters: Filters = NO_FILTERS

    def study_id(self) -> int:
        """Return the study whose question it is."""
        found = Question.objects.values_list("rubric__study", flat=True)
        return int(found.get(pk=self.question_id))

    def answers(self) -> QuerySet[Answer]:
        """Return the current answers that are meant.

        Without filters it is one walk over one index: what joins is added only where it is needed.
        """
        found = Answer.objects.filter(question=self.question_id, current=True, wave__in=self.waves)
        found = found.filter(turn__gt=0) if self.scope == Scope.TURN else found.filter(turn=0)
        if self.until is not None:
            found = found.filter(judgment__lte=self.until)
        refused = not_judgeable(self.question_id)
        if refused is not None:
            found = found.exclude(judgment__in=refused)
        judgments, items = self.filters.of_judgments(), self.filters.of_items()
        if judgments is not None:
            found = found.filter(judgment__in=Judgment.objects.filter(judgments).values("pk"))
        if items is not None:
            found = found.filter(item__in=Item.objects.filter(items).values("pk"))
        return found


def with_other(answers: QuerySet[Answer], other_id: int) -> QuerySet[Answer]:
    """Return those whose judgment answered another question too, its option as ``other``.

    Both questions take one answer.
    """
    beside = Answer.objects.filter(
        judgment=OuterRef("judgment"), turn=OuterRef("turn"), question=other_id, current=True
    )
    return answers.annotate(other=Subquery(beside.values("option_id")[:1])).exclude(other=None)


def not_judgeable(question_id: int) -> QuerySet[Answer, Any] | None:
    """Return the judgments that called their item not judgeable, None where none did.

    Of the question itself, and of a rubric that does not ask it, always None.
    """
    beside = (
        Question.objects.filter(key=JUDGEABLE, rubric__questions=question_id)
        .exclude(pk=question_id)
        .values_list("pk", flat=True)
        .first()
    )
    if beside is None:
        return None
    said = Answer.objects.filter(question=beside, current=True).exclude(option__code=JUDGEABLE_YES)
    return said.values("judgment") if said.exists() else None


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.isoformat() if isinstance(value, date) else value


def _of_batches(numbers: tuple[int, ...]) -> Q:
    return Q(reply_1__batch__number__in=numbers) | Q(reply_2__batch__number__in=numbers)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
