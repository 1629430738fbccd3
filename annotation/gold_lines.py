"""A file of known answers line by line. Pure."""

from typing import Annotated

from pydantic import Field

from annotation.files import Problem, Record
from annotation.judgment_lines import JudgmentLine, answer_line
from annotation.line_format import Id, Line, Text, Words

LONGEST_REASON = 2_000
# Known answers are read as a rater's would be; this is whose.
NOBODY = "gold"


class GoldLine(Line):
    """One known answer; without an answer, it is known that none of several choices is right.

    ``response_id_2`` is the second reply of a pair, which ``slot_2`` stands for.
    """

    response_id: Id
    question: Id
    response_id_2: Id | None = None
    answer: Words | None = None
    turn: Annotated[int, Field(ge=0, le=32767)] | None = None
    reason: Annotated[Text, Field(max_length=LONGEST_REASON)] = ""

    def as_judgment(self) -> JudgmentLine:
        """Return the answer as a rater's who is nobody, to be placed as raters' answers are."""
        fields = self.model_dump(exclude={"reason"})
        return JudgmentLine.model_construct(rater=NOBODY, **fields)


def gold_line(record: Record) -> GoldLine | list[Problem]:
    """Return the known answer in a record of any format, or everything that is wrong with it."""
    found: GoldLine | list[Problem] = answer_line(GoldLine, record)
    return found
