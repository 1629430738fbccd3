"""How fast a rater's page answers, and how heavy it is: one rater, one item of several turns.

    .venv/bin/python benchmarks/bench_page.py --turns 3 --requests 200

Makes its own database (SQLite unless ``DATABASE_URL`` names a PostgreSQL server), a study with
tradeoff-standard and ``--items`` conversations of ``--turns`` turns, and starts gunicorn. One rater
loads the page, judges each turn and the whole, and goes on until ``--requests`` pages were loaded.
Prints p50 and p95 of loading the page and of sending a turn, and the heaviest page.
"""

import argparse
import http.client
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent))
from bench_rating import ROOT, WORDS, environment, free_port

PORT = free_port()
SERVER = ("-k", "gthread", "--threads", "2", "--no-control-socket", "--log-level", "error")
RECEIPT = re.compile(r'name="receipt" value="([^"]+)"')
TURN = re.compile(r'name="turn" value="(\d+)"')
ACTION = re.compile(r'id="answers" method="post" action="([^"]+)"')
OF_TURN = {"winner": "value_a", "refusal": "1", "misled": "no"}
OF_WHOLE = {
    **OF_TURN,
    "judgeable": "yes",
    "score_a": "3",
    "score_b": "3",
    "compliance": "compliant",
    "confidence": "3",
}


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--characters", type=int, default=1_200)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def fill(options: argparse.Namespace) -> dict[str, str]:
    """Make the study; return the rater's cookies."""
    import random

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
    rubric = presets()["tradeoff-standard"]
    study = studies.create(slug="bench", title="Bench", rubric=rubric, now=now)
    draw = random.Random(options.seed)

    def text() -> str:
        words: list[str] = []
        while sum(len(word) + 1 for word in words) < options.characters:
            words += [*draw.choices(WORDS, k=12), draw.choice([".\n\n", ".\n- ", "."])]
        return " ".join(words)

    path = Path(settings.DATA_DIR) / "bench.jsonl"
    with path.open("w") as out:
        for number in range(options.items):
            messages = []
            for _ in range(options.turns):
                messages += [
                    {"role": "user", "content": text()[:300]},
                    {"role": "assistant", "content": text()},
                ]
            line = {
                "query_id": f"q{number}",
                "response_id": f"r{number}",
                "model": "maker/m",
                "value_a": "Honesty",
                "value_b": "Kindness",
                "messages": messages,
            }
            out.write(json.dumps(line) + "\n")
    batch = batches.register(study=study, file_name="bench.jsonl", now=now)
    batches.load(batch=batch, path=path)
    openings.open_first_wave(study=study, raters_per_item=1, seed=options.seed, now=now)
    renderings.prepare(study.pk)
    studies.change_state(study=study, to=StudyState.OPEN, by_id=None)
    user = User.objects.create_user(username="bench-rater")
    studies.join(study=study, user=user, role=Role.RATER, now=now)
    raters.enrol(study=study, user=user, now=now)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return {settings.SESSION_COOKIE_NAME: session.session_key}


def main() -> int:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="touchstone-bench-") as scratch:
        environment(scratch)
        cookies = fill(options)
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{PORT}", *SERVER],
            cwd=ROOT,
        )
        try:
            loads, sends, heaviest = walk(options, cookies)
        finally:
            server.terminate()
            server.wait()
    print(
        f"bench_page turns={options.turns} loads={len(loads)}"
        f" load p50={_at(loads, 0.5):.1f} ms p95={_at(loads, 0.95):.1f} ms"
        f" send p50={_at(sends, 0.5):.1f} ms p95={_at(sends, 0.95):.1f} ms"
        f" heaviest={heaviest / 1000:.1f} kB"
    )
    return 0


def _at(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


def walk(
    options: argparse.Namespace, cookies: dict[str, str]
) -> tuple[list[float], list[float], int]:
    """Load and judge until enough pages were loaded."""
    connection = _connected()
    header = "; ".join(f"{name}={value}" for name, value in cookies.items())
    loads: list[float] = []
    sends: list[float] = []
    heaviest = 0
    csrf = ""
    while len(loads) < options.requests:
        began = time.perf_counter()
        connection.request("GET", "/studies/bench/rate/", headers={"Cookie": header + csrf})
        answer = connection.getresponse()
        body = answer.read()
        loads.append((time.perf_counter() - began) * 1000)
        heaviest = max(heaviest, len(body))
        if not csrf:
            token = re.search(r"touchstone_csrf=([^;]+)", answer.headers["Set-Cookie"])[1]
            csrf = f"; touchstone_csrf={token}"
        html = body.decode()
        if not RECEIPT.search(html):
            break
        turn = TURN.search(html)[1]
        fields = {"receipt": RECEIPT.search(html)[1], "turn": turn}
        fields |= OF_WHOLE if turn == "0" else OF_TURN
        headers = {
            "Cookie": header + csrf,
            "X-CSRFToken": csrf.partition("=")[2],
            "HX-Request": "true",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        began = time.perf_counter()
        connection.request("POST", ACTION.search(html)[1], urlencode(fields), headers)
        answer = connection.getresponse()
        answer.read()
        sends.append((time.perf_counter() - began) * 1000)
        if answer.status != 200:
            raise SystemExit(f"the server answered {answer.status}")
    return loads, sends, heaviest


def _connected() -> http.client.HTTPConnection:
    for _ in range(100):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
            connection.connect()
        except OSError:
            time.sleep(0.1)
        else:
            return connection
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
