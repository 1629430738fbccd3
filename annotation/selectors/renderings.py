"""Safe HTML of conversations, made once per shown text."""

from annotation import rendering
from annotation.models import Rendering
from annotation.shown import ShownMessage


def html_of(sha256: str, messages: tuple[ShownMessage, ...]) -> list[str]:
    """Return each message's HTML; rendered at the first showing of this text and kept."""
    known = Rendering.objects.filter(shown_sha256=sha256, renderer=rendering.RENDERER_VERSION)
    found = known.values_list("html", flat=True).first()
    if found is not None:
        return list(found)
    made = [rendering.render(message.content) for message in messages]
    # Another process may show the same text at this moment; both made the same.
    Rendering.objects.bulk_create(
        [Rendering(shown_sha256=sha256, renderer=rendering.RENDERER_VERSION, html=made)],
        ignore_conflicts=True,
    )
    return made
