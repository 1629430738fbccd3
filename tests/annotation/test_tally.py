"""What a load says of the lines it refused."""

from annotation.files import Problem
from annotation.tally import Tally, gathered


def refused(*lines, reason="no reply 'r1' is in the study; load its batch first"):
    tally = Tally()
    tally.refuse(Problem(line, "response_id", reason, "r1") for line in lines)
    return tally.as_json()["errors"]


def test_a_cause_is_told_once_with_the_lines_it_is_true_of():
    found = gathered(refused(2, 3, 4, 7, 9, 10) + refused(5, reason="is not text"))

    assert [one["line"] for one in found] == ["2\N{EN DASH}4, 7, 9\N{EN DASH}10", "5"]
    assert [one["reason"] for one in found][1] == "is not text"
    assert {one["value"] for one in found} == {"r1"}


def test_of_lines_here_and_there_the_first_are_named_and_all_are_counted():
    (one,) = gathered(refused(*range(1, 2_001, 2)))

    assert one["line"] == "1, 3, 5, 7, 9, 11, … (1,000 lines)"


def test_a_line_with_two_things_wrong_about_one_field_stays_one_line():
    (one,) = gathered(refused(4) + refused(4))

    assert one["line"] == "4"
