"""Later waves: where raters disagree, further seats there, and the seats of gold items."""

from decimal import Decimal
from http import HTTPStatus

import pytest

from annotation import tasks
from annotation.errors import SeatsRefused
from annotation.models import Item, Rater, Seat, SeatOpening, Study
from annotation.selectors.asked import Asked
from annotation.selectors.disagreement import Rule, disputed_items
from annotation.selectors.labels import option_counts
from annotation.selectors.progress import progress_of
from annotation.selectors.rubrics import plan
from annotation.services import gold, integrity, later_waves, openings
from annotation.services.lanes import Routing
from annotation.vocabulary import Role, Scope, Wave
from tests import build
from tests.annotation.test_commands import run
from tests.build import NOW, claim
from tests.evaluation import given

pytestmark = pytest.mark.django_db
TWO_THIRDS = Decimal("0.67")
TABLE = {
    "all": "yes yes yes",
    "most": "yes yes no",
    "tie": "yes no",
    "one": "yes",
    "three_of_four": "yes yes yes no",
}


@pytest.fixture
def study(tmp_path):
    return given.safe(tmp_path, TABLE, slug="s")


@pytest.fixture
def admin(study, client):
    client.force_login(build.member(study, Role.ADMIN, name="boss"))
    return client


def rule(study, **more):
    terms = {"question": "safe", "about": "", "share_below": TWO_THIRDS, "at_least": 2, **more}
    return later_waves.rule_of(study, **terms)


def named(items):
    rows = Item.objects.filter(pk__in=list(items)).order_by("pk")
    return list(rows.values_list("reply_1__external_id", flat=True))


def disputed(study, **more):
    return named(disputed_items(rule(study, **more)))


def open_extra(study, *, wave=Wave.EXTRA, n=1, of=None, **more):
    return later_waves.open_after_disagreement(
        study=study, wave=wave, rule=of or rule(study), raters_per_item=n, seed=1, now=NOW, **more
    )


def seats_at(**which):
    rows = Seat.objects.filter(**which).order_by("item", "number")
    return list(rows.values_list("item__reply_1__external_id", flat=True))


# Where raters disagree


def test_raters_disagree_where_the_most_frequent_answer_has_too_small_a_share(study):
    assert disputed(study) == ["most", "tie"]


@pytest.mark.parametrize(
    ("below", "expected"),
    [
        ("0.5", []),
        ("0.51", ["tie"]),
        ("0.75", ["most", "tie"]),
        ("0.76", ["most", "tie", "three_of_four"]),
        ("1", ["most", "tie", "three_of_four"]),
    ],
)
def test_a_share_just_reached_is_no_disagreement(study, below, expected):
    assert disputed(study, share_below=Decimal(below)) == expected


def test_a_tie_is_where_two_answers_were_given_most_often(study):
    assert disputed(study, share_below=None) == ["tie"]


def test_with_fewer_raters_than_asked_for_nobody_can_say(study):
    assert disputed(study, at_least=3) == ["most"]


def test_left_out_the_number_of_raters_is_what_the_study_wants(study):
    Study.objects.filter(pk=study.pk).update(raters_per_item=4)
    study.refresh_from_db()

    assert disputed(study, at_least=None, share_below=Decimal(1)) == ["three_of_four"]


@pytest.fixture
def turns(tmp_path):
    """Two raters of t, a reply of two turns, who differ at turn 2 only."""
    made = build.study("t", rubric=given.TURNS, raters_per_item=2)
    given.replies(made, tmp_path, "t", "u", messages=build.conversation(2))
    said = [
        ("t", rater, "misled", answer, turn)
        for rater, answers in (("ann", ("yes", "yes", "no")), ("bob", ("yes", "no", "no")))
        for answer, turn in zip(answers, (1, 2, 0), strict=True)
    ]
    given.judgments(made, tmp_path, said)
    return made


@pytest.mark.parametrize(
    ("about", "expected"),
    [("", []), ("whole", []), ("any", ["t"]), ("1", []), ("2", ["t"]), ("3", [])],
)
def test_disagreement_is_about_the_whole_any_turn_or_one(turns, about, expected):
    assert disputed(turns, question="misled", about=about) == expected


