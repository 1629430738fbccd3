"""Deciding about stretches of text that may tell who wrote a reply."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import F, QuerySet

from annotation.errors import HitsUnknown, WordsNotFound
from annotation.models import Hit, Study, TextVersion, User
from annotation.vocabulary import BY_HAND, HitDecision

log = structlog.get_logger("touchstone.leaks")
DECISIONS = (HitDecision.MASKED, HitDecision.KEPT)
NOT_ALL = (
    "These findings are not all of this study, or newer rules were run over it meanwhile. Nothing"
    " was changed."
)
FEWEST_SIGNS = 2
MOST_PLACES = 50
# As much as rules keep of the text on either side of what they find.
CONTEXT = 40
Place = tuple[int, int, int]


@transaction.atomic
def decide(
    *,
    study: Study,
    seen: Mapping[int, HitDecision],
    decision: HitDecision,
    by: User,
    now: datetime,
) -> int:
    """Mask or keep these hits, and return how many of them that changed.

    ``seen`` says as what each hit was seen: one that somebody else decided meanwhile stays as it
    is. From then on raters see the text so; what was judged keeps the hash of what it was shown.

    Raises:
        HitsUnknown: one of them is not of this study, or newer rules were run over its text
            since it was seen; none was changed.
    """
    hits = _in_force(study)
    if not seen or hits.filter(pk__in=seen).count() != len(seen):
        raise HitsUnknown(NOT_ALL)
    return sum(
        _set(hits.filter(pk__in=ids), was, decision, by=by, now=now)
        for was in HitDecision
        if (ids := [pk for pk, shown in seen.items() if shown == was])
    )


@transaction.atomic
def decide_alike(
    *,
    study: Study,
    hit_id: int,
    was: HitDecision,
    decision: HitDecision,
    by: User,
    now: datetime,
) -> int:
    """Mask or keep every hit of the study with this hit's rule and very text that was so before.

    Raises:
        HitsUnknown: the hit is not of this study, or newer rules were run over its text.
    """
    hits = _in_force(study)
    hit = hits.filter(pk=hit_id).first()
    if hit is None:
        raise HitsUnknown(NOT_ALL)
    alike = hits.filter(rule=hit.rule, found=hit.found)
    return _set(alike, was, decision, by=by, now=now)


@transaction.atomic
def mask_words(*, study: Study, reply_id: int, words: str, by: User, now: datetime) -> int:
    """Mask words that no rule found, wherever they stand in a reply; return at how many places.

    Each place becomes a finding of its own, which can be kept again one by one.

    Raises:
        WordsNotFound: they do not stand there as one piece, stand there too often, or are masked.
    """
    hits = _in_force(study)
    text = TextVersion.objects.get(response=reply_id, response__study=study, current=True)
    places = list(_places(text, words.strip()))
    known = {
        (hit.message, hit.start, hit.end): hit
        for hit in hits.filter(text=text).select_related("text")
    }
    hidden = [place for place, hit in known.items() if hit.decision != HitDecision.KEPT]
    new = [place for place in places if not any(_covers(masked, place) for masked in hidden)]
    if not new:
        raise WordsNotFound("All of these words are masked already, or wait for a decision.")
    again = [known[place].pk for place in new if place in known]
    Hit.objects.filter(pk__in=again).update(
        decision=HitDecision.MASKED, decided_by=by, decided_at=now
    )
    Hit.objects.bulk_create(
        _by_hand(text, place, by=by, now=now) for place in new if place not in known
    )
    TextVersion.objects.filter(pk=text.pk).update(has_hits=True)
    log.info("words_masked", reply=reply_id, n=len(new), by=by.pk)
    return len(new)


def _places(text: TextVersion, words: str) -> Iterator[Place]:
    """Yield where these words stand in a text, message by message."""
    if len(words) < FEWEST_SIGNS:
        raise WordsNotFound("Give at least two letters or signs to mask.")
    places = [
        (number, match.start(), match.end())
        for number, message in enumerate(text.messages)
        for match in re.finditer(re.escape(words), message["content"])
    ]
    if not places:
        raise WordsNotFound(
            "These words do not stand in the reply as one piece. Copy them from the text as"
            " uploaded, in which nothing is laid out: capitals and signs must be the same."
        )
    if len(places) > MOST_PLACES:
        raise WordsNotFound(
            f"These words stand in the reply {len(places)} times. Give more of the words around"
            " what you mean."
        )
    yield from places


def _by_hand(text: TextVersion, place: Place, *, by: User, now: datetime) -> Hit:
    message, start, end = place
    content = text.messages[message]["content"]
    return Hit(
        text=text,
        batch=text.response.batch,
        rule_set=text.rule_set,
        rule=BY_HAND,
        message=message,
        start=start,
        end=end,
        found=content[start:end],
        context=content[max(0, start - CONTEXT) : end + CONTEXT],
        decision=HitDecision.MASKED,
        decided_by=by,
        decided_at=now,
    )


def _covers(masked: Place, place: Place) -> bool:
    return masked[0] == place[0] and masked[1] <= place[1] and place[2] <= masked[2]


def _in_force(study: Study) -> QuerySet[Hit]:
    """Return the findings of the rules that each text is masked by now, and let no other run.

    While this transaction lasts no newer rules are run over the study's texts: a decision is never
    lost between the findings of two rule sets.
    """
    Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    hits = Hit.objects.filter(batch__study=study, text__current=True)
    return hits.filter(rule_set=F("text__rule_set"))


def _set(
    hits: QuerySet[Hit], was: HitDecision, decision: HitDecision, *, by: User, now: datetime
) -> int:
    if decision not in DECISIONS:
        raise ValueError(f"{decision} is no decision")
    if was == decision:
        return 0
    changed = hits.filter(decision=was).update(decision=decision, decided_by=by, decided_at=now)
    log.info("hits_decided", decision=str(decision), n=changed, by=by.pk)
    return changed
