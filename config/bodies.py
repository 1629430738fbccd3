"""A request's body counts whole or not at all.

A connection that breaks looks to WSGI like the end of the body, and what is left of a form may
still be a form: one with its file and without the fields behind it.
"""

from collections.abc import Callable, Iterable
from typing import IO, Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class WholeBodies:
    """WSGI middleware: reading a body that ends before its ``Content-Length`` fails."""

    def __init__(self, application: Application) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        """Pass the request on."""
        length = environ.get("CONTENT_LENGTH") or ""
        if length.isascii() and length.isdecimal():
            environ["wsgi.input"] = Whole(environ["wsgi.input"], int(length))
        return self.application(environ, start_response)


class Whole:
    """A body of known length.

    Raises:
        OSError: on reading, where it ends too early; to Django that is an ``UnreadablePostError``.
    """

    def __init__(self, body: IO[bytes], length: int) -> None:
        self._body, self._left = body, length

    def read(self, size: int = -1) -> bytes:
        """Return so many bytes, or all that are left."""
        wanted = self._left if size < 0 else min(size, self._left)
        found = self._body.read(wanted) if wanted else b""
        self._left -= len(found)
        if len(found) < wanted:
            raise OSError("the request's body ended before its length")
        return found

    def readline(self, size: int = -1) -> bytes:
        """Return the next line, or so many bytes of it."""
        wanted = self._left if size < 0 else min(size, self._left)
        found = self._body.readline(wanted) if wanted else b""
        self._left -= len(found)
        if len(found) < wanted and not found.endswith(b"\n"):
            raise OSError("the request's body ended before its length")
        return found
