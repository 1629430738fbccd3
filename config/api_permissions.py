"""The API's default: nobody, until a view declares who may."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class Denied(BasePermission):
    """Refuses everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Refuse."""
        return False