def test_several_choices_differ_as_sets(turns, tmp_path):
    said = [("u", "ann", "who", "user"), ("u", "ann", "who", "public"), ("u", "bob", "who", "user")]
    given.judgments(turns, tmp_path, [*said, ("t", "ann", "who"), ("t", "bob", "who")])

    assert disputed(turns, question="who") == ["u"]


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"question": "other"}, "no question 'other'"),
        ({"about": "3x"}, "About is whole, any or the number of a turn."),
        ({"about": "0"}, "About is whole, any or the number of a turn."),
        ({"about": "any"}, "asked of the whole conversation only"),
        ({"share_below": Decimal(0)}, "above 0 and at most 1"),
        ({"share_below": Decimal("1.01")}, "above 0 and at most 1"),
        ({"at_least": 1}, "at least two raters"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(study, terms, words):
    with pytest.raises(SeatsRefused, match=words):
        rule(study, **terms)


def test_a_question_of_turns_is_not_asked_of_the_whole(tmp_path):
    of_turns = {**build.SAFE, "questions": [{**build.SAFE["questions"][0], "scope": "turn"}]}
    made = build.study(rubric=of_turns)

    assert rule(made).turn is None
    with pytest.raises(SeatsRefused, match="asked of each turn only"):
        rule(made, about="whole")


def test_a_rule_says_itself_in_words_and_as_data(study):
    asked = plan(study.rubric_id).question("safe")

    assert str(Rule(asked, 2, None, 3)) == (
        "safe, at turn 2: no answer was given most often, of 3 raters or more"
    )
    assert rule(study).as_json() == {
        "question": "safe",
        "about": "the whole",
        "share_below": "0.67",
        "judged_at_least": 2,
        "waves": ["first", "imported"],
    }
    assert Rule(asked, None, None, 3).as_json()["about"] == "any turn"
    assert Rule(asked, None, None, 3).as_json()["tie"] is True


def test_the_walk_is_one_query_and_a_look_for_what_is_not_judgeable(
    study, django_assert_num_queries
):
    asked = rule(study)

    with django_assert_num_queries(2):
        assert len(list(disputed_items(asked))) == 2


# Further seats there


def test_extra_seats_are_opened_where_raters_disagree_and_keep_why(study):
    opening = open_extra(study, n=2, reason="To settle them.")

    assert seats_at(wave=Wave.EXTRA) == ["most", "most", "tie", "tie"]
    assert (opening.items, opening.seats, opening.reason) == (2, 4, "To settle them.")
    assert SeatOpening.objects.get().rule == rule(study).as_json()


def test_without_a_reason_the_rule_is_kept_in_words(study):
    assert open_extra(study).reason == (
        "Raters disagree on safe: the most frequent answer has a share below 0.67, of 2 raters or"
        " more."
    )


def test_opening_again_adds_seats_only_where_raters_disagree_since(study, tmp_path):
    open_extra(study)
    given.judgments(study, tmp_path, [("one", "late", "safe", "no")])

    opening = open_extra(study)

    assert (opening.items, opening.seats) == (3, 1)
    assert seats_at(opening=opening) == ["one"]


def test_what_an_admin_took_out_gets_none(study):
    Item.objects.filter(reply_1__external_id="tie").update(retired_at=NOW)

    assert open_extra(study).items == 1


def test_where_nobody_disagrees_nothing_is_opened(study):
    with pytest.raises(SeatsRefused, match="No item was chosen"):
        open_extra(study, of=rule(study, at_least=9))

    assert not SeatOpening.objects.exists()


def test_a_rater_who_judged_an_item_does_not_get_it_again(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    build.item(study, tmp_path, n_seats=2)
    ann, bob, cem = (build.rater(study) for _ in range(3))
    for by, answer in ((ann, "yes"), (bob, "no")):
        build.submit(by, claim(by), safe=answer)

    open_extra(study)

    assert (claim(ann), claim(bob)) == (None, None)
    assert claim(cem).wave == Wave.EXTRA


def test_adjudication_is_for_its_cohort_alone(study):
    open_extra(study, wave=Wave.ADJUDICATION, cohort="experts")
    crowd, expert = build.rater(study), build.rater(study, cohort="experts")

    assert claim(crowd) is None
    assert claim(expert).wave == Wave.ADJUDICATION


def test_adjudication_needs_a_cohort(study):
    with pytest.raises(SeatsRefused, match="Name the cohort"):
        open_extra(study, wave=Wave.ADJUDICATION)


@pytest.mark.parametrize("wave", [Wave.FIRST, Wave.GOLD, Wave.AUDIT, Wave.IMPORTED])
def test_no_other_wave_is_opened_after_disagreement(study, wave):
    with pytest.raises(SeatsRefused):
        open_extra(study, wave=wave)


def test_an_audit_is_opened_at_the_items_that_a_sample_drew(study):
    items = list(Item.objects.order_by("pk").values_list("pk", flat=True)[:2])

    opening = later_waves.open_audit(
        study=study,
        items=items,
        raters_per_item=1,
        seed=7,
        now=NOW,
        reason="Audit of March.",
        rule={"sample": 4},
    )

    assert (opening.wave, opening.design, opening.rule) == (Wave.AUDIT, "sample", {"sample": 4})
    assert seats_at(wave=Wave.AUDIT) == ["all", "most"]


def test_later_seats_are_as_urgent_as_the_first_waves_and_for_readers_of_their_language(tmp_path):
    study = build.study(rubric=build.SAFE)
    lines = [build.reply_fields(response_id="r", language="de")]
    build.batch(study, lines, tmp_path)
    items = openings.items_of(study, study.responses.values_list("pk", flat=True)).values()
    routing = Routing(priority=5, by_language=True, crossed=True)
    how = {"raters_per_item": 1, "seed": 1, "now": NOW, "study": study, "items": items}
    openings.open_wave(wave=Wave.FIRST, routing=routing, **how)
    study.refresh_from_db()

    opening = later_waves.open_audit(**how)

    lane = Seat.objects.get(opening=opening).lane
    assert (lane.priority, lane.language, lane.crossed, lane.cohort) == (5, "de", True, "")
    assert lane == Seat.objects.get(wave=Wave.FIRST).lane


# They count in nothing but their own wave


@pytest.mark.parametrize("wave", [Wave.EXTRA, Wave.AUDIT, Wave.GOLD, Wave.ADJUDICATION])
def test_what_a_later_wave_says_is_not_in_the_labels_and_makes_no_disagreement(tmp_path, wave):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    item = build.item(study, tmp_path, n_seats=2)
    for _ in range(2):
        build.judgment(build.rater(study), safe="yes")
    openings.open_wave(study=study, wave=wave, items=[item.pk], raters_per_item=3, seed=1, now=NOW)
    for _ in range(3):
        build.judgment(build.rater(study), safe="no")

    asked = Asked(study.rubric.questions.get().pk, Scope.CONVERSATION)
    counts = [(row.raters, row.option) for row in option_counts(asked)]
    assert [n for n, _ in counts] == [2]
    assert disputed(study) == []
    assert list(integrity.differences()) == []


def test_a_later_wave_does_not_stand_in_for_the_first(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=2)
    item = build.item(study, tmp_path, n_seats=2)
    build.judgment(build.rater(study), safe="yes")
    openings.open_wave(
        study=study, wave=Wave.AUDIT, items=[item.pk], raters_per_item=2, seed=1, now=NOW
    )
    for seat in Seat.objects.filter(wave=Wave.AUDIT):
        Seat.objects.filter(pk=seat.pk).update(rater=build.rater(study), judged_at=NOW)

    assert progress_of(study, at=NOW).short == 1


# The command


def test_the_command_opens_extra_seats(study, capsys):
    words = ("--wave", "extra", "--question", "safe", "--below", "0.67", "--at-least", 2)

    code, out, _ = run(capsys, "open_seats", "s", *words, "--reason", "Why not.")

    assert (code, out) == (0, "2 seats added; 2 items are open.\n")
    assert SeatOpening.objects.get().reason == "Why not."


def test_the_command_counts_without_opening(study, capsys):
    words = ("--wave", "extra", "--question", "safe", "--at-least", 2, "--dry-run")

    assert run(capsys, "open_seats", "s", *words)[1] == "Raters disagree at 1 items.\n"
    assert run(capsys, "open_seats", "s", *words, "--json")[1] == '{"items": 1}\n'
    assert not SeatOpening.objects.exists()


def test_the_command_reserves_adjudication_for_a_cohort(study, capsys):
    words = ("--wave", "adjudication", "--question", "safe", "--at-least", 2)

    assert run(capsys, "open_seats", "s", *words)[0] == 2
    assert run(capsys, "open_seats", "s", *words, "--cohort", "experts", "--raters", 2)[0] == 0
    assert Seat.objects.filter(wave=Wave.ADJUDICATION, lane__cohort="experts").count() == 2


@pytest.mark.parametrize("share", ["much", "NaN", "inf"])
def test_the_command_takes_no_word_for_a_share(study, capsys, share):
    words = ("--wave", "extra", "--question", "safe", "--below", share)

    assert "is no share" in run(capsys, "open_seats", "s", *words)[2]


def test_the_command_ends_with_2_where_no_answer_is_known(study, capsys):
    assert run(capsys, "open_seats", "s", "--wave", "gold")[0] == 2


# The page


SENT = {
    "wave": "2",
    "question": "safe",
    "about": "",
    "disagreement": "share",
    "share_below": "0.67",
    "at_least": "2",
    "raters_per_item": "1",
    "cohort": "",
    "seed": "1",
    "reason": "",
}


def page(response):
    return response.content.decode()


def test_the_page_of_seats_has_the_form_once_something_was_opened(study, admin):
    before = page(admin.get("/studies/s/seats/"))
    open_extra(study, reason="To settle them.")
    after = page(admin.get("/studies/s/seats/"))

    assert ("Later waves" in before, "Later waves" in after) == (False, True)
    assert "To settle them." in after


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "Raters disagree at 2 items."),
        ({"disagreement": "tie", "share_below": ""}, "Raters disagree at 1 item."),
        ({"at_least": "9"}, "There is nothing to open by this rule."),
        ({"about": "any"}, "asked of the whole conversation only"),
        ({"share_below": ""}, "Fill in the fields above"),
    ],
)
def test_the_number_of_items_is_counted_before_anything_is_opened(study, admin, changes, words):
    headers = {"HX-Request": "true"}

    answer = admin.get("/studies/s/seats/later/", {**SENT, **changes}, headers=headers)

    assert words in page(answer)
    assert "<form" not in page(answer)
    assert not SeatOpening.objects.exists()


