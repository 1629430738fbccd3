"""Ratings with who gave them, when, and how long it took: plain rows, streamed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Count, F, Max, Min

from annotation.bulk_reads import INTEGER, TIME, columns
from annotation.models import Item, StageRecord, TextVersion
from annotation.selectors.asked import Asked
from annotation.selectors.labels import ROWS_PER_FETCH
from annotation.vocabulary import Speaker, Wave

if TYPE_CHECKING:
    from annotation.bulk_reads import Numbers

# What a rater reads; what the system says is shown to few, and counts for none.
READ = (Speaker.USER, Speaker.ASSISTANT)
IDS_PER_QUERY = 500


def rating_count(asked: Asked) -> int:
    """Return how many judgments answered, every turn for itself."""
    counted = asked.answers().aggregate(n=Count("pk"))
    return int(counted["n"])


def last_rated(asked: Asked) -> tuple["Numbers", "Numbers", "Numbers"]:
    """Return when each unit got its last rating that counts: item, turn, microseconds of 1970."""
    grouped = asked.answers().order_by().values("item_id", "turn")
    rows = grouped.annotate(last=Max("judgment__created_at"))
    types = {"item_id": INTEGER, "turn": INTEGER, "last": TIME}
    found = columns(rows.values_list(*types), types)
    item, turn = found["item_id"].to_numpy(), found["turn"].to_numpy()
    return item, turn, found["last"].cast(INTEGER).to_numpy()


def item_names(item_ids: Iterable[int]) -> dict[int, str]:
    """Return what each item is called: the outside ids of its replies."""
    rows = Item.objects.filter(pk__in=set(item_ids)).values_list(
        "pk", "reply_1__external_id", "reply_2__external_id"
    )
    return {pk: f"{one} and {two}" if two else one for pk, one, two in rows}


class Timed(NamedTuple):
    """How long one judgment took, from the first page shown to the last one sent, and its text."""

    rater: int
    seconds: float
    characters: int


def timed(study_id: int, *, waves: tuple[Wave, ...], latest: int) -> Iterator[Timed]:
    """Yield each rater's latest judgments whose time is known, by the server's clock.

    First judgments of a seat only: an edit says nothing of the reading. Judgments made elsewhere
    have no times.
    """
    kept: dict[int, list[tuple[float, tuple[tuple[int, int], ...]]]] = defaultdict(list)
    for rater, seconds, texts in _latest_first(study_id, waves):
        if len(kept[rater]) < latest:
            kept[rater].append((seconds, texts))
    wanted = {text for rows in kept.values() for _, texts in rows for text in texts}
    lengths = _lengths(wanted)
    for rater, rows in kept.items():
        for seconds, texts in rows:
            yield Timed(rater, seconds, sum(lengths.get(text, 0) for text in texts))


def _latest_first(
    study_id: int, waves: tuple[Wave, ...]
) -> Iterator[tuple[int, float, tuple[tuple[int, int], ...]]]:
    """Yield rater, seconds, and the texts as (reply, version), of wholly timed judgments."""
    records = StageRecord.objects.filter(
        judgment__item__study=study_id,
        judgment__revision=1,
        judgment__seat__wave__in=waves,
        judgment__seat__judged_at__isnull=False,
    )
    fields = ("rater_id", "item__reply_1_id", "text_version", "item__reply_2_id", "text_version_2")
    grouped = records.values("judgment_id", *(f"judgment__{name}" for name in fields))
    rows = (
        grouped.annotate(
            first=Min("shown_at"),
            last=Max("submitted_at"),
            stages=Count("pk"),
            known=Count("shown_at"),
        )
        .filter(stages=F("known"))
        .order_by("-judgment_id")
        .values_list(*(f"judgment__{name}" for name in fields), "first", "last")
    )
    for rater, one, version, two, version_2, first, last in rows.iterator(
        chunk_size=ROWS_PER_FETCH
    ):
        second = ((two, version_2),) if two and version_2 else ()
        yield rater, (last - first).total_seconds(), ((one, version), *second)


def _lengths(texts: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return how many characters each text version has to read."""
    ids = sorted({reply for reply, _ in texts})
    found: dict[tuple[int, int], int] = {}
    for start in range(0, len(ids), IDS_PER_QUERY):
        rows = TextVersion.objects.filter(response__in=ids[start : start + IDS_PER_QUERY])
        for reply, number, messages in rows.values_list("response_id", "number", "messages"):
            if (reply, number) in texts:
                found[reply, number] = sum(
                    len(one["content"]) for one in messages if one["role"] in READ
                )
    return found
