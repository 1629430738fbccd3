"""What the page of the rubric shows: the form of a draft, its preview, and what is asked now."""

from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from annotation.errors import RubricDraftChanged
from annotation.forms import RubricForm
from annotation.models import RubricDraft, Study
from annotation.plans import QuestionPlan, RubricPlan
from annotation.rubric_composer.acts import FIRST_LANGUAGE
from annotation.rubric_composer.draft import DraftRubric
from annotation.rubric_composer.fields import MOST_FIELDS, n_fields
from annotation.rubric_composer.problems import Problems, problems_in
from annotation.rubric_composer.sheet import rows_of
from annotation.selectors.rubric_drafts import beginnings, opened
from annotation.selectors.rubrics import plan
from annotation.views.pages import show, status_of
from annotation.views.previews import preview
from annotation.vocabulary import ItemKind, Level, Polarity, QuestionType, Scope

LEVELS = (
    (Level.NOMINAL, "Nominal: no order"),
    (Level.ORDINAL, "Ordinal: in an order"),
    (Level.INTERVAL, "Interval: numbers, distances count"),
)
TOO_LARGE = (
    "This rubric has more fields than a form can send. Go on in its JSON: edit the file, and"
    " publish it below."
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What the page shows of a draft; ``seen`` is the stored draft that its maker had seen."""

    draft: DraftRubric
    seen: datetime | None = None
    stored_by: str = ""
    problems: Problems | None = None
    focus: str = ""
    refused: str = ""
    conflict: RubricDraftChanged | None = None
    said: str = ""
    status: HTTPStatus = HTTPStatus.OK

    @property
    def found(self) -> Problems:
        """Return what is wrong with the draft."""
        return problems_in(self.draft) if self.problems is None else self.problems

    @property
    def newest(self) -> str:
        """Return when the draft was stored that this one is in conflict with."""
        return self.conflict.details["updated_at"].isoformat() if self.conflict else ""

    @property
    def unstored(self) -> bool:
        """Say whether what the form holds is in no stored draft."""
        return bool(self.conflict or self.refused) and not self.stored_by

    def stored(self, draft: RubricDraft) -> "Sheet":
        """Return the sheet as one that was just stored."""
        name = draft.updated_by.username if draft.updated_by else ""
        return replace(self, seen=draft.updated_at, stored_by=name)


def opened_sheet(study: Study) -> Sheet:
    """Return the study's draft, or what it would begin with."""
    found = opened(study)
    if n_fields(found.draft) > MOST_FIELDS:
        return Sheet(DraftRubric(), seen=found.stored_at, refused=TOO_LARGE)
    return Sheet(found.draft, seen=found.stored_at, stored_by=found.stored_by)


def language_of(request: HttpRequest, draft: DraftRubric) -> str:
    """Return the language that the preview shall be in; none is the rubric's own."""
    sent = request.POST.get("preview-language", "") or request.GET.get("language", "")
    return sent if sent in draft.languages else ""


def page(
    request: HttpRequest, study: Study, sheet: Sheet, rubric_form: RubricForm | None = None
) -> HttpResponse:
    """Show a sheet, or only its part when htmx asks for it."""
    form = rubric_form or RubricForm()
    problems = sheet.found
    language = language_of(request, sheet.draft)
    rubric = plan(study.rubric_id) if study.rubric_id else None
    context = {
        "sheet": sheet,
        "draft": sheet.draft,
        "seen": sheet.seen.isoformat() if sheet.seen else "",
        "problems": problems,
        "rows": rows_of(sheet.draft, problems, focus=sheet.focus),
        "types": QuestionType.choices,
        "levels": LEVELS,
        "scopes": Scope.choices,
        "kinds": ItemKind.choices,
        "polarities": Polarity.choices,
        "beginnings": beginnings(study),
        "new_type": request.POST.get("new-type", ""),
        "new_language": _language_to_add(request, sheet),
        "language": language,
        "preview": preview(sheet.draft, language),
        "rubric_form": form,
        "rubric": rubric,
        "asked_now": _with_conditions(rubric) if rubric else [],
    }
    return show(
        request,
        study,
        "annotation/compose.html",
        context,
        active="compose",
        part="annotation/_compose.html",
        status=status_of(form) if sheet.status == HTTPStatus.OK else sheet.status,
    )


def _with_conditions(rubric: RubricPlan) -> list[tuple[QuestionPlan, str]]:
    """Return the questions, each with when it is asked in the words that raters read."""
    return [(question, _only_if(rubric, question)) for question in rubric.questions]


def _only_if(rubric: RubricPlan, question: QuestionPlan) -> str:
    asked = rubric.question(question.condition_key)
    if asked is None:
        return ""
    answers = (asked.option(code) for code in question.condition_codes)
    return f"only if “{asked.label}” is {' or '.join(one.label for one in answers if one)}"


def _language_to_add(request: HttpRequest, sheet: Sheet) -> str:
    """Return what the field of a new language holds: what was refused, or the first to add."""
    if sheet.refused:
        return request.POST.get("new-language", "")
    return "" if FIRST_LANGUAGE in sheet.draft.languages else FIRST_LANGUAGE
