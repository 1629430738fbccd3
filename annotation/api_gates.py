"""The API's gates: who may call, and that nothing is passed over that means nothing here."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from annotation.access import ADMINISTER
from annotation.gates import study_for
from annotation.models import Study


class ErrorAnswer(Serializer[Any]):
    """What every refusal looks like."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField()


REFUSALS = {
    400: OpenApiResponse(ErrorAnswer, "The request is not valid."),
    401: OpenApiResponse(ErrorAnswer, "Nobody is signed in."),
    403: OpenApiResponse(ErrorAnswer, "A member of the study in another role."),
    404: OpenApiResponse(ErrorAnswer, "Not there, or not for the caller."),
}


class AdminOfStudy(BasePermission):
    """Admins of the study in the address; to strangers it does not exist."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Find the study and leave it on the view."""
        if not request.user.is_authenticated:
            return False
        view.study = study_for(request.user, view.kwargs["slug"], ADMINISTER)  # type: ignore[attr-defined]  # only AdminView comes here, and it declares study
        return True


class AdminView(APIView):
    """A view for the admins of a study; ``study`` is there once the permission was checked."""

    permission_classes = [AdminOfStudy]
    study: Study


class AsItIs(BaseContentNegotiation):
    """A file is sent as it is, whatever the caller would rather have."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Take the first parser."""
        return parsers[0]

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Take the first renderer, which a refusal needs."""
        return (renderers[0], renderers[0].media_type)


def only(request: Request, *known: str) -> None:
    """Refuse parameters that mean nothing here: a misspelt filter must not pass for none.

    Raises:
        ValidationError: naming each of them.
    """
    _refuse_unknown(set(request.query_params), known)


def only_fields(request: Request, *known: str) -> None:
    """Refuse fields of a body that mean nothing here.

    Raises:
        ValidationError: naming each of them.
    """
    if isinstance(request.data, dict):
        _refuse_unknown(set(request.data), known)


def _refuse_unknown(given: set[str], known: tuple[str, ...]) -> None:
    allowed = f"Known are: {', '.join(known)}." if known else "There are none here."
    unknown = {name: [f"is not known here. {allowed}"] for name in sorted(given - set(known))}
    if unknown:
        raise ValidationError(unknown)
