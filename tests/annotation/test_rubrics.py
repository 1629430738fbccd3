"""Publishing what a study asks, and reading it in a rater's language."""

import pytest

from annotation.errors import RubricInvalid
from annotation.models import Item, Option, Question, Response, Rubric, Study
from annotation.rubric_format import presets, rubric_from_json
from annotation.selectors.rubrics import plan
from annotation.services import rubrics
from tests import build
from tests.build import HOUR, NOW

pytestmark = pytest.mark.django_db

# Of the four questions one is translated whole, one in part, and two not at all.
GERMAN = {
    "misled": {
        "label": "In die Irre geführt?",
        "help": "Von {value_a}.",
        "options": {"no": "Nein", "yes": "Ja"},
    },
    "who": {"options": {"user": "Der Nutzer"}},
}
TRANSLATED = {**build.EVERY_TYPE, "translations": {"de": GERMAN, "pt-BR": {}}}
PAIRWISE = {
    "key": "pairwise",
    "title": "Pairwise",
    "kind": "pair",
    "questions": [
        {
            "key": "better",
            "label": "Which?",
            "type": "single",
            "options": [{"code": code, "label": code} for code in ("slot_1", "slot_2", "tie")],
        }
    ],
}


def publish(study, source, *, now=NOW):
    return rubrics.publish(study=study, rubric=rubric_from_json(source), now=now)


def said(found):
    """Labels and helps of a plan, by question, with those of the options."""
    return {
        question.key: (question.label, question.help, [one.label for one in question.options])
        for question in found.questions
    }


def pair(study, tmp_path):
    """Two replies side by side, as a row."""
    first, second = (
        build.reply(study, tmp_path, query_id="q-pair", model=model) for model in ("one", "two")
    )
    query = first.query
    fields = {"query": query, "scenario": query.scenario, "kind": "pair"}
    return Item.objects.create(study=study, reply_1=first, reply_2=second, **fields)


# In the language of the page


@pytest.fixture
def translated():
    return build.study(rubric=TRANSLATED).rubric_id


def test_a_rubric_is_read_in_its_own_words(translated):
    found = said(plan(translated))

    assert found["misled"] == ("Misled?", "", ["No", "Yes"])
    assert found["who"] == ("Who?", "", ["User", "Public"])


def test_a_rubric_is_read_in_the_words_of_a_language(translated):
    found = said(plan(translated, "de"))

    assert found["misled"] == ("In die Irre geführt?", "Von {value_a}.", ["Nein", "Ja"])


def test_what_has_no_words_of_the_language_keeps_its_own(translated):
    found, original = said(plan(translated, "de")), said(plan(translated))

    assert found["who"] == ("Who?", "", ["Der Nutzer", "Public"])
    assert (found["severity"], found["note"]) == (original["severity"], original["note"])


@pytest.mark.parametrize("language", ["de-AT", "de-at", "DE", "De-CH-1996"])
def test_a_country_without_words_of_its_own_gets_those_of_the_language(language, translated):
    assert said(plan(translated, language)) == said(plan(translated, "de"))


@pytest.mark.parametrize("language", ["pt-br", "pt-BR"])
def test_a_country_with_words_of_its_own_gets_them(language):
    brazilian = {"de": GERMAN, "pt-BR": {"misled": {"label": "Enganou?"}}}
    rubric_id = build.study(rubric={**TRANSLATED, "translations": brazilian}).rubric_id

    assert said(plan(rubric_id, language))["misled"][0] == "Enganou?"


@pytest.mark.parametrize("language", ["fr", "fr-CA", "d", "den", "pt", "pt-BR", "-", "de_AT"])
def test_an_unknown_language_gets_the_original(language, translated):
    assert plan(translated, language) == plan(translated)


def test_a_language_changes_words_and_nothing_else(translated):
    german, original = plan(translated, "de"), plan(translated)

    for one, other in zip(german.questions, original.questions, strict=True):
        assert (one.id, one.key, one.condition_codes) == (
            other.id,
            other.key,
            other.condition_codes,
        )
        assert [(o.id, o.code, o.value) for o in one.options] == [
            (o.id, o.code, o.value) for o in other.options
        ]


