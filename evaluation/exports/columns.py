"""Every column of every table of a release. ``dictionary.csv`` is written from this."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column: ``type`` is text, integer, number, boolean, time, or JSON."""

    name: str
    type: str
    description: str


LABELS = (
    Column("response_id", "text", "The reply."),
    Column("question", "text", "The question's key in rubric.json."),
    Column("scope", "text", "conversation, or turn."),
    Column("turn", "integer", "The reply's message, counted from 1; 0 is the whole conversation."),
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
    Column("inclusion_probability", "number", "Probability that the design chose this item."),
    Column("weight", "number", "1 / inclusion_probability."),
)
JUDGMENTS = (
    Column("response_id", "text", "The reply."),
    Column("rater", "text", "The rater's pseudonym in this release; see raters."),
    Column("question", "text", "The question's key in rubric.json."),
    Column(
        "answer",
        "text",
        "The option's code, or the rater's own words. Empty: none of several choices was chosen.",
    ),
    Column("turn", "integer", "The reply's message, counted from 1; 0 is the whole conversation."),
    Column("judged_at", "time", "When it was judged, UTC."),
    Column("wave", "text", "Why the item was given to this rater: first, extra, imported …"),
    Column("judgment", "text", "The judgment; its answers share it."),
    Column("revision", "integer", "How often the rater gave it; only the last one is here."),
    Column("rubric", "text", "The key of the rubric it was made under."),
    Column("rubric_version", "integer", "That rubric's version."),
    Column("text_version", "integer", "The version of the reply's text."),
    Column("shown_sha256", "text", "SHA-256 of the conversation as the rater saw it."),
)
ITEMS = (
    Column("response_id", "text", "The reply."),
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
    Column("text_sha256", "text", "SHA-256 of the messages as uploaded, in canonical JSON."),
    Column("messages", "JSON", "The conversation as uploaded, before masking."),
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
    "judgments": JUDGMENTS,
    "items": ITEMS,
    "verdicts": VERDICTS,
    "raters": RATERS,
}
