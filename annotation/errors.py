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


class RubricChanged(AnnotationError):
    """The form asks what the study asks no more; ``details["changes"]`` says what is different."""

    code = "rubric_changed"
    http_status = HTTPStatus.CONFLICT


class EditsClosed(AnnotationError):
    """Answers of this study can no longer be changed."""

    code = "edits_closed"
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


class RubricVersionTaken(RubricInvalid):
    """This version is published with other questions; ``details["next_version"]`` is free."""

    code = "rubric_version_taken"


class RubricDraftChanged(AnnotationError):
    """Another draft was stored meanwhile; ``details`` has when and by whom."""

    code = "rubric_draft_changed"
    http_status = HTTPStatus.CONFLICT


class FileUnreadable(AnnotationError):
    """A file cannot be read at all; nothing of it was loaded."""

    code = "file_unreadable"


class LoadStopped(AnnotationError):
    """Loading a file was stopped half way; what was stored stays, and it can go on from there."""

    code = "load_stopped"


class UploadRefused(AnnotationError):
    """A file cannot be sent as it was announced; the message says what can."""

    code = "upload_refused"


class UploadsTooMany(AnnotationError):
    """The study has as many unfinished uploads as it may have."""

    code = "uploads_too_many"
    http_status = HTTPStatus.CONFLICT


class UploadGone(AnnotationError):
    """There is no such upload: never was, was abandoned, or was left too long."""

    code = "upload_gone"
    http_status = HTTPStatus.NOT_FOUND


class UploadOffsetWrong(AnnotationError):
    """A part begins elsewhere than where the last one ended; ``details["offset"]`` says where."""

    code = "upload_offset_wrong"
    http_status = HTTPStatus.CONFLICT


class UploadPartTooLarge(AnnotationError):
    """A part is larger than a part may be, or than what is left of its file."""

    code = "upload_part_too_large"
    http_status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class UploadPartCutOff(AnnotationError):
    """A part ended before the length it announced; nothing of it was kept."""

    code = "upload_part_cut_off"


class UploadNotStored(AnnotationError):
    """The server has no room for a part, or cannot write it; the same part can be sent again."""

    code = "upload_not_stored"
    http_status = HTTPStatus.INSUFFICIENT_STORAGE


class UploadIncomplete(AnnotationError):
    """A file cannot be finished: parts of it are missing; ``details["offset"]`` says from where."""

    code = "upload_incomplete"
    http_status = HTTPStatus.CONFLICT


class UploadDamaged(AnnotationError):
    """What arrived is not what was announced; nothing of it was loaded."""

    code = "upload_damaged"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class UploadFinished(AnnotationError):
    """The file is whole and is read already; ``details`` has the number of what it became."""

    code = "upload_finished"
    http_status = HTTPStatus.CONFLICT


class BatchHasNoFile(AnnotationError):
    """A batch cannot be read again here: it came by command, and its file is not on the server."""

    code = "batch_has_no_file"
    http_status = HTTPStatus.CONFLICT


class JudgmentFileUnknown(AnnotationError):
    """The study has no such file of judgments made elsewhere."""

    code = "judgment_file_unknown"
    http_status = HTTPStatus.NOT_FOUND


class JudgmentFileHasEnded(AnnotationError):
    """A file of judgments cannot be read on: it was read to its end, or is not on the server."""

    code = "judgment_file_has_ended"
    http_status = HTTPStatus.CONFLICT


class ReaderLost(AnnotationError):
    """The process that reads a file for a load died; what was stored stays, as if stopped."""

    code = "reader_lost"
    http_status = HTTPStatus.INTERNAL_SERVER_ERROR


class InvitationInvalid(AnnotationError):
    """An invitation is unknown, used, revoked or expired."""

    code = "invitation_invalid"
    http_status = HTTPStatus.GONE


class SeatsRefused(AnnotationError):
    """Seats cannot be opened as asked."""

    code = "seats_refused"
    http_status = HTTPStatus.CONFLICT


class FindingsUnknown(AnnotationError):
    """A decision names findings of personal data that are not of this study."""

    code = "findings_unknown"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class HitsUnknown(AnnotationError):
    """A decision names findings that are not of this study."""

    code = "hits_unknown"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class WordsNotFound(AnnotationError):
    """The words to mask do not stand in the reply as they were given, or are masked already."""

    code = "words_not_found"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class SweepRefused(AnnotationError):
    """The rules cannot be run over a study's texts now; the message says why."""

    code = "sweep_refused"
    http_status = HTTPStatus.CONFLICT


class SweepStopped(AnnotationError):
    """An admin stopped the sweep, or another worker has taken it up."""

    code = "sweep_stopped"
    http_status = HTTPStatus.CONFLICT


class LastAdmin(AnnotationError):
    """Ending this membership would leave the study without an admin."""

    code = "last_admin"
    http_status = HTTPStatus.CONFLICT


class AliasTaken(AnnotationError):
    """Another name of a value is the name or an alias of another; ``details`` names both."""

    code = "alias_taken"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class GuessRefused(AnnotationError):
    """What a rater said of who wrote a reply cannot be stored; the message says why."""

    code = "guess_refused"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class FlagRefused(AnnotationError):
    """What a rater wants to point out is not complete, or not about this item."""

    code = "flag_refused"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class SpecificationInvalid(AnnotationError):
    """A specification cannot be stored; ``details["errors"]`` names each line and what to do."""

    code = "specification_invalid"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class SpecificationVersionExists(AnnotationError):
    """Another text, or other ids, are stored under this version; versions never change."""

    code = "specification_version_exists"
    http_status = HTTPStatus.CONFLICT


class SpecificationUnknown(AnnotationError):
    """The version is not of this study."""

    code = "specification_unknown"
    http_status = HTTPStatus.UNPROCESSABLE_ENTITY


class ConsentTextChanged(AnnotationError):
    """The text a rater agreed to is not the study's any more: the new one has to be shown."""

    code = "consent_text_changed"
    http_status = HTTPStatus.CONFLICT


class WithdrawalPromised(AnnotationError):
    """What becomes of judgments on withdrawal was promised, or the study is no draft any more."""

    code = "withdrawal_promised"
    http_status = HTTPStatus.CONFLICT


class HasWithdrawn(AnnotationError):
    """The account withdrew from this study as a rater and cannot become one again."""

    code = "has_withdrawn"
    http_status = HTTPStatus.CONFLICT
