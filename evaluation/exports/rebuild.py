"""Every rater's screen once more, from a release's files alone. Needs no database.

The hash that was kept when a rater judged says whether what is made here is what was shown. Rows
are read one by one; of the texts only their places in the files are kept in memory.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from annotation import rendering
from annotation.rubric_format import RubricFile
from annotation.shown import ShownMessage, shown_messages, shown_sha256, text_sha256
from annotation.spans import text_sha256 as words_sha256
from annotation.vocabulary import Speaker
from evaluation.errors import ReleaseInvalid
from evaluation.exports.screens import Row, Screen, screen
from evaluation.exports.verify import Difference, read_manifest

DIFFERENCES_KEPT = 1_000
KEPT = 500
WITHOUT_SCREENS = "touchstone-release/1"
ITEMS, TEXTS = "items.jsonl", "texts.jsonl"
# The column of judgments that says with which version of a document each was made.
NAMED_BY = {
    "rubric": "rubric_version",
    "guidelines": "guidelines_version",
    "specification": "specification_version",
}


@dataclass(slots=True)
class Rebuilt:
    """How many screens and places were compared, and what differs; the first thousand are kept.

    ``unchecked`` counts the places in texts of another renderer than this software's.
    """

    name: str
    judgments: int = 0
    spans: int = 0
    unchecked: int = 0
    differing: int = 0
    differences: list[Difference] = field(default_factory=list)

    def differ(self, what: str, reasons: Iterable[str]) -> None:
        """Note what differs at one judgment or place."""
        for reason in reasons:
            self.differing += 1
            if len(self.differences) < DIFFERENCES_KEPT:
                self.differences.append(Difference(what, reason))

    def as_json(self) -> dict[str, Any]:
        """Return it as ``rebuild_screens --json`` prints it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OneScreen:
    """One judgment's screen, and everything about it that is not as it was."""

    screen: Screen
    documents: dict[str, str | None]
    differences: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as ``rebuild_screens --judgment`` prints it."""
        return {**asdict(self.screen), **self.documents, "differences": list(self.differences)}


@dataclass(frozen=True, slots=True)
class _Text:
    """One text as it was shown, and what is wrong with it."""

    messages: tuple[ShownMessage, ...]
    problem: str = ""


def rebuild(folder: Path) -> Rebuilt:
    """Make every judgment's screen again and compare it, and every place that was marked.

    Raises:
        ReleaseInvalid: the directory is not a release, is one from before screens could be made,
            or its files cannot be read.
    """
    with _opened(folder) as files:
        found = Rebuilt(str(files.manifest["name"]))
        _compare_judgments(files, found)
        for span in files.rows("spans.jsonl"):
            if span["renderer"] != rendering.RENDERER_VERSION:
                found.unchecked += 1
                continue
            found.spans += 1
            what = f"span of judgment {span['judgment']}, question {span['question']}"
            found.differ(what, files.span_problems(span))
        return found


def _compare_judgments(files: "_Files", found: Rebuilt) -> None:
    seen: set[int] = set()
    before, made = "", None
    for answer in files.rows("judgments.jsonl"):
        judgment = str(answer["judgment"])
        what = f"judgment {judgment}"
        if judgment != before:
            before, (made, reasons) = judgment, files.screen(answer)
            number = UUID(judgment).int
            # Closed answers come first in the file, texts after all of them.
            if number not in seen:
                seen.add(number)
                found.judgments += 1
                found.differ(what, reasons)
        if made is not None:
            reason = made.offers(answer["question"], answer["turn"], answer["answer"])
            found.differ(what, [reason] if reason else [])


def rebuild_one(folder: Path, judgment_id: str) -> OneScreen:
    """Make one judgment's screen again.

    Raises:
        ReleaseInvalid: as :func:`rebuild`; or the release has no such judgment, or not its text.
    """
    with _opened(folder) as files:
        for judgment in files.rows("judgments.jsonl"):
            if judgment["judgment"] == judgment_id:
                made, reasons = files.screen(judgment)
                if made is None:
                    raise ReleaseInvalid(f"Its screen cannot be made: {'; '.join(reasons)}.")
                return OneScreen(made, files.documents_of(judgment), tuple(reasons))
    raise ReleaseInvalid(f"The release has no judgment {judgment_id}.")


@contextmanager
def _opened(folder: Path) -> Iterator["_Files"]:
    try:
        with ExitStack() as stack:
            yield _Files(folder, stack)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ReleaseInvalid(
            f"The files in {folder} cannot be read as a release's ({error!r:.200}). verify_release"
            " says which of them changed."
        ) from error


class _Files:
    """A release's files, with where each text stands in them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.manifest = read_manifest(folder)
        if self.manifest["format"] == WITHOUT_SCREENS:
            raise ReleaseInvalid(
                f"{folder} has the format {WITHOUT_SCREENS}, which does not say what raters saw."
                " Make the release again."
            )
        self._documents = {
            kind: {(one.get("key"), one["version"]): str(one["file"]) for one in listed}
            for kind, listed in self.manifest["documents"].items()
        }
        self._files = {
            name: stack.enter_context((folder / name).open("rb")) for name in (ITEMS, TEXTS)
        }
        self._items: dict[tuple[str, str | None], int] = {}
        self._places: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)
        self._index()
        # Raters of one item mostly stand near each other in the file of judgments.
        self.item = lru_cache(KEPT)(self._item)
        self.texts = lru_cache(KEPT)(self._texts)
        self.rubric = lru_cache(KEPT)(self._rubric)
        self.words = lru_cache(KEPT)(_words)

    def rows(self, name: str) -> Iterator[Row]:
        """Yield the rows of a table."""
        with (self.folder / name).open(encoding="utf-8") as lines:
            for line in lines:
                yield json.loads(line)

    def _index(self) -> None:
        """Note where each item stands, and each text by its reply and version."""
        for name, file in self._files.items():
            at = 0
            for line in file:
                row = json.loads(line)
                if name == ITEMS:
                    self._items[row["response_id"], row["response_id_2"]] = at
                for end in _ends(row):
                    place = (row["response_id" + end], row["text_version" + end])
                    self._places[place].append((name, at))
                at += len(line)

    def _row(self, name: str, at: int) -> Row:
        file = self._files[name]
        file.seek(at)
        found: Row = json.loads(file.readline())
        return found

    def _item(self, first: str, second: str | None) -> Row:
        return self._row(ITEMS, self._items[first, second])

    def _texts(self, reply: str, version: int) -> dict[str, _Text]:
        """Return a version of a reply's text as it was shown, by what its hash is said to be."""
        found: dict[str, _Text] = {}
        for name, at in self._places.get((reply, version), ()):
            row = self._row(name, at)
            with_system = row.get("system_messages", self.manifest["shown"]["system_messages"])
            for end in _ends(row):
                if (row["response_id" + end], row["text_version" + end]) == (reply, version):
                    found.setdefault(
                        row["shown_sha256" + end], _text(row, end, with_system=with_system)
                    )
        return found

    def _rubric(self, key: str, version: int) -> RubricFile | None:
        name = self._document("rubrics", key, version)
        if name is None:
            return None
        source = json.loads((self.folder / name).read_text(encoding="utf-8"))
        return RubricFile.model_validate(source)

    def _document(self, kind: str, key: str | None, version: Any) -> str | None:
        """Return the file that holds a document, where there is one."""
        name = self._documents[kind].get((key, version))
        there = name is not None and Path(name).name == name and (self.folder / name).is_file()
        return name if there else None

    def documents_of(self, judgment: Row) -> dict[str, str | None]:
        """Return which files the rater was given to read, and asked from."""
        rubric = self._document("rubrics", judgment["rubric"], judgment["rubric_version"])
        guidelines = self._document("guidelines", None, judgment["guidelines_version"])
        named = (judgment["specification"], judgment["specification_version"])
        specification = self._document("specifications", *named)
        return {"rubric": rubric, "guidelines": guidelines, "specification": specification}

    def screen(self, judgment: Row) -> tuple[Screen | None, list[str]]:
        """Return a judgment's screen, None where it cannot be made, and all that is wrong."""
        problems = []
        for what, file in self.documents_of(judgment).items():
            version = judgment[NAMED_BY[what]]
            if version is not None and file is None:
                problems.append(f"was made with {what} {version}, which is in no file")
        shown = []
        for end in _ends(judgment):
            reply, version = judgment["response_id" + end], judgment["text_version" + end]
            text = self.texts(reply, version).get(judgment["shown_sha256" + end])
            if text is None:
                problems.append(f"was shown a text of {reply!r} that is in no file")
                continue
            problems += [text.problem] if text.problem else []
            shown.append(text.messages)
        if judgment["side"] not in (None, 1, 2):
            problems.append(f"had side {judgment['side']!r} first, which is none")
        rubric = self.rubric(judgment["rubric"], judgment["rubric_version"])
        if rubric is None or len(shown) < len(_ends(judgment)):
            return None, problems
        item = self.item(judgment["response_id"], judgment["response_id_2"])
        return screen(judgment, item, rubric, shown), problems

    def span_problems(self, span: Row) -> list[str]:
        """Say what is wrong with a marked place: its text, or the words in it.

        A place that a revision took over may be of the text as it was before some mask changed.
        """
        reply = span["response_id" if span["slot"] == 1 else "response_id_2"]
        texts = self.texts(reply, span["text_version"])
        for text in texts.values():
            words = self.words(text.messages, span["message"])
            if words is not None and words_sha256(words) == span["text_sha256"]:
                quote = words[span["start"] : span["end"]]
                return [] if quote == span["quote"] else [f"reads {quote!r:.80} in its text"]
        return [f"is in a text of {reply!r} that no file gives"]


