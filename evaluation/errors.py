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


class FilterInvalid(EvaluationError):
    """What was asked for cannot be, or contradicts itself; ``details["field"]`` says where."""

    code = "filter_invalid"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ExclusionInvalid(EvaluationError):
    """Nothing can be left out in this way; ``details["field"]`` says why."""

    code = "exclusion_invalid"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ExclusionUnknown(EvaluationError):
    """The study has no such exclusion in force."""

    code = "exclusion_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ReportUnknown(EvaluationError):
    """The study has no such report."""

    code = "report_unknown"
    http_status = HTTPStatus.NOT_FOUND


class ReportNeeded(EvaluationError):
    """The study is so large that its numbers are computed by the worker and kept."""

    code = "report_needed"
    http_status = HTTPStatus.CONFLICT


class ReportNotReady(EvaluationError):
    """The report is still being computed, or could not be."""

    code = "report_not_ready"
    http_status = HTTPStatus.CONFLICT


class ResultUnknown(EvaluationError):
    """A result has no such table or chart."""

    code = "result_unknown"
    http_status = HTTPStatus.NOT_FOUND


class OutputInvalid(EvaluationError):
    """Results cannot be written there, or in this form."""

    code = "output_invalid"


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
    """A judge cannot be called this, or not be held against that one."""

    code = "judge_invalid"


class OptionUnknown(EvaluationError):
    """The question does not offer this answer, or is not asked about this."""

    code = "option_unknown"
    http_status = HTTPStatus.NOT_FOUND


class VerdictFileUnknown(EvaluationError):
    """The study has no such file of verdicts."""

    code = "verdict_file_unknown"
    http_status = HTTPStatus.NOT_FOUND


class RaterUnknown(EvaluationError):
    """No rater of this name has answered the question."""

    code = "rater_unknown"
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


class ReleaseExpired(EvaluationError):
    """The release's files were deleted at the end of the time that they are kept."""

    code = "release_expired"
    http_status = HTTPStatus.GONE


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


class RehearsalUnknown(EvaluationError):
    """The study has no such rehearsal of a design."""

    code = "rehearsal_unknown"
    http_status = HTTPStatus.NOT_FOUND


class EpsilonInvalid(EvaluationError):
    """How much worse than a person a judge may be is a share."""

    code = "epsilon_invalid"


class RateRefused(EvaluationError):
    """There is no such rate: of this question, of this answer to it, or in these slices."""

    code = "rate_refused"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY
