"""Replies with a finding of our own making, and the report of them."""

import re

from annotation.models import Hit
from annotation.selectors.leaks import LeakFilter, alike_of, grouped
from annotation.vocabulary import HitDecision
from tests import build
from tests.pages import page

HELD = HitDecision.HELD


def said(text: str) -> list[dict]:
    return [{"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": text}]


def planted(
    study,
    tmp_path,
    *,
    decision=HitDecision.HELD,
    before="Well, ",
    found="Zork",
    after=" made me.",
    rule="vendor",
):
    """A hit of our own making, so that no rule set decides these tests."""
    reply = build.reply(study, tmp_path, messages=said(f"{before}{found}{after}"))
    text = reply.versions.get()
    type(text).objects.filter(pk=text.pk).update(has_hits=True)
    return Hit.objects.create(
        text=text,
        batch=reply.batch,
        rule_set=text.rule_set,
        rule=rule,
        message=1,
        start=len(before),
        end=len(before) + len(found),
        found=found,
        context=f"{before}{found}{after}",
        decision=decision,
    )


def report(study, **wanted):
    """The whole leak report, on one page."""
    asked = LeakFilter(**wanted)
    return grouped(study, alike_of(study, asked), asked)


def words(response) -> str:
    """What is read on a page, without its elements: a mask is one of its own."""
    return re.sub(r"<[^>]*>", "", page(response))