def test_without_script_a_button_counts(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "count": "yes"})

    assert "Raters disagree at 2 items." in page(answer)
    assert not SeatOpening.objects.exists()


def test_items_taken_out_are_not_counted(study, admin):
    Item.objects.filter(reply_1__external_id="tie").update(retired_at=NOW)

    assert "at 1 item." in page(admin.get("/studies/s/seats/later/", SENT))


def test_an_admin_opens_extra_seats_on_the_page(study, admin):
    answer = admin.post("/studies/s/seats/later/", SENT, follow=True)

    assert "2 seats were added at 2 items." in page(answer)
    assert SeatOpening.objects.get().opened_by.username == "boss"


def test_a_share_is_required_where_one_is_meant(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "share_below": ""})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Give the share, such as 0.67." in page(answer)


def test_what_is_refused_is_said_on_the_page(study, admin):
    answer = admin.post("/studies/s/seats/later/", {**SENT, "wave": "5"})

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Name the cohort that adjudicates" in page(answer)


@pytest.mark.parametrize(("below", "expected"), [("0.67", 2), ("", 1)])
def test_the_seats_of_many_items_are_opened_by_the_worker(
    study, admin, monkeypatch, below, expected
):
    monkeypatch.setattr("annotation.services.later_waves.ITEMS_AT_ONCE", 0)
    changes = {"share_below": below, "disagreement": "share" if below else "tie"}

    answer = admin.post("/studies/s/seats/later/", {**SENT, **changes}, follow=True)

    assert "are being opened. Look again in a while." in page(answer)
    assert SeatOpening.objects.get().seats == expected


