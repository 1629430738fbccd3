"""Releases: the list with the form, one release with its files, and the files themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.vary import vary_on_headers

from annotation.selectors.personal_data import counts_of, findings_of
from evaluation import tasks
from evaluation.errors import ReleaseExists, ReleaseInvalid
from evaluation.exports.card import personal_data
from evaluation.exports.compare import Change
from evaluation.exports.verify import MANIFEST
from evaluation.models import Release
from evaluation.models.release import ReleaseState
from evaluation.services import releases
from evaluation.stats.estimates import Undefined
from evaluation.views.numbers import Number, interval
from evaluation.views.pages import Visit, researchers

UNFINISHED = (ReleaseState.WAITING, ReleaseState.WRITING)


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file of a release as the manifest lists it; of the manifest only the name is known."""

    name: str
    rows: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Headline:
    """One number of the manifest, and what the independent package says of it."""

    key: str
    scope: str
    level: str
    alpha: Number
    interval: str
    again: Number
    by: str
    equal: bool


@dataclass(frozen=True, slots=True)
class ReleaseShown:
    """A release as pages show it; ``withdrew`` of its raters have left the study since."""

    stored: Release
    withdrew: int = 0

    @property
    def unfinished(self) -> bool:
        """Say whether it still waits or is being written."""
        return self.stored.state in UNFINISHED

    @property
    def ready(self) -> bool:
        """Say whether its files can be downloaded."""
        return self.stored.state == ReleaseState.READY

    @property
    def expired(self) -> bool:
        """Say whether its files were deleted at the end of their time."""
        return self.stored.state == ReleaseState.EXPIRED

    @property
    def judgments(self) -> str:
        """How many judgments are in it."""
        counted = self.stored.manifest.get("judgments", {}).get("included")
        return "" if counted is None else f"{counted:,}"

    @property
    def excluded(self) -> list[dict[str, Any]]:
        """What was left out, with the reason."""
        found: list[dict[str, Any]] = self.stored.manifest.get("exclusions", [])
        return [one for one in found if one["judgments"]]

    @property
    def rules(self) -> dict[str, Any]:
        """The exclusions that were applied and how many judgments they leave out; empty: none."""
        manifest = self.stored.manifest
        numbers = manifest.get("filters", {}).get("exclusions", [])
        count = manifest.get("judgments", {}).get("included_but_excluded", 0)
        return {"numbers": numbers, "judgments": f"{count:,}"} if numbers else {}

    @property
    def personal(self) -> str:
        """What was found in raters' words and what became of it; earlier software says nothing."""
        known = "personal_data" in self.stored.manifest
        return personal_data(self.stored.manifest) if known else ""

    @property
    def files(self) -> list[ReleaseFile]:
        """Its files, the manifest first."""
        return list(_files(self.stored)) if self.ready or self.expired else []

    @property
    def sums(self) -> str:
        """The hashes as ``sha256sum --check`` reads them."""
        return "".join(f"{one.sha256}  {one.name}\n" for one in self.files if one.sha256)

    @property
    def headline(self) -> list[Headline]:
        """The manifest's numbers, recomputed."""
        return [_headline(one) for one in self.stored.manifest.get("headline", [])]


@researchers("releases", methods=("GET", "HEAD", "POST"))
def page(visit: Visit) -> HttpResponse:
    """List the releases; a sent form asks for a new one."""
    name = visit.request.POST.get("name", "")
    if visit.request.method != "POST":
        return _list(visit)
    try:
        made = tasks.request_release(
            visit.study, name=name, by_id=visit.request.user.pk, now=timezone.now()
        )
    except (ReleaseInvalid, ReleaseExists) as refusal:
        context = {"name": name, "problem": str(refusal)}
        return _list(visit, context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return redirect("evaluation:release", visit.study.slug, made.key)


@vary_on_headers("HX-Request")
@researchers("releases")
def release(visit: Visit, key: str) -> HttpResponse:
    """Show one release; while it is being written the part of the page asks again."""
    (found,) = _shown(visit, [releases.release_of(visit.study, key)])
    return visit.page(visit.part("release"), {"release": found})


@researchers("releases")
def comparison(visit: Visit) -> HttpResponse:
    """Say what changed from one release to another."""
    found = _shown(visit, releases.releases_of(visit.study))
    before, after = visit.asked("before"), visit.asked("after")
    context: dict[str, Any] = {
        "releases": [one for one in found if one.ready],
        "before": before,
        "after": after,
    }
    if before and after:
        compared = releases.compared(visit.study, before, after)
        context |= {"found": compared, "alphas": [_alphas(one) for one in compared.headline]}
    return visit.page("compare_releases.html", context)


def _alphas(change: Change) -> dict[str, Any]:
    """Return an alpha before and after, and by how much it moved."""
    both = change.before is not None and change.after is not None
    moved = Number(change.after - change.before if both else None, why="one of them is undefined")
    why = "undefined, or not asked then"
    return {
        "what": change.what,
        "before": Number(change.before, why=why),
        "after": Number(change.after, why=why),
        "moved": moved,
    }


@researchers("releases")
def release_file(visit: Visit, key: str, name: str) -> HttpResponseBase:
    """Send one file of a release, or a part of it, always as a download."""
    stored = releases.release_of(visit.study, key)
    return releases.sent(stored, name, visit.request.headers)


def _list(
    visit: Visit, context: dict[str, Any] | None = None, *, status: int = HTTPStatus.OK
) -> HttpResponse:
    found = _shown(visit, releases.releases_of(visit.study))
    personal = counts_of(findings_of(visit.study.id))
    known = {
        "personal": personal,
        "undecided": sum(one.undecided for one in personal),
        "releases": found,
        "unfinished": any(one.unfinished for one in found),
        "comparable": sum(one.ready for one in found) > 1,
    }
    return visit.page("releases.html", known | (context or {}), status=status)


def _shown(visit: Visit, stored: list[Release]) -> list[ReleaseShown]:
    withdrew = releases.withdrew_since(visit.study, stored)
    return [ReleaseShown(one, withdrew[one.pk]) for one in stored]


def _files(stored: Release) -> Iterator[ReleaseFile]:
    yield ReleaseFile(MANIFEST, "", "", "")
    for one in stored.manifest["files"]:
        rows = "" if one["rows"] is None else f"{one['rows']:,}"
        yield ReleaseFile(one["name"], rows, f"{one['bytes']:,}", one["sha256"])


def _headline(one: dict[str, Any]) -> Headline:
    alpha = one["alpha"]
    why = Undefined(alpha["reason"]).sentence if alpha["reason"] else ""
    return Headline(
        key=one["key"],
        scope=one["scope"],
        level=one["level"],
        alpha=Number(alpha["value"], why=why),
        interval=interval(Number(alpha["low"]), Number(alpha["high"]), why),
        again=Number(one["recomputed"]["value"], why=why),
        by=one["recomputed"]["by"],
        equal=one["equal"],
    )