def test_words_of_a_language_take_the_items_values(translated):
    question = plan(translated, "de").question("misled").with_values("Ehrlichkeit", "Güte")

    assert question.help == "Von Ehrlichkeit."


def test_each_language_is_read_once(translated, django_assert_num_queries):
    plan(translated, "de")

    with django_assert_num_queries(0):
        plan(translated, "de")


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_read_in_german(name):
    rubric_id = build.study(rubric=name).rubric_id

    german, original = said(plan(rubric_id, "de")), said(plan(rubric_id))

    assert [key for key in original if german[key][0] == original[key][0]] == []


# Publishing


def test_publishing_says_when():
    study = build.study(rubric=build.SAFE)

    assert study.rubric.published_at == Rubric.objects.get().published_at == NOW


def test_publishing_stores_what_a_question_asks_for_besides():
    study = build.study(rubric="tradeoff-standard")

    found = plan(study.rubric_id)

    assert [one.key for one in found.questions if one.clauses] == ["compliance"]
    assert {one.key: one.anchors for one in found.questions if one.anchors} == {
        "score_a": "value_a",
        "score_b": "value_b",
    }
    assert len(found.question("evidence").options) == 8


def test_publishing_stores_what_a_rubric_is_about():
    assert build.study(rubric=build.SAFE).rubric.kind == "single"
    assert build.study(rubric=PAIRWISE).rubric.kind == "pair"
    assert plan(Rubric.objects.get(kind="pair").pk).kind == "pair"


def test_the_same_content_again_is_the_same_row():
    study = build.study(rubric=TRANSLATED)
    before = Rubric.objects.values().get()

    again = publish(study, TRANSLATED, now=NOW + HOUR)

    assert again == study.rubric
    assert Rubric.objects.values().get() == before
    assert Question.objects.count() == len(TRANSLATED["questions"])


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Another"},
        {"questions": build.EVERY_TYPE["questions"][:2]},
        {"translations": {}},
        {"translations": {"de": {**GERMAN, "note": {"label": "Notiz"}}, "pt-BR": {}}},
    ],
)
def test_other_content_under_a_published_version_is_refused(changes):
    study = build.study(rubric=TRANSLATED)
    before = Rubric.objects.values().get()

    with pytest.raises(RubricInvalid, match="published with other questions"):
        publish(study, {**TRANSLATED, **changes})
    assert Rubric.objects.values().get() == before


def test_a_version_of_before_becomes_the_studys_own_again():
    study = build.study(rubric=build.SAFE)
    first = study.rubric
    publish(study, {**build.SAFE, "version": 2})

    publish(study, build.SAFE)

    assert Study.objects.get().rubric == first
    assert Rubric.objects.count() == 2


def test_a_rubric_about_pairs_is_refused_where_items_are_of_one_reply(tmp_path):
    study = build.study(rubric=build.SAFE)
    build.item(study, tmp_path)

    with pytest.raises(RubricInvalid, match="have one reply each"):
        publish(study, PAIRWISE)
    assert (Rubric.objects.count(), Study.objects.get().rubric) == (1, study.rubric)


def test_a_rubric_about_one_reply_is_refused_where_items_are_pairs(tmp_path):
    study = build.study(rubric=PAIRWISE)
    pair(study, tmp_path)

    with pytest.raises(RubricInvalid, match="have two replies each"):
        publish(study, build.SAFE)
    assert Option.objects.filter(question__rubric__kind="single").count() == 0


def test_the_kind_is_open_until_there_are_items(tmp_path):
    study = build.study(rubric=build.SAFE)
    build.reply(study, tmp_path)
    other = build.study(rubric=build.SAFE)
    build.item(other, tmp_path)

    publish(study, PAIRWISE)

    assert Study.objects.get(pk=study.pk).rubric.kind == "pair"


def test_a_further_version_of_the_same_kind_is_published_beside_items(tmp_path):
    study = build.study(rubric=PAIRWISE)
    pair(study, tmp_path)

    publish(study, {**PAIRWISE, "version": 2})

    assert Study.objects.get().rubric.version == 2
    assert Response.objects.count() == 2
