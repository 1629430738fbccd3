"""Judgments made elsewhere: their lines become seats and judgments of wave ``imported``."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.db import transaction

from annotation import files
from annotation.line_files import LineNumbers, kept_lines
from annotation.models import Study
from annotation.models.judgment_file import READING_TAKES
from annotation.selectors.rubrics import plan
from annotation.services import sheets
from annotation.services.courtesy import Courtesy
from annotation.services.import_store import Store
from annotation.services.sheets import Key, Sheet
from annotation.tally import Progress, Tally, chunks, no_progress
from annotation.vocabulary import RaterSource

JUDGMENTS_AT_ONCE = 1_000
READ_AGAIN_AT_ONCE = 50_000

# Is told of what became of the lines so far, and of the share of the work that is done, from 0 to
# 1: of each chunk in the transaction that stores it. What it raises ends the load there.
Watch = Callable[[Tally, float], None]


def unwatched(tally: Tally, share: float) -> None:
    """Report progress to nobody."""


def load(
    *,
    study: Study,
    path: Path,
    now: datetime,
    name: str = "",
    dry_run: bool = False,
    strict: bool = False,
    source: RaterSource = RaterSource.IMPORT,
    refused: Path | None = None,
    courtesy: Courtesy | None = None,
    progress: Progress = no_progress,
    watch: Watch = unwatched,
) -> Tally:
    """Load a file of answers, one a line; lines of one (reply or pair, rater) make one judgment.

    Loading it again changes nothing. Answers to further questions make a new revision of the
    judgment; another answer to a question that was answered is refused, naming both. ``refused``
    gets the refused lines as a file to be corrected and loaded again. ``courtesy`` is who pauses
    for raters, or nobody. ``progress`` is told how many lines were read, ``watch`` how far all of
    it is. Memory does not grow with the file.

    Raises:
        FileUnreadable: nothing was loaded.
    """
    files.check(path, name=name)
    rubric = plan(study.rubric_id or 0)
    store = Store(study, rubric, Tally(), source, now)
    loading = _Loading(store, path, name, courtesy, progress, watch)
    if not (dry_run or strict):
        loading.run()
    else:
        with transaction.atomic():
            loading.run()
            transaction.set_rollback(dry_run or store.tally.refused > 0)
    if refused is not None:
        loading.keep_refused(refused)
    return store.tally


class _Loading:
    """One run over a file: it is read to its end, and then stored chunk by chunk."""

    def __init__(
        self,
        store: Store,
        path: Path,
        name: str,
        courtesy: Courtesy | None,
        progress: Progress,
        watch: Watch,
    ) -> None:
        self.store, self.tally = store, store.tally
        self.path, self.name = path, name
        self.courtesy, self.progress, self.watch = courtesy, progress, watch
        self.refused = LineNumbers()

    def run(self) -> None:
        """Store in chunks of one short transaction each: raters never wait for a whole file."""
        at_once = JUDGMENTS_AT_ONCE
        if self.courtesy is not None:
            at_once = self.courtesy.portion(at_once)
        portions = sheets.portions(
            self.store.study, self.store.rubric, self.path, self.name, self.tally, self._has_read
        )
        for portion in portions:
            for chunk in chunks(portion.items(), at_once):
                self._add(chunk)
                self._rest()

    def keep_refused(self, refused: Path) -> None:
        """Write the refused lines down, in the order in which they stand in the file."""
        with kept_lines(self.path, refused, name=self.name) as kept:
            if not self.tally.refused:
                return
            records = files.read(self.path, name=self.name)
            for chunk in chunks(records, READ_AGAIN_AT_ONCE):
                for record in chunk:
                    if record.line in self.refused:
                        kept.add(record)
                self.watch(self.tally, 1.0)

    def _has_read(self, share: float) -> None:
        self.progress(self.tally.read)
        self.watch(self.tally, READING_TAKES * share)
        self._rest()

    def _add(self, chunk: list[tuple[Key, Sheet]]) -> None:
        with transaction.atomic():
            # One load at a time: two would give the same seats their numbers.
            Study.objects.select_for_update(no_key=True).get(pk=self.store.study.pk)
            self.store.add(chunk)
            share = READING_TAKES + (1 - READING_TAKES) * self.tally.settled / self.tally.read
            self.watch(self.tally, min(share, 1.0))

    def _rest(self) -> None:
        """Note which lines were refused, a bit each, and let raters go first."""
        self.refused.add(self.tally.refused_lines())
        self.tally.forget_places()
        if self.courtesy is not None:
            self.courtesy.after_work()
