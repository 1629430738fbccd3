"""Everything that annotation may refuse, as types.

Raised by services when the caller asked for something the rules forbid. Never raised for absence
that is part of normal work (no seat left is ``None``) nor for a broken invariant.
"""

from http import HTTPStatus
from typing import Any, ClassVar


class AnnotationError(Exception):
    """Base of every refusal in this app; ``details`` is safe to show to the caller."""

    code: ClassVar[str] = "annotation_error"
    http_status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class SeatNotHeld(AnnotationError):
    """The rater does not hold this seat: never did, or it lapsed and went to someone else."""

    code = "seat_not_held"
    http_status = HTTPStatus.CONFLICT


class AlreadyJudged(AnnotationError):
    """Another answer was stored at this seat before; ``details`` has both."""

    code = "already_judged"
    http_status = HTTPStatus.CONFLICT


class AnswersInvalid(AnnotationError):
    """Answers are missing or not of the rubric; ``details["fields"]`` has a sentence for each."""

    code = "answers_invalid"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ShownTextChanged(AnnotationError):
    """The answers were given to another text than the one this seat shows."""

    code = "shown_text_changed"
    http_status = HTTPStatus.CONFLICT


class StateChangeRefused(AnnotationError):
    """A study cannot go from its state to the one asked for."""

    code = "state_change_refused"
    http_status = HTTPStatus.CONFLICT


class StudyExists(AnnotationError):
    """The slug is taken."""

    code = "study_exists"
    http_status = HTTPStatus.CONFLICT


class RubricInvalid(AnnotationError):
    """A rubric file breaks the format; ``details["errors"]`` lists every place and what to do."""

    code = "rubric_invalid"


class FileUnreadable(AnnotationError):
    """A file cannot be read at all; nothing of it was loaded."""

    code = "file_unreadable"


class InvitationInvalid(AnnotationError):
    """An invitation is unknown, used, revoked or expired."""

    code = "invitation_invalid"
    http_status = HTTPStatus.GONE


class SeatsRefused(AnnotationError):
    """Seats cannot be opened as asked."""

    code = "seats_refused"
    http_status = HTTPStatus.CONFLICT


class HitsUnknown(AnnotationError):
    """A decision names findings that are not of this study."""

    code = "hits_unknown"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class LastAdmin(AnnotationError):
    """Ending this membership would leave the study without an admin."""

    code = "last_admin"
    http_status = HTTPStatus.CONFLICT
