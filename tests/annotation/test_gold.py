"""Known answers: loading, replacing and taking them back, and the pages where that is done."""

from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.errors import FileUnreadable
from annotation.models import GoldAnswer, Item
from annotation.rubric_format import rubric_from_json
from annotation.selectors.gold import answers_of, counts_by_rater, described
from annotation.services import gold, rubrics
from annotation.vocabulary import Role
from tests import build
from tests.annotation.test_commands import run
from tests.build import NOW
from tests.evaluation import given

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def study(tmp_path):
    """A study of turns, several choices and a scale; r of one turn, t of two."""
    made = build.study("s", rubric=given.TURNS)
    given.replies(made, tmp_path, "r", "s")
    given.replies(made, tmp_path, "t", messages=build.conversation(2))
    return made


@pytest.fixture
def load(study, tmp_path):
    """Load lines as a file of known answers."""

    def loaded(*lines, name="gold.jsonl", **how):
        path = build.jsonl(tmp_path / name, list(lines))
        return gold.load(study=study, path=path, **{"now": NOW, **how})

    return loaded


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


def known(answer="yes", reply="r", question="misled", **more):
    return {"response_id": reply, "question": question, "answer": answer, **more}


def counts(tally):
    return tally.created, tally.updated, tally.unchanged, tally.refused


def stored(*, in_force=True):
    """What is known, in words; the row that several choices have besides is an empty code."""
    rows = GoldAnswer.objects.filter(ended_at__isnull=in_force)
    rows = rows.order_by("item", "question__position", "turn", "option__position")
    names = ("item__reply_1__external_id", "question__key", "turn", "option__code")
    return list(rows.values_list(*names))


def problems(tally):
    return [(error.line, error.field) for error in tally.errors]


# Loading a file


def test_a_known_answer_is_stored_with_its_reason_file_and_line(load):
    tally = load(known(reason="It names no price."), name="mine.jsonl")

    row = GoldAnswer.objects.get()
    assert counts(tally) == (1, 0, 0, 0)
    assert stored() == [("r", "misled", 0, "yes")]
    assert (row.reason, row.file_name, row.line) == ("It names no price.", "mine.jsonl", 1)
    assert (row.added_at, row.added_by, row.single) == (NOW, None, True)


def test_a_reply_of_which_something_is_known_becomes_an_item_without_seats(load):
    load(known())

    item = Item.objects.get()
    assert (item.reply_1.external_id, item.seats.count()) == ("r", 0)


def test_several_choices_are_a_row_each_and_one_that_it_was_asked(load):
    load(known("user", question="who"), known("public", question="who"))

    assert [row[3] for row in stored()] == ["user", "public", ""]


def test_no_answer_to_several_choices_says_that_none_is_right(load):
    load(known(None, question="who"))

    assert stored() == [("r", "who", 0, "")]


def test_a_turn_has_an_answer_of_its_own(load):
    tally = load(known("yes", "t", turn=1), known("no", "t", turn=2), known("no", "t"))

    assert counts(tally) == (3, 0, 0, 0)
    assert stored() == [
        ("t", "misled", 0, "no"),
        ("t", "misled", 1, "yes"),
        ("t", "misled", 2, "no"),
    ]


def test_a_scale_point_may_be_a_number(load):
    load(known(2, question="severity"))

    assert stored() == [("r", "severity", 0, "2")]


@pytest.mark.parametrize("more", [{}, {"reason": ""}, {"reason": "Since it is so."}])
def test_the_same_answer_again_changes_nothing(load, more):
    lines = known(reason="Since it is so."), known("user", question="who")
    load(*lines)

    tally = load({**lines[0], **more}, lines[1])

    assert counts(tally) == (0, 0, 2, 0)
    assert GoldAnswer.objects.count() == 3


def test_the_same_line_twice_in_a_file_counts_once(load):
    assert counts(load(known(), known())) == (1, 0, 1, 0)


def test_another_answer_is_refused_naming_both(load):
    load(known("yes"))

    tally = load(known("no"), known("no", "s"))

    assert counts(tally) == (1, 0, 0, 1)
    assert problems(tally) == [(1, "answer")]
    assert "known to be 'yes', here it is 'no'" in tally.errors[0].reason
    assert ("r", "misled", 0, "yes") in stored()


