"""Unpacking gzip within bounds: a small file that grows without end is refused in seconds."""

import errno
import gzip
import io
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from annotation.errors import FileUnreadable

# Text seldom packs better than 20:1; the format's limit is about 1,000:1.
MOST_TIMES = 200
FREE = 64 * 1024 * 1024  # so much may come out whatever the ratio
AT_ONCE = 1024 * 1024
GZIP_MAGIC = b"\x1f\x8b"


# A full disk, too many open files, a disk or a mount that fails: another time it may go.
_OF_THE_SYSTEM = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.EIO, errno.ESTALE}
)


def of_the_system(error: Exception) -> bool:
    """Say whether the system failed: then nothing is said of the file, and it can be read again."""
    return isinstance(error, OSError) and error.errno in _OF_THE_SYSTEM


class Expanding(io.BufferedReader):
    """A gzip file's content, read only as long as it is no more than can be meant.

    Raises:
        FileUnreadable: on reading, when the content is out of proportion to the file.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._file = path.open("rb")
        packed = gzip.GzipFile(fileobj=self._file, mode="rb")
        super().__init__(_Counted(packed, self._file, name), buffer_size=AT_ONCE)

    def close(self) -> None:
        """Close the packed file too."""
        super().close()
        self._file.close()

    def consumed(self) -> int:
        """Return how many bytes of the packed file have been read."""
        return self._file.tell()


class _Counted(io.RawIOBase):
    def __init__(self, packed: "gzip.GzipFile", file: IO[bytes], name: str) -> None:
        self._packed, self._file, self._name = packed, file, name
        self._given = 0

    def readable(self) -> bool:
        """Say that this is for reading."""
        return True

    def readinto(self, into: "memoryview") -> int:  # type: ignore[override]  # a buffer
        """Fill a buffer, and refuse what is too much."""
        given = self._packed.readinto(into)
        self._given += given
        # Of what was unpacked so far: a large file without end is not read to its end first.
        if self._given > max(FREE, MOST_TIMES * self._file.tell()):
            reason = f"unpacks to more than {self._given:,} bytes, which no text of this size does"
            raise FileUnreadable(f"{self._name} {reason}. Upload it unpacked, or in parts.")
        return given

    def close(self) -> None:
        """Close the packed file too."""
        self._packed.close()
        super().close()


@contextmanager
def plain(path: Path) -> Iterator[Path]:
    """Give the path of a file's unpacked content, for readers that jump about in it."""
    with path.open("rb") as start:
        packed = start.read(2) == GZIP_MAGIC
    if not packed:
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=".unpacked") as unpacked:
        with Expanding(path, path.name) as content:
            while part := content.read(AT_ONCE):
                unpacked.write(part)
        unpacked.flush()
        yield Path(unpacked.name)
