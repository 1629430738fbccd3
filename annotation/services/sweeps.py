"""Running the current rules over texts that older rules were run over: new masks, kept decisions.

What was judged stays bound to what was shown: the findings of the older rules are kept beside the
new ones, and a judgment names the rules and the hash that it was made under.
"""

import secrets
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from annotation import bulk, scrubbing
from annotation.errors import SweepRefused, SweepStopped
from annotation.models import Hit, Judgment, LanguageModel, Study, Sweep, TextVersion
from annotation.prepared import names_in
from annotation.selectors import renderings
from annotation.services.courtesy import Courtesy
from annotation.shown import merged
from annotation.tally import Progress, no_progress
from annotation.vocabulary import HitDecision, SweepState

log = structlog.get_logger("touchstone.sweeps")
TEXTS_AT_ONCE = 500
UNDER_WAY = (SweepState.WAITING, SweepState.RUNNING)
# Message, start and end of what was found.
Stretch = tuple[int, int, int]


def ask(*, study: Study, trial: bool, now: datetime, by_id: int | None = None) -> Sweep:
    """Let the current rules wait to be run over a study's texts, or to be tried.

    Raises:
        SweepRefused: no text needs it, or one is under way.
    """
    version = scrubbing.current_rules().version
    if not older_texts(study.pk, version).exists():
        raise SweepRefused(f"Every text was looked through under rules {version} already.")
    try:
        with transaction.atomic():
            return Sweep.objects.create(
                study=study,
                rule_set=version,
                trial=trial,
                state=SweepState.WAITING,
                created_by_id=by_id,
                created_at=now,
            )
    except IntegrityError:
        raise SweepRefused(
            "The rules are being run over this study's texts, or tried, at this moment. Wait for"
            " it, or stop it."
        ) from None


def under_way(study: Study) -> Sweep | None:
    """Return the sweep of a study that waits or runs: there is one at most."""
    return Sweep.objects.filter(study=study, state__in=UNDER_WAY).first()


def older_texts(study_id: int, rule_set: int) -> QuerySet[TextVersion]:
    """Return the texts that count now and were looked through under rules before these."""
    return TextVersion.objects.filter(response__study=study_id, current=True, rule_set__lt=rule_set)


def stop(*, study: Study, now: datetime) -> bool:
    """Stop what is under way; say whether it did. What was looked through stays so."""
    live = Sweep.objects.filter(study=study, state__in=UNDER_WAY)
    return live.update(state=SweepState.STOPPED, finished_at=now, runner="") == 1


def give_up(*, sweep_id: int, reason: str, now: datetime) -> None:
    """Mark a sweep that broke off as failed."""
    live = Sweep.objects.filter(pk=sweep_id, state__in=UNDER_WAY)
    live.update(state=SweepState.FAILED, failure=reason, finished_at=now, runner="")


def run(
    *, sweep_id: int, progress: Progress = no_progress, courtesy: Courtesy | None = None
) -> Sweep:
    """Run the rules over what is left of a sweep, in chunks of one short transaction each.

    Run again after its worker died it goes on after the last stored chunk. Two at once: the later
    one takes over, and the earlier stores nothing more. Raters work on meanwhile: a text changes
    with all of its masks at once, and what a seat has begun to show stays as it is. ``courtesy``
    is who pauses for them after each chunk, or nobody.

    Raises:
        SweepStopped: an admin stopped it, or another runner has taken it up.
        SweepRefused: this process has other rules than those that were asked for.
    """
    sweep = _begin(sweep_id)
    rules = scrubbing.current_rules()
    if rules.version != sweep.rule_set:
        reason = (
            f"Rules {sweep.rule_set} were asked for, and this worker has rules {rules.version}."
            " Start all workers anew, then run it again."
        )
        give_up(sweep_id=sweep.pk, reason=reason, now=timezone.now())
        raise SweepRefused(reason)
    keys = LanguageModel.objects.filter(study=sweep.study_id).values_list("key", flat=True)
    names = tuple(sorted(names_in(keys)))
    while texts := _next(sweep, courtesy):
        found = {text.pk: _found(text, rules, names) for text in texts}
        changed = _stored(sweep, texts, found)
        if not sweep.trial:
            renderings.prepare_shown(sweep.study, changed)
        progress(sweep.read)
        if courtesy is not None:
            courtesy.after_work()
    _move(sweep, state=SweepState.DONE, finished_at=timezone.now(), runner="")
    sweep.refresh_from_db()
    log.info("sweep_done", sweep=sweep.pk, read=sweep.read, changed=sweep.changed)
    return sweep


def _begin(sweep_id: int) -> Sweep:
    """Put this runner's mark on the sweep, and see how far an earlier one had come."""
    mark = secrets.token_hex(16)
    live = Sweep.objects.filter(pk=sweep_id, state__in=UNDER_WAY)
    if not live.update(state=SweepState.RUNNING, runner=mark):
        raise SweepStopped("It was stopped before it began, or has ended.")
    sweep = Sweep.objects.select_related("study").get(pk=sweep_id)
    if sweep.began_at is None:
        texts = older_texts(sweep.study_id, sweep.rule_set).count()
        _move(sweep, began_at=timezone.now(), texts=texts)
    return sweep


def _next(sweep: Sweep, courtesy: Courtesy | None) -> list[TextVersion]:
    at_once = TEXTS_AT_ONCE if courtesy is None else courtesy.portion(TEXTS_AT_ONCE)
    older = older_texts(sweep.study_id, sweep.rule_set).filter(pk__gt=sweep.after)
    return list(older.select_related("response").order_by("pk")[:at_once])


