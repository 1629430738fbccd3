"""The page of the composer: opening it, pressing its buttons, storing, and the preview."""

import re
from collections import Counter
from http import HTTPStatus

import pytest

from annotation.models import RubricDraft, Study
from annotation.rubric_format import presets
from tests import build
from tests.annotation.composing import ADDRESS, HTMX, fields_in, press, signed_in, stored
from tests.pages import page

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s", rubric=build.EVERY_TYPE)


@pytest.fixture
def admin(study, client):
    return signed_in(study, client)


# Opening


def test_the_page_has_the_current_rubric_as_the_next_version(study, admin, client):
    response = client.get(ADDRESS)

    assert fields_in(response)["version"] == ["2"]
    assert fields_in(response)["q1-label"] == ["Misled?"]
    assert "Nothing is stored yet" in page(response)
    assert 'aria-current="page">Rubric' in page(response)


def test_opening_the_page_stores_nothing(study, admin, client):
    client.get(ADDRESS)

    assert not RubricDraft.objects.exists()


def test_no_id_stands_twice_on_the_page_and_the_preview_is_in_no_form(study, admin, client):
    press(client, "begin", begin_with="tradeoff-standard")

    shown = page(client.get(ADDRESS))

    ids = Counter(re.findall(r'\bid="([^"]+)"', shown))
    assert [one for one, times in ids.items() if times > 1] == []
    assert not any(name.startswith("preview-turn") for name in fields_in(client.get(ADDRESS)))
    assert shown.count("preview-turn") > 10


def test_the_page_takes_few_queries(study, admin, client, django_assert_max_num_queries):
    client.get(ADDRESS)

    with django_assert_max_num_queries(10):
        client.get(ADDRESS)


def test_a_study_without_a_rubric_begins_with_an_empty_one(study, admin, client):
    Study.objects.filter(pk=study.pk).update(rubric=None)

    response = client.get(ADDRESS)

    assert response.status_code == HTTPStatus.OK
    assert "Raters are asked" not in page(response)


# Acts


@pytest.mark.parametrize(
    ("do", "ids", "fragment"),
    [
        ("add-question", [1, 2, 3, 4, 5], "q5-label"),
        ("remove-question:2", [1, 3, 4], "q3-summary"),
        ("up:3", [1, 3, 2, 4], "q3-up"),
        ("down:3", [1, 2, 4, 3], "q3-up"),
        ("add-option:1", [1, 2, 3, 4], "q1-o2-label"),
        ("remove-option:1:0", [1, 2, 3, 4], "q1-o0-label"),
        ("option-up:3:1", [1, 2, 3, 4], "q3-o0-down"),
        ("option-down:3:0", [1, 2, 3, 4], "q3-o1-down"),
        ("add-language", [1, 2, 3, 4], "q1-de-label"),
    ],
)
def test_every_act_stores_the_draft_and_comes_back_to_its_place(
    study, admin, client, do, ids, fragment
):
    response = press(client, do)

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert response["Location"] == f"{ADDRESS}#{fragment}"
    assert [one.id for one in stored(study).questions] == ids


def test_htmx_gets_the_part_and_where_to_go_on(study, admin, client):
    response = press(client, "add-option:1", headers=HTMX)

    assert response.status_code == HTTPStatus.OK
    assert "<html" not in page(response)
    assert 'data-focus="q1-o2-label"' in page(response)
    assert "HX-Request" in response["Vary"]


def test_what_was_typed_beside_the_button_is_kept(study, admin, client):
    press(client, "up:2", q1_help="Think twice.\r\nThen answer.", title="Half")

    assert stored(study).question(1).help == "Think twice.\nThen answer."
    assert fields_in(client.get(ADDRESS))["title"] == ["Half"]


def test_a_language_is_added_worded_and_removed(study, admin, client):
    press(client, "add-language", new_language="pt-BR")
    press(client, "save", q1_pt_BR_label="")
    fields = fields_in(client.get(ADDRESS))
    press(client, "save", {**fields, "q1-pt-BR-label": ["Enganou?"]})
    worded = stored(study)
    press(client, "remove-language:pt-BR")

    assert worded.question(1).words["pt-BR"].label == "Enganou?"
    assert stored(study).languages == ()


def test_a_language_that_is_none_is_refused_and_stays_in_its_field(study, admin, client):
    response = press(client, "add-language", new_language="German", title="Kept")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "is no language code" in page(response)
    assert fields_in(response)["new-language"] == ["German"]
    assert stored(study).title == "Kept"


def test_another_type_shows_what_belongs_to_it(study, admin, client):
    press(client, "show", q4_type="scale")

    fields = fields_in(client.get(ADDRESS))
    assert fields["q4-code"] == ["1", "2", "3", "4", "5"]
    assert fields["q4-level"] == ["ordinal"]
    assert "q4-anchors" in fields


def test_another_condition_shows_its_answers(study, admin, client):
    press(client, "show", q4_condition="3")

    response = client.get(ADDRESS)
    assert fields_in(response)["q4-rows-of"] == ["3"]
    assert page(response).count('name="q4-rows"') == 5


