"""What a release says of two replies side by side, and that it loads back."""

import pytest
from django.core.management import call_command

from annotation.models import Judgment, Study
from evaluation.exports.verify import verify
from tests import build
from tests.evaluation import given, told
from tests.evaluation.given import chosen, manifest, rows, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return told.everything(tmp_path)


@pytest.fixture
def pairs(tmp_path):
    return told.pairs(tmp_path)


def test_a_pair_is_one_unit_of_two_replies(pairs, tmp_path):
    out = written(pairs.study, tmp_path)

    labels = [row for row in rows(out, "labels") if row["question"] == "more_a"]
    assert len({chosen(row, "response_id", "response_id_2") for row in labels}) == 3
    assert sorted(row["label"] for row in labels) == ["slot_1", "slot_2", "tie"]
    assert {row["raters"] for row in labels} == {1}


def test_an_item_of_a_pair_has_both_replies(pairs, tmp_path):
    found = rows(written(pairs.study, tmp_path), "items")

    assert len(found) == 3
    for row in found:
        number = row["response_id_2"].removeprefix("m")
        assert chosen(row, "model_2", "sample_2", "metadata_2") == (
            f"acme/{number}",
            1,
            {"n": int(number)},
        )
        assert row["messages_2"][1]["content"] == f"Words of {number}: I am Claude."
        assert row["masks_2"]
        assert row["shown_sha256_2"] != row["text_sha256_2"]


def test_answers_of_a_pair_say_which_stood_first(pairs, tmp_path):
    found = rows(written(pairs.study, tmp_path), "judgments")

    assert {row["side"] for row in found} == {2}
    assert all(row["response_id_2"] and row["shown_sha256_2"] for row in found)
    assert {row["text_version_2"] for row in found} == {1}


def test_alpha_of_pairs_that_share_a_reply_is_recomputed_alike(tmp_path):
    made = told.pairs(tmp_path)
    first = rows(written(made.study, tmp_path), "labels")[0]
    names = ("response_id", "response_id_2", "rater", "question", "answer")
    items = list(
        made.study.items.values_list("reply_1__external_id", "reply_2__external_id").order_by("pk")
    )
    lines = [
        dict(zip(names, (*pair, rater, "more_a", answer), strict=True))
        for pair, answers in zip(items, ("12", "22", "11"), strict=True)
        for rater, answer in zip(("x", "y"), (f"slot_{n}" for n in answers), strict=True)
    ]
    path = build.jsonl(tmp_path / "more.jsonl", lines)
    call_command("load_judgments", made.study.slug, path)

    out = written(made.study, tmp_path, folder="again")

    headline = {one["key"]: one for one in manifest(out)["headline"]}
    assert headline["more_a"]["equal"] is True
    assert headline["more_a"]["alpha"]["value"] is not None
    assert verify(out).differences == ()
    firsts = [pair[0] for pair in items]
    assert len(set(firsts)) < len(firsts)  # two pairs share their first reply
    assert first["raters"] == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_r068_a_release_of_pairs_loads_back_and_is_released_alike(pairs, tmp_path, ending, capsys):
    first = written(pairs.study, tmp_path, folder="first")
    call_command("create_study", "again", "--rubric", str(first / "rubric.json"))
    call_command("load_batch", "again", first / f"items.{ending}")
    call_command("load_values", "again", first / f"values.{ending}")
    call_command("load_judgments", "again", first / f"judgments.{ending}")

    again = written(Study.objects.get(slug="again"), tmp_path, folder="again")

    for table in ("items", "labels", "values"):
        # Items are numbered in the order in which they come: of a release, as they were judged.
        assert sorted(rows(first, table), key=str) == sorted(rows(again, table), key=str)
    keep = ("response_id", "response_id_2", "question", "answer", "turn", "judged_at")
    assert [chosen(row, *keep) for row in rows(first, "judgments")] == [
        chosen(row, *keep) for row in rows(again, "judgments")
    ]
    one, other = manifest(first)["headline"], manifest(again)["headline"]
    assert [line["alpha"] for line in one] == [line["alpha"] for line in other]


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_r068_a_release_with_everything_loads_back(study, tmp_path, ending, capsys):
    first = written(study.study, tmp_path, folder="first")
    rubric = next(one for one in manifest(first)["documents"]["rubrics"] if one["version"] == 2)
    call_command("create_study", "again", "--rubric", str(first / rubric["file"]))
    call_command("load_batch", "again", first / f"items.{ending}")
    Study.objects.filter(slug="again").update(shows_system_messages=True)

    call_command("load_judgments", "again", first / f"judgments.{ending}")

    again = written(Study.objects.get(slug="again"), tmp_path, folder="again")
    assert rows(first, "items") == [{**row, "text_version": 2} for row in rows(again, "items")]
    assert len(rows(again, "judgments")) == len(rows(first, "judgments"))


def test_columns_of_pairs_are_empty_where_there_are_none(tmp_path):
    study = given.safe(tmp_path, {"a": "yes no"})

    (item,) = rows(written(study, tmp_path), "items")

    assert {item[name] for name in item if name.endswith("_2")} == {None}
    assert item["masks"] == []
    assert item["shown_sha256"] == item["text_sha256"]


def test_a_pair_judgment_is_stored_with_both_texts(pairs, tmp_path):
    out = written(pairs.study, tmp_path)
    call_command("create_study", "again", "--rubric", str(out / "rubric.json"))
    call_command("load_batch", "again", out / "items.jsonl")

    call_command("load_judgments", "again", out / "judgments.jsonl")

    loaded = Judgment.objects.filter(item__study__slug="again").select_related("item")
    assert loaded
    for judgment in loaded:
        second = judgment.item.reply_2.versions.get()
        assert chosen(vars(judgment), "shown_sha256_2", "text_version_2", "rule_set_2") == (
            second.sha256,
            1,
            second.rule_set,
        )
