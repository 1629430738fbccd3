import time

import pytest
from django.db import IntegrityError, transaction

from annotation.errors import (
    SpecificationInvalid,
    SpecificationUnknown,
    SpecificationVersionExists,
)
from annotation.models import Clause, Specification, SpecificationVersion, Study
from annotation.selectors import specification_history as history
from annotation.selectors import specifications as found
from annotation.selectors.specification_history import AuthorityCount
from annotation.services import specifications
from annotation.specification_format import LONGEST_ID
from tests import build
from tests.environment import PROJECT

pytestmark = pytest.mark.django_db


@pytest.fixture
def study():
    return build.study("s")


def refusal(study, **more) -> list[tuple[int, str]]:
    with pytest.raises(SpecificationInvalid) as refused:
        build.specification(study, **more)
    return [(error["line"], error["field"]) for error in refused.value.details["errors"]]


# Storing


def test_a_version_is_stored_with_its_clauses(study):
    stored = build.specification(study, version="2026-01")

    rows = stored.clauses.order_by("position").values_list("clause_id", "authority", "level")
    assert list(rows) == [
        ("honesty", "fixed", 1),
        ("do_not_lie", "user", 2),
        ("small_courtesies", "", 2),
        ("harm", "fixed", 1),
    ]
    assert stored.clauses.get(clause_id="harm").text == "Weigh how grave it is."
    assert (stored.version, stored.specification.title) == ("2026-01", "Rules of care")


def test_ids_by_hand_are_stored(study):
    stored = build.specification(study, ids={2: "courtesies"})

    assert stored.clauses.get(position=2).clause_id == "courtesies"


def test_storing_the_same_once_more_changes_nothing(study):
    first = build.specification(study)

    again = build.specification(study, source=build.SPECIFICATION.replace("\n", "\r\n"))

    assert again.pk == first.pk
    assert (SpecificationVersion.objects.count(), Clause.objects.count()) == (1, 4)


def test_another_text_under_the_same_version_is_refused(study):
    stored = build.specification(study)

    with pytest.raises(SpecificationVersionExists, match="another text") as refused:
        build.specification(study, source=build.SPECIFICATION + "\nMore.")

    assert refused.value.details["version_id"] == stored.pk
    assert Clause.objects.count() == 4


def test_other_ids_under_the_same_version_are_refused(study):
    build.specification(study)

    with pytest.raises(SpecificationVersionExists, match="other ids"):
        build.specification(study, ids={2: "courtesies"})


def test_a_document_has_many_versions_and_the_latest_title(study):
    build.specification(study, version="1")
    build.specification(study, version="2", title="Rules of great care")

    document = Specification.objects.get(study=study)
    assert document.title == "Rules of great care"
    assert document.versions.count() == 2


def test_every_bad_line_is_in_the_refusal(study):
    source = "# A {#x}\n\nb\0d\n\n# B {#x}\n"

    assert refusal(study, source=source) == [(3, ""), (5, "id")]
    assert Specification.objects.count() == 0


@pytest.mark.parametrize(
    ("names", "field"),
    [
        ({"key": ""}, "key"),
        ({"key": " "}, "key"),
        ({"key": "x" * 101}, "key"),
        ({"title": "x" * 201}, "title"),
        ({"title": "a\0b"}, "title"),
        ({"version": ""}, "version"),
        ({"version": "a\u202eb"}, "version"),
    ],
)
def test_a_name_that_cannot_be_is_refused_by_field(study, names, field):
    assert refusal(study, **names) == [(0, field)]


def test_an_id_by_hand_that_cannot_be_is_refused_by_line(study):
    assert refusal(study, ids={2: "x" * (LONGEST_ID + 1)}) == [(9, "id")]


def test_versions_and_clauses_never_change(study):
    stored = build.specification(study)

    for rows, change in (
        (Clause.objects.filter(version=stored), {"text": "Another."}),
        (SpecificationVersion.objects.filter(pk=stored.pk), {"source": "Another."}),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**change)


# Which version raters are asked against


