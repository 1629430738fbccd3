"""The environment of the tests, set before Django reads it; loaded by ``addopts`` in pyproject.toml."""

import os
import secrets
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings

PROJECT = Path(__file__).resolve().parent.parent
# SQLite waits for the disk at every commit, as in production; memory answers at once.
_MEMORY = Path("/dev/shm")
_ENOUGH = 1_000_000_000


def _roomy(place: Path) -> bool:
    return os.access(place, os.W_OK) and shutil.disk_usage(place).free > _ENOUGH


_DIRECTORY = tempfile.mkdtemp(prefix="touchstone-tests-", dir=_MEMORY if _roomy(_MEMORY) else None)

Path(_DIRECTORY, "static").mkdir()  # the static files server looks for it at the start

os.environ["TOUCHSTONE_ENV_FILE"] = ""
os.environ["TOUCHSTONE_EMBEDDED"] = "true"
os.environ["TOUCHSTONE_JOBS_AT_ONCE"] = "true"
os.environ["TOUCHSTONE_LOG_LEVEL"] = "CRITICAL"
os.environ["TOUCHSTONE_DATA_DIR"] = _DIRECTORY
os.environ["SECRET_KEY"] = secrets.token_hex(40)
os.environ["ALLOWED_HOSTS"] = "testserver,localhost,127.0.0.1"
os.environ.setdefault("DATABASE_URL", f"sqlite:///{_DIRECTORY}/tests.sqlite3")
# Nor does PostgreSQL wait for the disk: no test takes the power away.
os.environ["PGOPTIONS"] = "-c synchronous_commit=off"
# Playwright keeps an event loop on the thread; Django's ORM in the same thread is fine.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

# A busy machine is slow, not wrong; and what is right today is right in the next run. Searching on
# with other examples each time: --hypothesis-profile=searching.
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("searching"), derandomize=True)
settings.load_profile("same")


def pytest_unconfigure() -> None:
    """Take the directory away: what is left in memory stays until the machine is started again."""
    shutil.rmtree(_DIRECTORY, ignore_errors=True)
