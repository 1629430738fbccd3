"""The project itself as an app: deployment checks and the commands that join both apps."""

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    """Registers the deployment checks."""

    name = "config"
    verbose_name = "Touchstone"

    def ready(self) -> None:
        """Import the checks so that Django knows them."""
        import config.checks  # noqa: F401 - registers by import