def test_raters_are_asked_against_the_version_that_is_chosen(study):
    first = build.specification(study)
    build.specification(study, version="2", used=False)

    assert Study.objects.get().specification_id == first.pk

    specifications.use(study=study, version_id=None, by_id=None)

    assert Study.objects.get().specification_id is None


@pytest.mark.parametrize("version_id", [0, -1, 10**17])
def test_a_version_that_is_not_there_cannot_be_chosen(study, version_id):
    with pytest.raises(SpecificationUnknown):
        specifications.use(study=study, version_id=version_id, by_id=None)


def test_another_studys_version_cannot_be_chosen(study):
    foreign = build.specification(build.study("other"))

    with pytest.raises(SpecificationUnknown):
        specifications.use(study=study, version_id=foreign.pk, by_id=None)

    assert Study.objects.get(slug="s").specification_id is None


# Finding clauses


def hits(version, words: str, **more) -> list[str]:
    return [one.clause_id for one in found.clauses_matching(version.pk, words, **more)]


def test_heads_are_read_once_and_in_order(study, django_assert_num_queries):
    version = build.specification(study)
    heads = found.clause_heads(version.pk)

    with django_assert_num_queries(0):
        again = found.clause_heads(version.pk)

    assert again is heads
    assert [(head.clause_id, head.title, head.level) for head in heads][1] == (
        "do_not_lie",
        "Do not lie",
        2,
    )


def test_heads_of_an_unknown_version_are_not_kept(study):
    with pytest.raises(SpecificationVersion.DoesNotExist):
        found.clause_heads(10**9)


def test_all_words_must_occur_in_title_id_or_text(study):
    version = build.specification(study)

    assert hits(version, "false kind") == ["do_not_lie"]
    assert hits(version, "false grave") == []
    assert hits(version, "do_not_lie") == ["do_not_lie"]


def test_names_come_before_texts_then_the_place_counts(study):
    source = "# One\n\na lie\n\n# Two lies\n\nx\n\n# Three\n\na lie\n\n# Four {#no_lie}\n\nx"
    version = build.specification(study, source=source)

    assert hits(version, "lie") == ["two_lies", "no_lie", "one", "three"]
    assert hits(version, "lie", limit=2) == ["two_lies", "no_lie"]


@pytest.mark.parametrize(
    "words", ["GRÖSSE", "große", "grosse", "Größe", "gro\u0308ße", "ΤΈΛΟΣ", "τελος", "ﬁn", "ÉTÉ"]
)
def test_case_and_accents_do_not_matter(study, words):
    source = "# A {#a}\n\nDie Größe. Το τέλος. Finis. L'été.\n\n# B {#b}\n\nNothing."
    version = build.specification(study, source=source)

    assert hits(version, words) == ["a"]


@pytest.mark.parametrize("words", ["", "   ", "\u0301"])
def test_no_words_are_the_outline(study, words):
    version = build.specification(study)

    outline = found.clauses_matching(version.pk, words, limit=2)

    assert [one.clause_id for one in outline] == [
        "honesty",
        "do_not_lie",
        "small_courtesies",
        "harm",
    ]
    assert {(one.excerpt, one.html) for one in outline} == {("", "")}


@pytest.mark.parametrize("words", ["%", "_", "\\", "'", "' OR 1=1 --", "[a-z", "(", "x" * 100_000])
def test_R026_odd_words_are_only_words(study, words):
    version = build.specification(study)

    assert set(hits(version, words)) <= {"do_not_lie", "small_courtesies"}


def test_the_excerpt_has_the_words_around_the_hit(study):
    source = "# A\n\n" + "before " * 100 + "the *needle* itself" + " after" * 100
    version = build.specification(study, source=source)

    (one,) = found.clauses_matching(version.pk, "needle")

    assert "the needle itself" in one.excerpt
    assert one.excerpt.startswith("… before")
    assert one.excerpt.endswith("after …")
    assert len(one.excerpt) < 260


