"""What an admin uploads in a voice's words: a rubric, a specification, and replies."""

from tests.guards.voices import Voice, printable


def rubric(say: Voice) -> dict:
    """A question of every type, every one of its texts the voice's."""
    code, other, kind = (say(name, longest=100) for name in ("code-1", "code-2", "kind-1"))
    words = {
        key: {"label": say(f"de-label-{key}"), "help": say(f"de-help-{key}")}
        for key in ("choice", "some", "scale", "words", "evidence", "kept")
    }
    return {
        "key": say("rubric-key"),
        "title": say("rubric-title", longest=200),
        "questions": [
            {
                "key": "choice",
                "label": say("label-choice", every=True),
                "help": say("help-choice", every=True),
                "type": "single",
                "scope": "both",
                "options": [
                    {"code": code, "label": say("option-1", every=True)},
                    {"code": other, "label": say("option-2") + " {value_a} {value_b}"},
                ],
            },
            {
                "key": "some",
                "label": say("label-some"),
                "help": say("help-some"),
                "type": "several",
                "scope": "both",
                "required": False,
                "show_if": {"question": "choice", "is": [other]},
                "options": [{"code": say("code-3"), "label": say("option-3")}],
            },
            {
                "key": "scale",
                "label": say("label-scale"),
                "type": "scale",
                "level": "ordinal",
                "required": False,
                "anchors": "value_a",
                "options": [{"code": n, "label": say(f"point-{n}")} for n in range(3)],
            },
            {"key": "words", "label": say("label-words"), "type": "text", "required": False},
            {
                "key": "evidence",
                "label": say("label-evidence"),
                "type": "spans",
                "scope": "both",
                "required": False,
                "options": [{"code": kind, "label": say("kind-label")}],
            },
            {
                "key": "kept",
                "label": say("label-kept"),
                "type": "single",
                "required": False,
                "clauses": True,
                "options": [
                    {"code": "yes", "label": say("option-yes")},
                    {"code": say("code-5"), "label": say("option-no")},
                ],
            },
        ],
        "translations": {"de": words},
    }


def specification(say: Voice) -> str:
    """A document whose ids, titles, authorities and words are the voice's."""
    ids = [printable(say(f"clause-{n}")) for n in range(3)]
    for n, one in enumerate(ids):
        kept = "".join(one.split()).replace("}", ")").replace("{", "(").replace('"', "'")
        ids[n] = say.said[f"clause-{n}"] = kept
    return "\n\n".join(
        f"{'#' * (n + 1)} {say(f'clause-title-{n}', longest=200)} "
        f'{{id="{one}" authority="{say(f"authority-{n}", longest=60).replace(chr(34), "")}"}}\n\n'
        f"{say.prose(f'clause-text-{n}').replace('# ', '')}"
        for n, one in enumerate(ids)
    )


def replies(say: Voice, value_a: str, value_b: str) -> list[dict]:
    return [
        {
            "query_id": say(f"query-{n}", longest=150),
            "response_id": say(f"reply-{n}", longest=150),
            "scenario_id": say(f"scenario-{n}", longest=150),
            "model": say(f"provider-{n}", longest=80) + "/" + say(f"model-{n}", longest=80),
            "value_a": value_a,
            "value_b": value_b,
            "language": say("language", longest=35),
            "topics": [say("topic")],
            "facts": [say("fact", every=True)],
            "anchors": {"value_a": [say(f"anchor-{place}") for place in range(3)]},
            "metadata": {say("metadata-name"): say("metadata-value")},
            say("unknown-field"): {say("inner-name"): [say("inner-value")]},
            "messages": [
                {"role": "system", "content": say.prose(f"system-{n}")},
                *(
                    message
                    for turn in (1, 2)
                    for message in (
                        {"role": "user", "content": say.prose(f"user-{n}-{turn}")},
                        {"role": "assistant", "content": say.prose(f"assistant-{n}-{turn}")},
                    )
                ),
            ],
        }
        for n in range(5)
    ]
