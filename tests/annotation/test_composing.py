import json
import re
from collections import Counter
from datetime import datetime, timedelta
from html.parser import HTMLParser
from http import HTTPStatus

import pytest

from annotation.models import Rubric, RubricDraft, Study
from annotation.rubric_composer.draft import draft_in, draft_of, rubric_json, source_of
from annotation.rubric_composer.fields import MOST_FIELDS, draft_from, fields_of, n_fields
from annotation.rubric_format import presets, rubric_from_json
from annotation.services import rubric_drafts, rubrics
from annotation.vocabulary import Role
from tests import build

pytestmark = pytest.mark.django_db

ADDRESS = "/studies/s/rubric/edit/"
HTMX = {"HX-Request": "true"}


class FormReader(HTMLParser):
    """Reads what a browser would send of the form ``rubric-form``."""

    def __init__(self):
        super().__init__()
        self.inside = False
        self.fields = {}
        self.select = None
        self.text = None

    def put(self, name, value):
        self.fields.setdefault(name, []).append(value)

    def handle_starttag(self, tag, attrs):
        at = dict(attrs)
        if tag == "form":
            self.inside = at.get("id") == "rubric-form"
        if tag == "option" and self.select:
            self.select[1].append((at.get("value") or "", "selected" in at))
        if not self.inside and at.get("form") != "rubric-form":
            return
        if tag == "input" and (at.get("type") != "checkbox" or "checked" in at):
            self.put(at["name"], at.get("value") or "")
        elif tag == "select":
            self.select = at["name"], []
        elif tag == "textarea":
            self.text = at["name"], ""

    def handle_data(self, data):
        if self.text:
            self.text = self.text[0], self.text[1] + data

    def handle_endtag(self, tag):
        if tag == "form":
            self.inside = False
        elif tag == "select" and self.select:
            name, options = self.select
            chosen = [value for value, is_chosen in options if is_chosen] or [options[0][0]]
            self.put(name, chosen[-1])
            self.select = None
        elif tag == "textarea" and self.text:
            self.put(self.text[0], self.text[1].removeprefix("\n"))
            self.text = None


def page(response) -> str:
    return response.content.decode()


def fields_in(response) -> dict[str, list[str]]:
    reader = FormReader()
    reader.feed(page(response))
    return reader.fields


def press(client, do: str, fields=None, *, headers=None, **typed):
    """Press a button of the form as it is, or as it was when these fields were read."""
    sent = fields_in(client.get(ADDRESS)) if fields is None else fields
    more = {name.replace("_", "-"): value for name, value in typed.items()}
    return client.post(ADDRESS, {**sent, **more, "do": do}, headers=headers or {})


@pytest.fixture
def study():
    return build.study("s", rubric=build.EVERY_TYPE)


@pytest.fixture
def admin(study, client):
    account = build.member(study, Role.ADMIN, name="ann")
    client.force_login(account)
    return account


def stored(study):
    return draft_in(RubricDraft.objects.get(study=study).source)


def by_another(study, *, title="Theirs", seen=None):
    """A draft that another admin stores."""
    bea = build.member(study, Role.ADMIN)
    return rubric_drafts.store(
        study=study,
        source={**source_of(draft_of(rubric_from_json(build.SAFE))), "title": title},
        seen=seen,
        by=bea,
        now=build.now() + timedelta(seconds=1),
    )


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


# Two admins


def test_a_newer_draft_of_somebody_else_is_not_replaced_and_the_input_is_kept(study, admin, client):
    fields = fields_in(press(client, "save", headers=HTMX))
    seen = datetime.fromisoformat(fields["seen"][0])
    theirs = by_another(study, seen=seen)

    response = press(client, "save", fields, title="Mine")

    shown = page(response)
    assert response.status_code == HTTPStatus.CONFLICT
    assert theirs.updated_by.username in shown
    assert "ann" in shown
    assert shown.count(f"{theirs.updated_at:%H:%M:%S} UTC") == 1
    assert shown.count(f"from the draft of {seen.day} {seen:%b %Y, %H:%M:%S} UTC") == 1
    assert fields_in(response)["title"] == ["Mine"]
    assert stored(study).title == "Theirs"


