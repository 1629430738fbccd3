"""How many judgments a second: raters loop through gunicorn, next and submit, tradeoff-quick.

    DATABASE_URL=postgres://… .venv/bin/python benchmarks/bench_rating.py --items 50000 --raters 32

Makes its own database beside the one named (suffix ``_bench_`` and the process's number, dropped at
the end), fills it with ``--items`` replies of 1,500 characters and three seats each, starts
gunicorn, signs ``--raters`` raters in and lets each answer as fast as the server does for ``--seconds``. Every rater keeps one connection, sends the
session and CSRF cookies, and reads the next item out of the answer to the last, as the page does.
Afterwards the judgments are counted in the database and compared with what was acknowledged.
"""

import argparse
import atexit
import http.client
import json
import os
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WORDS = [
    "the",
    "reply",
    "weighs",
    "what",
    "a",
    "user",
    "wants",
    "against",
    "others",
    "need",
    "plain",
]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


PORT = free_port()
RECEIPT = re.compile(rb'name="receipt" value="([^"]+)"')
ACTION = re.compile(rb'id="answers" method="post" action="([^"]+)"')
STORED = re.compile(rb"X-Judgment: (\S+)", re.IGNORECASE)
LENGTH = re.compile(rb"Content-Length: (\d+)", re.IGNORECASE)
ANSWERS = b"&turn=0&winner=value_a&misled=yes&misled_who=user&mechanism=omission&confidence=4"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=50_000)
    parser.add_argument("--raters", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--characters", type=int, default=1_500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    return parser.parse_args()


def environment(scratch: str, *, in_place: bool = False) -> None:
    url = os.environ.get("DATABASE_URL", "sqlite:///")
    if in_place:
        pass
    elif url.startswith("sqlite"):
        url = f"sqlite:///{scratch}/bench.sqlite3"
    else:
        import psycopg

        parts = urlsplit(url)
        name = f"{parts.path.strip('/')}_bench_{os.getpid()}"
        drop = f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'

        def run(*lines: str) -> None:
            with psycopg.connect(beside, autocommit=True) as connection:
                for line in lines:
                    connection.execute(line)

        beside = url
        run(drop, f'CREATE DATABASE "{name}"')
        atexit.register(run, drop)
        url = parts._replace(path=f"/{name}").geturl()
    os.environ.update(
        DATABASE_URL=url,
        TOUCHSTONE_ENV_FILE="",
        TOUCHSTONE_EMBEDDED="true",
        TOUCHSTONE_DATA_DIR=scratch,
        TOUCHSTONE_LOG_LEVEL="ERROR",
        SECRET_KEY="bench-" + os.urandom(40).hex(),
    )
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def fill(options: argparse.Namespace) -> list[dict[str, str]]:
    """Make the study; return each rater's cookies."""
    import django

    django.setup()
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.core.management import call_command
    from django.utils import timezone

    from annotation.models import User
    from annotation.rubric_format import presets
    from annotation.selectors import renderings
    from annotation.services import batches, openings, raters, studies
    from annotation.vocabulary import Role, StudyState

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    now = timezone.now()
    study = studies.create(slug="bench", title="Bench", rubric=presets()["tradeoff-quick"], now=now)
    path = Path(settings.DATA_DIR) / "bench.jsonl"
    draw = random.Random(options.seed)
    with path.open("w") as out:
        for number in range(options.items):
            text = ""
            while len(text) < options.characters:
                text += " ".join(draw.choices(WORDS, k=12)) + draw.choice([". ", ".\n\n", ".\n- "])
            line = {
                "query_id": f"q{number // 12}",
                "response_id": f"r{number}",
                "model": f"maker{number % 12}/m",
                "value_a": "Honesty",
                "value_b": "Kindness",
                "messages": [
                    {"role": "user", "content": f"What about {number // 12}?"},
                    {"role": "assistant", "content": text[: options.characters]},
                ],
            }
            out.write(json.dumps(line) + "\n")
    batch = batches.register(study=study, file_name=path.name, now=now)
    batches.load(batch=batch, path=path)
    openings.open_first_wave(study=study, raters_per_item=3, seed=options.seed, now=now)
    renderings.prepare(study.pk)  # the worker does this after seats are opened
    studies.change_state(study=study, to=StudyState.OPEN, by_id=None)
    cookies = []
    for number in range(options.raters):
        user = User.objects.create(username=f"rater{number}", password="!")
        studies.join(study=study, user=user, role=Role.RATER, now=now)
        raters.enrol(study=study, user=user, now=now)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.save()
        cookies.append({"session": session.session_key, "csrf": "c" * 32})
    from django.db import connections

    connections.close_all()
    return cookies


class Client(threading.Thread):
    """One rater, as fast as the server answers: a kept connection, a few bytes looked for."""

    def __init__(self, cookies: dict[str, str], until: float) -> None:
        super().__init__()
        self.until = until
        self.times: list[float] = []
        self.acknowledged: list[str] = []
        self.failed: list[str] = []
        self.headers = (
            "Host: 127.0.0.1\r\nHX-Request: true\r\n"
            f"Cookie: touchstone_session={cookies['session']}; touchstone_csrf={cookies['csrf']}\r\n"
            f"X-CSRFToken: {cookies['csrf']}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
        )

    def run(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=60)
        _, page = self.ask("GET", b"/studies/bench/rate/", b"")
        while time.perf_counter() < self.until:
            receipt, action = RECEIPT.search(page), ACTION.search(page)
            if b'data-why="' in page:
                break  # every seat is judged or with another rater
            if not receipt or not action:
                self.failed.append(page[:300].decode())
                return
            began = time.perf_counter()
            head, page = self.ask("POST", action[1], b"receipt=" + receipt[1] + ANSWERS)
            self.times.append(time.perf_counter() - began)
            stored = STORED.search(head)
            if not head.startswith(b"HTTP/1.1 200") or not stored:
                self.failed.append(head[:300].decode())
                return
            self.acknowledged.append(stored[1].decode())
        self.socket.close()

    def ask(self, method: str, path: bytes, body: bytes) -> tuple[bytes, bytes]:
        """Send a request and return the head and the body of the answer."""
        first = f"{method} {path.decode()} HTTP/1.1\r\n{self.headers}"
        self.socket.sendall(f"{first}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        got = self.socket.recv(65536)
        while b"\r\n\r\n" not in got:
            got += self.socket.recv(65536)
        head, _, page = got.partition(b"\r\n\r\n")
        length = int(LENGTH.search(head)[1])
        while len(page) < length:
            page += self.socket.recv(262144)
        return head, page


def server(options: argparse.Namespace) -> subprocess.Popen[bytes]:
    started = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "-c",
            "config/gunicorn.conf.py",
            "-b",
            f"127.0.0.1:{PORT}",
            "--log-level",
            "error",
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "TOUCHSTONE_WORKERS": str(options.workers),
            "TOUCHSTONE_THREADS": str(options.threads),
        },
    )
    for _ in range(100):
        time.sleep(0.1)
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return started
        except OSError:
            continue
    started.terminate()
    raise SystemExit("gunicorn did not start")


