"""The admin's page of what raters reported: skipped and flagged items, and what becomes of them."""

from datetime import datetime
from http import HTTPStatus

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from annotation import gates
from annotation.gates import MemberRequest
from annotation.models import Item, Study
from annotation.selectors import reports as found
from annotation.services import reviews
from annotation.views.pages import done, page_number, show

ITEMS_PER_PAGE = 25
ACTS = {
    "offer": (reviews.offer_again, "Raters get the item again."),
    "leave": (reviews.offer_again, "The item stays as it is; its flags are resolved."),
    "retire": (reviews.retire, "The item is taken out. What was judged of it stays."),
    "restore": (reviews.restore, "The item is back: raters get it again."),
}
NOTHING = "Nothing was left to do: somebody decided about this item a moment ago."


@gates.admin
@require_safe
def reports(request: HttpRequest, study: Study) -> HttpResponse:
    """Show the items that wait, or on the second list those that were looked at."""
    return _reports(request, study)


@gates.admin
@require_POST
def decide_report(request: MemberRequest, study: Study, item_id: int) -> HttpResponse:
    """Offer an item again, take it out, or put it back."""
    if not Item.objects.filter(study=study, pk=item_id).exists():
        raise Http404
    act, sentence = ACTS.get(request.POST.get("act", ""), (None, ""))
    if act is None:
        messages.error(request, "Choose one of the buttons.")
        return _reports(request, study, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    changed = act(
        study=study,
        item_id=item_id,
        now=timezone.now(),
        by_id=request.user.pk,
        seen_at=_seen_at(request.POST.get("seen", "")),
    )
    query = request.GET.urlencode()
    return done(
        request, sentence if changed else NOTHING, "annotation:reports", study.slug, query=query
    )


def _reports(request: HttpRequest, study: Study, *, status: int = HTTPStatus.OK) -> HttpResponse:
    seen = timezone.now()  # before anything is read: what comes later was not seen
    done_list = request.GET.get("list") == "done"
    waiting, looked_at = found.waiting(study.pk), found.looked_at(study.pk)
    items = Paginator(looked_at if done_list else waiting, ITEMS_PER_PAGE)
    page = items.get_page(page_number(request))
    context = {
        "done_list": done_list,
        "n_waiting": waiting.count(),
        "n_done": looked_at.count(),
        "page": page,
        "items": found.reported(page.object_list, only_new=not done_list),
        "query": request.GET.urlencode(),
        "seen": seen.isoformat(),
        "narrowed": "list=done" if done_list else "",
    }
    template = "annotation/reports.html"
    return show(request, study, template, context, active="reports", status=status)


def _seen_at(text: str) -> datetime | None:
    """Return when the page that the admin decided on was made, where the form still says so."""
    try:
        seen = datetime.fromisoformat(text)
    except ValueError:
        return None
    return seen if timezone.is_aware(seen) else None
