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


class JudgeAmbiguous(EvaluationError):
    """Several versions of a judge have this name; ``details["versions"]`` lists them."""

    code = "judge_ambiguous"
    http_status = HTTPStatus.CONFLICT


class JudgeInvalid(EvaluationError):
    """A judge cannot be called this."""

    code = "judge_invalid"


class OptionUnknown(EvaluationError):
    """The question does not offer this answer, or is not asked about this."""

    code = "option_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ItemUnknown(EvaluationError):
    """The study has no such item."""

    code = "item_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ReleaseUnknown(EvaluationError):
    """The study has no such release, or the release no such file."""

    code = "release_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ReleaseNotReady(EvaluationError):
    """The release is still being written, or could not be written."""

    code = "release_not_ready"
    http_status = HTTPStatus.CONFLICT


class ReleaseInvalid(EvaluationError):
    """A release cannot be called this, or be put there, or is not one that can be read."""

    code = "release_invalid"


class FrameInvalid(EvaluationError):
    """Nothing can be drawn from this frame, or not in this way."""

    code = "frame_invalid"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class SampleUnknown(EvaluationError):
    """The study has no such sample."""

    code = "sample_unknown"
    http_status = HTTPStatus.NOT_FOUND
