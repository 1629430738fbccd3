"""Safe HTML of conversations, made once per shown text."""

from django.db.models import OuterRef, Subquery

from annotation import rendering
from annotation.models import Rendering
from annotation.shown import ShownMessage


def known_html(sha256_field: str) -> Subquery:
    """Return the stored HTML of a row's text, as a column to select beside it; NULL for none."""
    known = Rendering.objects.filter(
        shown_sha256=OuterRef(sha256_field), renderer=rendering.RENDERER_VERSION
    )
    return Subquery(known.values("html")[:1])


def html_of(sha256: str, messages: tuple[ShownMessage, ...]) -> list[str]:
    """Return each message's HTML; rendered at the first showing of this text and kept."""
    known = Rendering.objects.filter(shown_sha256=sha256, renderer=rendering.RENDERER_VERSION)
    found = known.values_list("html", flat=True).first()
    return make(sha256, messages) if found is None else list(found)


def make(sha256: str, messages: tuple[ShownMessage, ...]) -> list[str]:
    """Render a text that has no HTML yet, and keep it."""
    made = [rendering.render(message.content) for message in messages]
    # Another process may show the same text at this moment; both made the same.
    Rendering.objects.bulk_create(
        [Rendering(shown_sha256=sha256, renderer=rendering.RENDERER_VERSION, html=made)],
        ignore_conflicts=True,
    )
    return made
