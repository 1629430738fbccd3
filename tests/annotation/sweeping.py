"""Rules of a later version, and what they change in replies that are stored."""

from collections.abc import Callable
from pathlib import Path

from django.db.models import F

from annotation import scrubbing
from annotation.models import Hit, Sweep
from annotation.selectors.cards import card_for
from annotation.services import leaks, sweeps
from annotation.vocabulary import HitDecision
from tests import build
from tests.annotation.leaking import said
from tests.build import NOW

TODAY = scrubbing.current_rules().version
NEWER = TODAY + 1
KEPT, MASKED, HELD = HitDecision.KEPT, HitDecision.MASKED, HitDecision.HELD
ZORK = {"name": "Zork", "aliases": ["zork"]}
# Beside talk of AI it is doubtful, anywhere else it is nobody's name.
DOUBTFUL_ZORK = {**ZORK, "doubtful": True, "near_ai": "held", "otherwise": "held"}


def swept(study, *, trial=False) -> Sweep:
    return sweeps.run(sweep_id=sweeps.ask(study=study, trial=trial, now=NOW).pk)


def in_force(reply) -> dict[str, str]:
    """What is found in a reply by the rules it is masked by now."""
    hits = Hit.objects.filter(text__response=reply, text__current=True)
    return dict(hits.filter(rule_set=F("text__rule_set")).values_list("found", "decision"))


def shown(study, reply) -> str:
    """What a rater who comes now would read of a reply."""
    ann = build.rater(study)
    seat = build.claim(ann)
    assert seat.item.reply_1_id == reply.pk
    return card_for(seat, ann).messages[-1].html


def decided(study, reply, decision, *, found):
    hit = Hit.objects.get(text__response=reply, found=found)
    by = build.user()
    leaks.decide(
        study=study, seen={hit.pk: HitDecision(hit.decision)}, decision=decision, by=by, now=NOW
    )
    return by


def in_parts(monkeypatch, study, tmp_path, newer, *, texts=3) -> Sweep:
    """A sweep over several texts, in chunks of one."""
    monkeypatch.setattr(sweeps, "TEXTS_AT_ONCE", 1)
    for _ in range(texts):
        build.item(study, tmp_path, messages=said("Zork made me."))
    newer(ZORK)
    return sweeps.ask(study=study, trial=False, now=NOW)


class Killed(Exception):
    """The worker is gone."""


def killed_after(texts):
    def progress(read):
        if read == texts:
            raise Killed

    return progress


def newer_rules(tmp_path: Path, settings) -> Callable:
    """Bring in rules of a later version: today's with names more, or without some."""

    def bring_in(*names, version=NEWER, gone=()):
        settings.SCRUB_RULES_FILE = build.rules(tmp_path, version=version, names=names, gone=gone)

    return bring_in
