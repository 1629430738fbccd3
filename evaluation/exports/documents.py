"""The documents of a release: every version of rubric, guidelines, consent and specification."""

import hashlib
import re
from typing import Any

from annotation.selectors import released_documents
from annotation.selectors.studies import StudyFacts
from evaluation.exports.folder import Folder
from evaluation.exports.rows import in_order

LONGEST_STEM = 100
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def write(study: StudyFacts, folder: Folder, *, until: int) -> dict[str, list[dict[str, Any]]]:
    """Write the versions that the release's judgments name; return which file holds which."""
    return {
        "rubrics": _rubrics(study, folder, until),
        "guidelines": _texts("guidelines", folder, study, until),
        "consents": _texts("consent", folder, study, until),
        "specifications": _specifications(study, folder, until),
    }


def file_name(kind: str, *names: str, ending: str) -> str:
    """Return a name that every file system takes; what had to be changed gets a mark of its own."""
    stem = "-".join(names)
    safe = _UNSAFE.sub("-", stem)[:LONGEST_STEM]
    if safe != stem or safe != safe.lower() or "-" in names[-1]:
        # Names that would be written alike are still two files.
        mark = hashlib.sha256("\n".join(names).encode()).hexdigest()[:8]
        safe = f"{safe}-{mark}"
    return f"{kind}-{safe}.{ending}"


def _rubrics(study: StudyFacts, folder: Folder, until: int) -> list[dict[str, Any]]:
    listed = []
    for rubric in released_documents.rubrics_used(study.id, until=until):
        name = file_name("rubric", rubric.key, f"v{rubric.version}", ending="json")
        folder.json(name, in_order(rubric.source))
        listed.append({"key": rubric.key, "version": rubric.version, "file": name})
    return listed


def _texts(kind: str, folder: Folder, study: StudyFacts, until: int) -> list[dict[str, Any]]:
    used = {
        "guidelines": released_documents.guidelines_used,
        "consent": released_documents.consents_used,
    }
    listed = []
    for one in used[kind](study.id, until=until):
        names = [f"v{one.version}", *([one.language] if one.translated else [])]
        name = file_name(kind, *names, ending="md")
        folder.text(name, one.text)
        said = {"language": one.language} if one.language else {}
        listed.append({"version": one.version, **said, "file": name})
    return listed


def _specifications(study: StudyFacts, folder: Folder, until: int) -> list[dict[str, Any]]:
    listed = []
    for one in released_documents.specifications_used(study.id, until=until):
        name = file_name("specification", one.key, one.version, ending="json")
        folder.json(name, one._asdict())
        listed.append({"key": one.key, "version": one.version, "file": name})
    return listed
