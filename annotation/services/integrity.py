"""Comparing what is stored twice: counters with counts, copies with originals, hashes with texts.

And what no single row can show: that consent came before the first judgment, and that of a rater
who withdrew nothing is left open. Nothing is written. Each check is one statement a table, so that
it sees one moment also while raters work, and its rows are streamed, so that it runs over millions
of them.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, IntegerField, Max, Model, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Length

from annotation.models import (
    LEASES_AT_ONCE,
    Answer,
    CitedClause,
    Consent,
    ConsentText,
    Guess,
    Item,
    Judgment,
    Lane,
    PersonalDecision,
    Rater,
    Response,
    Seat,
    Skip,
    SpanAnswer,
    StageRecord,
    TextAnswer,
    TextVersion,
)
from annotation.selectors.consents import words_of
from annotation.shown import text_sha256
from annotation.vocabulary import RaterSource

ROWS_PER_FETCH = 2_000
# Tables of what was said, each row with its judgment's flag.
SAID = (Answer, TextAnswer, SpanAnswer, CitedClause)
# Who agrees to a study's consent; imported and simulated raters were never asked by us.
ASKED_FOR_CONSENT = (RaterSource.ACCOUNT, RaterSource.CROWD)


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that disagrees with what it was made from."""

    check: str
    table: str
    row: int
    reason: str


Check = Callable[[], Iterator[Difference]]


def differences() -> Iterator[Difference]:
    """Yield every difference of every check."""
    for check in CHECKS:
        yield from check()


def _found(check: str, model: type[Model], rows: Any, sentence: str) -> Iterator[Difference]:
    """Yield a difference for each row; the sentence takes the row's values after its id."""
    table = model._meta.db_table
    for row, *values in rows.iterator(chunk_size=ROWS_PER_FETCH):
        yield Difference(check, table, row, sentence.format(*values))


def _count_per(outer: str, rows: Any) -> Coalesce:
    """Return how many of ``rows`` belong to the outer row, 0 for none."""
    grouped = rows.filter(**{outer: OuterRef("pk")}).order_by().values(outer)
    counted = grouped.annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def _judged_counts() -> Iterator[Difference]:
    stored = _count_per("rater", Judgment.objects.filter(current=True))
    rows = Rater.objects.annotate(stored=stored).exclude(judged_count=F("stored"))
    values = rows.values_list("pk", "judged_count", "stored")
    return _found("rater_judged_count", Rater, values, "counts {} judgments, {} are stored")


def _skipped_counts() -> Iterator[Difference]:
    stored = _count_per("rater", Skip.objects.all())
    rows = Rater.objects.annotate(stored=stored).exclude(skipped_count=F("stored"))
    values = rows.values_list("pk", "skipped_count", "stored")
    return _found("rater_skipped_count", Rater, values, "counts {} skips, {} are stored")


def _lane_counts() -> Iterator[Difference]:
    stored = _count_per("lane", Seat.objects.filter(rater__isnull=False, abandoned_at=None))
    lanes = Lane.objects.filter(quota__isnull=False).annotate(stored=stored)
    values = lanes.exclude(taken=F("stored")).values_list("pk", "taken", "stored")
    sentence = "counts {} seats taken, {} are held or judged"
    return _found("lane_taken", Lane, values, sentence)


def _judged_seats() -> Iterator[Difference]:
    current = Count("judgments", filter=Q(judgments__current=True))
    rows = Seat.objects.filter(judged_at__isnull=False).annotate(stored=current)
    values = rows.exclude(stored=1).values_list("pk", "stored")
    return _found("judged_seat_judgment", Seat, values, "is judged and has {} current judgments")


def _unjudged_seats() -> Iterator[Difference]:
    rows = Judgment.objects.filter(current=True, seat__judged_at=None)
    values = rows.values_list("pk", "seat_id")
    return _found("judgment_at_judged_seat", Judgment, values, "counts, but seat {} is not judged")


