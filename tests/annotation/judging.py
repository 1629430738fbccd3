"""A rater who holds a seat, and the answers that were stored."""

from pathlib import Path

from annotation.models import Answer, Rater, Seat, Study
from tests import build
from tests.build import claim

TURN_ONLY = {
    "key": "turns",
    "title": "Turns",
    "questions": [
        {
            "key": "ok",
            "label": "Ok?",
            "type": "single",
            "scope": "turn",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
    ],
}


def answers(turn=None):
    """Codes of the stored answers by question, the row that says 'asked' as an empty code."""
    found = Answer.objects.all() if turn is None else Answer.objects.filter(turn=turn)
    rows = found.order_by("question__position", "option__code")
    return list(rows.values_list("question__key", "option__code"))


def holding(study: Study, tmp_path: Path, **fields) -> tuple[Rater, Seat]:
    """A rater and the seat she holds, at an item with one seat."""
    build.item(study, tmp_path, n_seats=1, **fields)
    ann = build.rater(study)
    return ann, claim(ann)
