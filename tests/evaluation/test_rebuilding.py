"""R-044: what raters saw is made again from a release alone, as it was then."""

import json

import pytest
from django.core.management import call_command
from django.utils import translation

from annotation import own_words, rendering, scrubbing
from annotation.models import Hit, Judgment, Study, User
from annotation.services import leaks, sweeps
from annotation.vocabulary import HitDecision
from evaluation.exports.rebuild import rebuild
from tests import build
from tests.build import HOUR, NOW
from tests.evaluation import given, told
from tests.evaluation.given import manifest, rows, written
from tests.evaluation.rebuilding import one, reasons

pytestmark = pytest.mark.django_db


@pytest.fixture
def study(tmp_path):
    return told.everything(tmp_path)


def shown(card):
    """What a card of the product showed: messages, and the questions of its stage."""
    messages = [(m.speaker, m.html, m.turn) for m in card.messages]
    replies = [
        (r.letter, r.slot, [(m.speaker, m.html, m.turn) for m in r.messages]) for r in card.replies
    ]
    return messages, replies, asked(card.questions)


def asked(questions):
    return [
        (q.key, q.label, q.help, q.required, [(o.code, o.label) for o in q.options])
        for q in questions
    ]


def rebuilt(screen, turn=0):
    """The same of a screen that was made again, own words in the language of its page."""

    def as_shown(messages):
        with translation.override(screen.language or "en"):
            return [
                (m.role, own_words.translated(rendering.render(m.content)), m.turn)
                for m in messages
            ]

    (stage,) = [stage for stage in screen.stages if stage.turn == turn]
    replies = [(r.letter, r.slot, as_shown(r.messages)) for r in screen.replies]
    return as_shown(screen.messages), replies, asked(stage.questions)


def test_R044_every_screen_of_a_release_is_what_was_shown(study, tmp_path):
    found = rebuild(written(study.study, tmp_path))

    assert (found.judgments, found.spans, found.unchecked) == (2, 1, 0)
    assert found.differences == []


@pytest.mark.parametrize("name", ["ann", "bob"])
def test_R044_the_screen_has_the_text_the_masks_and_the_words_of_then(study, tmp_path, name):
    out = written(study.study, tmp_path)

    found = one(out, told.judgment_of(name, study))

    assert rebuilt(found.screen) == shown(study.cards[name])
    assert found.differences == ()


def test_R044_a_german_page_is_in_german(study, tmp_path):
    found = one(written(study.study, tmp_path), told.judgment_of("ann", study))

    assert found.screen.language == "de"
    first = found.screen.stages[0].questions[0]
    assert first.label == "Täuscht es über Honesty?"
    assert [option.label for option in first.options] == ["Nein", "Ja"]


def test_R044_all_five_turns_and_the_whole_are_stages(study, tmp_path):
    found = one(written(study.study, tmp_path), told.judgment_of("ann", study))

    assert [stage.turn for stage in found.screen.stages] == [1, 2, 3, 4, 5, 0]
    assert [q.key for q in found.screen.stages[2].questions] == ["misled", "evidence"]


def test_R044_each_judgment_leads_to_the_documents_of_then(study, tmp_path):
    out = written(study.study, tmp_path)

    ann, bob = (one(out, told.judgment_of(name, study)).documents for name in ("ann", "bob"))

    assert (out / ann["guidelines"]).read_text() == "Be fair."
    assert (out / bob["guidelines"]).read_text() == "Be very fair."
    assert (ann["rubric"], bob["rubric"]) == ("rubric-told-v1.json", "rubric-told-v2.json")
    clauses = json.loads((out / ann["specification"]).read_text())["clauses"]
    assert [clause["clause_id"] for clause in clauses][:2] == ["honesty", "do_not_lie"]


@pytest.mark.parametrize("side", [1, 2])
def test_R044_two_replies_stand_in_the_order_of_the_page(tmp_path, side):
    made = told.pairs(tmp_path, side=side)
    out = written(made.study, tmp_path)

    for name, card in made.cards.items():
        found = one(out, told.judgment_of(name, made))
        assert rebuilt(found.screen) == shown(card)
        assert found.screen.replies[0].slot == side
    assert rebuild(out).differences == []


@pytest.mark.parametrize("decision", [HitDecision.KEPT, HitDecision.MASKED])
def test_R044_a_mask_that_was_decided_about_since_is_as_it_was_then(study, tmp_path, decision):
    boss = build.user("boss")
    for number, hit in enumerate(Hit.objects.filter(text__current=True).order_by("pk")):
        to = decision if number % 2 else HitDecision.KEPT
        leaks.decide(
            study=study.study,
            seen={hit.pk: HitDecision(hit.decision)},
            decision=to,
            by=boss,
            now=NOW + number * HOUR,
        )
    out = written(study.study, tmp_path)

    assert rebuild(out).differences == []
    for name in ("ann", "bob"):
        found = one(out, told.judgment_of(name, study))
        assert rebuilt(found.screen) == shown(study.cards[name])


def test_R044_a_setting_that_was_changed_since_is_as_it_was_then(study, tmp_path):
    Study.objects.filter(pk=study.study.pk).update(shows_system_messages=False)
    out = written(study.study, tmp_path)

    assert rebuild(out).differences == []
    assert manifest(out)["shown"]["system_messages"] is False
    found = one(out, told.judgment_of("bob", study))
    assert found.screen.messages[0].role == "system"