def _waves() -> Iterator[Difference]:
    seats = Seat.objects.filter(
        item=OuterRef("item"), wave=OuterRef("seat__wave"), abandoned_at=None
    )
    places = seats.order_by().values("item", "wave").annotate(n=Count("pk")).values("n")
    judged = Judgment.objects.filter(current=True).values("item_id", "seat__wave")
    rows = judged.annotate(n=Count("pk"), places=Coalesce(Subquery(places), 0)).order_by()
    values = rows.filter(n__gt=F("places")).values_list("item_id", "seat__wave", "n", "places")
    sentence = "in wave {} has {} judgments and {} seats"
    return _found("item_judgments_within_seats", Item, values, sentence)


def _judgment_copies() -> Iterator[Difference]:
    rows = Judgment.objects.exclude(
        item=F("seat__item"),
        rater=F("seat__rater"),
    )
    values = rows.values_list("pk", "seat_id")
    sentence = "names another item or rater than its seat {}"
    return _found("judgment_copies_seat", Judgment, values, sentence)


def _revisions() -> Iterator[Difference]:
    rows = Seat.objects.annotate(n=Count("judgments"), last=Max("judgments__revision"))
    values = rows.filter(last__isnull=False).exclude(last=F("n")).values_list("pk", "last", "n")
    sentence = "is at revision {} and has {} of them"
    return _found("seat_revisions_without_gap", Seat, values, sentence)


def _current_answers() -> Iterator[Difference]:
    for model in SAID:
        rows = model._default_manager.exclude(current=F("judgment__current"))
        values = rows.values_list("pk", "current", "judgment_id")
        sentence = "has current {}, unlike its judgment {}"
        yield from _found("answer_current_as_judgment", model, values, sentence)


def _answer_copies() -> Iterator[Difference]:
    rows = Answer.objects.exclude(
        item=F("judgment__seat__item"),
        cluster=F("judgment__seat__scenario"),
        wave=F("judgment__seat__wave"),
    )
    values = rows.values_list("pk", "judgment__seat_id")
    sentence = "names another item, cluster or wave than its seat {}"
    return _found("answer_copies_seat", Answer, values, sentence)


def _seat_copies() -> Iterator[Difference]:
    rows = Seat.objects.exclude(
        study=F("item__study"), query=F("item__query"), scenario=F("item__scenario")
    )
    values = rows.values_list("pk", "item_id")
    sentence = "names another study, query or scenario than its item {}"
    return _found("seat_copies_item", Seat, values, sentence)


def _hashes() -> Iterator[Difference]:
    rows = TextVersion.objects.values_list("pk", "messages", "sha256")
    for pk, messages, sha256 in rows.iterator(chunk_size=ROWS_PER_FETCH):
        computed = text_sha256(messages)
        if computed != sha256:
            reason = f"has SHA-256 {sha256}, its words give {computed}"
            yield Difference("text_sha256", TextVersion._meta.db_table, pk, reason)


def _current_texts() -> Iterator[Difference]:
    current = Count("versions", filter=Q(versions__current=True))
    rows = Response.objects.annotate(stored=current).exclude(stored=1)
    values = rows.values_list("pk", "stored")
    return _found("response_current_text", Response, values, "has {} current texts")


def _leases() -> Iterator[Difference]:
    held = Seat.objects.filter(judged_at=None, abandoned_at=None, rater__isnull=False)
    counted = held.values("rater_id").annotate(n=Count("pk")).order_by()
    values = counted.filter(n__gt=LEASES_AT_ONCE).values_list("rater_id", "n")
    return _found("rater_two_leases", Rater, values, "holds {} seats")


