"""Reading a batch's file in a second process, beside the one that stores: two processors at work.

The other process knows no database. It is two chunks ahead at most: one unpacked, one underway,
because a pipe holds no more. It ends by itself when nobody reads from it any longer. See
docs/adr/0021-two-processes-load.md.
"""

import gc
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path

import structlog

from annotation import files
from annotation.errors import FileUnreadable, ReaderLost
from annotation.prepared import Chunk, chunks

# Smaller files are loaded before the other process has begun.
WORTH_IT_FROM = 2 * 1024 * 1024
# Arrow's own allocator keeps some 40 MB of what it was given back; rows are decoded 4 at a time.
ARROW = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
# New objects between two searches for rings of garbage; a chunk has some tens of thousands.
OBJECTS_BETWEEN = 100_000
PROJECT = Path(__file__).resolve().parent.parent
log = structlog.get_logger("touchstone.reading")


def is_worth_it(path: Path) -> bool:
    """Say whether a second process would make loading a file quicker."""
    processors = len(os.sched_getaffinity(0))
    return processors > 1 and path.is_file() and path.stat().st_size >= WORTH_IT_FROM


@contextmanager
def chunks_beside(
    path: Path, *, name: str, after: int, at_once: int, with_records: bool
) -> Iterator[Iterator[Chunk]]:
    """Give the chunks of a file that another process checks and prepares, in their order.

    The process ends with the block, however that ends.

    Raises:
        FileUnreadable: as :func:`annotation.files.check`, before the block is entered.
        ReaderLost: the other process died, of the system's hand or of a mistake.
    """
    ours, theirs = Pipe(duplex=False)
    order = json.dumps([str(path.resolve()), name, after, at_once, with_records])
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "annotation.reading_beside", str(theirs.fileno()), order],
        cwd=PROJECT,
        env={**os.environ, **ARROW},
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    theirs.close()
    unpacking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="unpacking")
    try:
        _received(ours, process)  # that the file is whole
        yield _chunks(lambda: unpacking.submit(_received, ours, process))
    finally:
        process.kill()
        process.wait()
        unpacking.shutdown()  # nothing keeps it waiting: the other end is closed
        ours.close()


def _chunks(next_chunk: Callable[[], "Future[Chunk | None]"]) -> Iterator[Chunk]:
    """Yield chunks; the next is unpacked while the database stores the one before."""
    coming = next_chunk()
    while (chunk := coming.result()) is not None:
        coming = next_chunk()
        yield chunk


def _received(ours: Connection, process: "subprocess.Popen[bytes]") -> Chunk | None:
    try:
        found = ours.recv()
    except (EOFError, OSError):  # between two messages, or within one
        raise ReaderLost(
            f"The process that reads the file was lost (code {process.wait()}), for want of memory"
            " perhaps. What was read is kept; go on from there."
        ) from None
    if isinstance(found, FileUnreadable):
        raise found
    if isinstance(found, str):
        log.error("reading_broke_off", traceback=found)
        raise ReaderLost("Reading broke off. What was read is kept; go on from there.")
    return found if isinstance(found, Chunk) else None


def send(out: Connection, order: str) -> None:
    """Check a file and send its chunks: first None when it is whole, and None again at the end.

    What goes wrong is sent too: a file that cannot be read as it is, all else as a traceback.
    """
    path, name, after, at_once, with_records = json.loads(order)
    try:
        files.check(Path(path), name=name)
        out.send(None)
        for chunk in chunks(
            Path(path), name=name, after=after, at_once=at_once, with_records=with_records
        ):
            out.send(chunk)
        out.send(None)
    except BrokenPipeError:
        return  # whoever stored is gone, or wants no more
    except FileUnreadable as refusal:
        out.send(refusal)
    except Exception:  # told to the process that stores, which fails the batch; raised here too
        out.send(traceback.format_exc())
        raise


if __name__ == "__main__":
    # Stopping is for the process that stores: it finishes what it was asked to finish.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    # What is loaded by now stays, and records are no rings: fewer searches for garbage.
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN)
    send(Connection(int(sys.argv[1]), readable=False), sys.argv[2])
