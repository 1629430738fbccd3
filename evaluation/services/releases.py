"""Releases: asking for one, writing it once, and finding its files."""

import hashlib
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpResponseBase
from django.utils import timezone

from annotation.selectors.studies import StudyFacts
from annotation.selectors.withdrawals import withdrew_with_judgments
from evaluation.errors import (
    ReleaseExists,
    ReleaseExpired,
    ReleaseInvalid,
    ReleaseNotReady,
    ReleaseUnknown,
)
from evaluation.exports.compare import Comparison, compare
from evaluation.exports.download import download
from evaluation.exports.folder import Folder, Progress, no_progress
from evaluation.exports.snapshot import snapshot
from evaluation.exports.verify import MANIFEST
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import release_contents
from evaluation.services.studies import the_study

log = structlog.get_logger("touchstone.releases")

LONGEST_NAME = 100
# A writer that is silent for so long is dead; another may take the release up.
LEASE = timedelta(hours=6)
NAME = re.compile(r"[^\x00-\x1f\x7f-\x9f]+")


def request(
    study: StudyFacts,
    *,
    name: str,
    by_id: int | None,
    now: datetime,
    keep_flagged: bool = False,
) -> Release:
    """Put down that a release is wanted; ``evaluation.tasks.request_release`` also has it written.

    With ``keep_flagged`` it has what may be personal data and nobody decided about as written.

    Raises:
        ReleaseInvalid: no name, or one that cannot be used.
        ReleaseExists: the study has a release of this name; releases never change.
    """
    checked = checked_name(name)
    try:
        with transaction.atomic():
            release = Release.objects.create(
                study_id=study.id,
                name=checked,
                key=secrets.token_urlsafe(32),
                keep_flagged=keep_flagged,
                created_by_id=by_id,
                created_at=now,
            )
    except IntegrityError as error:
        raise ReleaseExists(
            f"There is a release {checked!r} already. Releases never change; take another name."
        ) from error
    log.info("release_requested", study=study.slug, release=release.pk, by=by_id)
    return release


def lapsed(now: datetime) -> list[int]:
    """Return the releases whose writer died."""
    found = Release.objects.filter(state=ReleaseState.WRITING, leased_until__lte=now)
    return list(found.values_list("pk", flat=True))


def expire(now: datetime) -> int:
    """Delete the files of releases that are kept no longer; return how many releases that is.

    What was released stays on record with its numbers and the hashes of its files, so that a copy
    can be checked. ``RELEASE_DAYS`` of the settings says how long; 0 keeps all.
    """
    if not settings.RELEASE_DAYS:
        return 0
    old = Q(created_at__lte=now - timedelta(days=settings.RELEASE_DAYS))
    expired = 0
    for release in Release.objects.filter(old, state=ReleaseState.READY):
        # First the files: after a worker that is killed here, or may not delete, another tries.
        try:
            shutil.rmtree(folder_of(release))
        except FileNotFoundError:
            pass  # of an earlier try
        except OSError:
            log.exception("release_not_deleted", release=release.pk)
            continue
        mine = Release.objects.filter(pk=release.pk, state=ReleaseState.READY)
        if mine.update(state=ReleaseState.EXPIRED):
            log.info("release_expired", release=release.pk)
            expired += 1
    return expired


def write(release_id: int, *, writer_died: bool = False) -> None:
    """Write a release that waits, or whose writer died; of two callers one does it.

    A writer that was given up for dead and is not, only slow, changes nothing any more: it knows
    the lease that it took, and another has taken a later one.
    """
    now = timezone.now()
    waiting = Q(state=ReleaseState.WAITING)
    lapsed = Q(state=ReleaseState.WRITING, leased_until__lte=now)
    left = Q(state=ReleaseState.WRITING) if writer_died else lapsed
    wanted = Release.objects.filter(waiting | left, pk=release_id)
    if wanted.update(state=ReleaseState.WRITING, leased_until=now + LEASE) != 1:
        return
    release = Release.objects.select_related("study").get(pk=release_id)
    mine = Release.objects.filter(
        pk=release_id, state=ReleaseState.WRITING, leased_until=release.leased_until
    )
    shutil.rmtree(folder_of(release), ignore_errors=True)  # of a writer that died at the very end
    try:
        manifest = write_to(
            the_study(release.study.slug),
            release.name,
            folder_of(release),
            keep_flagged=release.keep_flagged,
        )
    except Exception as error:
        failure = f"It could not be written ({type(error).__name__}). The server's log says why."
        failed = mine.update(state=ReleaseState.FAILED, failure=failure, leased_until=None)
        log.exception("release_failed", release=release_id, overtaken=not failed)
        if not failed:
            return
        raise
    ready = mine.update(
        state=ReleaseState.READY,
        manifest=manifest,
        cut_off=manifest["cut_off"]["judgment"],
        leased_until=None,
    )
    if not ready:
        log.warning("release_overtaken", release=release_id)
        return
    log.info("release_ready", release=release_id, judgments=manifest["judgments"]["included"])


def write_to(
    study: StudyFacts,
    name: str,
    out: Path,
    progress: Progress = no_progress,
    *,
    keep_flagged: bool = False,
) -> dict[str, Any]:
    """Write a release into a directory that is empty or not there yet; return its manifest.

    The directory appears when all of it is written, never in part.

    Raises:
        ReleaseInvalid: the name cannot be used, or the directory holds something.
    """
    checked, out = checked_name(name), out.resolve()
    _refuse_in_use(out)
    for left in out.parent.glob(f".{out.name}.*.partial"):
        shutil.rmtree(left, ignore_errors=True)  # of a writer that was killed
    partial = out.with_name(f".{out.name}.{secrets.token_hex(8)}.partial")
    partial.mkdir(parents=True)
    try:
        with snapshot():
            folder = Folder(partial, progress)
            manifest = release_contents.fill(study, checked, folder, keep_flagged=keep_flagged)
        _publish(partial, out)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return manifest


