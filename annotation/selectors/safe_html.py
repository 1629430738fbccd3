"""Uploaded words as safe HTML, for those who may see them unmasked."""

from collections.abc import Iterable

from annotation import rendering


def safe_html(texts: Iterable[str]) -> list[str]:
    """Return each text as HTML in which nothing loads, links or runs."""
    return [rendering.render(text) for text in texts]
