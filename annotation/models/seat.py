"""Items, and the places for raters at them."""

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.lane import Lane
from annotation.models.rater import Rater
from annotation.models.reply import Query, Response, Scenario
from annotation.models.study import Study
from annotation.vocabulary import FlagKind, ItemKind, SkipReason, Wave

LEASES_AT_ONCE = 2


class Item(models.Model):
    """One reply, or two side by side, placed in a study for judging."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="items")
    kind = models.CharField(max_length=6, choices=ItemKind, default=ItemKind.SINGLE)
    reply_1 = models.ForeignKey(Response, on_delete=models.PROTECT, related_name="items")
    reply_2 = models.ForeignKey(
        Response, on_delete=models.PROTECT, null=True, related_name="items_as_second"
    )
    query = models.ForeignKey(Query, on_delete=models.PROTECT, related_name="items")
    # The cluster of every interval.
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="items")
    # When an admin last looked at what raters reported; skips before that do not count again.
    reviewed_at = models.DateTimeField(null=True)
    # An admin took the item out: its open seats are not given to anybody.
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("kind", ItemKind, name="item_kind_known"),
            models.CheckConstraint(
                name="item_pair_has_two_replies",
                condition=Q(kind=ItemKind.SINGLE, reply_2=None)
                | Q(kind=ItemKind.PAIR, reply_2__isnull=False) & ~Q(reply_1=models.F("reply_2")),
            ),
            models.UniqueConstraint(
                fields=["reply_1"],
                condition=Q(kind=ItemKind.SINGLE),
                name="item_single_once_per_reply",
            ),
            models.UniqueConstraint(
                fields=["reply_1", "reply_2"],
                condition=Q(kind=ItemKind.PAIR),
                name="item_pair_once_per_replies",
            ),
        ]
        indexes = [
            # Few are taken out: whether any were since is asked without reading the others.
            models.Index(
                name="item_retired", fields=["study"], condition=Q(retired_at__isnull=False)
            )
        ]


class SeatOpening(models.Model):
    """One decision to have items judged: which design, by how many, in which order.

    The design ``all`` takes every item that is ready: its inclusion probability is 1. The design
    ``pairs`` draws ``pairs_per_query`` pairs of replies of each query from the seed. ``sample``
    takes what a stored sample drew, ``rule`` what fitted ``rule`` at that moment.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="openings")
    wave = models.PositiveSmallIntegerField(choices=Wave)
    design = models.CharField(max_length=20, default="all")
    raters_per_item = models.PositiveSmallIntegerField()
    pairs_per_query = models.PositiveSmallIntegerField(null=True)
    seed = models.BigIntegerField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    opened_at = models.DateTimeField()
    items = models.PositiveIntegerField()
    seats = models.PositiveIntegerField()
    # Why, for whoever reads it later: in words, and as the rule or sample that chose the items.
    reason = models.TextField(blank=True)
    rule = models.JSONField(default=dict)

    class Meta:
        constraints = [known("wave", Wave, name="opening_wave_known")]


class SeatQuerySet(models.QuerySet["Seat"]):
    """Phrases about seats; each returns a queryset and can be chained."""

    def free(self, *, at: datetime) -> Self:
        """Seats with no judgment that nobody holds, or whose lease has ended."""
        waiting = self.filter(judged_at=None, abandoned_at=None)
        return waiting.filter(Q(rater=None) | Q(leased_until__lte=at))

    def held_by(self, rater_id: int) -> Self:
        """Seats the rater has taken and not yet judged, lapsed leases included."""
        return self.filter(rater=rater_id, judged_at=None, abandoned_at=None)

    def lapsed(self, *, at: datetime) -> Self:
        """Seats whose rater let the lease end."""
        return self.filter(judged_at=None, abandoned_at=None, leased_until__lte=at)


