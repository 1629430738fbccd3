"""The tables of people judging; one idea a module."""

from annotation.models.batch import Batch, Hit, LineError, Sweep
from annotation.models.consent import Consent, ConsentText, Withdrawal
from annotation.models.gold import GoldAnswer
from annotation.models.guess import Guess
from annotation.models.job import JobLease
from annotation.models.judgment import (
    Answer,
    CitedClause,
    Judgment,
    SpanAnswer,
    StageRecord,
    TextAnswer,
)
from annotation.models.judgment_file import JudgmentFile
from annotation.models.lane import Lane
from annotation.models.personal import PersonalDecision
from annotation.models.rater import Rater
from annotation.models.reply import (
    LanguageModel,
    Query,
    Rendering,
    Response,
    Scenario,
    TextVersion,
    Value,
)
from annotation.models.rubric import Option, Question, Rubric, RubricDraft
from annotation.models.seat import LEASES_AT_ONCE, Draft, Flag, Item, Seat, SeatOpening, Skip
from annotation.models.specification import Clause, Specification, SpecificationVersion
from annotation.models.study import Guidelines, Invitation, Membership, Study
from annotation.models.upload import Upload
from annotation.models.user import ApiToken, SignInLink, User

__all__ = [
    "LEASES_AT_ONCE",
    "Answer",
    "ApiToken",
    "Batch",
    "CitedClause",
    "Clause",
    "Consent",
    "ConsentText",
    "Draft",
    "Flag",
    "GoldAnswer",
    "Guess",
    "Guidelines",
    "Hit",
    "Invitation",
    "Item",
    "JobLease",
    "Judgment",
    "JudgmentFile",
    "Lane",
    "LanguageModel",
    "LineError",
    "Membership",
    "Option",
    "PersonalDecision",
    "Query",
    "Question",
    "Rater",
    "Rendering",
    "Response",
    "Rubric",
    "RubricDraft",
    "Scenario",
    "Seat",
    "SeatOpening",
    "SignInLink",
    "Skip",
    "SpanAnswer",
    "Specification",
    "SpecificationVersion",
    "StageRecord",
    "Study",
    "Sweep",
    "TextAnswer",
    "TextVersion",
    "Upload",
    "User",
    "Value",
    "Withdrawal",
]