def _ends(row: Row) -> tuple[str, ...]:
    """Return how the columns of each reply of a row end."""
    return ("",) if row.get("response_id_2") is None else ("", "_2")


def _text(row: Row, end: str, *, with_system: bool | None) -> _Text:
    """Return a text with its masks, and whether it has the hashes that its row says."""
    reply, stated = row["response_id" + end], row["shown_sha256" + end]
    masks: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for one in row["masks" + end] or ():
        masks[one["message"]].append((one["start"], one["end"]))
    messages, all_shown = row["messages" + end], with_system is not False
    try:
        shown = shown_messages(messages, masks, with_system=all_shown)
    except ValueError as error:
        shown = shown_messages(messages, {}, with_system=all_shown)
        return _Text(shown, f"has masks over {reply!r} that do not fit: {error}")
    if row["masks" + end] is None:
        return _Text(shown, f"was shown {reply!r} with masks that cannot be told any more")
    if text_sha256(messages) != row["text_sha256" + end]:
        return _Text(shown, f"was shown {reply!r}, whose words were changed since")
    found = shown_sha256(shown)
    if found != stated:
        return _Text(shown, f"was shown {reply!r} as SHA-256 {stated}; the files give {found}")
    return _Text(shown)


def _words(messages: tuple[ShownMessage, ...], number: int) -> str | None:
    """Return the text content of one of a reply's own messages, counted from 1."""
    of_reply = [message for message in messages if message.role == Speaker.ASSISTANT]
    if not 0 < number <= len(of_reply):
        return None
    return rendering.text_of(rendering.render(of_reply[number - 1].content))