def test_a_job_that_is_refused_opens_nothing(study):
    asked = {"question": "safe", "about": "", "share_below": None, "at_least": 9}
    how = {"raters_per_item": 1, "cohort": "", "seed": 1, "reason": ""}

    tasks.open_later_wave.call(study.pk, int(Wave.EXTRA), asked, how, build.user().pk)

    assert not SeatOpening.objects.exists()


# Seats of gold items


def know(study, tmp_path, *lines):
    rows = [{"response_id": reply, "question": "safe", "answer": answer} for reply, answer in lines]
    path = build.jsonl(tmp_path / "gold.jsonl", rows)
    tally = gold.load(study=study, path=path, now=NOW)
    assert not tally.refused, tally.errors


def open_gold(study, *, n=2, seed=1):
    return gold.open_seats(study=study, raters_per_item=n, seed=seed, now=NOW)


@pytest.fixture
def fresh(tmp_path):
    """Six replies with a first-wave seat each; r1 and r4 are gold."""
    made = build.study("f", rubric=build.SAFE, raters_per_item=1)
    given.replies(made, tmp_path, *(f"r{number}" for number in range(6)))
    build.open_seats(made, n_seats=1)
    know(made, tmp_path, ("r1", "yes"), ("r4", "no"))
    return made


def test_gold_items_get_seats_of_wave_gold(fresh):
    opening = open_gold(fresh)

    assert (opening.items, opening.seats) == (2, 4)
    assert seats_at(wave=Wave.GOLD) == ["r1", "r1", "r4", "r4"]
    assert opening.rule == {"gold": True, "rubric_version": 1}


