"""``manage.py work``: a job worker that survives the death of others."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils.crypto import get_random_string

from config.jobs import LeasedWorker


class Command(BaseCommand):
    """Work on jobs until stopped."""

    help = (
        "Read uploads, open seats, write releases. Start as many as you like, on any machine; what"
        " a killed one left is taken up by another within 15 seconds."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--once", action="store_true", help="End when no job is left.")
        parser.add_argument(
            "--interval", type=float, default=1.0, help="Seconds between looks at an empty queue."
        )

    def handle(self, *, once: bool, interval: float, **options: Any) -> None:
        """Work."""
        worker = LeasedWorker(
            queue_names=["*"],
            interval=interval,
            batch=once,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=get_random_string(32),
            excluded_queue_names=[],
        )
        worker.configure_signals()
        worker.run()