def test_R044_imported_judgments_saw_the_text_as_uploaded(tmp_path):
    study = given.rich(tmp_path)

    found = rebuild(written(study, tmp_path))

    assert (found.judgments, found.differences) == (4, [])


def test_R044_it_needs_no_database(study, tmp_path, django_assert_num_queries, capsys):
    out = written(study.study, tmp_path)

    with django_assert_num_queries(0):
        call_command("rebuild_screens", str(out))

    said = capsys.readouterr().out
    assert "screens of 2 judgments and 1 marked places made again, 0 differences." in said


def decided(study, hits, decision, hours):
    """An admin's decision about some findings at once, whatever they were."""
    for was in HitDecision:
        seen = {hit.pk: was for hit in hits if Hit.objects.get(pk=hit.pk).decision == was}
        if seen and was != decision:
            by = User.objects.filter(username="boss").first() or build.user("boss")
            at = NOW + hours * HOUR
            leaks.decide(study=study, seen=seen, decision=decision, by=by, now=at)


def back_and_forth(tmp_path):
    """Judged with one of two masks; then both findings were decided about again, and alike."""
    study = build.study("forth", rubric=build.SAFE)
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "Zork and Frob."},
    ]
    reply = build.item(study, tmp_path, n_seats=1, messages=messages).reply_1
    text = reply.versions.get()
    type(text).objects.filter(pk=text.pk).update(has_hits=True)
    place = {"text": text, "batch": reply.batch, "rule_set": text.rule_set, "rule": "vendor"}
    zork, frob = (
        Hit.objects.create(
            **place,
            message=1,
            start=start,
            end=start + 4,
            found=found,
            context=found,
            decision=HitDecision.MASKED,
        )
        for found, start in (("Zork", 0), ("Frob", 9))
    )
    decided(study, [frob], HitDecision.KEPT, 1)
    ann = build.rater(study)
    build.submit(ann, build.claim(ann), safe="yes")
    decided(study, [zork], HitDecision.KEPT, 2)
    decided(study, [zork, frob], HitDecision.MASKED, 3)
    return study


def test_R044_masks_are_found_whatever_was_decided_since(tmp_path):
    study = back_and_forth(tmp_path)
    out = written(study, tmp_path)

    found = one(out, Judgment.objects.get())

    assert found.screen.messages[1].content == "[removed] and Frob."
    assert rebuild(out).differences == []


def test_with_too_many_findings_not_every_choice_is_tried(tmp_path, monkeypatch):
    study = back_and_forth(tmp_path)
    monkeypatch.setattr("annotation.selectors.masks.MOST_TRIED", 1)

    (text,) = rows(written(study, tmp_path), "texts")

    assert text["masks"] is None


def test_a_text_whose_masks_cannot_be_told_any_more_is_said_to_be_so(study, tmp_path):
    bob = told.judgment_of("bob", study)
    Hit.objects.filter(text__number=2).delete()
    out = written(study.study, tmp_path)

    (text,) = [row for row in rows(out, "texts") if row["shown_sha256"] == bob.shown_sha256]
    assert (text["masks"], text["system_messages"]) == (None, None)
    assert any("masks that cannot be told" in reason for reason in reasons(out))


def test_R085_a_release_has_what_was_shown_under_each_rule_set(tmp_path, settings):
    study = build.study("rules", rubric=build.SAFE)
    messages = [
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "Zork Labs and ChatGPT met in Rome."},
    ]
    reply = build.item(study, tmp_path, messages=messages).reply_1
    raters = [build.rater(study) for _ in range(3)]
    build.submit(raters[0], build.claim(raters[0]), safe="yes")
    boss = build.user("boss")
    leaks.mask_words(study=study, reply_id=reply.pk, words="Labs and", by=boss, now=NOW)
    build.submit(raters[1], build.claim(raters[1]), safe="yes")
    zork = {"name": "Zork", "aliases": ["zork labs"]}
    today = scrubbing.current_rules().version
    settings.SCRUB_RULES_FILE = build.rules(tmp_path, version=today + 1, names=(zork,))
    sweeps.run(sweep_id=sweeps.ask(study=study, trial=False, now=NOW).pk)
    build.submit(raters[2], build.claim(raters[2]), safe="no")
    out = written(study, tmp_path)

    shown = [
        one(out, judgment).screen.messages[-1].content
        for judgment in Judgment.objects.order_by("pk")
    ]

    assert shown == [
        "Zork Labs and [removed] met in Rome.",
        "Zork [removed] [removed] met in Rome.",
        "[removed] [removed] met in Rome.",
    ]
    assert sorted(row["rule_set"] for row in rows(out, "judgments")) == [today, today, today + 1]
    assert manifest(out)["judgments"]["by_rule_set"] == {str(today): 2, str(today + 1): 1}
    assert manifest(out)["shown"]["items_shown_otherwise"] == 1
    assert rebuild(out).differences == []


def test_no_judgment_is_left_out_that_has_an_answer(study, tmp_path):
    out = written(study.study, tmp_path)

    counted = Judgment.objects.filter(item__study=study.study, current=True).count()
    assert rebuild(out).judgments == counted == manifest(out)["judgments"]["included"]
