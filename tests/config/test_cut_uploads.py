"""Uploads that are cut on their way to the real server are never taken for whole."""

import hashlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests import apart, build
from tests.environment import PROJECT

SET_UP = """
import django
django.setup()
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
call_command("collectstatic", verbosity=0, interactive=False)
from knox.models import get_token_model
from annotation.models import User
from annotation.rubric_format import presets
from annotation.services import studies
now = timezone.now()
study = studies.create(slug="s", title="S", rubric=presets()["tradeoff-quick"], now=now)
admin = User.objects.create_user(username="boss")
studies.join(study=study, user=admin, role="admin", now=now)
browser = Client()
browser.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
print(get_token_model().objects.create(user=admin)[1], browser.cookies["touchstone_session"].value)
"""
CUTS = {"1 %": 0.01, "50 %": 0.5, "99.9 %": 0.999}
LARGE = 50_000_000
PART = 8 * 1024 * 1024
UPLOADS = "/api/studies/s/uploads/"


def replies(size: int) -> bytes:
    """Lines of replies, this many bytes or a little more."""
    line = json.dumps(build.reply_fields(messages=build.conversation(2, text="word " * 5_000)))
    one = line.encode() + b"\n"
    parts = (one.replace(b'_id": "', b'_id": "%d-' % n) for n in range(size // len(one) + 1))
    return b"".join(parts)


class Server:
    """gunicorn with the product's own configuration, and an admin's token and session at it."""

    def __init__(self, url, ask, data) -> None:
        self.ask, self.rows = ask, 0
        listening = socket.socket()  # gunicorn inherits it: nobody takes the port in between
        listening.bind(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        environment = os.environ | {
            "DATABASE_URL": url,
            "TOUCHSTONE_DATA_DIR": str(data),
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "TOUCHSTONE_WORKERS": "1",
            "TOUCHSTONE_BIND": f"fd://{listening.fileno()}",
        }
        made = subprocess.run(
            [sys.executable, "-c", SET_UP], env=environment, cwd=PROJECT, check=True, timeout=600,
            capture_output=True, text=True,
        )  # fmt: skip
        self.token, self.session = made.stdout.split()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.conf.py"], env=environment,
            cwd=PROJECT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=[listening.fileno()],
        )  # fmt: skip
        listening.close()
        build.wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            return self.call("GET", "/api/studies/s/batches/")[0] == 200
        except OSError:
            return False

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=40)

    def call(self, method, path, body=b"", **headers):
        """Return the status and the JSON of an answer of the API."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", body or None, method=method,
            headers={"Authorization": f"Token {self.token}", **headers},
        )  # fmt: skip
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)

    def send(self, method, path, headers, *pieces) -> bytes:
        """Send a request over a bare socket, say no more, and return what is answered, if anything."""
        head = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close", *headers]
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as opened:
            try:
                opened.sendall("\r\n".join([*head, "", ""]).encode())
                for piece in pieces:
                    opened.sendall(piece)
                opened.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: opened.recv(65536), b""))
            except (ConnectionResetError, BrokenPipeError):
                return b""  # refused before all was sent

    def new_rows(self) -> int:
        """Return how many batches and replies there are more than when this was last asked."""
        before, self.rows = self.rows, self._rows()
        return self.rows - before

    def _rows(self) -> int:
        return self.ask(
            "SELECT (SELECT count(*) FROM annotation_batch)"
            " + (SELECT count(*) FROM annotation_response)"
        )[0]


@pytest.fixture
def server(running):
    running.new_rows()
    return running


@pytest.fixture(scope="module")
def running(tmp_path_factory, django_db_setup, django_db_blocker):
    at = tmp_path_factory.mktemp("server")
    (at / "static").mkdir()
    with apart.database(at, "server") as (url, ask):
        made = Server(url, ask, at)
        yield made
        made.stop()


def started(server, content: bytes, **more):
    asked = {"file_name": f"{secrets.token_hex(4)}.jsonl", "bytes": len(content), **more}
    status, upload = server.call(
        "POST", UPLOADS, json.dumps(asked).encode(), **{"Content-Type": "application/json"}
    )
    assert status == 201
    return f"{UPLOADS}{upload['key']}/"


def part_headers(server, offset: int, *more: str) -> list[str]:
    return [
        f"Authorization: Token {server.token}",
        "Content-Type: application/offset+octet-stream",
        f"Upload-Offset: {offset}",
        *more,
    ]


def chunked(content: bytes, *, ended: bool):
    """The body in chunks as HTTP has them, with or without what says that it is all."""
    for begin in range(0, len(content), 65536):
        piece = content[begin : begin + 65536]
        yield b"%x\r\n%s\r\n" % (len(piece), piece)
    if ended:
        yield b"0\r\n\r\n"


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("how", ["length", "chunks"])
def test_R122_a_part_that_is_cut_off_counts_nothing(server, cut, how):
    content = replies(PART - 100_000)[:PART]
    address = started(server, content)
    sent = content[: int(len(content) * CUTS[cut])]

    if how == "length":
        headers = part_headers(server, 0, f"Content-Length: {len(content)}")
        answer = server.send("PATCH", address, headers, sent)
    else:
        headers = part_headers(server, 0, "Transfer-Encoding: chunked")
        answer = server.send("PATCH", address, headers, *chunked(sent, ended=False))

    assert b"upload_part_cut_off" in answer
    assert server.call("GET", address)[1]["offset"] == 0
    status, refusal = server.call("POST", f"{address}finish/")
    assert (status, refusal["code"]) == (409, "upload_incomplete")
    assert server.new_rows() == 0


@pytest.mark.parametrize("end", [b"", b"0", b"0\r\n", b"0\r\n\r"])
def test_R122_a_part_in_chunks_without_its_terminator_counts_nothing(server, end):
    content = replies(100_000)
    address = started(server, content)
    headers = part_headers(server, 0, "Transfer-Encoding: chunked")

    answer = server.send("PATCH", address, headers, *chunked(content, ended=False), end)

    assert not answer.startswith(b"HTTP/1.1 2")
    assert server.call("GET", address)[1]["offset"] == 0
    assert server.new_rows() == 0


@pytest.mark.parametrize("cut", CUTS)
def test_R122_a_page_s_upload_that_is_cut_off_is_no_batch(server, cut):
    content = form(replies(LARGE))
    sent = content[: int(len(content) * CUTS[cut])]
    headers = page_headers(server, f"Content-Length: {len(content)}")

    answer = server.send("POST", "/studies/s/batches/", headers, sent)

    assert answer.startswith(b"HTTP/1.1 4")
    assert server.new_rows() == 0


def test_R122_a_form_that_is_cut_off_behind_its_file_is_no_batch(server):
    content = form(replies(100_000))
    headers = page_headers(server, f"Content-Length: {len(content) + 100}")

    answer = server.send("POST", "/studies/s/batches/", headers, content)

    assert answer.startswith(b"HTTP/1.1 4")
    assert server.new_rows() == 0


@pytest.mark.parametrize("ended", [True, False])
def test_R122_a_page_s_upload_in_chunks_is_no_batch(server, ended):
    headers = page_headers(server, "Transfer-Encoding: chunked")

    answer = server.send(
        "POST", "/studies/s/batches/", headers, *chunked(form(replies(100_000)), ended=ended)
    )

    assert answer.startswith(b"HTTP/1.1 4")
    assert server.new_rows() == 0


@pytest.mark.parametrize(
    ("path", "size"),
    [("/accounts/login/", 10**8), ("/studies/s/batches/", 10**11), (UPLOADS, 10**7)],
)
def test_R122_a_body_that_is_too_large_is_refused_before_it_is_sent(server, path, size):
    headers = page_headers(server, f"Content-Length: {size}")

    answer = server.send("POST", path, headers)  # not a byte of it

    assert answer.startswith(b"HTTP/1.1 413")
    assert server.new_rows() == 0


def form(content: bytes) -> bytes:
    """What a browser sends for the form of the page *Batches*."""
    return (
        b'--x\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        + b"c" * 32
        + b'\r\n--x\r\nContent-Disposition: form-data; name="uploads"; filename="b.jsonl"\r\n'
        + b"Content-Type: application/octet-stream\r\n\r\n"
        + content
        + b"\r\n--x--\r\n"
    )


def page_headers(server, *more: str) -> list[str]:
    return [
        f"Cookie: touchstone_session={server.session}; touchstone_csrf={'c' * 32}",
        "Content-Type: multipart/form-data; boundary=x",
        *more,
    ]


def test_R122_a_file_that_was_cut_goes_on_from_the_last_whole_part_and_loads(server):
    content = replies(LARGE)
    address = started(server, content, sha256=hashlib.sha256(content).hexdigest())
    offset, cuts = 0, 0

    while offset < len(content):
        part = content[offset : offset + PART]
        length = f"Content-Length: {len(part)}"
        if cuts <= offset // (2 * PART):  # every other part is cut on its first way
            cuts += 1
            headers = part_headers(server, offset, length)
            server.send("PATCH", address, headers, part[: len(part) // 2])
        headers = part_headers(server, offset, "Transfer-Encoding: chunked")
        if offset // PART % 2:
            answer = server.send("PATCH", address, headers, *chunked(part, ended=True))
        else:
            headers = part_headers(server, offset, length)
            answer = server.send("PATCH", address, headers, part)
        assert answer.startswith(b"HTTP/1.1 200")
        offset = server.call("GET", address)[1]["offset"]
    status, batch = server.call("POST", f"{address}finish/")

    assert (status, batch["state"]) == (201, "ready")
    assert batch["created"] == content.count(b"\n")
    assert cuts == 3


def test_the_client_of_the_documentation_goes_on_after_a_cut(server, tmp_path):
    page = (PROJECT / "docs" / "how-to" / "admin.md").read_text(encoding="utf-8")
    client = tmp_path / "client.py"
    client.write_text(page.partition("```python\n")[2].partition("```")[0])
    content = replies(PART + PART // 2) + b'{"query_id": 5}\n'
    (tmp_path / "b.jsonl").write_bytes(content)
    address = started(
        server, content, file_name="b.jsonl", sha256=hashlib.sha256(content).hexdigest()
    )
    part = content[:PART]
    server.send("PATCH", address, part_headers(server, 0, f"Content-Length: {PART}"), part)
    headers = part_headers(server, PART, f"Content-Length: {len(content) - PART}")
    server.send("PATCH", address, headers, content[PART : PART + 1_000])

    ran = subprocess.run(
        [sys.executable, client, f"http://127.0.0.1:{server.port}/api/studies/s", server.token,
         "b.jsonl"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=600,
    )  # fmt: skip

    said = ran.stdout.splitlines()
    assert said[0] == f"ready {content.count(bytes([10])) - 1} created, 1 refused"
    assert "query_id" in ran.stdout
    assert server.call("GET", address)[1]["batch"]
