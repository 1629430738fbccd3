"""Bringing replies in: what a load makes, what the batch says of it, and what it costs."""

import pytest

from annotation.models import (
    Batch,
    Hit,
    LanguageModel,
    LineError,
    Query,
    Response,
    Scenario,
    TextVersion,
    Value,
)
from annotation.prepared import names_in
from annotation.services import batches
from annotation.shown import text_sha256
from annotation.vocabulary import BatchState
from tests import build
from tests.annotation.loading import line, loader, tallied
from tests.build import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def load(study, tmp_path):
    return loader(study, tmp_path)


# What a load makes


def test_a_line_becomes_query_model_values_and_reply(load, study):
    load([line(model="acme/one", scenario_id="s", language="de", topics=["t"], facts=["f"])])

    reply = Response.objects.select_related("query", "model").get(study=study)
    assert (reply.external_id, reply.sample, reply.model.key) == ("r", 1, "acme/one")
    assert (reply.model.provider, reply.model.display_name) == ("acme", "one")
    assert (reply.query.external_id, reply.query.scenario.external_id) == ("q", "s")
    assert (reply.query.language, reply.query.topics, reply.query.facts) == ("de", ["t"], ["f"])
    assert set(Value.objects.values_list("name", flat=True)) == {"Honesty", "Kindness"}


def test_the_words_are_stored_as_they_came_with_their_hash(load):
    messages = [
        {"role": "user", "content": " Ü\u202e\r\n"},
        {"role": "assistant", "content": "\t🙂 "},
    ]

    load([line(messages=messages)])

    text = TextVersion.objects.get()
    assert text.messages == messages
    assert (text.number, text.turns, text.current) == (1, 1, True)
    assert text.sha256 == text_sha256(messages)


def test_queries_without_a_scenario_have_one_each(load):
    load([build.reply_fields(), build.reply_fields()])

    assert Scenario.objects.filter(external_id=None).count() == 2
    assert Query.objects.values("scenario").distinct().count() == 2


def test_replies_to_one_query_share_it(load):
    load([line(), line() | {"response_id": "r2", "model": "acme/two"}])

    assert (Query.objects.count(), Response.objects.count()) == (1, 2)


def test_an_id_follows_from_query_model_and_sample_where_none_is_given(load):
    fields = build.reply_fields(query_id="q", response_id=None, model="acme/one", sample=2)

    load([fields]), load([fields])

    assert Response.objects.get().external_id == "q/acme/one/2"


def test_a_derived_id_that_would_be_too_long_is_hashed(load):
    fields = build.reply_fields(query_id="q" * 200, response_id=None, model="m" * 200)

    assert tallied(load([fields])) == (1, 0, 0, 0)
    assert len(Response.objects.get().external_id) == 64
    assert tallied(load([fields])) == (0, 1, 0, 0)


def test_ids_are_of_one_study(load):
    other = build.study()
    load([line()])

    assert tallied(load([line()], of=other)) == (1, 0, 0, 0)
    assert LanguageModel.objects.filter(key="acme/one").count() == 2


def test_names_that_tell_the_author_are_found(load):
    load([line(messages=[{"role": "assistant", "content": "I am ChatGPT, made by OpenAI."}])])

    text = TextVersion.objects.get()
    assert text.has_hits
    found = Hit.objects.order_by("start").first()
    assert text.messages[found.message]["content"][found.start : found.end] == found.found


def test_names_of_the_studys_own_models_are_found(load):
    reply = [{"role": "assistant", "content": "As Zorblax-7 I cannot say."}]

    load([line(model="acme/zorblax-7", messages=reply)])

    assert Hit.objects.filter(found__iexact="zorblax-7").exists()


def test_a_text_without_hits_has_no_rows(load):
    load([line()])

    assert not TextVersion.objects.get().has_hits
    assert not Hit.objects.exists()


# The batch


def test_a_loaded_batch_is_ready_and_says_what_became_of_its_lines(load):
    same = line()
    load([same, {"query_id": 1}, same])

    batch = Batch.objects.get()
    assert (batch.state, batch.read, batch.created) == (BatchState.READY, 3, 1)
    assert (batch.unchanged, batch.updated, batch.refused) == (1, 0, 1)
    assert batch.finished_at is not None
    assert set(LineError.objects.values_list("line", flat=True)) == {2}


def test_batches_are_numbered_within_their_study(study):
    other = build.study()

    numbers = [
        batches.register(study=of, file_name="f", now=NOW).number for of in (study, study, other)
    ]

    assert numbers == [1, 2, 1]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_R056_uploads_at_once_get_numbers_of_their_own():
    study = build.study()

    made = build.at_once(*[lambda: batches.register(study=study, file_name="f", now=NOW)] * 6)

    assert sorted(batch.number for batch in made) == [1, 2, 3, 4, 5, 6]


def test_progress_is_told_in_lines(load):
    told = []

    load([build.reply_fields() for _ in range(2_500)], progress=told.append)

    assert told == [2_000, 2_500]


def test_stored_names_cannot_be_guessed(settings, tmp_path):
    settings.DATA_DIR = tmp_path

    names = {batches.new_stored_name() for _ in range(50)}

    assert len(names) == 50
    assert all(batches.upload_path(name).parent == tmp_path / "uploads" for name in names)


def test_loading_costs_no_more_per_line_however_much_is_stored(load, django_assert_max_num_queries):
    load([build.reply_fields() for _ in range(1_500)])

    with django_assert_max_num_queries(49):
        load([build.reply_fields() for _ in range(900)])


def test_the_name_of_a_model_is_looked_for_in_parts():
    names = names_in(["acme/zorblax-7b"])

    assert {"acme", "zorblax-7b", "zorblax"} <= names


# Real conversations


def test_real_conversations_load_with_their_models_and_some_masks(study, shared_data):
    batch = batches.register(study=study, file_name="sycon_conversations.jsonl", now=NOW)

    tally = batches.load(batch=batch, path=shared_data / "sycon_conversations.jsonl")

    assert tallied(tally) == (1_400, 0, 0, 0)
    assert LanguageModel.objects.filter(study=study).count() == 7
    assert Hit.objects.filter(decision="masked").exists()
    assert set(TextVersion.objects.values_list("turns", flat=True)) == {5}
