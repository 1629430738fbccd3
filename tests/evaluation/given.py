"""Builders of what evaluation reads: replies with judgments, and verdicts on them."""

import json

import pyarrow.parquet as pq
from django.core.management import call_command

from annotation.services import imports
from annotation.vocabulary import RaterSource
from evaluation.intake import JudgeVersion, load_verdicts
from evaluation.models import Judge
from evaluation.services import releases
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


# What releases are made of in the tests; "e" is a tie, and "d" and "e" have no verdict.
TABLE = {"a": "yes yes no", "b": "no no no", "c": "yes yes yes", "d": "no yes no", "e": "yes no"}
JUDGED = {"a": "yes", "b": "no", "c": "yes"}


def rich(tmp_path):
    """A study with turns, several choices, a scale, texts, and words that spreadsheets run."""
    made = build.study("rich", rubric=TURNS)
    replies(
        made,
        tmp_path,
        "=r",
        model="@cf/meta",
        messages=build.conversation(2, text="=1+"),
        metadata={"id": "-x", "b": 1, "a": {"z": None, "y": [1]}},
        scenario_id="+s",
        topics=["'t"],
        facts=["Fact"],
    )
    replies(made, tmp_path, "s", language="de", scenario_id="+s")
    lines = [
        ("=r", "ann", "misled", "yes", 1),
        ("=r", "ann", "misled", "no", 2),
        ("=r", "ann", "misled", "no"),
        ("=r", "ann", "who", "user"),
        ("=r", "ann", "who", "public"),
        ("=r", "ann", "severity", "-1"),
        ("=r", "ann", "note", '=HYPERLINK("x")'),
        ("=r", "bob", "misled", "yes"),
        ("=r", "bob", "who"),
        ("=r", "bob", "note", "'quoted'\r\n- list"),
        ("s", "ann", "severity", "2"),
        ("s", "bob", "severity", "1"),
    ]
    judgments(made, tmp_path, lines)
    said = [
        verdict("=r", "yes", "misled", turn=1, probabilities={"no": 0.25, "yes": 0.75}),
        verdict("=r", "user", "who", reasoning="@you", score=-5, clauses=["1"]),
        {"response_id": "s", "question": "who"},
    ]
    verdicts(made, tmp_path, said)
    return made


def written(study, tmp_path, name="release", folder="out"):
    """A release in a directory."""
    out = tmp_path / folder
    releases.write_to(build.facts(study), name, out)
    return out


def rows(out, table):
    """The rows of one table of a release."""
    return [json.loads(line) for line in (out / f"{table}.jsonl").read_text().splitlines()]


def words_of(path):
    """Everything that a file of a release says; Parquet unpacked."""
    if path.suffix == ".parquet":
        return str(pq.read_table(path).to_pylist()) + str(pq.read_metadata(path).metadata)
    return path.read_text()


def manifest(out):
    """The manifest of a release."""
    return json.loads((out / "manifest.json").read_text())


def chosen(row, *names):
    """Some cells of a row, in this order."""
    return tuple(row[name] for name in names)