def measure(cookies: list[dict[str, str]], seconds: float) -> tuple[list[Client], float]:
    began = time.perf_counter()
    clients = [Client(mine, began + seconds) for mine in cookies]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return clients, time.perf_counter() - began


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        cookies = fill(options)
        running = server(options)
        try:
            measure(cookies[: max(1, options.raters // 4)], 2)  # warm-up
            clients, elapsed = measure(cookies, options.seconds)
        finally:
            running.terminate()
            running.wait(timeout=30)
        from django.db import connection

        from annotation.models import Judgment, Seat

        acknowledged = [stored for client in clients for stored in client.acknowledged]
        found = Judgment.objects.filter(public_id__in=acknowledged[:30_000], current=True).count()
        times = sorted(took for client in clients for took in client.times)
        failed = [failure for client in clients for failure in client.failed]
        judged = Seat.objects.filter(judged_at__isnull=False).count()
        print(
            f"bench_rating {connection.vendor} items={options.items} raters={options.raters}"
            f" judgments/s={len(acknowledged) / elapsed:.1f}"
            f" p50={times[len(times) // 2] * 1000:.0f}ms p95={times[int(len(times) * 0.95)] * 1000:.0f}ms"
            f" acknowledged={len(acknowledged)} stored={found} judged_seats={judged}"
            f" judgments={Judgment.objects.filter(current=True).count()} failed={len(failed)}"
        )
        for failure in failed[:3]:
            print(failure, file=sys.stderr)
    return 1 if failed or found != min(len(acknowledged), 30_000) else 0


if __name__ == "__main__":
    sys.exit(main())
