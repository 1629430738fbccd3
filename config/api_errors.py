"""Turn refusals into HTTP answers: the one place that knows both."""

from typing import Any

from django.http import UnreadablePostError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from annotation.errors import AnnotationError
from evaluation.errors import EvaluationError

DomainError = (AnnotationError, EvaluationError)
SENTENCES = {
    403: "You are a member of this study, but not in a role that may do this.",
    404: "There is no such thing, or it is not for you.",
}


def handle(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF exception handler: ``{"code", "message", "details"}`` for every error."""
    if isinstance(exc, DomainError):
        body = {"code": exc.code, "message": str(exc), "details": exc.details}
        return Response(body, status=exc.http_status)
    if isinstance(exc, UnreadablePostError):
        exc = exceptions.ParseError("The body was cut off on its way. Send it again.")
    response = exception_handler(exc, context)
    if response is None:
        return None
    details = response.data if isinstance(exc, exceptions.ValidationError) else {}
    code = getattr(exc, "default_code", "not_found" if response.status_code == 404 else "denied")
    message = str(getattr(exc, "detail", "")) or SENTENCES.get(response.status_code, "Refused.")
    if details:
        message = "The request is not valid."
    response.data = {"code": code, "message": message, "details": details}
    return response