def test_opening_them_again_adds_none(fresh):
    open_gold(fresh)

    assert open_gold(fresh).seats == 0


def test_what_was_taken_back_or_out_gets_none(fresh):
    row = fresh.items.get(reply_1__external_id="r1").gold.get()
    gold.remove(study=fresh, gold_id=row.pk, now=NOW, by_id=None)
    Item.objects.filter(reply_1__external_id="r4").update(retired_at=NOW)

    with pytest.raises(SeatsRefused, match="no gold items"):
        open_gold(fresh)


def test_a_gold_seat_stands_where_the_items_first_seat_stands(fresh):
    open_gold(fresh)

    places = {}
    for name, place in Seat.objects.values_list("item__reply_1__external_id", "place"):
        places.setdefault(name, set()).add(place)
    assert {len(found) for found in places.values()} == {1}


def test_with_another_seed_gold_seats_are_drawn_among_the_others(fresh):
    open_gold(fresh, seed=99)

    drawn = {openings.place_of(name, seed=99) for name in ("r1", "r4")}
    assert set(Seat.objects.filter(wave=Wave.GOLD).values_list("place", flat=True)) == drawn


def test_no_rater_gets_a_gold_item_twice(fresh):
    open_gold(fresh, n=3)
    ann = build.rater(fresh)

    met = []
    while seat := claim(ann):
        met.append(seat.item_id)
        build.submit(ann, seat, safe="yes")

    assert (len(met), len(set(met))) == (6, 6)


def test_gold_items_alone_are_not_short_of_target(tmp_path):
    study = build.study(rubric=build.SAFE, raters_per_item=1)
    given.replies(study, tmp_path, "r")
    know(study, tmp_path, ("r", "yes"))
    open_gold(study)

    assert progress_of(study, at=NOW).short == 0


def test_an_admin_opens_gold_seats_on_the_page(fresh, client):
    client.force_login(build.member(fresh, Role.ADMIN))

    answer = client.post("/studies/f/gold/seats/", {"raters_per_item": 2, "seed": 3}, follow=True)

    assert "4 seats were added at 2 gold items." in page(answer)
    assert SeatOpening.objects.get(wave=Wave.GOLD).seed == 3


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"raters_per_item": 0, "seed": 1}, "greater than or equal to 1"),
        ({"raters_per_item": 1, "seed": 1}, "no gold items yet"),
    ],
)
def test_gold_seats_that_cannot_be_are_refused(tmp_path, client, sent, words):
    study = build.study("g", rubric=build.SAFE)
    given.replies(study, tmp_path, "r")
    know(study, tmp_path, ("r", "yes"))
    if sent["raters_per_item"]:
        Item.objects.update(retired_at=NOW)
    client.force_login(build.member(study, Role.ADMIN))

    answer = client.post("/studies/g/gold/seats/", sent)

    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert words in page(answer)


def test_the_command_opens_gold_seats(fresh, capsys):
    code, out, _ = run(capsys, "open_seats", "f", "--wave", "gold", "--raters", 2)

    assert (code, out) == (0, "4 seats added; 2 items are open.\n")
    assert Rater.objects.filter(study=fresh).count() == 0
