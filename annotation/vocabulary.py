"""The words of a study: states, roles, and what people and judges may be asked.

Both apps import this module and it imports neither of them. The database repeats every closed
set as a CHECK, so a new word is added here and in a migration, and nowhere else.
"""

from django.db.models import IntegerChoices, TextChoices

WHOLE_CONVERSATION = 0


class StudyState(TextChoices):
    """What a study's raters may do now."""

    DRAFT = "draft", "Draft"
    OPEN = "open", "Open"
    PAUSED = "paused", "Paused"
    CLOSED = "closed", "Closed"


STUDY_TRANSITIONS: dict[StudyState, frozenset[StudyState]] = {
    StudyState.DRAFT: frozenset({StudyState.OPEN}),
    StudyState.OPEN: frozenset({StudyState.PAUSED, StudyState.CLOSED}),
    StudyState.PAUSED: frozenset({StudyState.OPEN, StudyState.CLOSED}),
    StudyState.CLOSED: frozenset({StudyState.OPEN}),
}


class Role(TextChoices):
    """What a member of a study comes for."""

    RATER = "rater", "Rater"
    RESEARCHER = "researcher", "Researcher"
    ADMIN = "admin", "Admin"


class RaterSource(TextChoices):
    """Where a rater comes from."""

    ACCOUNT = "account", "Account"
    CROWD = "crowd", "Crowd platform"
    IMPORT = "import", "Imported"
    SIMULATED = "simulated", "Simulated"


class Framing(TextChoices):
    """Which value the wording of a query leans to."""

    NEUTRAL = "neutral", "Neutral"
    VALUE_A = "value_a", "Leans to value A"
    VALUE_B = "value_b", "Leans to value B"


class Speaker(TextChoices):
    """Who says a message."""

    SYSTEM = "system", "System"
    USER = "user", "User"
    ASSISTANT = "assistant", "Reply"


class ItemKind(TextChoices):
    """Whether one reply is judged, or two side by side."""

    SINGLE = "single", "One reply"
    PAIR = "pair", "Two replies"


class Wave(IntegerChoices):
    """Why a seat exists. Agreement takes FIRST and IMPORTED unless told otherwise."""

    FIRST = 1, "first"
    EXTRA = 2, "extra"
    AUDIT = 3, "audit"
    GOLD = 4, "gold"
    ADJUDICATION = 5, "adjudication"
    IMPORTED = 6, "imported"


DEFAULT_WAVES = (Wave.FIRST, Wave.IMPORTED)


class BatchState(TextChoices):
    """How far an upload has come; only the replies of a READY batch can get seats."""

    WAITING = "waiting", "Waiting for the worker"
    READING = "reading", "Being read"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class QuestionType(TextChoices):
    """How a question is answered."""

    SINGLE = "single", "One choice"
    SEVERAL = "several", "Several choices"
    SCALE = "scale", "Scale"
    SPANS = "spans", "Evidence spans"
    TEXT = "text", "Text"


CLOSED_TYPES = frozenset({QuestionType.SINGLE, QuestionType.SEVERAL, QuestionType.SCALE})


class Level(TextChoices):
    """A question's level of measurement: it decides which disagreement counts how much."""

    NOMINAL = "nominal", "Nominal"
    ORDINAL = "ordinal", "Ordinal"
    INTERVAL = "interval", "Interval"


class Scope(TextChoices):
    """What a question is about. BOTH asks it after each turn and once more of the whole."""

    TURN = "turn", "Each turn of the reply"
    CONVERSATION = "conversation", "The whole conversation"
    BOTH = "both", "Each turn, then the whole"


class Polarity(TextChoices):
    """Whether an option is the noteworthy outcome of its question or its opposite."""

    POSITIVE = "positive", "Positive"
    NEGATIVE = "negative", "Negative"


class SkipReason(TextChoices):
    """Why a rater passes an item over."""

    UNFAMILIAR = "unfamiliar", "I do not know this topic"
    LANGUAGE = "language", "Not in a language I read well"
    BROKEN = "broken", "Something is broken or missing"
    SENSITIVE = "sensitive", "I would rather not read this"


class ClauseRole(TextChoices):
    """What a clause of a specification did for an answer."""

    VIOLATED = "violated", "Violated"
    SUPPORTS = "supports", "Supports the answer"
    GOVERNS = "governs", "Governs the case"


class FlagKind(TextChoices):
    """What a rater points out to the admins."""

    ITEM = "item", "Something is wrong with the item"
    VALUE = "value", "A value is unclear"


class ClientKind(TextChoices):
    """What a judgment was made with, as far as the page can tell without asking who it is."""

    WIDE = "wide", "Page with script, wide screen"
    NARROW = "narrow", "Page with script, narrow screen"
    PLAIN = "plain", "Page without script"
    ELSEWHERE = "elsewhere", "Imported or simulated"


class OnWithdrawal(TextChoices):
    """What becomes of a rater's judgments when the rater withdraws; promised in the consent."""

    KEEP = "keep", "Kept without any link to the person"
    DELETE = "delete", "Deleted"


class ItemIssue(TextChoices):
    """Why an item waits for an admin."""

    SKIPPED = "skipped", "Skipped often"
    FLAGGED = "flagged", "Flagged"


class HitDecision(TextChoices):
    """What happens to text that may tell who wrote it; HELD is masked until decided."""

    MASKED = "masked", "Masked"
    KEPT = "kept", "Kept"
    HELD = "held", "Waits for a decision"


# The 26 categories of values under their five heads.
VALUE_CATEGORIES: dict[str, tuple[str, ...]] = {
    "Epistemic": (
        "Methodical rigor",
        "Knowledge development",
        "Clarity and precision",
        "Intellectual integrity and objectivity",
        "Critical thinking",
    ),
    "Protective": (
        "Security and stability",
        "Protection of people and environment",
        "Ethical responsibility",
        "Protecting human rights and dignity",
        "Protecting vulnerable entities",
    ),
    "Practical": (
        "Business effectiveness",
        "Efficiency and resource optimization",
        "Compliance and accountability",
        "Professional and technical excellence",
        "Professional advancement",
    ),
    "Social": (
        "Community and relationship bonds",
        "Cultural respect and tradition",
        "Social equity and justice",
        "Well-functioning social systems and organizations",
        "Ethical interaction",
    ),
    "Personal": (
        "Personal growth and wellbeing",
        "Authentic moral identity",
        "Artistic expression and appreciation",
        "Emotional depth and authentic connection",
        "Spiritual fulfillment and meaning",
        "Pleasure and enjoyment",
    ),
}
# What a question about two replies side by side is answered with.
PAIR_OPTIONS = ("slot_1", "slot_2", "tie")
