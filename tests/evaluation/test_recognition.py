"""R-088: raters' guesses of who wrote a reply, beside the authors and beside chance."""

import pytest

from annotation.models import Guess, Judgment, Study
from annotation.selectors.guesses import Author
from annotation.vocabulary import RaterSource, Role
from evaluation.services import recognition
from tests import build
from tests.build import NOW, claim, facts, submit

pytestmark = pytest.mark.django_db
GPT, ZORK = "openai/gpt-4.1", "acme/zork-2"


def author(*names):
    return Author(1, names[-1], names)


@pytest.mark.parametrize(
    ("words", "model", "right"),
    [
        ("GPT4", GPT, True),
        ("chat gpt, I think", GPT, True),
        ("from OpenAI", GPT, True),
        ("チャットGPT", GPT, True),
        ("Claude", GPT, False),
        ("gemini or claude", GPT, False),
        ("zork", ZORK, True),
        ("that ZORK 2 of theirs", ZORK, True),
        ("Acme", ZORK, True),
        ("zorkish", ZORK, False),
        ("an AI", ZORK, False),
        ("the 2nd", ZORK, False),
    ],
)
def test_a_guess_is_right_where_it_names_model_family_or_maker(words, model, right):
    assert recognition.names(words, author(model)) == right


def test_an_alias_of_the_study_is_a_name():
    assert recognition.names("candidate seven", author("m7", "Candidate Seven"))


@pytest.fixture
def study(tmp_path):
    """Ten queries, six by one model and four by another, each judged by two raters."""
    made = build.study("s", rubric=build.SAFE)
    lines = [
        build.reply_fields(query_id=f"q{n}", response_id=f"r{n}", model=GPT if n < 6 else ZORK)
        for n in range(10)
    ]
    build.batch(made, lines, tmp_path)
    build.open_seats(made, n_seats=2)
    Study.objects.update(guess_every=1)
    return made


@pytest.fixture
def judged(study):
    """Every judgment of two raters, by rater and reply."""
    found = {}
    for name in ("ann", "bob"):
        rater = build.rater(study)
        for _ in range(10):
            submit(rater, claim(rater), safe="no" if name == "ann" else "yes")
        for one in Judgment.objects.filter(rater=rater).select_related("item__reply_1"):
            found[name, one.item.reply_1.external_id] = one
    return found


def say(judgment, words=""):
    Guess.objects.create(judgment=judgment, knew=bool(words), words=words, given_at=NOW)


def test_nobody_asked_is_no_report(study, judged):
    assert recognition.report(facts(study)).rows == ()


def test_R088_guesses_are_counted_by_model_with_intervals(study, judged):
    for n in range(10):
        say(judged["ann", f"r{n}"], "ChatGPT" if n < 5 else "Zork" if n == 6 else "")

    whole, *models = recognition.report(facts(study)).rows

    assert (whole.asked, whole.knew, whole.right) == (10, 6, 6)
    assert [(one.model, one.asked, one.knew, one.right) for one in models] == [
        ("gpt-4.1", 6, 5, 5),
        ("zork-2", 4, 1, 1),
    ]
    assert whole.share_knew.value == 0.6
    assert whole.share_knew.low < 0.6 < whole.share_knew.high
    assert whole.share_knew.clusters == 10


def test_R088_naming_the_commonest_every_time_is_not_above_chance(study, judged):
    for n in range(10):
        say(judged["ann", f"r{n}"], "OpenAI")

    whole = recognition.report(facts(study)).rows[0]

    assert (whole.right, whole.share_right.value) == (6, 0.6)
    assert whole.chance == pytest.approx(0.6)
    assert whole.above.value == pytest.approx(0.0)


def test_R088_knowing_every_author_is_above_chance(study, judged):
    for n in range(10):
        say(judged["ann", f"r{n}"], "gpt" if n < 6 else "zork")

    whole = recognition.report(facts(study)).rows[0]

    # By hand: 6 of these have 5 of the other 9 right by chance, 4 have 3 of 9.
    assert whole.chance == pytest.approx((6 * 5 / 9 + 4 * 3 / 9) / 10)
    assert whole.above.value == pytest.approx(1 - whole.chance)
    assert whole.above.low > 0


def test_only_noes_leave_the_rest_undefined_with_the_reason(study, judged):
    say(judged["ann", "r1"])
    say(judged["ann", "r2"])

    found = recognition.report(facts(study))

    assert (found.rows[0].knew, found.rows[0].chance) == (0, None)
    assert found.rows[0].share_right.reason == found.rows[0].above.reason == "no_items"
    assert found.both_ways == ()


def test_one_guess_alone_has_no_chance_to_stand_beside(study, judged):
    say(judged["ann", "r1"], "Zork")

    whole = recognition.report(facts(study)).rows[0]

    assert (whole.knew, whole.right, whole.chance, whole.above.value) == (1, 0, None, None)


def test_R088_agreement_stands_beside_agreement_without_recognised_items(study, judged):
    for n in (1, 2, 9):
        say(judged["ann", f"r{n}"], "Zork")
    say(judged["bob", "r3"])

    found = recognition.report(facts(study))

    (both,) = found.both_ways
    assert found.items_left_out == 3
    assert (both.whole.items, both.without.items) == (10, 7)
    assert both.without.judgments == 14


def test_stand_ins_and_raters_who_withdrew_are_left_out(study, judged):
    say(judged["ann", "r1"], "Zork")
    say(judged["bob", "r1"], "Zork")
    rater = judged["ann", "r1"].rater
    type(rater).objects.filter(pk=rater.pk).update(source=RaterSource.SIMULATED)
    rater = judged["bob", "r1"].rater
    type(rater).objects.filter(pk=rater.pk).update(withdrew_at=NOW)

    assert recognition.report(facts(study)).rows == ()


def test_the_page_shows_both_tables_and_says_what_chance_is(study, judged, client):
    for n in range(10):
        say(judged["ann", f"r{n}"], "<b>gpt" if n < 6 else "")
    client.force_login(build.member(study, Role.RESEARCHER))

    page = " ".join(client.get("/studies/s/guesses/").content.decode().split())

    assert "asked after every item." in page
    assert "All models" in page
    assert "By chance" in page
    assert "Agreement with and without them" in page
    assert "<b>gpt" not in page


def test_a_study_that_does_not_ask_says_how_to(study, client):
    Study.objects.update(guess_every=0)
    client.force_login(build.member(study, Role.ADMIN))

    page = client.get("/studies/s/guesses/").content.decode()

    assert "Raters of this study are not asked" in page
    assert "/studies/s/settings/" in page