def _late_revisions() -> Iterator[Difference]:
    """Find late revisions that count: statistics use what was said before."""
    counts = Q(current=True)
    for model in SAID:
        counts |= Q(Exists(model._default_manager.filter(judgment=OuterRef("pk"), current=True)))
    rows = Judgment.objects.filter(counts, late_turn__isnull=False)
    values = rows.values_list("pk", "late_turn")
    sentence = "is a late revision of turn {}, and some of it counts"
    return _found("late_revision_never_counts", Judgment, values, sentence)


def _span_lengths() -> Iterator[Difference]:
    rows = SpanAnswer.objects.annotate(length=Length("quote"), places=F("end") - F("start"))
    values = rows.exclude(length=F("places")).values_list("pk", "start", "end", "length")
    sentence = "runs from {} to {} and quotes {} characters"
    return _found("span_quote_length", SpanAnswer, values, sentence)


def _consents() -> Iterator[Difference]:
    """Find judgments made while the study asked for consent, before their rater gave any."""
    asked = ConsentText.objects.filter(
        study=OuterRef("rater__study"), created_at__lte=OuterRef("created_at")
    )
    given = Consent.objects.filter(
        rater=OuterRef("rater"),
        text__study=OuterRef("rater__study"),
        given_at__lte=OuterRef("created_at"),
    )
    rows = Judgment.objects.filter(
        ~Exists(given),
        Exists(asked),
        rater__source__in=ASKED_FOR_CONSENT,
        rater__study__consent_text__isnull=False,
    )
    values = rows.values_list("pk", "rater_id")
    sentence = "was made before rater {} gave consent"
    return _found("judgment_after_consent", Judgment, values, sentence)


def _consent_words() -> Iterator[Difference]:
    """Find consents whose hash is not that of the words they name."""
    rows = Consent.objects.exclude(language="").select_related("text").order_by("pk")
    for consent in rows.iterator(chunk_size=ROWS_PER_FETCH):
        words = words_of(consent.text).get(consent.language)
        if words is None or hashlib.sha256(words.encode()).hexdigest() != consent.text_sha256:
            reason = f"names SHA-256 {consent.text_sha256}, which no words in {consent.language!r}"
            table = Consent._meta.db_table
            yield Difference("consent_words", table, consent.pk, f"{reason} have")


def _withdrawals() -> Iterator[Difference]:
    for withdrew, sentence in (
        (True, "withdrew, and no record of it is stored"),
        (False, "did not withdraw, and a record says so"),
    ):
        rows = Rater.objects.filter(withdrew_at__isnull=not withdrew, withdrawal__isnull=withdrew)
        yield from _found("withdrawal_of_rater", Rater, rows.values_list("pk"), sentence)


def _seats_of_withdrawn() -> Iterator[Difference]:
    rows = Seat.objects.filter(rater__withdrew_at__isnull=False, judged_at=None, abandoned_at=None)
    values = rows.values_list("pk", "rater_id")
    return _found(
        "withdrawn_rater_holds_no_seat", Seat, values, "is held by rater {}, who withdrew"
    )


def _orphans() -> Iterator[Difference]:
    of_judgments = [(model, "judgment") for model in (*SAID, StageRecord, Guess, PersonalDecision)]
    for model, owner in ((Judgment, "seat"), *of_judgments):
        field: Any = model._meta.get_field(owner)
        there = field.related_model._default_manager.filter(pk=OuterRef(field.attname))
        rows = model._default_manager.filter(~Exists(there))
        values = rows.values_list("pk", field.attname)
        yield from _found("no_orphans", model, values, f"belongs to {owner} {{}}, which is gone")


CHECKS: tuple[Check, ...] = (
    _judged_counts,
    _skipped_counts,
    _lane_counts,
    _judged_seats,
    _unjudged_seats,
    _waves,
    _judgment_copies,
    _revisions,
    _current_answers,
    _answer_copies,
    _seat_copies,
    _hashes,
    _current_texts,
    _leases,
    _late_revisions,
    _span_lengths,
    _consents,
    _consent_words,
    _withdrawals,
    _seats_of_withdrawn,
    _orphans,
)
