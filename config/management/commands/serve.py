"""``manage.py serve``: everything ``bin/serve`` does once the environment is there."""

import os
import signal
import socket
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from gunicorn.app.base import BaseApplication

from config import demonstration
from config.environment import BASE_DIR
from evaluation.tasks import take_up_lapsed

CONFIGURATION = BASE_DIR / "config" / "gunicorn.conf.py"


class Command(BaseCommand):
    """Serve the product with demonstration data."""

    help = "Migrate, make the demonstration study once, and serve with one job worker."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the arguments."""
        parser.add_argument("--port", type=int, default=8000, help="Port on 127.0.0.1.")
        parser.add_argument("--no-demo", action="store_true", help="Do not make the demo study.")

    def handle(self, *, port: int, no_demo: bool, **options: Any) -> None:
        """Prepare and serve until stopped."""
        _check_port(port)
        self._prepare()
        if not no_demo:
            if demonstration.make():
                self.stdout.write("Made the demonstration study.")
            demonstration.make_further()
        self._print_links(port, demo=not no_demo)
        connections.close_all()
        worker = _start_worker()
        try:
            _Server(port, worker).run()
        finally:
            _stop(worker)

    def _prepare(self) -> None:
        settings.DATA_DIR.mkdir(parents=True, exist_ok=True)
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self.stdout.write("Setting up the tables …")
            call_command("migrate", verbosity=0)
            call_command("createcachetable", verbosity=0)
        take_up_lapsed(timezone.now())
        call_command("check", databases=["default"], stdout=self.stdout, stderr=self.stderr)
        if _static_is_stale():
            call_command("collectstatic", interactive=False, verbosity=0)

    def _print_links(self, port: int, *, demo: bool) -> None:
        address = f"http://127.0.0.1:{port}"
        self.stdout.write(f"\nTouchstone: {address}/\n")
        if demo:
            self.stdout.write("Sign in (these links work for a day, on this machine):")
            for role, path in demonstration.sign_in_paths().items():
                self.stdout.write(f"  {role:<11}{address}{path}")
        self.stdout.write(f"\nCtrl-C stops it. The data stay in {settings.DATA_DIR}.\n")
        self.stdout.flush()


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn in this process: the code is loaded once and the workers are forked from it."""

    def __init__(self, port: int, worker: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.job_worker = worker
        super().__init__()

    def load_config(self) -> None:
        """Read the file that production uses too, and what differs here."""
        found: dict[str, Any] = {"__file__": str(CONFIGURATION)}
        exec(compile(CONFIGURATION.read_text(), str(CONFIGURATION), "exec"), found)  # noqa: S102 - our own file
        for name in self.cfg.settings.keys() & found.keys():
            self.cfg.set(name, found[name])
        self.cfg.set("bind", f"127.0.0.1:{self.port}")
        self.cfg.set("loglevel", "warning")
        self.cfg.set("preload_app", True)  # noqa: FBT003 - gunicorn's own signature

    def load(self) -> Any:
        """Return the application."""
        from config.wsgi import application

        return application


def _check_port(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError as error:
            reason = f"Port {port} is in use. Stop what runs there, or give --port another number."
            raise CommandError(reason) from error


def _static_is_stale() -> bool:
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not manifest.is_file():
        return True
    sources = [*(BASE_DIR / "static").rglob("*"), BASE_DIR / "requirements.txt"]
    made = manifest.stat().st_mtime
    return any(path.stat().st_mtime > made for path in sources)


def _start_worker() -> subprocess.Popen[bytes]:
    environment = {**os.environ, "TOUCHSTONE_LOG_LEVEL": "WARNING"}
    command = [sys.executable, str(BASE_DIR / "manage.py"), "work"]
    # A group of its own, so that Ctrl-C reaches it once: from here.
    return subprocess.Popen(  # noqa: S603 - our own command
        command, env=environment, start_new_session=True
    )


def _stop(worker: subprocess.Popen[bytes]) -> None:
    if worker.poll() is None:
        worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(timeout=20)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
