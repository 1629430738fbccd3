"""Files of lines that an admin sends by a page which waits, and what the page says then."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from annotation.errors import FileUnreadable
from annotation.forms import PlainForm
from annotation.tally import Tally, gathered

ERRORS_SHOWN = 100


def taken_in(form: PlainForm, load: Callable[[Path, str], Tally]) -> Tally | None:
    """Hand the form's ``file`` to a loader that reads line by line; a file is given its error.

    None where the form is wrong, or the file is none that can be read.
    """
    if not form.is_valid():
        return None
    upload: UploadedFile[Any] = form.cleaned_data["file"]
    with tempfile.NamedTemporaryFile() as kept:
        for chunk in upload.chunks():
            kept.write(chunk)
        kept.flush()
        try:
            return load(Path(kept.name), str(upload.name))
        except FileUnreadable as refusal:
            form.add_error("file", str(refusal))
            return None


def problems_of(tally: Tally | None) -> dict[str, Any]:
    """Return what a page says of refused lines: the first causes, and how many more there are."""
    if tally is None:
        return {"problems": [], "more": 0}
    problems = gathered(tally.as_json()["errors"])
    return {
        "problems": problems[:ERRORS_SHOWN],
        "more": max(len(problems) - ERRORS_SHOWN, 0),
    }
