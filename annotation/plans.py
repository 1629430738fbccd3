"""A rubric version as plain values: what forms, checks and statistics read. Pure."""

import re
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from annotation.vocabulary import ItemKind, Level, QuestionType, Scope

# What stands in a rubric's labels where an item's own values belong.
VALUE_MARKS = ("{value_a}", "{value_b}")
_MARK = re.compile("|".join(map(re.escape, VALUE_MARKS)))


@dataclass(frozen=True, slots=True)
class OptionPlan:
    """One answer on offer."""

    id: int
    code: str
    label: str
    value: float | None
    polarity: str


@dataclass(frozen=True, slots=True)
class QuestionPlan:
    """One question with its options; ``asked_id`` is stored with every several-choice answer."""

    id: int
    key: str
    label: str
    help: str
    type: QuestionType
    level: Level
    scope: Scope
    required: bool
    condition_key: str
    condition_codes: tuple[str, ...]
    options: tuple[OptionPlan, ...]
    asked_id: int | None
    clauses: bool = False
    anchors: str = ""

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Of what it is asked: turns, whole conversations, or both."""
        both = (Scope.CONVERSATION, Scope.TURN)
        return both if self.scope == Scope.BOTH else (self.scope,)

    def option(self, code: str) -> OptionPlan | None:
        """Return the option with this code, or None."""
        return next((option for option in self.options if option.code == code), None)

    def with_values(self, value_a: str, value_b: str) -> "QuestionPlan":
        """Return the question with an item's own values in its labels."""

        def put(text: str) -> str:
            return with_values(text, value_a, value_b)

        options = tuple(replace(option, label=put(option.label)) for option in self.options)
        return replace(self, label=put(self.label), help=put(self.help), options=options)


@dataclass(frozen=True, slots=True)
class RubricPlan:
    """One rubric version."""

    id: int
    key: str
    version: int
    title: str
    questions: tuple[QuestionPlan, ...]
    kind: ItemKind = ItemKind.SINGLE

    @property
    def scopes(self) -> frozenset[Scope]:
        """What the questions are about."""
        return frozenset(question.scope for question in self.questions)

    def question(self, key: str) -> QuestionPlan | None:
        """Return the question with this key, or None."""
        return next((question for question in self.questions if question.key == key), None)

    def changes_to(self, newer: "RubricPlan") -> list[str]:
        """Say what a rater who knows this version finds changed in a newer one."""
        found = [
            _("“%s” is no longer asked.") % question.label
            for question in self.questions
            if newer.question(question.key) is None
        ]
        for question in newer.questions:
            was = self.question(question.key)
            if was is None:
                found.append(_("“%s” is asked now.") % question.label)
            else:
                found += _changes(was, question)
        return found or [_("The questions have another order or other conditions.")]


def _changes(was: QuestionPlan, now: QuestionPlan) -> list[str]:
    """Say what is different in a question, as a rater would see it."""
    found = []
    if was.label != now.label or was.help != now.help:
        found.append(_("“%s” is worded otherwise.") % now.label)
    before, after = ({o.code: o.label for o in q.options} for q in (was, now))
    gone = [label for code, label in before.items() if code not in after]
    new = [label for code, label in after.items() if code not in before]
    renamed = [
        (label, after[code])
        for code, label in before.items()
        if code in after and after[code] != label
    ]
    asked = {"question": now.label}
    found += [
        _("“%(question)s” no longer offers “%(option)s”.") % {**asked, "option": one}
        for one in gone
    ]
    found += [
        _("“%(question)s” now offers “%(option)s”.") % {**asked, "option": one} for one in new
    ]
    found += [
        _("“%(question)s”: “%(old)s” is now called “%(new)s”.") % {**asked, "old": old, "new": one}
        for old, one in renamed
    ]
    return found


def with_values(text: str, value_a: str, value_b: str) -> str:
    """Put an item's own values into a label, each mark once: a value may be called as a mark is."""
    names = dict(zip(VALUE_MARKS, (value_a, value_b), strict=True))
    return _MARK.sub(lambda mark: names[mark.group()], text)
