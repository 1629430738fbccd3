"""Builders of what evaluation reads: replies with judgments, and verdicts on them."""

import json

from django.core.management import call_command

from annotation.services import imports
from annotation.vocabulary import RaterSource
from evaluation.intake import JudgeVersion, load_verdicts
from evaluation.models import Judge
from tests import build

# A question about each turn and the whole, and one of several choices.
TURNS = {
    "key": "turns",
    "title": "Turns",
    "questions": [
        {
            "key": "misled",
            "label": "Did it mislead?",
            "type": "single",
            "scope": "both",
            "options": [{"code": "no", "label": "No"}, {"code": "yes", "label": "Yes"}],
        },
        {
            "key": "who",
            "label": "Whom?",
            "type": "several",
            "options": [{"code": "user", "label": "User"}, {"code": "public", "label": "Public"}],
        },
        {
            "key": "severity",
            "label": "How bad?",
            "type": "scale",
            "level": "ordinal",
            "options": [{"code": str(n), "label": str(n)} for n in range(-1, 3)],
        },
        {"key": "note", "label": "Note", "type": "text", "required": False},
    ],
}


def replies(study, tmp_path, *ids, **fields):
    """Replies of these ids, a query each."""
    lines = [
        build.reply_fields(**{"response_id": one, "query_id": f"q-{one}", **fields}) for one in ids
    ]
    build.batch(study, lines, tmp_path)


def judgments(study, tmp_path, lines, source=RaterSource.IMPORT):
    """Answers made elsewhere: (reply, rater, question, answer[, turn]) each."""
    names = ("response_id", "rater", "question", "answer", "turn")
    rows = [dict(zip(names, line, strict=False)) for line in lines]
    path = build.jsonl(tmp_path / "said.jsonl", rows)
    tally = imports.load(study=study, path=path, now=build.NOW, source=source)
    assert not tally.refused, tally.errors


def verdicts(study, tmp_path, lines, *, name="robo", **more):
    """A load of verdicts; the tally is returned."""
    path = build.jsonl(tmp_path / "verdicts.jsonl", lines)
    version = {key: more.pop(key) for key in ("model", "simulated") if key in more}
    judge = JudgeVersion(name, **version) if name else None
    return load_verdicts(study=build.facts(study), path=path, judge=judge, now=build.NOW, **more)


def verdict(reply, answer="yes", question="safe", **more):
    """One line of verdicts."""
    return {"response_id": reply, "question": question, "answer": answer, **more}


def safe(tmp_path, table, judged=None, *, slug=""):
    """A study of the one question "safe": ``{reply: "yes no yes"}`` and ``{reply: "yes"}``."""
    study = build.study(slug, rubric=build.SAFE)
    replies(study, tmp_path, *table)
    lines = [
        (reply, f"rater-{number}", "safe", answer)
        for reply, answers in table.items()
        for number, answer in enumerate(answers.split())
    ]
    judgments(study, tmp_path, lines)
    if judged:
        tally = verdicts(study, tmp_path, [verdict(*pair) for pair in judged.items()])
        assert not tally.refused, tally.errors
    return study


def judge(study, name="robo"):
    """A stored judge."""
    return Judge.objects.get(study=study, name=name)


def printed(capsys, *command):
    """What a command prints as JSON."""
    capsys.readouterr()
    call_command(*command, "--json")
    return json.loads(capsys.readouterr().out)


def judge_ids(study):
    """The ids of the study's judges, in the order they came."""
    return list(Judge.objects.filter(study=study).order_by("pk").values_list("pk", flat=True))
