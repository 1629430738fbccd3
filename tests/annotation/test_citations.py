import pytest

from annotation.citations import MOST, parsed, rows
from annotation.vocabulary import ClauseRole


def test_the_pages_field_holds_a_role_and_an_id():
    found = parsed({"c.clause": ["violated do_not_lie", "governs honesty"]}, "c")

    assert found == ((ClauseRole.VIOLATED, "do_not_lie"), (ClauseRole.GOVERNS, "honesty"))


def test_rows_of_a_role_and_an_id_are_read_without_script():
    sent = {"c.clause_role": ["", "supports", ""], "c.clause_id": ["", " fiction ", ""]}

    assert parsed(sent, "c") == ((ClauseRole.SUPPORTS, "fiction"),)


def test_both_forms_count_and_what_stands_twice_counts_once():
    sent = {
        "c.clause": ["violated a", "violated a", "governs a"],
        "c.clause_role": ["violated", "supports"],
        "c.clause_id": ["a", "b"],
    }

    assert [clause_id for _, clause_id in parsed(sent, "c")] == ["a", "a", "b"]


def test_another_questions_clauses_are_not_taken():
    assert parsed({"d.clause": ["violated a"], "c": ["yes"]}, "c") == ()


def test_an_id_may_hold_whatever_ids_hold():
    assert parsed({"c.clause": ["governs <b>§4</b>"]}, "c") == ((ClauseRole.GOVERNS, "<b>§4</b>"),)


@pytest.mark.parametrize(
    "sent",
    [
        {"c.clause": ["broken a"]},
        {"c.clause": ["do_not_lie"]},
        {"c.clause": ["VIOLATED a"]},
        {"c.clause_id": ["a"]},
        {"c.clause_role": [""], "c.clause_id": ["a"]},
    ],
)
def test_an_unknown_or_missing_role_is_a_sentence(sent):
    assert "Say what each clause did" in parsed(sent, "c")


@pytest.mark.parametrize(
    "sent",
    [
        {"c.clause": ["violated"]},
        {"c.clause": ["violated   "]},
        {"c.clause_role": ["violated"], "c.clause_id": [""]},
        {"c.clause_role": ["violated"]},
    ],
)
def test_a_role_without_a_clause_is_a_sentence(sent):
    assert "Name the clause" in parsed(sent, "c")


def test_too_many_clauses_are_a_sentence_and_as_many_as_allowed_are_not():
    most = [f"violated c{number}" for number in range(MOST)]

    assert len(parsed({"c.clause": most}, "c")) == MOST
    assert str(MOST) in parsed({"c.clause": [*most, "violated more"]}, "c")


def test_what_was_typed_half_can_be_shown_again():
    sent = {"c.clause": ["violated a"], "c.clause_role": ["supports", ""], "c.clause_id": ["", "b"]}

    assert rows(sent, "c") == (("violated", "a"), ("supports", ""), ("", "b"))