def test_the_excerpt_of_words_without_spaces_holds_the_hit(study):
    version = build.specification(study, source="# A\n\n" + "价" * 500 + "诚实" + "格" * 500)

    (one,) = found.clauses_matching(version.pk, "诚实")

    assert "诚实" in one.excerpt
    assert len(one.excerpt) < 260


def test_the_whole_has_every_text_as_safe_html(study):
    source = "# A {#a}\n\n<script>alert(1)</script> **bold** [x](https://evil.example)"
    version = build.specification(study, source=source)

    (one,) = found.whole(version.pk)

    assert "<script" not in one.html
    assert "href" not in one.html
    assert "<strong>bold</strong>" in one.html


def test_commentary_is_a_quote_and_no_code(study):
    source = '# A\n\n!!! meta "Commentary"\n    Why so.\n\n    And more.\n'
    version = build.specification(study, source=source)

    html = found.whole(version.pk)[0].html

    assert "<blockquote" in html
    assert "<pre" not in html


def test_search_in_a_real_sized_document_is_quick(study):
    clause = "\n".join(f"Sentence {n} of many words about honesty and harm." for n in range(60))
    source = "\n".join(f"## Clause {n} {{#c{n}}}\n\n{clause}\n" for n in range(80))
    version = build.specification(study, source=source)
    found.clauses_matching(version.pk, "honesty")

    began = time.process_time()
    again = found.clauses_matching(version.pk, "many harm")

    assert len(again) == 20
    assert time.process_time() - began < 2


def test_a_version_belongs_to_its_study_alone(study):
    version = build.specification(study)

    assert found.is_of(study, version.pk)
    assert not found.is_of(build.study("other"), version.pk)
    assert found.title_of(version.pk) == "Rules of care, 1"


# What admins see of versions


def test_documents_have_their_versions_latest_first(study):
    build.specification(study, version="1")
    build.specification(study, version="2", used=False)
    build.specification(study, version="9", key="another", used=False)
    build.specification(build.study("other"))

    another, care = history.documents_of(study)

    assert [version.version for version in care.versions] == ["2", "1"]
    assert [version.used for version in care.versions] == [False, True]
    assert care.versions[0].clauses == 4
    assert care.versions[0].authorities == (
        AuthorityCount("fixed", 2),
        AuthorityCount("", 1),
        AuthorityCount("user", 1),
    )
    assert another.key == "another"


def test_documents_cost_the_same_queries_however_many_there_are(study, django_assert_num_queries):
    for number in range(5):
        build.specification(study, version=str(number))

    with django_assert_num_queries(3):
        history.documents_of(study)


def test_a_version_says_what_it_changed(study):
    before = build.specification(study, version="1")
    changed = (
        build.SPECIFICATION.replace("authority=user", "authority=root")
        .replace("Weigh how grave", "Weigh how likely")
        .replace("# Harm", "# Harm to others")
        .replace("## Small courtesies\n", "## Fiction {#fiction}\n")
    )
    after = build.specification(study, version="2", source=changed)

    change = history.change_between(before, after)

    assert change.added == ("fiction",)
    assert change.removed == ("small_courtesies",)
    assert change.text == ("harm",)
    assert change.title == ("harm",)
    assert change.authority == (("do_not_lie", "user", "root"),)
    assert not change.is_none
    assert history.change_between(after, after).is_none


def test_the_version_before_is_of_the_same_document(study):
    first = build.specification(study, version="1")
    build.specification(study, key="another", version="1")
    second = build.specification(study, version="2")

    assert history.version_before(second) == first
    assert history.version_before(first) is None
    assert history.version_of(study, first.pk) == first
    assert history.version_of(build.study("other"), first.pk) is None


def test_the_questions_that_ask_for_clauses_are_known(study):
    assert history.questions_with_clauses(study) == ()
    assert history.questions_with_clauses(build.study(rubric="compliance")) == ("compliance",)


def test_the_demonstrations_specification_is_stored(study):
    source = (PROJECT / "fixtures" / "demo_specification.md").read_text(encoding="utf-8")

    stored = build.specification(study, source=source)

    assert stored.clauses.count() == 15