class Seat(models.Model):
    """One rater's place at one item, for all its turns and the final pass.

    free --claim--> held --submit--> judged. A lapsed lease makes the seat free again; one that was
    left half way becomes abandoned instead, keeps its answers, and another seat takes its number.
    Study, query and scenario repeat what the item says, so that one index finds the next seat.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="seats")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="seats")
    query = models.ForeignKey(Query, on_delete=models.PROTECT, related_name="+", db_index=False)
    scenario = models.ForeignKey(
        Scenario, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opening = models.ForeignKey(
        SeatOpening, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    # Whose seat it may be, and how soon; none means anyone's.
    lane = models.ForeignKey(
        Lane, on_delete=models.PROTECT, null=True, related_name="seats", db_index=False
    )
    wave = models.PositiveSmallIntegerField(choices=Wave)
    number = models.PositiveSmallIntegerField()
    # The item's fixed random place in the study's order, drawn from the opening's seed.
    place = models.IntegerField()
    rater = models.ForeignKey(
        Rater, on_delete=models.PROTECT, null=True, related_name="seats", db_index=False
    )
    # What pages carry instead of an id: drawn anew at each claim, so it says nothing to others.
    key = models.CharField(max_length=22, null=True, unique=True)
    # Which of the rater's two leases this is: the item being read, or the next one.
    hold = models.PositiveSmallIntegerField(null=True)
    claimed_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    # How many turns have been judged and committed: later turns are not sent before.
    turns_judged = models.PositiveSmallIntegerField(default=0)
    # At a pair: which reply (1 or 2) stands first. Dealt when the seat is opened, and kept
    # whoever sits there; seats that are older than that have none before they are taken.
    side = models.PositiveSmallIntegerField(null=True)
    # Since when the item has been before the rater; one taken ahead has not been shown yet.
    shown_at = models.DateTimeField(null=True)
    # Waits for an admin: raters reported the item, and nobody new gets it until it was looked at.
    parked = models.BooleanField(default=False, db_default=False)
    judged_at = models.DateTimeField(null=True)
    abandoned_at = models.DateTimeField(null=True)

    objects = SeatQuerySet.as_manager()

    class Meta:
        constraints = [
            known("wave", Wave, name="seat_wave_known"),
            models.UniqueConstraint(fields=["item", "wave", "number"], name="seat_number_once"),
            models.UniqueConstraint(
                fields=["rater", "item"],
                condition=Q(rater__isnull=False),
                name="seat_rater_once_per_item",
            ),
            models.UniqueConstraint(
                fields=["rater", "hold"],
                condition=Q(judged_at__isnull=True, abandoned_at__isnull=True, rater__isnull=False),
                name="seat_two_leases_per_rater",
            ),
            models.CheckConstraint(
                name="seat_hold_known", condition=Q(hold=None) | Q(hold__in=[1, LEASES_AT_ONCE])
            ),
            models.CheckConstraint(
                name="seat_side_known", condition=Q(side=None) | Q(side__in=[1, 2])
            ),
            models.CheckConstraint(
                name="seat_free_held_judged_or_abandoned",
                condition=Q(
                    rater=None,
                    key=None,
                    hold=None,
                    leased_until=None,
                    judged_at=None,
                    abandoned_at=None,
                    turns_judged=0,
                )
                | Q(
                    rater__isnull=False,
                    key__isnull=False,
                    hold__isnull=False,
                    leased_until__isnull=False,
                    judged_at=None,
                    abandoned_at=None,
                )
                | Q(rater__isnull=False, judged_at__isnull=False, abandoned_at=None)
                | Q(rater__isnull=False, judged_at=None, abandoned_at__isnull=False),
            ),
        ]
        indexes = [
            # The next seat: walked from a rater's cursor. Judged seats are not in it.
            models.Index(
                name="seat_queue",
                fields=["study", "lane", "place", "id"],
                condition=Q(judged_at__isnull=True, abandoned_at__isnull=True),
            ),
            # In a lane with its quota: what may lapse, and is then the only thing to be had.
            models.Index(
                name="seat_held_in_lane",
                fields=["lane", "leased_until"],
                condition=Q(judged_at__isnull=True, abandoned_at__isnull=True, rater__isnull=False),
            ),
            # What a rater has seen of the candidates' scenarios; also their progress.
            models.Index(
                name="seat_of_rater",
                fields=["rater", "scenario"],
                condition=Q(rater__isnull=False),
            ),
        ]


class Skip(models.Model):
    """A rater passed an item over; the item is not offered to them again."""

    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="skips", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="skips")
    reason = models.CharField(max_length=12, choices=SkipReason)
    skipped_at = models.DateTimeField()

    class Meta:
        constraints = [
            known("reason", SkipReason, name="skip_reason_known"),
            models.UniqueConstraint(fields=["rater", "item"], name="skip_once_per_item"),
        ]


class Flag(models.Model):
    """A rater pointed out something about an item to the admins."""

    rater = models.ForeignKey(Rater, on_delete=models.PROTECT, related_name="flags", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="flags")
    kind = models.CharField(max_length=10, choices=FlagKind)
    # The value that is unclear, for that kind.
    value = models.ForeignKey(
        "annotation.Value", on_delete=models.PROTECT, null=True, related_name="flags"
    )
    note = models.TextField(blank=True)
    flagged_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            known("kind", FlagKind, name="flag_kind_known"),
            models.CheckConstraint(
                name="flag_value_for_its_kind",
                condition=Q(kind=FlagKind.VALUE, value__isnull=False)
                | Q(kind=FlagKind.ITEM, value=None),
            ),
            models.CheckConstraint(
                name="flag_resolved_by_and_at_together",
                condition=Q(resolved_by=None, resolved_at=None)
                | Q(resolved_by__isnull=False, resolved_at__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["rater", "item"],
                condition=Q(kind=FlagKind.ITEM, resolved_at=None),
                name="flag_open_once_per_item",
            ),
            models.UniqueConstraint(
                fields=["rater", "item", "value"],
                condition=Q(kind=FlagKind.VALUE, resolved_at=None),
                name="flag_open_once_per_value",
            ),
        ]


class Draft(models.Model):
    """What a rater has entered but not sent: one stage of a seat, or the edit of a stage.

    ``revision`` is the judgment's revision that an edit starts from, 0 where nothing was sent yet.
    ``touched`` has, by question, when the server first and last heard of an answer to it.
    """

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="drafts", db_index=False)
    turn = models.PositiveSmallIntegerField()
    revision = models.PositiveSmallIntegerField(default=0)
    answers = models.JSONField()
    touched = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seat", "turn", "revision"], name="draft_once_per_stage"
            )
        ]
