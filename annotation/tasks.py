"""What a worker does for admins, so that no page waits for it."""

import structlog
from django.conf import settings
from django.utils import timezone
from django_tasks import task

from annotation.errors import FileUnreadable, LoadStopped, ReaderLost, SeatsRefused
from annotation.models import Batch, Study
from annotation.selectors import renderings
from annotation.services import batches, openings, uploads
from annotation.services.courtesy import Courtesy
from annotation.vocabulary import BatchState

log = structlog.get_logger("touchstone.tasks")


@task()
def load_batch(batch_id: int, new_versions: bool, resume: bool = False) -> None:  # noqa: FBT001, FBT002 - a task's arguments
    """Read an uploaded file into its batch; reading it twice changes nothing.

    A batch that is being read already was left by a worker that died: this goes on after it.
    """
    batch = Batch.objects.select_related("study").get(pk=batch_id)
    if batch.state == BatchState.CANCELLED:
        return
    resume = resume or batch.state == BatchState.READING
    ended = False
    try:
        batches.load(
            batch=batch,
            path=batches.upload_path(batch.stored_name),
            new_versions=new_versions,
            refused=batches.refused_path(batch.stored_name),
            resume=resume,
            beside=not settings.JOBS_AT_ONCE,
            courtesy=Courtesy(),
        )
        ended = True
    except LoadStopped:
        ended = True  # whoever stopped it said so
    except (FileUnreadable, ReaderLost) as refusal:
        ended = True  # the batch says why
        log.info("batch_failed", batch=batch_id, reason=str(refusal))
    finally:
        if not ended:
            reason = "Reading broke off. What was read is kept; go on from there."
            uploads.give_up(batch=batch, reason=reason, now=timezone.now())


@task()
def prepare_texts(study_id: int) -> None:
    """Make the HTML of texts that raters will see, so that no rater waits for it."""
    renderings.prepare(study_id)


@task()
def open_seats(
    study_id: int, raters_per_item: int, seed: int, by_id: int, pairs_per_query: int = 1
) -> None:
    """Open the seats of a large study; doing it twice adds nothing."""
    try:
        openings.open_first_wave(
            study=Study.objects.get(pk=study_id),
            raters_per_item=raters_per_item,
            seed=seed,
            pairs_per_query=pairs_per_query,
            now=timezone.now(),
            by_id=by_id,
        )
        renderings.prepare(study_id)
    except SeatsRefused as refusal:
        log.warning("seats_refused", study=study_id, reason=str(refusal))
