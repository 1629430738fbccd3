"""Answers that could not be stored, in the words in which the rater gave them."""

from collections.abc import Iterable, Mapping, Sequence

from annotation.citations import BY_SCRIPT, ID_OF_ROW, ROLE_OF_ROW
from annotation.models import Item, Rater
from annotation.receipts import Receipt
from annotation.rendering import one_way
from annotation.selectors.asking import CardQuestion, card_question
from annotation.selectors.cards import on_side
from annotation.selectors.rubrics import plan
from annotation.spans import BY_QUOTE, KIND
from annotation.vocabulary import ClauseRole

Words = list[tuple[str, str]]
_PARTS = ("", BY_QUOTE, KIND, BY_SCRIPT, ROLE_OF_ROW, ID_OF_ROW)


def in_words(
    form: Mapping[str, Sequence[str]], rater: Rater, receipt: Receipt | None, *, language: str
) -> Words:
    """Return the questions of a form with what was answered, in the order of the rubric.

    The receipt tells what the form asked, and which item it showed where the seat is gone since.
    Without one, and where a field is none of the rubric's, the form is shown as it came.
    """
    if receipt is None or not form:
        return [(name, ", ".join(words)) for name, words in form.items()]
    rubric, names = plan(receipt.rubric_id, language), _values(rater, receipt)
    found, known = [], set()
    for question in rubric.questions:
        read = on_side(question, receipt.side).with_values(*names)
        fields = {question.key + part for part in _PARTS} & form.keys()
        known |= fields
        words = _said(card_question(read, form), form.get(question.key, ()))
        if fields and words:
            found.append((read.label, words))
    return found + [(name, ", ".join(form[name])) for name in form if name not in known]


def _values(rater: Rater, receipt: Receipt) -> tuple[str, str]:
    """Return the names of the two values of an item that was shown, as they were shown."""
    items = Item.objects.filter(pk=receipt.item_id, study=rater.study_id)
    found = items.values_list("query__value_a__name", "query__value_b__name").first()
    return (one_way(found[0]), one_way(found[1])) if found else ("A", "B")


def _said(question: CardQuestion, given: Iterable[str]) -> str:
    """Return one question's answer as a sentence would have it."""
    if question.text:
        return question.text
    kinds = {option.code: option.label for option in question.options}
    quotes = [(words, kinds.get(kind, kind)) for words, kind in question.quotes if words.strip()]
    places = [(span.quote, span.kind) for span in question.spans] + quotes
    chosen = [option.label for option in question.options if option.chosen]
    other = [] if question.spans else [code for code in given if code not in kinds and code]
    cited = [(one.clause, one.role) for one in question.clauses]
    cited += [(clause, _role(role)) for role, clause in question.clause_rows if clause.strip()]
    marked = "; ".join(f"“{words}”" + (f" ({kind})" if kind else "") for words, kind in places)
    clauses = ", ".join(f"{clause} ({role})" if role else clause for clause, role in cited)
    return "; ".join(part for part in (", ".join([*chosen, *other]), marked, clauses) if part)


def _role(code: str) -> str:
    return str(ClauseRole(code).label) if code in ClauseRole.values else code
