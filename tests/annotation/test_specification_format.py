import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotation.specification_format import (
    LARGEST,
    LONGEST_ID,
    MOST_CLAUSES,
    MOST_PROBLEMS,
    normalised,
    parse,
    readable,
)
from tests.environment import PROJECT


def ids(markdown: str) -> list[str]:
    return [clause.clause_id for clause in parse(markdown).clauses]


def titles(markdown: str) -> list[str]:
    return [clause.title for clause in parse(markdown).clauses]


def problems(markdown: str, **by_hand: str) -> list[tuple[int, str]]:
    return [(one.line, f"{one.field} {one.reason}".strip()) for one in parse(markdown).problems]


def test_a_heading_gives_title_id_authority_and_level():
    (clause,) = parse("### Do not lie {#do_not_lie authority=user}\n\nWords.\n").clauses

    assert (clause.clause_id, clause.title, clause.authority) == (
        "do_not_lie",
        "Do not lie",
        "user",
    )
    assert (clause.level, clause.text, clause.proposed, clause.line) == (3, "Words.", False, 1)


def test_a_text_goes_on_to_the_next_heading_of_any_level():
    found = parse("# A\none\n### B\ntwo\n# C\nthree").clauses

    assert [(clause.level, clause.text) for clause in found] == [
        (1, "one"),
        (3, "two"),
        (1, "three"),
    ]


def test_values_may_stand_in_quotes():
    (clause,) = parse('# A {#a authority="root and system"}').clauses
    (single,) = parse("# A {authority='the root' #a}").clauses

    assert clause.authority == "root and system"
    assert (single.authority, single.clause_id) == ("the root", "a")


def test_unknown_attributes_are_kept_out_and_noted():
    parsed = parse("# A {#a colour=red .wide bare}\n")

    assert parsed.problems == ()
    assert parsed.clauses[0].title == "A"
    assert [one.line for one in parsed.notes] == [1, 1, 1]
    assert "colour=red" in parsed.notes[0].reason


@pytest.mark.parametrize(
    ("heading", "title"),
    [
        ("## Title ##", "Title"),
        ("## Title ## {#x}", "Title"),
        ("## Title {#x} ##", "Title"),
        ("##\tTitle", "Title"),
        ("   ## Title", "Title"),
        ("## C#", "C#"),
        ("## Use {braces} well", "Use {braces} well"),
        ("## Use {braces}", "Use {braces}"),
        ("## Set{#x}", "Set{#x}"),
        ("##", ""),
        ("###### Six", "Six"),
    ],
)
def test_headings_are_read_as_markdown_has_them(heading, title):
    assert titles(heading) == [title]


@pytest.mark.parametrize(
    "line",
    [
        "####### seven",
        "#hashtag",
        "    # code",
        "\t# code",
        "> # quoted",
        "- # item",
        "\\# escaped",
    ],
)
def test_what_is_no_heading_is_text(line):
    assert [clause.text for clause in parse(f"# A\n{line}").clauses] == [line]


@pytest.mark.parametrize("fence", ["```", "~~~", "````", "~~~xml", "   ```"])
def test_headings_in_fenced_code_are_text(fence):
    assert titles(f"# A\n{fence}\n# no\n{fence.strip()[:4].rstrip('xm')}\n# B") == ["A", "B"]


def test_a_fence_ends_with_its_own_sign_and_length_only():
    assert titles("# A\n````\n```\n~~~~\n# no\n```` no\n# no\n`````\n# B") == ["A", "B"]


def test_signs_of_code_in_a_line_begin_no_code():
    assert titles("# A\n``` `x` ```\n# B") == ["A", "B"]


def test_code_without_an_end_is_noted_with_its_line():
    parsed = parse("# A\n\n```\n# no\n")

    assert len(parsed.clauses) == 1
    assert [(one.line, "never ends" in one.reason) for one in parsed.notes] == [(3, True)]


def test_underlined_headings_are_read():
    found = parse("One {#one}\n===\ntext\n\nTwo\n---\nmore\n").clauses

    assert [(c.clause_id, c.level, c.text, c.line) for c in found] == [
        ("one", 1, "text", 1),
        ("two", 2, "more", 5),
    ]


@pytest.mark.parametrize(
    "lines",
    [
        "two\nlines\n---",
        "- item\n---",
        "1. item\n---",
        "> quote\n---",
        "| cell |\n---",
        "  indented\n---",
        "***\n---",
        "\n---",
        "---\n---",
        "- - -\n---",
    ],
)
def test_a_rule_is_no_underline(lines):
    assert titles(f"# A\n\nx\n\n{lines}\n\n# B") == ["A", "B"]


def test_underlined_headings_may_follow_one_another():
    assert titles("A\n===\nB\n---\nC\n===") == ["A", "B", "C"]


