"""Raters who mostly agree, and a researcher who looks at them beside each other."""

from django.urls import reverse

from annotation.vocabulary import Role
from evaluation.services import rater_quality
from tests import build
from tests.evaluation import given

# rater-0 and rater-1 mostly agree; rater-2 says yes throughout.
TABLE = {"a": "yes yes yes", "b": "no no yes", "c": "no no yes", "d": "no yes yes"}


def found_in(study, **asked):
    """The one question's raters by their outside name."""
    (found,) = rater_quality.report(build.facts(study), **asked)
    return found, {one.facts.name: one for one in found.raters}


def throughout(tmp_path, *, n=30, said="yes"):
    """Three raters alternate with the items, a fourth gives one answer throughout."""
    usual = ("no", "yes")
    return given.safe(
        tmp_path,
        {f"i{i}": f"{usual[i % 2]} {usual[i % 2]} {usual[i % 2]} {said}" for i in range(n)},
    )


def researcher(study, client):
    client.force_login(build.member(study, Role.RESEARCHER))
    return client


def page(client, name, study, **asked):
    return client.get(reverse(f"evaluation:{name}", args=[study.slug]), asked)
