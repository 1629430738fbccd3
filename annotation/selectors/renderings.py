"""Safe HTML of conversations, made once per shown text."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from annotation import rendering
from annotation.models import Rendering, Seat, Study, TextVersion
from annotation.selectors.masks import by_message, masked_now
from annotation.shown import ShownMessage, shown_messages, shown_sha256

TEXTS_AT_ONCE = 200


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


def prepare(study_id: int) -> int:
    """Render the texts of a study's open items before a rater asks; return how many were made.

    Masked texts are left to their first showing, because an admin may still decide about them.
    """
    known = Rendering.objects.filter(
        shown_sha256=OuterRef("sha256"), renderer=rendering.RENDERER_VERSION
    )
    open_seats = Seat.objects.filter(item__reply_1=OuterRef("response"), judged_at=None)
    waiting = TextVersion.objects.filter(
        ~Exists(known), Exists(open_seats), response__study=study_id, current=True, has_hits=False
    )
    made, after = 0, 0
    while True:
        texts = waiting.filter(pk__gt=after).order_by("pk")[:TEXTS_AT_ONCE]
        chunk = list(texts.values_list("pk", "messages"))
        if not chunk:
            return made
        for _, messages in chunk:
            shown = shown_messages(messages, {}, with_system=True)
            make(shown_sha256(shown), shown)
        made, after = made + len(chunk), chunk[-1][0]


def prepare_shown(study: Study, text_ids: Collection[int]) -> int:
    """Render these texts as they are shown now, where raters may still get them; return how many.

    For masks that have just changed, so that no rater waits for the new shown text.
    """
    open_seats = Seat.objects.filter(judged_at=None, abandoned_at=None)
    first = Exists(open_seats.filter(item__reply_1=OuterRef("response")))
    second = Exists(open_seats.filter(item__reply_2=OuterRef("response")))
    texts = list(TextVersion.objects.filter(first | second, pk__in=text_ids, current=True))
    masks = masked_now(texts)
    for text in texts:
        shown = shown_messages(
            text.messages,
            by_message(masks.get(text.pk, ())),
            with_system=study.shows_system_messages,
        )
        html_of(shown_sha256(shown), shown)
    return len(texts)
