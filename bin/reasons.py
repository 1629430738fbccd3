"""Put the reason of each direct dependency above its lines in the lock file."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIRECT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==\S+\s+#\s*(?P<reason>.+)$")


def main() -> None:
    """Rewrite the lock files."""
    for name in ("requirements", "requirements-dev", "requirements-readers"):
        wanted = (DIRECT.match(line) for line in (ROOT / f"{name}.in").read_text().splitlines())
        reasons = {_plain(found["name"]): found["reason"] for found in wanted if found}
        lines = []
        for line in (ROOT / f"{name}.txt").read_text().splitlines():
            package = _plain(re.split(r"[=\[]", line)[0])
            if "==" in line and package in reasons:
                lines.append(f"# {reasons[package]}")
            lines.append(line)
        (ROOT / f"{name}.txt").write_text("\n".join(lines) + "\n")


def _plain(name: str) -> str:
    """Return a package's name as all its spellings are the same."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    main()
