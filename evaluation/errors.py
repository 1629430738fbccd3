"""Everything that evaluation may refuse, as types."""

from http import HTTPStatus
from typing import Any, ClassVar


class EvaluationError(Exception):
    """Base of every refusal in this app; ``details`` is safe to show to the caller."""

    code: ClassVar[str] = "evaluation_error"
    http_status: ClassVar[HTTPStatus] = HTTPStatus.BAD_REQUEST

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.details = details


class QuestionUnknown(EvaluationError):
    """The study's rubric has no such closed question."""

    code = "question_unknown"
    http_status = HTTPStatus.NOT_FOUND


class SliceUnknown(EvaluationError):
    """Results cannot be sliced by this."""

    code = "slice_unknown"


class JudgeUnknown(EvaluationError):
    """The study has no such judge."""

    code = "judge_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ReleaseExists(EvaluationError):
    """A release of this name is there already; releases never change."""

    code = "release_exists"
    http_status = HTTPStatus.CONFLICT




class StudyUnknown(EvaluationError):
    """There is no study of this name."""

    code = "study_unknown"
    http_status = HTTPStatus.NOT_FOUND