def test_one_choice_more_is_another_answer(load):
    load(known("user", question="who"))

    tally = load(known("user", question="who"), known("public", question="who"))

    assert counts(tally) == (0, 0, 0, 2)
    assert "known to be 'user', here it is 'public' and 'user'" in tally.errors[0].reason


def test_that_none_was_chosen_is_said_in_words(load):
    load(known(None, question="who"))

    tally = load(known("user", question="who"))

    assert "known to be none of these, here it is 'user'" in tally.errors[0].reason


def test_another_reason_is_refused_naming_both(load):
    load(known(reason="Old"))

    tally = load(known(reason="New"))

    assert problems(tally) == [(1, "reason")]
    assert ("Old" in tally.errors[0].reason, tally.errors[0].value) == (True, "New")


def test_another_answer_replaces_the_known_one_where_that_is_asked_for(load):
    load(known("yes", reason="Old"))

    tally = load(known("no", reason="New"), replace=True, now=LATER)

    assert counts(tally) == (0, 1, 0, 0)
    assert stored() == [("r", "misled", 0, "no")]
    assert stored(in_force=False) == [("r", "misled", 0, "yes")]
    assert GoldAnswer.objects.exclude(ended_at=None).get().ended_at == LATER


def test_replacing_by_the_same_changes_nothing(load):
    load(known())

    assert counts(load(known(), replace=True)) == (0, 0, 1, 0)
    assert stored(in_force=False) == []


@pytest.mark.parametrize(
    ("line", "field"),
    [
        (known(reply="nobody"), "response_id"),
        (known("perhaps"), "answer"),
        (known(None), "answer"),
        (known("hm", question="note"), "question"),
        (known(question="other"), "question"),
        (known(turn=3), "turn"),
        (known("1", "t", question="severity", turn=1), "turn"),
        (known(rater="ann"), "rater"),
        (known(reason="x" * 2001), "reason"),
        (known(response_id_2="s"), "response_id_2"),
    ],
)
def test_a_line_that_cannot_be_is_refused_by_field(load, line, field):
    tally = load(line, known("no", "s"))

    assert problems(tally) == [(1, field)]
    assert stored() == [("s", "misled", 0, "no")]


def test_two_answers_to_one_question_in_a_file_are_refused(load):
    tally = load(known("yes"), known("no"))

    assert problems(tally) == [(2, "answer")]
    assert stored() == [("r", "misled", 0, "yes")]


def test_a_dry_run_stores_nothing(load):
    assert counts(load(known(), dry_run=True)) == (1, 0, 0, 0)
    assert (stored(), Item.objects.count()) == ([], 0)


def test_R054_strict_stores_nothing_if_a_line_is_bad(load):
    load(known(), known("perhaps", "s"), strict=True)

    assert stored() == []


def test_strict_stores_all_if_no_line_is_bad(load):
    load(known(), known("no", "s"), strict=True)

    assert len(stored()) == 2


