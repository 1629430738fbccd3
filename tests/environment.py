"""The environment of the tests, set before Django reads it; loaded by ``addopts`` in pyproject.toml."""

import os
import secrets
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
_DIRECTORY = tempfile.mkdtemp(prefix="touchstone-tests-")

Path(_DIRECTORY, "static").mkdir()  # the static files server looks for it at the start

os.environ["TOUCHSTONE_ENV_FILE"] = ""
os.environ["TOUCHSTONE_EMBEDDED"] = "true"
os.environ["TOUCHSTONE_JOBS_AT_ONCE"] = "true"
os.environ["TOUCHSTONE_LOG_LEVEL"] = "CRITICAL"
os.environ["TOUCHSTONE_DATA_DIR"] = _DIRECTORY
os.environ["SECRET_KEY"] = secrets.token_hex(40)
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_DIRECTORY}/tests.sqlite3")
# Playwright keeps an event loop on the thread; Django's ORM in the same thread is fine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
