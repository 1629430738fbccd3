"""How much memory a process and those it started hold, watched while it works."""

import contextlib
import os
import threading
import time
from pathlib import Path

SECONDS_BETWEEN = 0.5


class Memory:
    """Watches from here on; in MB, ``first`` is what was held at the beginning, ``peak`` the most."""

    def __init__(self) -> None:
        self.first = self.peak = _held()
        threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, _held())
            time.sleep(SECONDS_BETWEEN)


def _held() -> int:
    """Return what is held now, in proportion: what processes share is counted once."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    total = 0
    for process in ("self", *children):
        with contextlib.suppress(OSError):  # it ended meanwhile
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total // 1024
