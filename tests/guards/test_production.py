"""Production settings: what refuses to start, and what every answer carries."""

import json
import os
import secrets
import subprocess
import sys

import pytest
from django.contrib.auth import get_user_model
from django.core import signing
from django.test import override_settings

from tests import build
from tests.environment import PROJECT

# One process fetches for all of them: it makes a database and compresses every static file.
pytestmark = pytest.mark.xdist_group("production")
GOOD_KEY = secrets.token_urlsafe(60)
FETCH = """
import json, sys
import django
django.setup()
from django.core.management import call_command
from django.test import Client
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
call_command("collectstatic", interactive=False, verbosity=0)
from annotation.models import User
user = User.objects.create_user("ann", password="a long and odd passphrase")
client = Client()
found = []
def fetch(path, **form):
    answer = client.post(path, form, secure=True, headers={"Host": "touchstone.example"}) if form else \
        client.get(path, secure=True, headers={"Host": "touchstone.example"})
    found.append({"path": path, "status": answer.status_code, "headers": dict(answer.headers),
                  "cookies": {name: morsel.OutputString() for name, morsel in answer.cookies.items()}})
for path in ("/accounts/login/", "/healthz", "/readyz", "/nothing-here", "/accounts/password/reset/"):
    fetch(path)
fetch("/accounts/login/", login="ann", password="a long and odd passphrase")
for path in ("/", "/studies/nothing/rate/", "/api/studies/", "/accounts/password/change/", "/api/schema/"):
    fetch(path)
json.dump(found, sys.stdout)
"""


def production(tmp_path, **more):
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "TOUCHSTONE_ENV_FILE": "",
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/production.sqlite3",
        "TOUCHSTONE_DATA_DIR": str(tmp_path),
        "ALLOWED_HOSTS": "touchstone.example",
        "TOUCHSTONE_LOG_LEVEL": "CRITICAL",
        "SECRET_KEY": GOOD_KEY,
        "PYTHONWARNINGS": "ignore",
        **more,
    }


def run(environment, *arguments):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(None, id="no key"),
        pytest.param("", id="empty"),
        pytest.param("short-but-mixed-0123456789", id="short"),
        pytest.param("ab" * 40, id="two letters"),
    ],
)
def test_R010_without_a_good_key_nothing_starts(tmp_path, key):
    environment = production(tmp_path)
    environment.pop("SECRET_KEY")
    if key is not None:
        environment["SECRET_KEY"] = key

    started = run(environment, "manage.py", "check")

    assert started.returncode != 0
    assert "SECRET_KEY" in started.stderr


def test_R010_a_weak_key_among_the_old_ones_stops_the_start(tmp_path):
    started = run(production(tmp_path, SECRET_KEY_FALLBACKS="weak"), "manage.py", "check")

    assert started.returncode != 0
    assert "SECRET_KEY_FALLBACKS" in started.stderr


def test_R010_no_key_is_in_the_repository():
    tracked = subprocess.run(
        ["git", "grep", "-nE", "SECRET_KEY ?= ?[\"'A-Za-z0-9]{20,}", "--", ".", ":!tests"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert tracked.stdout == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOUCHSTONE_EMBEDDED", "maybe"),
        ("TOUCHSTONE_DB_POOL", "many"),
        ("DATABASE_URL", "nonsense"),
    ],
)
def test_an_unclear_setting_stops_the_start_and_is_named(tmp_path, name, value):
    started = run(production(tmp_path, **{name: value}), "manage.py", "check")

    assert started.returncode != 0
    assert name in started.stderr


def test_R011_the_deployment_check_has_no_warning(tmp_path):
    checked = run(production(tmp_path), "manage.py", "check", "--deploy", "--fail-level", "WARNING")

    assert (checked.returncode, checked.stderr) == (0, "")


def test_a_wildcard_host_fails_the_deployment_check(tmp_path):
    checked = run(production(tmp_path, ALLOWED_HOSTS="*"), "manage.py", "check", "--deploy")

    assert checked.returncode != 0
    assert "touchstone.E001" in checked.stderr


@pytest.fixture(scope="module")
def fetched(tmp_path_factory):
    done = run(production(tmp_path_factory.mktemp("production")), "-c", FETCH)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_R011_every_answer_carries_the_headers_that_protect_it(fetched):
    wanted = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
    }

    missing = [
        (page["path"], name)
        for page in fetched
        for name, value in wanted.items()
        if page["headers"].get(name) != value
    ]

    assert missing == []


def test_R011_transport_security_lasts_a_year_at_least(fetched):
    ages = {page["headers"]["Strict-Transport-Security"].split(";")[0] for page in fetched}

    assert all(int(age.removeprefix("max-age=")) >= 365 * 24 * 3600 for age in ages)


def test_R011_scripts_styles_and_frames_come_from_here_or_not_at_all(fetched):
    pages = [page for page in fetched if "text/html" in page["headers"].get("Content-Type", "")]
    policies = [page["headers"]["Content-Security-Policy"] for page in pages]

    assert policies
    for policy in policies:
        assert "default-src 'none'" in policy
        assert "object-src 'none'" in policy
        assert "base-uri 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy


def test_R011_every_text_names_its_charset(fetched):
    types = {page["headers"].get("Content-Type", "") for page in fetched}

    assert [one for one in types if one.startswith("text/") and "charset=utf-8" not in one] == []


def test_R011_the_session_cookie_is_bound_to_this_host_and_to_https(fetched):
    cookies = [
        page["cookies"]["__Host-session"] for page in fetched if "__Host-session" in page["cookies"]
    ]

    assert cookies
    for cookie in cookies:
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie


@pytest.mark.django_db
def test_R010_a_cookie_signed_with_another_key_is_rejected(client):
    user = build.user()
    forged = signing.dumps(
        {"_auth_user_id": str(user.pk)}, key="another key altogether, long enough"
    )

    client.cookies["touchstone_session"] = forged

    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_R010_a_session_lives_on_through_a_rotation_of_keys(client, settings):
    user = build.user()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    old = settings.SECRET_KEY

    with override_settings(SECRET_KEY=secrets.token_urlsafe(60), SECRET_KEY_FALLBACKS=[old]):
        answer = client.get("/")

    assert answer.status_code == 200


@pytest.mark.django_db
def test_a_fresh_installation_has_no_account():
    assert get_user_model().objects.count() == 0
