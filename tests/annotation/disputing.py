"""Items at which raters disagree, and seats opened there."""

from decimal import Decimal

from annotation.models import Item, Seat
from annotation.selectors.disagreement import disputed_items
from annotation.services import later_waves
from annotation.vocabulary import Wave
from tests.build import NOW

TWO_THIRDS = Decimal("0.67")
TABLE = {
    "all": "yes yes yes",
    "most": "yes yes no",
    "tie": "yes no",
    "one": "yes",
    "three_of_four": "yes yes yes no",
}


def rule(study, **more):
    terms = {"question": "safe", "about": "", "share_below": TWO_THIRDS, "at_least": 2, **more}
    return later_waves.rule_of(study, **terms)


def named(items):
    rows = Item.objects.filter(pk__in=list(items)).order_by("pk")
    return list(rows.values_list("reply_1__external_id", flat=True))


def disputed(study, **more):
    return named(disputed_items(rule(study, **more)))


def open_extra(study, *, wave=Wave.EXTRA, n=1, of=None, **more):
    return later_waves.open_after_disagreement(
        study=study, wave=wave, rule=of or rule(study), raters_per_item=n, seed=1, now=NOW, **more
    )


def seats_at(**which):
    rows = Seat.objects.filter(**which).order_by("item", "number")
    return list(rows.values_list("item__reply_1__external_id", flat=True))
