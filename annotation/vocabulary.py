"""The words of a study: states, roles, and what people and judges may be asked.

Both apps import this module and it imports neither of them. The database repeats every closed
set as a CHECK, so a new word is added here and in a migration, and nowhere else. What is stored and
exported is the word's code; labels that raters read are translated when they are shown.
"""

from django.db.models import IntegerChoices, TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

WHOLE_CONVERSATION = 0


class StudyState(TextChoices):
    """What a study's raters may do now."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Open")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Closed")


STUDY_TRANSITIONS: dict[StudyState, frozenset[StudyState]] = {
    StudyState.DRAFT: frozenset({StudyState.OPEN}),
    StudyState.OPEN: frozenset({StudyState.PAUSED, StudyState.CLOSED}),
    StudyState.PAUSED: frozenset({StudyState.OPEN, StudyState.CLOSED}),
    StudyState.CLOSED: frozenset({StudyState.OPEN}),
}


class Role(TextChoices):
    """What a member of a study comes for."""

    RATER = "rater", _("Rater")
    RESEARCHER = "researcher", _("Researcher")
    ADMIN = "admin", _("Admin")


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
# The standard question that decides whether a judgment's other answers count, and its yes.
JUDGEABLE, JUDGEABLE_YES = "judgeable", "yes"
# Rates of judges take audits too. Seats added where raters differed, and gold, are no sample.
RATE_WAVES = (Wave.FIRST, Wave.AUDIT, Wave.IMPORTED)


class BatchState(TextChoices):
    """How far an upload has come; only the replies of a READY batch can get seats."""

    WAITING = "waiting", "Waiting for the worker"
    READING = "reading", "Being read"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Stopped by an admin"


class LineFileState(TextChoices):
    """How far a file of lines has come that waits for a worker."""

    WAITING = "waiting", "Waiting for the worker"
    READING = "reading", "Being read"
    READY = "ready", "Read"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Stopped by an admin"


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

    UNFAMILIAR = "unfamiliar", _("I do not know this topic")
    LANGUAGE = "language", _("Not in a language I read well")
    BROKEN = "broken", _("Something is broken or missing")
    SENSITIVE = "sensitive", _("I would rather not read this")


class ClauseRole(TextChoices):
    """What a clause of a specification did for an answer."""

    VIOLATED = "violated", _("Violated")
    SUPPORTS = "supports", _("Supports the answer")
    GOVERNS = "governs", _("Governs the case")


class FlagKind(TextChoices):
    """What a rater points out to the admins."""

    ITEM = "item", _("Something is wrong with the item")
    VALUE = "value", _("A value is unclear")


class ClientKind(TextChoices):
    """What a judgment was made with, as far as the page can tell without asking who it is."""

    WIDE = "wide", "Page with script, wide screen"
    NARROW = "narrow", "Page with script, narrow screen"
    PLAIN = "plain", "Page without script"
    ELSEWHERE = "elsewhere", "Imported or simulated"


class OnWithdrawal(TextChoices):
    """What becomes of a rater's judgments when the rater withdraws; promised in the consent."""

    KEEP = "keep", _("Kept without any link to the person")
    DELETE = "delete", _("Deleted")


class ItemIssue(TextChoices):
    """Why an item waits for an admin."""

    SKIPPED = "skipped", "Skipped often"
    FLAGGED = "flagged", "Flagged"


class HitDecision(TextChoices):
    """What happens to text that may tell who wrote it; HELD is masked until decided."""

    MASKED = "masked", "Masked"
    KEPT = "kept", "Kept"
    HELD = "held", "Waits for a decision"


class PersonalKind(TextChoices):
    """What a stretch of a rater's words may be that tells who somebody is; marks name it."""

    EMAIL = "e-mail", "E-mail address"
    PHONE = "phone", "Telephone number"
    HANDLE = "handle", "Name on a platform"
    IP = "ip", "Internet address"
    IBAN = "iban", "Bank account"
    CARD = "card", "Payment card"
    ADDRESS = "address", "Postal address"
    NAME = "name", "Name somebody gives"


# The rule of a finding that no rule made: an admin masked these words on the reply's page.
BY_HAND = "by hand"


class SweepState(TextChoices):
    """How far running the current rules over stored texts is."""

    WAITING = "waiting", "Waiting for the worker"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped by an admin"
    FAILED = "failed", "Failed"


# The 26 categories of values under their five heads; stored as they stand here, and shown to raters
# in their own language.
VALUE_CATEGORIES: dict[str, tuple[str, ...]] = {
    gettext_noop("Epistemic"): (
        gettext_noop("Methodical rigor"),
        gettext_noop("Knowledge development"),
        gettext_noop("Clarity and precision"),
        gettext_noop("Intellectual integrity and objectivity"),
        gettext_noop("Critical thinking"),
    ),
    gettext_noop("Protective"): (
        gettext_noop("Security and stability"),
        gettext_noop("Protection of people and environment"),
        gettext_noop("Ethical responsibility"),
        gettext_noop("Protecting human rights and dignity"),
        gettext_noop("Protecting vulnerable entities"),
    ),
    gettext_noop("Practical"): (
        gettext_noop("Business effectiveness"),
        gettext_noop("Efficiency and resource optimization"),
        gettext_noop("Compliance and accountability"),
        gettext_noop("Professional and technical excellence"),
        gettext_noop("Professional advancement"),
    ),
    gettext_noop("Social"): (
        gettext_noop("Community and relationship bonds"),
        gettext_noop("Cultural respect and tradition"),
        gettext_noop("Social equity and justice"),
        gettext_noop("Well-functioning social systems and organizations"),
        gettext_noop("Ethical interaction"),
    ),
    gettext_noop("Personal"): (
        gettext_noop("Personal growth and wellbeing"),
        gettext_noop("Authentic moral identity"),
        gettext_noop("Artistic expression and appreciation"),
        gettext_noop("Emotional depth and authentic connection"),
        gettext_noop("Spiritual fulfillment and meaning"),
        gettext_noop("Pleasure and enjoyment"),
    ),
}
# What a question about two replies side by side is answered with.
PAIR_OPTIONS = ("slot_1", "slot_2", "tie")