def _found(
    text: TextVersion, rules: scrubbing.RuleSet, names: tuple[str, ...]
) -> dict[Stretch, Hit]:
    """Return what these rules find in a text, each with the rules' own decision."""
    return {
        (number, hit.start, hit.end): Hit(
            text_id=text.pk,
            batch_id=text.response.batch_id,
            rule_set=rules.version,
            rule=hit.rule,
            message=number,
            start=hit.start,
            end=hit.end,
            found=hit.text,
            context=hit.context,
            decision=str(hit.decision),
        )
        for number, message in enumerate(text.messages)
        for hit in scrubbing.find(message["content"], rules=rules, extra_names=names)
    }


@dataclass(slots=True)
class _Difference:
    """What a chunk's new findings change, by text."""

    changed: list[TextVersion]
    held: int


def _stored(
    sweep: Sweep, texts: Sequence[TextVersion], found: dict[int, dict[Stretch, Hit]]
) -> list[int]:
    """Store one chunk and how far that is; return the texts that are shown otherwise now."""
    with transaction.atomic():
        # No decision is made, and no batch loaded, between reading the findings and storing them.
        Study.objects.select_for_update(no_key=True).get(pk=sweep.study_id)
        ids = set(_still_older(sweep, texts).values_list("pk", flat=True))
        texts = [text for text in texts if text.pk in ids]
        difference = _compared(texts, found, sweep.rule_set)
        if not sweep.trial:
            _write(sweep, texts, found)
        changed = difference.changed
        _move(
            sweep,
            after=max(found),
            read=sweep.read + len(found),
            changed=sweep.changed + len(changed),
            judged=sweep.judged + _judged({text.response_id for text in changed}),
            held=sweep.held + difference.held,
        )
    return [text.pk for text in changed]


def _still_older(sweep: Sweep, texts: Iterable[TextVersion]) -> QuerySet[TextVersion]:
    return older_texts(sweep.study_id, sweep.rule_set).filter(pk__in=[text.pk for text in texts])


def _compared(
    texts: Sequence[TextVersion], found: dict[int, dict[Stretch, Hit]], rule_set: int
) -> _Difference:
    """Carry decisions over to the new findings, and say what is different from now on."""
    old: dict[int, list[Hit]] = defaultdict(list)
    with_hits = [text.pk for text in texts if text.has_hits]
    for hit in Hit.objects.filter(text__in=with_hits, rule_set=F("text__rule_set")):
        old[hit.text_id].append(hit)
    difference = _Difference([], 0)
    for text in texts:
        before, after = old[text.pk], found[text.pk]
        carry_over(before, after, rule_set=rule_set)
        if _masks(before) != _masks(after.values()):
            difference.changed.append(text)
        waited = Counter(_stretch(hit) for hit in before if hit.decision == HitDecision.HELD)
        waits = (key for key, hit in after.items() if hit.decision == HitDecision.HELD)
        difference.held += sum(not waited[key] for key in waits)
    return difference


def carry_over(old: Iterable[Hit], new: dict[Stretch, Hit], *, rule_set: int) -> None:
    """Let what an admin decided under older rules hold for what newer rules found.

    A decision to keep holds for the same stretch and rule. A decision to mask holds for its
    stretch, whether the newer rules find it or not: what somebody has seen to tell the author is
    not shown again because a rule was changed.
    """
    for hit in old:
        if hit.decided_by_id is None:
            continue
        same = new.get(_stretch(hit))
        if same is not None and (hit.decision == HitDecision.MASKED or hit.rule == same.rule):
            same.decision = hit.decision
            same.decided_by_id, same.decided_at = hit.decided_by_id, hit.decided_at
        elif same is None and hit.decision == HitDecision.MASKED:
            new[_stretch(hit)] = _copied(hit, rule_set)


def _copied(hit: Hit, rule_set: int) -> Hit:
    fields = [field.attname for field in Hit._meta.concrete_fields if not field.primary_key]
    return Hit(**{**{name: getattr(hit, name) for name in fields}, "rule_set": rule_set})


def _stretch(hit: Hit) -> Stretch:
    return hit.message, hit.start, hit.end


def _masks(hits: Iterable[Hit]) -> dict[int, list[tuple[int, int]]]:
    """Return what raters do not see, by message."""
    masks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for hit in hits:
        if hit.decision != HitDecision.KEPT:
            masks[hit.message].append((hit.start, hit.end))
    return {message: merged(spans) for message, spans in masks.items()}


def _write(
    sweep: Sweep, texts: Sequence[TextVersion], found: dict[int, dict[Stretch, Hit]]
) -> None:
    bulk.insert([hit for text in texts for hit in found[text.pk].values()])
    for has_hits in (True, False):
        mine = [text.pk for text in texts if bool(found[text.pk]) == has_hits]
        TextVersion.objects.filter(pk__in=mine).update(rule_set=sweep.rule_set, has_hits=has_hits)


def _judged(reply_ids: set[int]) -> int:
    """Return how many of these replies were judged."""
    judgments = Judgment.objects.filter(current=True)
    judged: set[int | None] = set()
    for slot in ("item__reply_1", "item__reply_2"):
        rows = judgments.filter(**{f"{slot}__in": reply_ids})
        judged.update(rows.values_list(f"{slot}_id", flat=True).distinct())
    return len(judged)


def _move(sweep: Sweep, **to: object) -> None:
    """Store how far a sweep is, if this runner is still its own."""
    mine = Sweep.objects.filter(pk=sweep.pk, runner=sweep.runner, state=SweepState.RUNNING)
    if not mine.update(**to):
        raise SweepStopped(
            "It was stopped: by an admin, or because another worker has taken it up."
        )
    for name, value in to.items():
        setattr(sweep, name, value)
