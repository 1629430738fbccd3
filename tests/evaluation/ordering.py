"""Pairs that are judged by a rule, and answers that change with their place."""

from pathlib import Path

from django.urls import reverse

from annotation.models import Study
from annotation.vocabulary import Role
from evaluation.services import order_effects
from tests import build
from tests.annotation.test_pairs import open_pairs, replies
from tests.build import claim

ONE, TWO = "acme/0", "acme/1"


def left(seat):
    """The reply that stands left."""
    return f"slot_{seat.side}"


def judged(study, choose, *, raters=2):
    """Raters who judge all they get, each by the same rule."""
    for _ in range(raters):
        ann = build.rater(study)
        while seat := claim(ann):
            build.submit(ann, seat, more_a=choose(seat), more_misleading="tie", confidence="3")


def sides(study, question="more_a", **more):
    (found,) = order_effects.report(build.facts(study), question=question, **more)
    return found.sides


def page(client, study, name="order_effects", **asked):
    client.force_login(build.member(study, Role.RESEARCHER))
    answer = client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)
    assert answer.status_code == 200
    return answer


def words(answer):
    return " ".join(answer.content.decode().split())


def study_of_pairs(tmp_path: Path) -> Study:
    """Six queries with a pair of two models each, two seats at each pair."""
    made = build.study("s", rubric="pairwise")
    replies(made, tmp_path, queries=6, models=2)
    open_pairs(made, n_seats=2)
    return made
