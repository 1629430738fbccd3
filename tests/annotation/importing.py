"""Files of judgments made elsewhere, as tests write and load them."""

from annotation.models import Answer
from annotation.services import imports
from tests import build
from tests.build import NOW

WITH_CONFIDENCE = {
    **build.EVERY_TYPE,
    "key": "with-confidence",
    "questions": [
        *build.EVERY_TYPE["questions"],
        {
            "key": "confidence",
            "label": "Sure?",
            "type": "scale",
            "level": "ordinal",
            "options": [{"code": n, "label": str(n)} for n in range(1, 6)],
        },
    ],
}


def replies_of(study, tmp_path):
    """r1 and r2 have one turn, long has three."""
    lines = [build.reply_fields(response_id=key) for key in ("r1", "r2")]
    lines.append(build.reply_fields(response_id="long", messages=build.conversation(3)))
    build.batch(study, lines, tmp_path)


def loader(study, tmp_path):
    """What loads lines, or a text, as a file of judgments."""

    def loaded(lines, *, of=study, name="judgments.jsonl", **how):
        path = tmp_path / name
        if isinstance(lines, str):
            path.write_text(lines)
        else:
            build.jsonl(path, lines)
        of.refresh_from_db()
        return imports.load(study=of, path=path, now=NOW, **how)

    return loaded


def said(answer="no", question="misled", reply="r1", rater="ann", **more):
    return {
        "response_id": reply,
        "rater": rater,
        "question": question,
        "answer": answer,
        **more,
    }


def tallied(tally):
    counts = (tally.created, tally.unchanged, tally.updated, tally.refused)
    assert sum(counts) == tally.read
    return counts


def refused(tally):
    return [(error.line, error.field) for error in tally.errors]


def answers(**where):
    rows = Answer.objects.filter(current=True, **where)
    ordered = rows.order_by("judgment", "question__position", "turn", "option__code")
    return list(ordered.values_list("question__key", "turn", "option__code"))
