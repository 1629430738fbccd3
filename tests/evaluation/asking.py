"""Researchers' pages asked as a browser does, and the numbers that stand on them."""

import re
from pathlib import Path

from django.test import Client
from django.urls import reverse

from annotation.models import Study
from tests.evaluation import given

TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes", "d": "yes"}


def client_of(account):
    client = Client()
    client.force_login(account, backend="django.contrib.auth.backends.ModelBackend")
    return client


def got(client, name, *args, status=200, **query):
    answer = client.get(reverse(f"evaluation:{name}", args=args), query)
    assert answer.status_code == status, answer.content
    return answer


def page(client, name, *args, status=200, **query):
    return got(client, name, *args, status=status, **query).content.decode()


def exact(html):
    """Every number of a page with all its digits."""
    return {float(value) for value in re.findall(r'<data value="([^"]+)"', html)}


def numbers(coefficients, names=("value", "low", "high")):
    """The numbers of the JSON that command, API and downloads share."""
    return {one[name] for one in coefficients for name in names if one[name] is not None}


def study_of(tmp_path: Path, settings) -> Study:
    """A study with judgments and verdicts, whose releases are stored where the test may write."""
    settings.DATA_DIR = tmp_path / "data"
    return given.safe(tmp_path, TABLE, JUDGED, slug="kind")