def test_a_head_of_settings_is_no_heading():
    found = parse("---\ntitle: Rules\ndate: 2025\n---\n# A").clauses

    assert [clause.title for clause in found] == ["Preamble", "A"]


def test_what_comes_before_the_first_heading_is_a_clause_if_it_has_words():
    assert ids("Words first.\n\n# A {#a}") == ["preamble", "a"]
    assert ids("\n---\n\n# A {#a}") == ["a"]


def test_the_preamble_gives_way_to_a_heading_of_that_id():
    assert ids("Words.\n\n# A {#preamble}") == ["preamble_2", "preamble"]


def test_ids_are_proposed_from_titles_and_marked():
    found = parse("# Do NOT lie!\n# Don't  lie\n# Über “Größe”\n# 价格\n# ***\n#").clauses

    assert [clause.clause_id for clause in found] == [
        "do_not_lie",
        "don_t_lie",
        "über_grösse",
        "价格",
        "clause",
        "clause_2",
    ]
    assert all(clause.proposed for clause in found)


def test_proposed_ids_avoid_written_ones_wherever_they_stand():
    assert ids("# A\n# A\n# B {#a}\n# C {#a_3}") == ["a_2", "a_4", "a", "a_3"]


def test_a_heading_further_down_does_not_change_the_ids_before_it():
    before = ids("# A\n# B\n# A")

    assert ids("# A\n# B\n# A\n# A\n# New")[:3] == before


def test_an_id_that_stands_twice_names_both_lines():
    parsed = parse("# A {#x}\n\n# B {#x}\n")

    assert [one.line for one in parsed.problems] == [3]
    assert "line 1" in parsed.problems[0].reason
    assert [clause.clause_id for clause in parsed.clauses] == ["x", "b"]


def test_ids_by_hand_go_before_what_is_written():
    parsed = parse("# A {#x}\n# B {#x}\n# C", ids={1: "y", 2: " z "})

    assert [clause.clause_id for clause in parsed.clauses] == ["x", "y", "z"]
    assert not any(clause.proposed for clause in parsed.clauses)
    assert parsed.problems == ()


@pytest.mark.parametrize(
    ("by_hand", "said"),
    [
        ({1: "x"}, "names the clause of line 1 already"),
        ({1: "two words"}, "holds a space"),
        ({1: "a\u00a0b"}, "holds a space"),
        ({1: "a\u200bb"}, "cannot be seen"),
        ({1: "a\0b"}, "cannot be seen"),
        ({1: "a\u202eb"}, "cannot be seen"),
        ({1: "a\ud800"}, "cannot be seen"),
        ({1: "x" * (LONGEST_ID + 1)}, "longer than 200"),
        ({7: "y"}, "a clause that is not there"),
        ({-1: "y"}, "a clause that is not there"),
    ],
)
def test_an_id_by_hand_that_cannot_be_is_refused(by_hand, said):
    (problem,) = parse("# A {#x}\n# B", ids=by_hand).problems

    assert said in problem.reason
    assert problem.field == "id"


def test_an_id_of_two_hundred_characters_is_the_longest():
    assert problems(f"# A {{#{'x' * LONGEST_ID}}}") == []
    assert problems(f"# A {{#{'x' * (LONGEST_ID + 1)}}}")[0][0] == 1


@pytest.mark.parametrize(
    "sign", ["\0", "\x07", "\x1b", "\x7f", "\x85", "\x0c", "\ufffd", chr(0xD800)]
)
def test_characters_that_no_text_needs_are_refused_by_line(sign):
    found = problems(f"# A\n\nfine\nnot{sign}fine{sign}\n")

    assert [line for line, _ in found] == [4]
    assert f"U+{ord(sign):04X}" in found[0][1]


def test_tabs_and_every_kind_of_line_end_are_fine():
    assert problems("# A\r\n\tb\r# C\n") == []
    assert ids("\ufeff# A\r\n\tb\r# C\n") == ["a", "c"]
    assert normalised("\ufeffa\r\nb\rc") == "a\nb\nc"


@pytest.mark.parametrize(
    ("markdown", "said"),
    [
        ("# A {#a #b}", "second id"),
        ("# A {#a id=b}", "second id"),
        ("# A {#a authority=x authority=y}", "second authority"),
        (f"# A {{#a authority={'x' * 101}}}", "longer than 100"),
        (f"# {'x' * 501}", "longer than 500"),
        (f"# {'x' * 2_001}", "longer than 2,000"),
    ],
)
def test_what_a_heading_may_not_say_is_named_with_its_line(markdown, said):
    ((line, reason),) = problems(f"\n{markdown}")

    assert line == 2
    assert said in reason


@pytest.mark.parametrize("empty", ["", "   \n", "words without a heading"])
def test_a_text_without_headings_is_refused(empty):
    assert "There is no heading" in problems(empty)[0][1]