def test_csv_is_read_as_the_other_formats_are(study, tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("response_id,question,answer,turn,reason\nt,misled,yes,1,'tis so\n")

    tally = gold.load(study=study, path=path, now=NOW)

    assert counts(tally) == (1, 0, 0, 0)
    assert stored() == [("t", "misled", 1, "yes")]


def test_an_unreadable_file_stores_nothing(study, tmp_path):
    path = tmp_path / "gold.csv"
    path.write_text("")

    with pytest.raises(FileUnreadable):
        gold.load(study=study, path=path, now=NOW)


def test_of_a_pair_named_in_the_other_order_the_slots_change_places(tmp_path):
    study = build.study(rubric="pairwise")
    of_two = [
        build.reply_fields(query_id="q", response_id=one, model=f"acme/{one}") for one in "ab"
    ]
    build.batch(study, of_two, tmp_path)
    first = {"response_id": "a", "response_id_2": "b", "question": "more_a", "answer": "slot_1"}
    turned = {"response_id": "b", "response_id_2": "a", "question": "more_a", "answer": "slot_2"}

    for line, expected in ((first, (1, 0, 0, 0)), (turned, (0, 0, 1, 0))):
        path = build.jsonl(tmp_path / "pairs.jsonl", [line])
        assert counts(gold.load(study=study, path=path, now=NOW)) == expected


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_store_an_answer_once(study, tmp_path):
    path = build.jsonl(tmp_path / "gold.jsonl", [known()])

    def one():
        return gold.load(study=study, path=path, now=NOW)

    tallies = build.at_once(one, one)

    assert sorted(counts(tally) for tally in tallies) == [(0, 0, 1, 0), (1, 0, 0, 0)]
    assert stored() == [("r", "misled", 0, "yes")]


# Taking back


def test_what_is_taken_back_is_kept_with_who_and_when(study, load):
    boss = build.member(study, Role.ADMIN)
    load(known("user", question="who"), known("public", question="who"))
    row = GoldAnswer.objects.first()

    assert gold.remove(study=study, gold_id=row.pk, now=LATER, by_id=boss.pk)

    assert stored() == []
    assert len(stored(in_force=False)) == 3
    assert set(GoldAnswer.objects.values_list("ended_by", "ended_at")) == {(boss.pk, LATER)}


def test_what_was_taken_back_is_not_taken_back_again_and_may_be_known_again(study, load):
    load(known())
    pk = GoldAnswer.objects.get().pk
    gold.remove(study=study, gold_id=pk, now=NOW, by_id=None)

    assert not gold.remove(study=study, gold_id=pk, now=LATER, by_id=None)
    assert counts(load(known("no"), now=LATER)) == (1, 0, 0, 0)


def test_an_answer_of_another_study_is_not_taken_back(load):
    load(known())

    other = build.study()

    assert not gold.remove(study=other, gold_id=GoldAnswer.objects.get().pk, now=LATER, by_id=None)
    assert len(stored()) == 1


# Beside raters


def test_raters_are_counted_beside_what_is_known(study, load, tmp_path):
    load(known("yes"), known("user", question="who"), known("public", question="who"))
    said = [("r", "ann", "misled", "yes"), ("r", "ann", "who", "user")]
    given.judgments(study, tmp_path, [*said, ("r", "bob", "misled", "no")])

    found = {row.question: (row.answer, row.judged, row.right) for row in all_known(study)}

    assert found == {"misled": ("yes", 2, 1), "who": ("user, public", 1, 0)}


def all_known(study, **which):
    return described(study, answers_of(study, **which))


def test_exactly_the_known_choices_are_right(study, load, tmp_path):
    load(known("user", question="who"), known(None, "s", question="who"))
    said = [("r", "ann", "who", "user"), ("s", "ann", "who"), ("s", "bob", "who", "user")]
    given.judgments(study, tmp_path, said)

    found = {row.name: (row.answer, row.judged, row.right) for row in all_known(study)}

    assert found == {"r": ("user", 1, 1), "s": ("", 2, 1)}


def test_what_has_ended_is_told_with_its_words(study, load):
    load(known("user", question="who", reason="So."))
    load(known("public", question="who"), replace=True, now=LATER)

    (row,) = all_known(study, ended=True)

    assert (row.answer, row.reason, row.ended_at) == ("user", "So.", LATER)
    assert [one.answer for one in all_known(study)] == ["public"]


def test_under_another_version_of_the_rubric_nothing_is_known(study, load, tmp_path):
    load(known())
    newer = rubric_from_json({**given.TURNS, "version": 2})
    rubrics.publish(study=study, rubric=newer, now=NOW)
    study.refresh_from_db()

    assert all_known(study) == []
    assert counts(load(known("no"))) == (1, 0, 0, 0)


def test_a_raters_count_is_of_answers_where_the_right_one_is_known(study, load, tmp_path):
    load(known("yes"), known("no", "s"))
    said = [("r", "ann", "misled", "yes"), ("s", "ann", "misled", "yes"), ("t", "bob", "who")]
    given.judgments(study, tmp_path, said)

    raters = {rater.external_id: rater.pk for rater in study.raters.all()}
    found = counts_by_rater(study, raters.values())

    assert (found[raters["ann"]].judged, found[raters["ann"]].right) == (2, 1)
    assert raters["bob"] not in found


def test_the_number_of_queries_does_not_grow_with_what_is_known(
    study, load, django_assert_max_num_queries
):
    load(known(), known("no", "s"), known("user", "t", question="who"))

    with django_assert_max_num_queries(6):
        all_known(study)


# The command


def test_the_command_loads_and_reports(study, tmp_path, capsys):
    path = build.jsonl(tmp_path / "gold.jsonl", [known(), known("perhaps", "s")])

    code, out, err = run(capsys, "load_gold", "s", path)

    assert (code, out) == (
        1,
        "2 lines read: 1 created, 0 unchanged, 0 updated, 1 refused.\n",
    )
    assert err.startswith("line 2, answer: 'perhaps' is not an answer to 'misled'")


def test_the_command_replaces_where_it_is_told(study, load, tmp_path, capsys):
    load(known("yes"))
    path = build.jsonl(tmp_path / "gold.jsonl", [known("no")])

    assert run(capsys, "load_gold", "s", path)[0] == 1
    assert run(capsys, "load_gold", "s", path, "--replace")[0] == 0
    assert stored() == [("r", "misled", 0, "no")]


def test_the_command_ends_with_2_where_there_is_no_study(tmp_path, capsys):
    path = build.jsonl(tmp_path / "gold.jsonl", [known()])

    assert run(capsys, "load_gold", "nowhere", path)[0] == 2


# The pages


def upload(text, name="gold.csv"):
    return SimpleUploadedFile(name, text.encode())


def page(response):
    return response.content.decode()


def test_an_admin_uploads_a_file_of_known_answers(study, admin):
    file = upload("response_id,question,answer,reason\nr,misled,yes,So it is\n")

    answer = admin.post("/studies/s/gold/answers/", {"file": file}, follow=True)

    assert "1 lines read: 1 new answers" in page(answer)
    assert "So it is" in page(answer)
    assert "gold.csv, line 2" in page(answer)
    assert GoldAnswer.objects.get().added_by.username == "boss"


def test_refused_lines_are_listed_and_the_good_ones_stored(study, admin):
    file = upload("response_id,question,answer\nr,misled,yes\ns,misled,perhaps\n")

    answer = admin.post("/studies/s/gold/answers/", {"file": file})

    assert "is not an answer to" in page(answer)
    assert stored() == [("r", "misled", 0, "yes")]


def test_a_known_answer_is_replaced_on_the_page_where_that_is_ticked(study, admin, load):
    load(known("no"))
    text = "response_id,question,answer\nr,misled,yes\n"

    refused = admin.post("/studies/s/gold/answers/", {"file": upload(text)})
    admin.post("/studies/s/gold/answers/", {"file": upload(text), "replace": "on"})

    assert "known to be" in page(refused)
    assert stored() == [("r", "misled", 0, "yes")]


@pytest.mark.parametrize(
    ("text", "name", "words"),
    [
        ("", "gold.csv", "The file is empty."),
        ("x", "gold.pdf", "must end in"),
        ("a,a\n1,2\n", "gold.csv", "names a column twice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(admin, text, name, words):
    answer = admin.post("/studies/s/gold/answers/", {"file": upload(text, name)})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page(answer)


def test_a_large_file_is_for_the_command(admin, monkeypatch):
    monkeypatch.setattr("annotation.forms.gold.LARGEST_FILE", 3)

    answer = admin.post("/studies/s/gold/answers/", {"file": upload("a,b\n1,2\n")})

    assert "python manage.py load_gold STUDY FILE" in page(answer)


def test_an_admin_takes_an_answer_back_and_finds_it_among_those_that_ended(study, admin, load):
    load(known(reason="So."))
    address = f"/studies/s/gold/answers/{GoldAnswer.objects.get().pk}/remove/"

    answer = admin.post(address, follow=True)

    assert "The answer is not known any more." in page(answer)
    ended = page(admin.get("/studies/s/gold/answers/ended/"))
    assert ("So." in ended, "boss" in ended) == (True, True)
    assert admin.post(address).status_code == HTTPStatus.NOT_FOUND


def test_what_is_known_under_another_rubric_is_told(study, admin, load):
    load(known())
    newer = rubric_from_json({**given.TURNS, "version": 2})
    rubrics.publish(study=study, rubric=newer, now=NOW)

    assert "under another version of the rubric only" in page(admin.get("/studies/s/gold/answers/"))


def test_the_page_of_raters_says_how_many_answers_were_right(study, admin, load, tmp_path):
    load(known("yes"), known("no", "s"))
    given.judgments(study, tmp_path, [("r", "ann", "misled", "yes"), ("s", "ann", "misled", "yes")])

    assert "1 of 2" in page(admin.get("/studies/s/raters/"))