@pytest.mark.parametrize("do", ["", "dance", "up:99", "remove-option:1:99", "add-option:x"])
def test_a_button_that_is_none_is_refused_and_the_input_is_kept(study, admin, client, do):
    response = press(client, do, title="Kept")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose one of the buttons" in page(response)
    assert fields_in(response)["title"] == ["Kept"]
    assert "data-unstored" in page(response)
    assert not RubricDraft.objects.exists()


def test_an_empty_post_changes_nothing(study, admin, client):
    response = client.post(ADDRESS)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not RubricDraft.objects.exists()


# Storing


def test_a_draft_with_mistakes_is_stored_and_each_is_told_beside_its_question(study, admin, client):
    press(client, "save", q1_label="", q3_key="a b", version="two")

    response = client.get(ADDRESS)
    assert (stored(study).version, stored(study).question(3).key) == ("two", "a b")
    assert "Version must be a whole number" in page(response)
    rows = {row.number: row.problems for row in response.context["rows"]}
    assert rows[1] == ("Label is empty",)
    assert rows[2] == ()
    assert "Key must begin with a letter" in rows[3][0]


def test_storing_says_who_stored_it_and_when(study, admin, client):
    response = press(client, "save", headers=HTMX)

    assert "The draft is stored. Stored by ann" in page(response)


def test_keys_and_codes_left_empty_are_proposed(study, admin, client):
    press(
        client, "save", q1_key="", q1_label="Is it safe?", q1_code=["", "b"], q1_option=["A", "B"]
    )

    assert stored(study).question(1).key == "is_it_safe"
    assert [one.code for one in stored(study).question(1).options] == ["a", "b"]


def test_a_rubric_of_more_than_a_thousand_fields_is_stored(study, admin, client):
    codes = [str(number) for number in range(600)]

    response = press(client, "save", q1_code=codes, q1_option=codes, q1_polarity=[""] * 600)

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert len(stored(study).question(1).options) == 600


# The preview


def test_the_preview_shows_what_is_typed_and_stores_nothing(study, admin, client):
    response = press(client, "preview", q1_label="Fair to {value_a}?", headers=HTMX)

    assert "<form" not in page(response)
    assert "Fair to Honesty?" in page(response)
    assert "only if “Fair to Honesty?” is Yes" in page(response)
    assert not RubricDraft.objects.exists()


def test_the_preview_is_in_the_language_chosen(study, admin, client):
    press(client, "begin", begin_with="tradeoff-standard")

    response = press(client, "show", preview_language="de")
    shown = page(client.get(response["Location"]))

    assert response["Location"] == f"{ADDRESS}?language=de"
    assert "Lässt sich das beurteilen?" in shown.partition('id="previewed"')[2]
    assert '<html lang="en"' in shown


def test_a_language_without_words_is_not_shown(study, admin, client):
    assert client.get(f"{ADDRESS}?language=fr").context["preview"].language == ""


# All of tradeoff-standard, by the form alone


def test_all_of_the_standard_rubric_can_be_built_in_the_form(study, admin, client):
    preset = presets()["tradeoff-standard"]
    german = preset.translations["de"]
    fields = fields_in(client.post(ADDRESS, {"do": "begin", "begin-with": "empty"}, follow=True))

    def then(do: str, **typed):
        fields.update({name.replace("__", "-"): value for name, value in typed.items()})
        response = client.post(ADDRESS, {**fields, "do": do}, headers=HTMX)
        assert response.status_code == HTTPStatus.OK
        fields.clear()
        fields.update(fields_in(response))

    then("add-language", key=["standard-2"], title=[preset.title], **{"new-language": ["de"]})
    ids = {}
    for number, part in enumerate(preset.questions, start=1):
        name = f"q{number}"
        ids[part.key] = number
        then("add-question", **{"new-type": [part.type]})
        while len(fields.get(f"{name}-code", [])) < len(part.options):
            then(f"add-option:{number}")
        if part.show_if:
            then("show", **{f"{name}-condition": [str(ids[part.show_if.question])]})
            offered = fields[f"q{ids[part.show_if.question]}-code"]
            fields[f"{name}-rows"] = [str(offered.index(code)) for code in part.show_if.is_]
        words = german[part.key]
        typed = {
            "key": [part.key],
            "label": [part.label],
            "help": [part.help],
            "level": [part.level],
            "scope": [part.scope],
            "required": ["yes"] if part.required else [],
            "clauses": ["yes"] if part.clauses else [],
            "code": [option.code for option in part.options],
            "option": [option.label for option in part.options],
            "polarity": [option.polarity or "" for option in part.options],
            "de-label": [words.label],
            "de-help": [words.help],
            "de-option": [words.options.get(option.code, "") for option in part.options],
        }
        fields.update({f"{name}-{field}": values for field, values in typed.items()})
        if part.anchors:
            fields[f"{name}-anchors"] = [part.anchors]
        if len(part.options) < len(fields.get(f"{name}-polarity", [])):
            then(f"remove-option:{number}:{len(part.options)}")
    response = client.post(ADDRESS, {**fields, "do": "publish"})

    study.refresh_from_db()
    wanted = preset.model_dump(mode="json", by_alias=True)
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert {**study.rubric.source, "key": preset.key} == wanted
