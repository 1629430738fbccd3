"""Where uploaded files lie, and what belongs to them."""

from pathlib import Path

from django.conf import settings


def upload_path(stored_name: str) -> Path:
    """Return where an uploaded file lies; the name was made by the server."""
    directory: Path = settings.DATA_DIR / "uploads"
    directory.mkdir(parents=True, exist_ok=True)
    return directory / stored_name


def refused_path(stored_name: str) -> Path:
    """Return where the refused lines of an uploaded file lie, if it has any."""
    return upload_path(f"{stored_name}.refused")


def refused_name(file_name: str) -> str:
    """Return what the file of an upload's refused lines is called where it is downloaded."""
    stem = file_name.lower().removesuffix(".gz")
    kept = file_name[: len(stem)].rpartition(".")[0] or file_name
    ending = "csv" if stem.endswith(".csv") else "jsonl"
    return f"{kept}-refused.{ending}"