def test_a_text_over_the_limit_is_refused_unread():
    parsed = parse("# A\n" + "é" * (LARGEST // 2))

    assert parsed.clauses == ()
    assert "larger than 5 MB" in parsed.problems[0].reason


def test_more_headings_than_a_page_can_hold_are_refused():
    assert len(parse("# A\n" * MOST_CLAUSES).clauses) == MOST_CLAUSES
    assert f"more than {MOST_CLAUSES}" in problems("# A\n" * (MOST_CLAUSES + 1))[0][1]


def test_of_many_problems_the_first_are_told():
    found = problems("# A {#a}\n" * MOST_CLAUSES)

    assert len(found) == MOST_PROBLEMS + 1
    assert "more further down" in found[-1][1]


@pytest.mark.parametrize(
    "hostile",
    [
        "#" * 4_900_000,
        "# " + "{" * 4_000_000,
        '# {"' * 1_000_000,
        "# " + " #" * 2_400_000,
        "```\n" * 1_200_000,
        "-\n" * 2_400_000,
        "b\na\n-\n" * 800_000,
        "-" * 2_400_000 + " " * 2_400_000 + "x",
        "- " * 2_400_000 + "x",
        "x" * 2_400_000 + "\n" + "-" * 2_400_000,
        "\0\n" * 2_400_000,
        "---\n" + "a: b\n" * 900_000,
        ('# {"' + '{"' * 900 + "}\n") * 499,
        "!!! a\n" * 800_000,
    ],
    ids=range(14),
)
def test_hostile_input_is_cheap(hostile):
    began = time.process_time()

    parse(hostile)

    assert time.process_time() - began < 10  # a quadratic reader takes hours


PIECES = st.sampled_from(
    ["#", "## ", "# A", " {#a}", "{", "}", '"', "=", "===", "---", "```", "~~~", "\n", "\n\n", " ",
     "    ", "\t", "a", "words", "{#x authority=y}", "- ", "> ", "|", "é", "\r\n", "!!! note \"x\""]
)  # fmt: skip
DOCUMENTS = st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=200)


@settings(max_examples=500)
@given(DOCUMENTS, st.dictionaries(st.integers(-1, 8), st.text(max_size=10), max_size=4))
def test_every_clause_has_an_id_of_its_own_whatever_comes(markdown, by_hand):
    found = parse(markdown, ids=by_hand).clauses

    assert len({clause.clause_id for clause in found}) == len(found)
    assert [clause.position for clause in found] == list(range(len(found)))
    assert all(clause.clause_id.isprintable() and clause.clause_id for clause in found)
    assert all(not any(map(str.isspace, clause.clause_id)) for clause in found)


@settings(max_examples=500)
@given(DOCUMENTS)
def test_no_line_is_lost_but_the_headings(markdown):
    parsed = parse(markdown)
    lines = normalised(markdown).split("\n")
    if not parsed.clauses:
        return
    heads = {clause.line - 1 for clause in parsed.clauses if clause.title != "Preamble"}

    texts = [line for one in parsed.clauses for line in one.text.split("\n") if line.strip()]
    first = min(heads, default=0)
    kept = [
        line
        for number, line in enumerate(lines)
        if line.strip()
        and number not in heads
        and not (number - 1 in heads and not lines[number - 1].lstrip(" ").startswith("#"))
        and (number > first or parsed.clauses[0].title == "Preamble")
    ]
    assert [line.rstrip() for line in texts] == [line.rstrip() for line in kept]


@given(DOCUMENTS)
def test_the_same_text_gives_the_same_clauses_however_its_lines_end(markdown):
    text = normalised(markdown)

    assert parse(text) == parse(text.replace("\n", "\r\n")) == parse("\ufeff" + text)


def test_a_notice_reads_as_a_quote_with_its_title():
    text = 'Before.\n\n!!! meta "Commentary"\n    Why so.\n\n    And more.\nAfter.'

    assert readable(text) == (
        "Before.\n\n\n> **Commentary**\n>\n> Why so.\n>\n> And more.\n\nAfter."
    )
    assert readable("!!! note\n    a") == "\n> **Note**\n>\n> a"
    assert readable("Stop!!! now") == "Stop!!! now"


@given(DOCUMENTS)
def test_what_is_made_readable_loses_no_word(text):
    def words(said: str) -> str:
        return "".join(filter(str.isalnum, said)).casefold()

    made = readable(text)

    if "!!! note" not in text:
        assert words(made) == words(text)
    assert "words" in made or "words" not in text


def test_the_demonstrations_specification_is_without_a_fault():
    parsed = parse((PROJECT / "fixtures" / "demo_specification.md").read_text(encoding="utf-8"))

    assert (parsed.problems, parsed.notes) == ((), ())
    assert len(parsed.clauses) == 15
    assert {clause.level for clause in parsed.clauses} == {1, 2}
    assert [clause.clause_id for clause in parsed.clauses if clause.proposed] == ["preamble"]
