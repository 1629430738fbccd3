"""The tables of people judging; one idea a module."""

from annotation.models.batch import Batch, Hit, LineError
from annotation.models.judgment import Answer, Judgment, TextAnswer
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
from annotation.models.rubric import Option, Question, Rubric
from annotation.models.seat import LEASES_AT_ONCE, Item, Seat, SeatOpening, Skip
from annotation.models.study import Guidelines, Invitation, Membership, Study
from annotation.models.user import ApiToken, SignInLink, User

__all__ = [
    "LEASES_AT_ONCE",
    "Answer",
    "ApiToken",
    "Batch",
    "Guidelines",
    "Hit",
    "Invitation",
    "Item",
    "Judgment",
    "LanguageModel",
    "LineError",
    "Membership",
    "Option",
    "Query",
    "Question",
    "Rater",
    "Rendering",
    "Response",
    "Rubric",
    "Scenario",
    "Seat",
    "SeatOpening",
    "SignInLink",
    "Skip",
    "Study",
    "TextAnswer",
    "TextVersion",
    "User",
    "Value",
]
