"""What a frame's words and strata count, and that it is counted once for each set of replies."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from annotation.models import Item, LanguageModel, Response, Value
from annotation.selectors.frames import replies_mark, words_of
from annotation.services import batches
from annotation.vocabulary import BatchState
from evaluation.frames import Frame, Strata, strata_of
from tests import build
from tests.build import NOW, facts

pytestmark = pytest.mark.django_db


def lines(numbers, **more):
    return [
        build.reply_fields(
            query_id=f"q{n}",
            response_id=f"q{n}-{model}",
            model=model,
            language="de" if n % 2 else "",
            topics=["é", 'say "hi"'] if n == 0 else ["money"],
            messages=build.conversation(1 + n % 2),
            **more,
        )
        for n in numbers
        for model in ("b", "a")
    ]


@pytest.fixture
def study(tmp_path):
    made = build.study("s", rubric=build.SAFE)
    build.batch(made, lines(range(4)), tmp_path)
    return made


def big_reads(study, read):
    """How many questions to the table of replies a reading took."""
    with CaptureQueriesContext(connection) as asked:
        read()
    return sum('FROM "annotation_response"' in one["sql"] for one in asked)


def whole(study):
    return strata_of(facts(study), Frame(), Strata(("model",)))


def test_each_word_is_told_with_its_replies(study):
    found = words_of(study.pk)

    assert found.model == (("a", 4), ("b", 4))
    assert found.language == (("de", 4),)
    assert found.turns == ((1, 4), (2, 4))
    assert found.topic == (("money", 6), ('say "hi"', 2), ("é", 2))


def test_only_categories_of_values_that_queries_are_about_are_told(study, tmp_path):
    Value.objects.filter(study=study, name="Honesty").update(category="Social")
    Value.objects.create(study=study, name="Never asked about", category="Personal")

    assert words_of(study.pk).category == ("Social",)


@pytest.mark.parametrize("read", [lambda one: words_of(one.pk), whole], ids=["words", "strata"])
def test_a_second_look_counts_nothing_again(study, read):
    first = read(study)

    assert big_reads(study, lambda: read(study)) == 0
    assert read(study) == first


def another_batch(study, tmp_path):
    build.batch(study, lines([7]), tmp_path)


def taken_out(study, tmp_path):
    build.open_seats(study)
    Item.objects.filter(reply_1__external_id="q0-a").update(retired_at=NOW)


def read_anew(study, tmp_path):
    study.batches.update(state=BatchState.READING)


def of_a_family(study, tmp_path):
    LanguageModel.objects.filter(study=study, key="a").update(family="fam")


def new_texts(study, tmp_path):
    path = build.jsonl(
        tmp_path / "n.jsonl",
        [{**one, "messages": build.conversation(3)} for one in lines(range(4))],
    )
    batch = batches.register(study=study, file_name="n.jsonl", now=NOW)
    batches.load(batch=batch, path=path, new_versions=True)


@pytest.mark.parametrize("change", [another_batch, taken_out, read_anew, of_a_family, new_texts])
def test_what_changes_the_replies_is_counted_at_the_next_look(study, tmp_path, change):
    words, strata = words_of(study.pk), whole(study)

    change(study, tmp_path)

    assert words_of(study.pk) != words
    assert change in (of_a_family, new_texts) or whole(study) != strata


def test_the_mark_is_the_same_again_when_an_item_is_offered_again(study, tmp_path):
    before = replies_mark(study.pk)
    taken_out(study, tmp_path)
    without = replies_mark(study.pk)

    Item.objects.update(retired_at=None)

    assert without != before == replies_mark(study.pk)


def test_what_seats_decide_is_counted_every_time(study):
    frame = Frame(seats="none")
    before = strata_of(facts(study), frame, Strata())

    build.open_seats(study)

    assert (before[0].replies, strata_of(facts(study), frame, Strata())[0].replies) == (8, 0)


def test_replies_of_a_batch_that_is_not_ready_are_in_no_count(study):
    study.batches.update(state=BatchState.FAILED)

    assert Response.objects.count() == 8
    assert (words_of(study.pk).model, whole(study)) == ((), [])
