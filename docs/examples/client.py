"""A client of Touchstone's API with Python's own library alone: results, releases, their files.

client = Client("https://touchstone.example.org", token="ts_…")
release = client.make_release("my-study", "pilot-1")
client.download("my-study", release, Path("pilot-1"))
"""

import hashlib
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

AT_ONCE = 1024 * 1024


class Refused(Exception):
    """The server says no: ``code`` for programs, the message for people."""

    def __init__(self, status: int, code: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(message)
        self.status, self.code, self.details = status, code, details


@dataclass(frozen=True, slots=True)
class File:
    """One file of a release; the manifest's own hash is nowhere."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """One release; files are there when ``state`` is ``ready``."""

    key: str
    name: str
    state: str
    failure: str
    files: tuple[File, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """Whoever the token is bound to; every method may raise :class:`Refused`."""

    address: str
    token: str
    timeout: float = 60.0

    def studies(self) -> list[str]:
        """Return the slugs of the studies whose results one may read."""
        return [one["slug"] for one in self._json("studies/")["studies"]]

    def agreement(self, study: str, *, question: str = "", by: str = "") -> list[dict[str, Any]]:
        """Return agreement on each question, or on one, whole or in slices."""
        asked = {key: value for key, value in (("question", question), ("by", by)) if value}
        found: list[dict[str, Any]] = self._json(f"studies/{study}/agreement/", asked)["questions"]
        return found

    def releases(self, study: str) -> list[Release]:
        """Return the study's releases, the newest first."""
        return [_release(one) for one in self._json(f"studies/{study}/releases/")["releases"]]

    def make_release(self, study: str, name: str, *, patience: float = 3600.0) -> Release:
        """Ask for a release and wait until it is ready.

        Raises:
            TimeoutError: it is not after so many seconds.
            RuntimeError: it could not be written.
        """
        made = _release(self._json(f"studies/{study}/releases/", body={"name": name}))
        until = time.monotonic() + patience
        while made.state in ("waiting", "writing"):
            if time.monotonic() > until:
                raise TimeoutError(f"{name} is still {made.state}.")
            time.sleep(2)
            made = next(one for one in self.releases(study) if one.key == made.key)
        if made.state != "ready":
            raise RuntimeError(made.failure)
        return made

    def compare(self, study: str, before: Release, after: Release) -> dict[str, Any]:
        """Return what changed from one release to another."""
        keys = {"before": before.key, "after": after.key}
        return self._json(f"studies/{study}/releases/compare/", keys)

    def download(self, study: str, release: Release, folder: Path) -> None:
        """Fetch every file; what is there already is kept, and what is there in part goes on.

        Raises:
            ValueError: a file has another SHA-256 than the manifest says.
        """
        folder.mkdir(parents=True, exist_ok=True)
        place = f"studies/{study}/releases/{release.key}/files"
        for file in release.files:
            path = folder / file.name
            have = path.stat().st_size if path.exists() else 0
            if have < file.bytes or not path.exists():
                self._rest(f"{place}/{file.name}", path, have, tag=f'"{file.sha256}"')
            with path.open("rb") as written:
                if hashlib.file_digest(written, "sha256").hexdigest() != file.sha256:
                    raise ValueError(f"{path} is damaged: delete it and fetch it again.")
        with self._open(f"{place}/manifest.json") as answer:
            (folder / "manifest.json").write_bytes(answer.read())

    def _rest(self, address: str, path: Path, have: int, *, tag: str) -> None:
        headers = {"Range": f"bytes={have}-", "If-Range": tag} if have else {}
        with self._open(address, headers=headers) as answer:
            goes_on = getattr(answer, "status", 200) == 206
            with path.open("ab" if goes_on else "wb") as out:
                while part := answer.read(AT_ONCE):
                    out.write(part)

    def _json(
        self, path: str, asked: dict[str, str] | None = None, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        query = "?" + urllib.parse.urlencode(asked) if asked else ""
        raw = json.dumps(body).encode() if body is not None else None
        headers = {"Content-Type": "application/json"} if raw else {}
        with self._open(path + query, headers=headers, body=raw) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def _open(
        self, path: str, *, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> IO[bytes]:
        request = urllib.request.Request(  # noqa: S310 - the address is the caller's own
            f"{self.address.rstrip('/')}/api/{path}",
            data=body,
            headers={"Authorization": f"Token {self.token}", **(headers or {})},
        )
        try:
            opened: IO[bytes] = urllib.request.urlopen(request, timeout=self.timeout)  # noqa: S310 - likewise
        except urllib.error.HTTPError as error:
            with error:
                said = json.loads(error.read() or b"{}")
            raise Refused(
                error.code,
                said.get("code", ""),
                said.get("message", str(error)),
                said.get("details", {}),
            ) from error
        return opened


def _release(said: dict[str, Any]) -> Release:
    files = tuple(File(one["name"], one["bytes"], one["sha256"]) for one in said["files"])
    return Release(said["key"], said["name"], said["state"], said["failure"], files)
