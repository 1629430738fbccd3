"""What workers do for evaluation."""

from django_tasks import task

from evaluation.services import releases


@task()
def write_release(release_id: int) -> None:
    """Write a release that was asked for."""
    releases.write(release_id)