def _publish(partial: Path, out: Path) -> None:
    """Make the written directory appear under its name; in steps, the manifest comes last."""
    try:
        partial.replace(out)
    except OSError:  # the directory cannot be replaced as such: it is a mount, for one
        files = sorted(partial.iterdir(), key=lambda file: file.name == MANIFEST)
        for file in files:
            shutil.move(file, out / file.name)
        partial.rmdir()


def checked_name(name: str) -> str:
    """Return a release's name without spaces around it.

    Raises:
        ReleaseInvalid: it is empty, too long, or holds control characters.
    """
    found = name.strip()
    if not NAME.fullmatch(found) or len(found) > LONGEST_NAME:
        raise ReleaseInvalid(f"A release's name has 1 to {LONGEST_NAME} characters, on one line.")
    return found


def releases_of(study: StudyFacts) -> list[Release]:
    """Return the study's releases, the newest first."""
    return list(Release.objects.filter(study=study.id).order_by("-pk"))


def withdrew_since(study: StudyFacts, found: Iterable[Release]) -> dict[int, int]:
    """Return for each release how many raters whose judgments are in it have left the study since.

    By the sequences of judgments and withdrawals, not by the clock; releases that were written
    before there were withdrawals have none in their cut-off.
    """
    left = withdrew_with_judgments(study.id)
    return {
        release.pk: sum(
            one.number > release.manifest.get("cut_off", {}).get("withdrawal", 0)
            and one.first_judgment <= (release.cut_off or 0)
            for one in left
        )
        for release in found
    }


def release_of(study: StudyFacts, key: str) -> Release:
    """Return one release of the study.

    Raises:
        ReleaseUnknown: the study has none such.
    """
    found = Release.objects.filter(study=study.id, key=key).first()
    if found is None:
        raise ReleaseUnknown("The study has no such release.")
    return found


def compared(study: StudyFacts, before: str, after: str) -> Comparison:
    """Say what changed from one release of the study to another, both given by their keys.

    Raises:
        ReleaseUnknown: the study has none such, or its files are not on the server any more.
        ReleaseNotReady: one is not written yet, or failed.
        ReleaseInvalid: one was written by earlier software and has no Parquet.
    """
    folders = [path_of(release_of(study, key), MANIFEST).parent for key in (before, after)]
    if not all((folder / MANIFEST).is_file() for folder in folders):
        raise ReleaseUnknown("The files are not on the server any more: ask an operator.")
    return compare(*folders)


def folder_of(release: Release) -> Path:
    """Return where a release's files lie."""
    directory: Path = settings.DATA_DIR / "releases" / release.key
    return directory


def file_names(release: Release) -> list[str]:
    """Return the names of a release's files, the manifest first."""
    listed = [str(file["name"]) for file in release.manifest.get("files", ())]
    return [MANIFEST, *listed] if listed else []


def sent(release: Release, file_name: str, headers: Mapping[str, str]) -> HttpResponseBase:
    """Return the answer to a request for one of a release's files, or for a part of it.

    Raises:
        ReleaseNotReady: it is not written yet, or failed.
        ReleaseUnknown: it has no such file, or the file is not on the server any more.
    """
    path = path_of(release, file_name)
    try:
        return download(headers, path, sha256=sha256_of(release, file_name))
    except FileNotFoundError as error:
        raise ReleaseUnknown("The file is not on the server any more: ask an operator.") from error


def path_of(release: Release, file_name: str) -> Path:
    """Return where one of a release's files lies; only names in its manifest are known.

    Raises:
        ReleaseNotReady: it is not written yet, or failed.
        ReleaseExpired: its files were deleted.
        ReleaseUnknown: it has no such file.
    """
    if release.state == ReleaseState.EXPIRED:
        raise ReleaseExpired("The release's files were deleted: they are kept for some time only.")
    if release.state != ReleaseState.READY:
        raise ReleaseNotReady(f"The release is {release.get_state_display().lower()}.")
    if file_name not in file_names(release):
        raise ReleaseUnknown("The release has no such file.")
    return folder_of(release) / file_name


def sha256_of(release: Release, file_name: str) -> str:
    """Return the SHA-256 of one of a release's files; the manifest does not have its own.

    Raises:
        FileNotFoundError: the manifest is not on the server any more.
    """
    listed = {file["name"]: str(file["sha256"]) for file in release.manifest["files"]}
    if file_name in listed:
        return listed[file_name]
    with (folder_of(release) / file_name).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def as_json(release: Release) -> dict[str, Any]:
    """Return a release as the API lists it."""
    return {
        "key": release.key,
        "name": release.name,
        "state": release.state,
        "failure": release.failure,
        "cut_off": release.cut_off,
        "created_at": release.created_at.isoformat(),
        "files": release.manifest.get("files", []),
        "headline": release.manifest.get("headline", []),
        "personal_data": release.manifest.get("personal_data"),
    }


def _refuse_in_use(out: Path) -> None:
    if out.is_dir() and not any(out.iterdir()):
        return
    if out.exists() or out.is_symlink():
        raise ReleaseInvalid(
            f"{out} is there and not empty. A release never overwrites; name a new directory."
        )
