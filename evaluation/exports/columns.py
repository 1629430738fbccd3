"""Every column of every table of a release. ``dictionary.csv`` is written from this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``type`` is text, integer, number, boolean, time, or JSON."""

    name: str
    type: str
    description: str


REPLY = Column("response_id", "text", "The reply; of a pair the one in slot 1.")
SECOND = Column("response_id_2", "text", "The reply in slot 2 of a pair; empty for one reply.")
JUDGMENT = Column("judgment", "text", "The judgment, as in judgments.")
RATER = Column("rater", "text", "The rater's pseudonym in this release; see raters.")
QUESTION = Column("question", "text", "The question's key in its rubric.")
TURN = Column(
    "turn", "integer", "The reply's message, counted from 1; 0 is the whole conversation."
)
RUBRIC = (
    Column("rubric", "text", "The key of the rubric it was made under."),
    Column("rubric_version", "integer", "That rubric's version."),
)
SPECIFICATION = (
    Column("specification", "text", "The key of the specification that was before the rater."),
    Column("specification_version", "text", "That specification's version."),
)
RENDERER = Column("renderer", "integer", "The version of what made a page of the text.")
AS_UPLOADED = Column(
    "text_sha256", "text", "SHA-256 of the messages as uploaded, in canonical JSON."
)
MESSAGES = Column("messages", "JSON", "The conversation as uploaded, before masking.")