def test_mine_is_taken_where_that_is_chosen(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)
    refused = press(client, "save", fields, title="Mine")

    response = press(client, "take-mine", fields_in(refused))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study).title == "Mine"


def test_mine_is_taken_over_the_draft_that_was_told_of_and_over_no_other(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    theirs = by_another(study)
    refused = press(client, "save", fields, title="Mine")
    by_another(study, title="Third", seen=theirs.updated_at)

    response = press(client, "take-mine", fields_in(refused))

    assert response.status_code == HTTPStatus.CONFLICT
    assert stored(study).title == "Third"


def test_a_form_that_knows_of_no_draft_is_told_so(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, "save", {**fields, "seen": ["yesterday"]})

    assert response.status_code == HTTPStatus.CONFLICT
    assert "begun from the draft of" not in page(response)


def test_an_act_in_conflict_is_shown_but_not_stored(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, "add-option:1", fields, headers=HTMX)

    assert response.status_code == HTTPStatus.CONFLICT
    assert len(fields_in(response)["q1-code"]) == 3
    assert stored(study).title == "Theirs"


def test_the_same_sent_twice_is_no_conflict(study, admin, client):
    fields = fields_in(client.get(ADDRESS))
    press(client, "add-option:1", fields)

    again = press(client, "add-option:1", fields)

    assert again.status_code == HTTPStatus.SEE_OTHER
    assert len(stored(study).question(1).options) == 3


@pytest.mark.parametrize("do", ["publish", "begin", "discard"])
def test_no_button_ends_a_draft_that_was_not_seen(study, admin, client, do):
    fields = fields_in(client.get(ADDRESS))
    by_another(study)

    response = press(client, do, fields, title="Mine", begin_with="empty")

    assert response.status_code == HTTPStatus.CONFLICT
    assert fields_in(response)["title"] == ["Mine"]
    assert stored(study).title == "Theirs"
    assert Rubric.objects.count() == 1


# Publishing


def test_a_draft_is_published_and_ends(study, admin, client):
    response = press(client, "publish", title="Better")

    study.refresh_from_db()
    assert response.status_code == HTTPStatus.SEE_OTHER
    assert (study.rubric.version, study.rubric.title) == (2, "Better")
    assert not RubricDraft.objects.exists()
    assert "every-type version 2 is what raters are asked" in page(client.get(ADDRESS))
    assert fields_in(client.get(ADDRESS))["version"] == ["3"]


def test_a_draft_with_mistakes_is_not_published_and_every_one_is_listed(study, admin, client):
    response = press(client, "publish", q1_label="", q2_label="", title=" ")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Not published yet" in page(response)
    assert "Title is empty" in page(response)
    assert page(response).count("Label is empty") == 4  # in the list, and at each question
    assert stored(study).question(1).label == ""
    assert study.rubrics.count() == 1


def test_a_question_in_which_nothing_was_typed_is_told_when_publishing(study, admin, client):
    press(client, "add-question", new_type="text")
    before = page(client.get(ADDRESS))

    response = press(client, "publish")

    assert "Label is empty" not in before
    assert "Label is empty" in page(response)


def test_R042_a_published_version_is_immutable_and_the_next_one_is_put_in(study, admin, client):
    source = study.rubric.source

    refused = press(client, "publish", version="1", q1_label="Another question?")
    again = press(client, "publish", fields_in(refused))

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "every-type version 1 is published with other questions" in page(refused)
    assert "The next free one is 2" in page(refused)
    assert fields_in(refused)["version"] == ["2"]
    assert again.status_code == HTTPStatus.SEE_OTHER
    assert Rubric.objects.get(version=1).source == source
    assert Rubric.objects.get(version=2).questions.get(key="misled").label == "Another question?"


def test_the_same_version_with_the_same_questions_is_used_again(study, admin, client):
    rubrics.publish(study=study, rubric=presets()["tradeoff-quick"], now=build.now())
    press(client, "begin", begin_with="tradeoff-quick")

    response = press(client, "publish", version=str(presets()["tradeoff-quick"].version))

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert study.rubrics.count() == 2


def test_a_rubric_of_the_other_kind_is_refused_on_top(study, admin, client, tmp_path):
    build.item(study, tmp_path)

    response = press(client, "publish", kind="pair")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Make another study" in page(response)


# Beginning and throwing away


@pytest.mark.parametrize("name", ["current", "tradeoff-standard", "pairwise", "empty"])
def test_one_begins_with_another_rubric(study, admin, client, name):
    response = press(client, "begin", begin_with=name, title="Not kept")

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert stored(study).title != "Not kept"


def test_there_is_nothing_else_to_begin_with(study, admin, client):
    response = press(client, "begin", begin_with="nothing", title="Kept")

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Choose what to begin with" in page(response)
    assert fields_in(response)["title"] == ["Kept"]


def test_a_draft_is_thrown_away(study, admin, client):
    press(client, "save", title="Gone")

    response = press(client, "discard")

    assert response.status_code == HTTPStatus.SEE_OTHER
    assert not RubricDraft.objects.exists()
    assert fields_in(client.get(ADDRESS))["title"] == ["Every type"]


# JSON


def test_a_draft_is_exported_whole_or_not_and_nothing_is_stored(study, admin, client):
    response = press(client, "export", title="Half", q1_label="")

    assert "s-rubric-draft.json" in response["Content-Disposition"]
    assert response.json()["title"] == "Half"
    assert response.json()["questions"][0]["label"] == ""
    assert not RubricDraft.objects.exists()


def test_what_is_exported_can_be_imported(study, admin, client):
    exported = press(client, "export", title="Round").json()

    client.post(ADDRESS, {"do": "import", "seen": "", "rubric_text": json.dumps(exported)})

    assert rubric_json(stored(study)) == exported


def test_json_that_is_no_rubric_is_not_put_into_the_form(study, admin, client):
    response = client.post(ADDRESS, {"do": "import", "rubric_text": '{"key": "half-done"}'})

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "half-done" in page(response)
    assert "questions: Field required" in page(response)
    assert not RubricDraft.objects.exists()


def test_an_import_does_not_replace_a_draft_that_was_not_seen(study, admin, client):
    by_another(study)
    text = json.dumps({**build.SAFE, "title": "Imported"})

    refused = client.post(ADDRESS, {"do": "import", "seen": "", "rubric_text": text})
    again = {"do": "import", "seen": fields_in(refused)["seen"], "rubric_text": text}
    client.post(ADDRESS, again)

    assert refused.status_code == HTTPStatus.CONFLICT
    assert "Press again to replace it" in page(refused)
    assert "Imported" in page(refused)
    assert stored(study).title == "Imported"


def large(n_questions: int, n_options: int) -> dict:
    options = [{"code": str(n), "label": "x"} for n in range(n_options)]
    questions = [
        {"key": f"k{n}", "label": "L", "type": "single", "options": options}
        for n in range(n_questions)
    ]
    return {"key": "large", "title": "Large", "questions": questions}


def test_a_rubric_too_large_for_a_form_stays_json(study, admin, client):
    text = json.dumps(large(2, 1000))

    refused = client.post(ADDRESS, {"do": "import", "rubric_text": text})
    client.post("/studies/s/rubric/", {"rubric_text": text})
    opened = client.get(ADDRESS)

    assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "more fields than a form can send" in page(refused)
    assert opened.status_code == HTTPStatus.OK
    assert "more fields than a form can send" in page(opened)
    assert "question" not in fields_in(opened)


def test_a_form_has_fewer_fields_than_the_server_reads(settings):
    assert MOST_FIELDS + 100 <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS


def test_nothing_is_added_to_a_form_that_is_full(study, admin, client):
    fields = fields_of(draft_of(rubric_from_json(large(1, 1000))))
    fields["question"] = [*fields["question"], "7"]
    room = (MOST_FIELDS - n_fields(draft_from(fields))) // 3
    fields["q7-code"] = [str(number) for number in range(room)]

    response = press(client, "add-option:1", fields)

    assert response.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "more fields than a form can send" in page(response)
    assert len(fields_in(response)["q1-code"]) == 1000


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
