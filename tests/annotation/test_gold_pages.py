"""Known answers taken back, beside what raters said, and the admins' pages of them."""

from http import HTTPStatus

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from annotation.models import GoldAnswer
from annotation.rubric_format import rubric_from_json
from annotation.selectors.gold import answers_of, counts_by_rater, described
from annotation.services import gold, rubrics
from annotation.vocabulary import Role
from tests import build
from tests.annotation.knowing import LATER, known, loader, stored, study_of_turns
from tests.annotation.loading import counts
from tests.build import NOW
from tests.evaluation import given
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return study_of_turns(tmp_path)


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


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


# The pages


def upload(text, name="gold.csv"):
    return SimpleUploadedFile(name, text.encode())


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