LABELS = (
    REPLY,
    SECOND,
    QUESTION,
    Column("scope", "text", "conversation, or turn."),
    TURN,
    Column("raters", "integer", "How many raters answered, in the waves that count."),
    Column("shares", "JSON", "Share of the raters that chose each option on offer, by code."),
    Column(
        "label",
        "text",
        "The option most raters chose, empty for a tie. For several choices a JSON list of the"
        " options that more than half of the raters chose.",
    ),
    Column(
        "tie",
        "boolean",
        "Whether options share the first place; for several choices, whether one has exactly half.",
    ),
    Column("rule", "text", "How the label was found: majority, or majority of each option."),
    Column(
        "entropy",
        "number",
        "Entropy of the shares in bits: 0 where all agree. Empty for several choices.",
    ),
    Column(
        "inclusion_probability",
        "number",
        "Probability that the design chose this item: that at least one of the samples opened did.",
    ),
    Column("weight", "number", "1 / inclusion_probability."),
)
JUDGMENTS = (
    REPLY,
    SECOND,
    RATER,
    QUESTION,
    Column(
        "answer",
        "text",
        "The option's code, or the rater's own words. Empty: none of several choices was chosen.",
    ),
    TURN,
    Column("judged_at", "time", "When it was judged, UTC."),
    Column("wave", "text", "Why the item was given to this rater: first, extra, imported …"),
    Column("judgment", "text", "The judgment; its answers share it."),
    Column("revision", "integer", "How often the rater gave it; only the last one is here."),
    *RUBRIC,
    Column("guidelines_version", "integer", "The version of the guidelines that counted then."),
    *SPECIFICATION,
    Column("language", "text", "The language of the page; empty: the questions' own."),
    Column("client", "text", "With what it was judged: wide, narrow, plain, elsewhere."),
    Column("position", "integer", "The how-many-eth item of this rater; empty for imported ones."),
    Column("side", "integer", "At a pair: the slot of the reply that stood first."),
    RENDERER,
    Column("text_version", "integer", "The version of the reply's text."),
    Column("shown_sha256", "text", "SHA-256 of the conversation as the rater saw it."),
    Column("rule_set", "integer", "The version of the rules that masks come from."),
    Column("text_version_2", "integer", "Of the second reply of a pair: the version of its text."),
    Column("shown_sha256_2", "text", "SHA-256 of its conversation as the rater saw it."),
    Column("rule_set_2", "integer", "The version of the rules that its masks come from."),
    Column(
        "excluded",
        "text",
        "The numbers of the exclusions that leave it out of labels, agreement and judges, with a"
        " space between; see exclusions. Empty: it counts.",
    ),
)
SPANS = (
    REPLY,
    SECOND,
    JUDGMENT,
    RATER,
    QUESTION,
    TURN,
    Column("slot", "integer", "Which reply of a pair was marked; 1 where there is one."),
    Column("message", "integer", "Which of the reply's own messages, counted from 1."),
    Column("start", "integer", "The first code point, of the text content as rendered, from 0."),
    Column("end", "integer", "The code point after the last."),
    Column("quote", "text", "The words between."),
    Column("kind", "text", "What was said of them: an option's code, where the question has any."),
    Column("text_sha256", "text", "SHA-256 of the message's text content as rendered."),
    Column("text_version", "integer", "The version of the marked reply's text."),
    Column("shown_sha256", "text", "SHA-256 of its conversation as the rater saw it."),
    RENDERER,
    *RUBRIC,
)
CLAUSES = (
    REPLY,
    SECOND,
    JUDGMENT,
    RATER,
    QUESTION,
    TURN,
    Column("clause", "text", "The clause's id in its specification."),
    Column("role", "text", "What it did for the answer: violated, supports, governs."),
    *SPECIFICATION,
    *RUBRIC,
)
STAGES = (
    REPLY,
    SECOND,
    JUDGMENT,
    RATER,
    Column("revision", "integer", "The revision of the judgment that the stage was sent in."),
    Column("late_turn", "integer", "Of a late revision: the turn that was answered again."),
    Column("turn", "integer", "The stage: a turn, counted from 1; 0 is the whole."),
    Column("shown_at", "time", "When the server showed it, UTC; empty where it does not know."),
    Column("submitted_at", "time", "When the server got the answers, UTC."),
    Column("seconds", "number", "From the one to the other, by the server's clock."),
    Column("active_ms", "integer", "How long the page was in use, as the page measured it."),
    Column("client", "text", "With what the stage was judged: wide, narrow, plain, elsewhere."),
    Column("questions", "JSON", "By key: first_at and last_at (server), active_ms (page)."),
    Column("signals", "JSON", "What the page counted: pastes, absences, folded, unfolded."),
)
REVISIONS = (
    REPLY,
    SECOND,
    Column("judgment", "text", "The judgment that counts instead, as in judgments."),
    RATER,
    Column("revision", "integer", "The number of this revision."),
    Column(
        "late_turn",
        "integer",
        "The turn that was answered again after the next one was seen. Empty: a whole judgment"
        " that a newer one took the place of.",
    ),
    Column("judged_at", "time", "When it was given, UTC."),
    *RUBRIC,
    QUESTION,
    TURN,
    Column("what", "text", "What the row holds: option, text, span, or clause."),
    Column(
        "answer",
        "text",
        "The option's code, the rater's words, the words marked, or the clause's id. Empty: none"
        " of several choices was chosen.",
    ),
    Column("detail", "JSON", "Of a span its place and kind, of a clause its role and document."),
)
ITEMS = (
    REPLY,
    SECOND,
    Column("query_id", "text", "What was asked."),
    Column("scenario_id", "text", "The family of queries; the cluster of every interval."),
    Column("framing", "text", "Which value the query's wording leans to."),
    Column("language", "text", "The query's language, where known."),
    Column("value_a", "text", "The first of the two values in conflict."),
    Column("value_b", "text", "The second."),
    Column("model", "text", "Who wrote the reply. Raters never saw it."),
    Column("sample", "integer", "Which of several replies of one model to one query."),
    Column("topics", "JSON", "The query's topics."),
    Column("facts", "JSON", "What is true in the scenario."),
    Column("anchors", "JSON", "The scenario's own words for the scale points."),
    Column("metadata", "JSON", "Everything else the upload said."),
    Column("text_version", "integer", "The version of the text."),
    AS_UPLOADED,
    Column("shown_sha256", "text", "SHA-256 of the messages as raters are shown them now."),
    Column("masks", "JSON", "What is masked now: place in messages from 0, start, end."),
    MESSAGES,
    Column("model_2", "text", "Of the second reply of a pair: who wrote it."),
    Column("sample_2", "integer", "Which of several replies of one model it is."),
    Column("metadata_2", "JSON", "Everything else the upload said of it."),
    Column("text_version_2", "integer", "The version of its text."),
    Column("text_sha256_2", "text", "SHA-256 of its messages as uploaded."),
    Column("shown_sha256_2", "text", "SHA-256 of its messages as raters are shown them now."),
    Column("masks_2", "JSON", "What is masked in it now."),
    Column("messages_2", "JSON", "Its conversation as uploaded, before masking."),
)
TEXTS = (
    Column("response_id", "text", "The reply."),
    Column("text_version", "integer", "The version of its text."),
    AS_UPLOADED,
    Column("shown_sha256", "text", "SHA-256 of the messages as raters saw them."),
    Column("system_messages", "boolean", "Whether system messages were shown."),
    Column("masks", "JSON", "What was masked, as in items. Empty: it cannot be told any more."),
    MESSAGES,
)
VALUES = (
    Column("value", "text", "The value's name."),
    Column("definition", "text", "What raters read of it, as it is now."),
    Column("category", "text", "Its category."),
    Column("aliases", "text", "What else it is called, separated by |."),
)
VERDICTS = (
    Column("response_id", "text", "The reply."),
    Column("question", "text", "The question's key in rubric.json."),
    Column("answer", "text", "The option's code. Empty: none of several choices."),
    Column("turn", "integer", "The reply's message, counted from 1; 0 is the whole conversation."),
    Column("probability", "number", "The judge's probability of its answer."),
    Column("probabilities", "JSON", "Its probability of each option, by code."),
    Column("score", "number", "A number the judge gave, as it gave it."),
    Column("reasoning", "text", "The judge's own words."),
    Column("clauses", "JSON", "The clauses it called decisive."),
    Column("judge", "text", "The judge's name."),
    Column("judge_model", "text", "The language model behind it."),
    Column("judge_prompt_version", "text", "The version of its prompt."),
    Column("judge_rubric_version", "text", "The rubric version it was given."),
    Column("judge_simulated", "boolean", "Whether it is a simulation."),
    Column("rubric", "text", "The key of the rubric whose question it answered."),
    Column("rubric_version", "integer", "That rubric's version."),
)
RATERS = (
    Column("rater", "text", "The pseudonym: it means nothing outside this release."),
    Column("source", "text", "account, crowd, import, or simulated."),
    Column("cohort", "text", "The group the rater was recruited in."),
    Column("judgments", "integer", "Items judged, up to the cut-off."),
    Column("consent_version", "integer", "The version of the consent they agreed to last."),
    Column("consent_language", "text", "The language in which they read it."),
)
EXCLUSIONS = (
    Column("number", "integer", "The rule's number in its study."),
    Column("kind", "text", "What it leaves out: rater, item, batch, or fast."),
    Column(
        "subject",
        "text",
        "The rater's pseudonym in this release, the item's response_id, the batch's number, or the"
        " seconds below which a judgment is left out.",
    ),
    Column("reason", "text", "Why, in the words of whoever made the rule."),
    Column("made_on", "text", "The day on which it was made, UTC."),
    Column(
        "in_force",
        "boolean",
        "Whether it was applied at the cut-off; one that was lifted leaves nothing out.",
    ),
    Column(
        "judgments",
        "integer",
        "How many judgments that count otherwise it leaves out; rules may share some.",
    ),
)
CALIBRATED = (
    REPLY,
    SECOND,
    QUESTION,
    Column("scope", "text", "conversation, or turn."),
    TURN,
    Column("raters", "integer", "How many raters answered, in the waves that count."),
    Column(
        "low",
        "JSON",
        "Lower end of each share's 95 % interval, by code: of a Dirichlet posterior with half a"
        " vote for each option.",
    ),
    Column("high", "JSON", "Upper end of the same interval."),
    Column(
        "posterior",
        "JSON",
        "Probability of each option given how its raters err (Dawid and Skene), by code. Empty for"
        " several choices.",
    ),
    Column("posterior_label", "text", "The most probable option. Empty where two are alike."),
)
RECALIBRATED = (
    REPLY,
    QUESTION,
    TURN,
    Column("judge", "text", "The judge's name."),
    Column("judge_model", "text", "The language model behind it."),
    Column("judge_prompt_version", "text", "The version of its prompt."),
    Column("judge_rubric_version", "text", "The rubric version it was given."),
    Column("answer", "text", "The option's code."),
    Column("probability", "number", "The judge's probability of its answer."),
    Column(
        "recalibrated",
        "number",
        "Probability that people's majority gives the same answer, learnt from other queries by"
        " Platt's sigmoid. Empty where nothing could be learnt.",
    ),
)
DICTIONARY = (
    Column("file", "text", "The table, without its ending."),
    Column("column", "text", "The column's name."),
    Column("type", "text", "What its cells hold."),
    Column("description", "text", "What they mean."),
)
ESCAPED_COLUMN = Column(
    "csv_escaped",
    "text",
    "In CSV only: the columns of this row whose cell has one apostrophe more in front.",
)
TABLES = {
    "labels": LABELS,
    "calibrated": CALIBRATED,
    "judgments": JUDGMENTS,
    "spans": SPANS,
    "clauses": CLAUSES,
    "stages": STAGES,
    "revisions": REVISIONS,
    "items": ITEMS,
    "texts": TEXTS,
    "values": VALUES,
    "verdicts": VERDICTS,
    "recalibrated": RECALIBRATED,
    "raters": RATERS,
    "exclusions": EXCLUSIONS,
}
