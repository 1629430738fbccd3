"""A study of two replies side by side in which every text that anyone can write is a voice's."""

from pathlib import Path

from annotation.models import Judgment, Rater, Seat
from annotation.rubric_format import rubric_from_json
from annotation.services import batches, studies
from annotation.vocabulary import StudyState
from tests import build
from tests.guards.hostile import _in_order
from tests.guards.voices import Voice
from tests.guards.world import World


def rubric(say: Voice) -> dict:
    """A choice between the two replies and a place in them, every one of its texts the voice's."""
    return {
        "key": say("pair-key"),
        "title": say("pair-title", longest=200),
        "kind": "pair",
        "questions": [
            {
                "key": "better",
                "label": say("label-better", every=True) + " {value_a}",
                "help": say("help-better", every=True),
                "type": "single",
                "options": [
                    {"code": "slot_1", "label": say("label-slot-1", every=True)},
                    {"code": "slot_2", "label": say("label-slot-2", every=True) + " {value_b}"},
                    {"code": say("code-tie"), "label": say("label-tie")},
                ],
            },
            {"key": "words", "label": say("label-words"), "type": "text", "required": False},
        ],
    }


def make(tmp_path: Path, say: Voice, *, slug: str) -> World:
    """The study, its rater who judged one pair and holds the next, and an admin."""
    tmp_path.mkdir(exist_ok=True)
    study = studies.create(
        slug=slug,
        title=say("study-title", longest=200),
        rubric=rubric_from_json(rubric(say)),
        guidelines=say.prose("guidelines"),
        now=build.NOW,
    )
    studies.change_state(study=study, to=StudyState.OPEN, by_id=None)
    path = build.jsonl(tmp_path / "pairs.jsonl", _replies(say))
    batch = batches.register(study=study, file_name=say("file") + ".jsonl", now=build.NOW)
    batches.load(batch=batch, path=path)
    build.open_seats(study, n_seats=1)
    people = {role: build.member(study, role, name=f"{role}-{slug}") for role in ("rater", "admin")}
    _in_order(study)
    # Which reply stands first is drawn; both worlds have the same.
    rater = Rater.objects.select_related("study").get(user=people["rater"])
    seat = _claimed(rater)
    sent = {"better": ["slot_2"], "words": [say("note", every=True)]}
    build.submit(rater, seat, sealed=build.receipt(seat, rater), **sent)
    held = _claimed(rater)
    values = {
        "slug": slug,
        "public_id": str(Judgment.objects.get(seat=seat).public_id),
        "turn": "0",
        "seat": held.key,
        "judged_seat": seat.key,
    }
    return World(study, values, people)


def _claimed(rater: Rater) -> Seat:
    seat = build.claim(rater, at=build.now())
    Seat.objects.filter(pk=seat.pk).update(side=2)
    seat.refresh_from_db()
    return seat


def _replies(say: Voice) -> list[dict]:
    return [
        build.reply_fields(
            query_id=say(f"query-{query}", longest=150),
            response_id=say(f"reply-{query}-{reply}", longest=150),
            model=say(f"provider-{reply}", longest=80) + "/" + say(f"model-{reply}", longest=80),
            value_a=say("value-a", longest=150),
            value_b=say("value-b", longest=150),
            facts=[say("fact", every=True)],
            messages=[
                {"role": "user", "content": say.prose(f"user-{query}")},
                {"role": "assistant", "content": say.prose(f"assistant-{query}-{reply}")},
            ],
        )
        for query in range(2)
        for reply in range(2)
    ]
