"""What workers do for evaluation, and how they are asked."""

from datetime import datetime

import structlog
from django_tasks import TaskContext, task

from annotation.selectors.studies import StudyFacts
from evaluation.errors import FrameInvalid
from evaluation.intake import samples
from evaluation.models import Release
from evaluation.services import releases
from evaluation.services.studies import the_study

log = structlog.get_logger("touchstone.tasks")


@task(takes_context=True)
def write_release(context: TaskContext, release_id: int) -> None:
    """Write a release that was asked for; a second worker at this job follows one that died."""
    releases.write(release_id, writer_died=context.attempt > 1)


def request_release(study: StudyFacts, *, name: str, by_id: int | None, now: datetime) -> Release:
    """Ask for a release and have a worker write it.

    Raises:
        ReleaseInvalid, ReleaseExists: as :func:`evaluation.services.releases.request`.
    """
    release = releases.request(study, name=name, by_id=by_id, now=now)
    write_release.enqueue(release.pk)
    release.refresh_from_db()
    return release


def take_up_lapsed(now: datetime) -> int:
    """Have the releases written whose writer died; return how many."""
    found = releases.lapsed(now)
    for release_id in found:
        write_release.enqueue(release_id)
    return len(found)


@task()
def draw_sample(slug: str, sample_id: int) -> None:
    """Draw a sample from a large frame; drawing it twice changes nothing."""
    try:
        samples.draw(the_study(slug), sample_id)
    except FrameInvalid as refusal:
        log.warning("sample_refused", sample=sample_id, reason=str(refusal))  # the sample says why
