"""Builders of studies in which raters gave everything they can: places, clauses, second thoughts."""

import json
from dataclasses import dataclass, field

from django.utils import translation

from annotation.models import Judgment, Study
from annotation.receipts import opened
from annotation.rubric_format import presets, rubric_from_json
from annotation.selectors.cards import card_for, card_for_edit
from annotation.services import batches, judgments, openings, revisions, rubrics, seats, studies
from annotation.signals import page_signals
from tests import build
from tests.build import HOUR, NOW

TURNS = 5
OPTIONS = [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}]
RUBRIC = {
    "key": "told",
    "title": "Everything",
    "questions": [
        {
            "key": "misled",
            "label": "Did it mislead about {value_a}?",
            "type": "single",
            "scope": "both",
            "options": OPTIONS,
        },
        {
            "key": "who",
            "label": "Whom?",
            "type": "several",
            "required": False,
            "options": [{"code": "user", "label": "User"}, {"code": "public", "label": "Public"}],
        },
        {
            "key": "evidence",
            "label": "Where?",
            "type": "spans",
            "scope": "turn",
            "required": False,
            "options": [{"code": "omission", "label": "Omission"}],
        },
        {
            "key": "kept",
            "label": "Kept to the rules?",
            "type": "single",
            "clauses": True,
            "required": False,
            "options": OPTIONS,
        },
        {"key": "note", "label": "Note", "type": "text", "required": False},
    ],
    "translations": {
        "de": {
            "misled": {
                "label": "Täuscht es über {value_a}?",
                "options": {"no": "Nein", "yes": "Ja"},
            }
        }
    },
}
PAGE = page_signals(
    json.dumps({"client": "wide", "active": 4200, "questions": {"misled": 900}, "folded": [1]})
)


@dataclass
class Told:
    """A study, the raters by name, and the last card that each was shown at each seat."""

    study: Study
    cards: dict[str, object] = field(default_factory=dict)


def conversation(masked=2):
    """Five turns; in one of them the reply says who wrote it. An instruction stands first."""
    messages = [{"role": "system", "content": "Be **kind**."}]
    for turn in range(1, TURNS + 1):
        named = " I am Claude, made by Anthropic." if turn == masked else ""
        messages += [
            {"role": "user", "content": f"Ask {turn}?"},
            {"role": "assistant", "content": f"Turn *{turn}* 𝔸ll green.{named}"},
        ]
    return messages


def published(study, **more):
    """The rubric, changed in one question's label, as the study's next version."""
    rubric = json.loads(json.dumps(RUBRIC)) | more
    rubric["questions"][0]["label"] = "Does it mislead about {value_a}?"
    rubric["questions"][0]["options"].append({"code": "unsure", "label": "Unsure"})
    rubrics.publish(study=study, rubric=rubric_from_json({**rubric, "version": 2}), now=NOW)
    study.refresh_from_db()


def new_text(study, tmp_path, line):
    """Another text of a reply that is there."""
    path = build.jsonl(tmp_path / "newer.jsonl", [line])
    registered = batches.register(study=study, file_name=path.name, now=NOW)
    tally = batches.load(batch=registered, path=path, new_versions=True)
    assert tally.updated == 1, tally.errors


def place(message, quote="green", start=11, **more):
    """A marked place as the page sends it."""
    fields = {"slot": 1, "message": message, "start": start, "end": start + len(quote)}
    return json.dumps({**fields, "kind": "omission", "quote": quote, **more})


def judge(told, name, rater, *, language="", page=PAGE, whole=None, **turns):
    """Judge all stages of the rater's next item; ``t2={...}`` are answers to its second turn."""
    rater.study.refresh_from_db()
    seat = seats.claim_next(rater=rater, now=NOW)
    finished, at = False, NOW
    while not finished:
        with translation.override(language or "en"):  # as a request of that language
            card = told.cards[name] = card_for(seat, rater, language=language)
        sent = {"misled": ["no"]} | (turns.get(f"t{card.turn}", {}) if card.turn else whole or {})
        at += HOUR / 60
        stored = judgments.submit(
            rater=rater,
            receipt=opened(card.receipt, seat_key=seat.key),
            turn=card.turn,
            sent=sent,
            now=at,
            page=page,
        )
        finished = stored.finished
        seat.refresh_from_db()
    return seat


def revise(rater, seat, turn, *, language="de", **sent):
    """Second thoughts on one stage."""
    card = card_for_edit(seat, rater, turn=turn, language=language)
    return revisions.revise(
        rater=rater,
        receipt=opened(card.receipt, seat_key=seat.key),
        turn=turn,
        sent={"misled": ["no"], **sent},
        now=NOW + HOUR,
        page=PAGE,
    )


def everything(tmp_path, slug="told"):
    """Ann in German with places, clauses and second thoughts; Bob on another text and rubric."""
    study = build.study(slug, rubric=RUBRIC, shows_system_messages=True)
    studies.write_guidelines(study=study, text="Be fair.", now=NOW)
    build.specification(study)
    build.asks_consent(study)
    line = build.reply_fields(response_id="long", messages=conversation())
    build.batch(study, [line], tmp_path)
    build.open_seats(study, n_seats=3)
    told = Told(study)
    ann = build.rater(study)
    build.agree(ann)
    cited = {"kept": ["no"], "kept.clause": ["violated do_not_lie"]}
    seat = judge(
        told,
        "ann",
        ann,
        language="de",
        t3={"misled": ["yes"], "evidence": [place(3)]},
        whole={"misled": ["yes"], "who": ["user", "public"], "note": ["=1+1"], **cited},
    )
    revise(ann, seat, 2, misled=["yes"], evidence=[place(2)])
    revise(ann, seat, 0, note=["<b>again</b>"], **cited)
    new_text(study, tmp_path, {**line, "messages": conversation(masked=4)})
    published(study)
    studies.write_guidelines(study=study, text="Be very fair.", now=NOW)
    bob = build.rater(study)
    build.agree(bob)
    judge(told, "bob", bob, whole={"misled": ["unsure"]})
    return told


def pairs(tmp_path, slug="pairs", *, side=2, models=3):
    """All pairs of three replies to one query, each judged by one rater; slots drawn."""
    study = build.study(slug, rubric=presets()["pairwise"].model_dump(mode="json", by_alias=True))
    lines = [
        build.reply_fields(
            query_id="q",
            response_id=f"m{model}",
            model=f"acme/{model}",
            metadata={"n": model},
            messages=[
                {"role": "user", "content": "Which?"},
                {"role": "assistant", "content": f"Words of {model}: I am Claude."},
            ],
        )
        for model in range(models)
    ]
    build.batch(study, lines, tmp_path)
    openings.open_first_wave(study=study, raters_per_item=1, pairs_per_query=3, seed=1, now=NOW)
    told = Told(study)
    rater = build.rater(study)
    answers = ("slot_1", "slot_2", "tie")
    for number, answer in enumerate(answers[:models]):
        rater.study.refresh_from_db()
        seat = seats.claim_next(rater=rater, now=NOW)
        seat.side = side
        seat.save(update_fields=["side"])
        with translation.override("de"):
            card = card_for(seat, rater, language="de")
        told.cards[f"pair {number}"] = card
        sent = {"more_a": [answer], "more_misleading": ["tie"], "confidence": ["3"]}
        receipt = opened(card.receipt, seat_key=seat.key)
        judgments.submit(rater=rater, receipt=receipt, turn=0, sent=sent, now=NOW, page=PAGE)
    return told


def judgment_of(name, told):
    """The judgment that counts at the seat of a card."""
    return Judgment.objects.get(seat__key=told.cards[name].seat_key, current=True)
