"""The lanes a rater may take seats from, and the free seats ahead of them in these."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from annotation.models import Lane, Rater, Seat
from annotation.models.statements import moment, rows


@dataclass(frozen=True, slots=True)
class OpenLane:
    """One lane as the walk needs it; the one without an id holds what is kept for nobody.

    A ``full`` lane has the judgments it was to get, or seats held for them: only what somebody let
    lapse can still be had there.
    """

    id: int | None
    priority: int
    crossed: bool
    counted: bool
    full: bool


ANYONES = OpenLane(None, 0, crossed=False, counted=False, full=False)
Level = list[OpenLane]


def levels_of(rater: Rater) -> list[Level]:
    """Return the lanes a rater may take seats from, the most urgent together and first.

    One look-up, and none in a study without lanes.
    """
    if not rater.study.has_lanes:
        return [[ANYONES]]
    lanes = Lane.objects.filter(study=rater.study_id, cohort__in={"", rater.cohort})
    lanes = lanes.filter(language__in=["", *rater.languages]).order_by("pk")
    found = [
        OpenLane(
            pk,
            priority,
            crossed,
            counted=quota is not None,
            full=quota is not None and taken >= quota,
        )
        for pk, priority, crossed, quota, taken in lanes.values_list(
            "pk", "priority", "crossed", "quota", "taken"
        )
    ]
    urgent = sorted([ANYONES, *found], key=attrgetter("priority"), reverse=True)
    return [list(level) for _, level in groupby(urgent, key=attrgetter("priority"))]


Reached = tuple[int, int]
LOOKED_AT = (
    "id",
    "study_id",
    "item_id",
    "query_id",
    "scenario_id",
    "opening_id",
    "lane_id",
    "wave",
    "place",
    "rater_id",
    "turns_judged",
    "side",
)
_NAMES = ", ".join(LOOKED_AT)
_WAITING = (
    f"SELECT {_NAMES} FROM annotation_seat"
    " WHERE study_id = %s AND judged_at IS NULL AND abandoned_at IS NULL AND NOT parked"
)
_FREE = " AND (rater_id IS NULL OR leased_until <= %s)"
_LAPSED = " AND rater_id IS NOT NULL AND leased_until <= %s"
# ``lane_id`` is in the order because PostgreSQL does not see that it is the same for all.
_UPWARDS = (
    " AND place >= %s AND place < %s AND (place > %s OR id > %s)"
    " ORDER BY lane_id, place, id LIMIT %s"
)
_DOWNWARDS = (
    " AND place <= %s AND place > %s AND (place < %s OR id < %s)"
    " ORDER BY lane_id DESC, place DESC, id DESC LIMIT %s"
)


def ahead(
    rater: Rater, level: Level, reached: Reached, end: int, window: int, *, at: datetime
) -> list[Seat]:
    """Return the next free seats of the rater's walk through lanes, in order.

    The cost is that of a look-up a lane, whatever the tables' size.
    """
    parts, params = [], []
    for lane in level:
        sql, given = _in_lane(rater, lane, reached, end, window, at=at)
        parts.append(sql)
        params += given
    if len(parts) == 1:
        found = rows(parts[0], params)
    else:
        union = " UNION ALL ".join(f"SELECT * FROM ({part}) AS lane" for part in parts)
        way = "DESC" if rater.descending else "ASC"
        merged = f"SELECT * FROM ({union}) AS lanes ORDER BY place {way}, id {way} LIMIT %s"
        found = rows(merged, [*params, window])
    return [Seat.from_db("default", LOOKED_AT, row) for row in found]


def _in_lane(
    rater: Rater, lane: OpenLane, reached: Reached, end: int, window: int, *, at: datetime
) -> tuple[str, list[Any]]:
    place, pk = reached
    which, named = (
        (" AND lane_id IS NULL", []) if lane.id is None else (" AND lane_id = %s", [lane.id])
    )
    walk = _DOWNWARDS if rater.descending else _UPWARDS
    sql = _WAITING + which + (_LAPSED if lane.full else _FREE) + walk
    return sql, [rater.study_id, *named, moment(at), place, end, place, pk, window]
