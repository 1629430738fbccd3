"""Which texts older rules were run over, and how far running newer ones over them is."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from annotation import scrubbing
from annotation.models import Study, Sweep, TextVersion
from annotation.selectors.speeds import about
from annotation.vocabulary import SweepState

# A worker takes what waits within a second or two.
PATIENCE = timedelta(seconds=15)
LISTED = 20


@dataclass(frozen=True, slots=True)
class OlderRules:
    """How many texts count now that these older rules were run over last."""

    rule_set: int
    texts: int


@dataclass(frozen=True, slots=True)
class Masking:
    """Which rules are current, and under which older ones some texts are still masked."""

    rule_set: int
    older: tuple[OlderRules, ...]

    @property
    def texts(self) -> int:
        """Return how many texts wait for the current rules."""
        return sum(one.texts for one in self.older)


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One sweep as its page shows it."""

    rule_set: int
    trial: bool
    state: SweepState
    failure: str
    texts: int
    read: int
    changed: int
    judged: int
    held: int
    asked_at: datetime
    asked_by: str
    began_at: datetime | None
    at: datetime

    @property
    def live(self) -> bool:
        """Say whether the page should look again by itself."""
        return self.state in (SweepState.WAITING, SweepState.RUNNING)

    @property
    def unattended(self) -> bool:
        """Say whether it has waited longer than a running worker lets it."""
        return self.state == SweepState.WAITING and self.at - self.asked_at > PATIENCE

    @property
    def percent(self) -> int:
        """Return how much of it is done."""
        return min(100, int(100 * self.read / self.texts)) if self.texts else 0

    @property
    def left(self) -> timedelta | None:
        """Return how long the rest will take at this speed, or None while that cannot be said."""
        if self.began_at is None or not 0 < self.read < self.texts:
            return None
        seconds = (self.at - self.began_at).total_seconds()
        return timedelta(seconds=round(seconds * (self.texts - self.read) / self.read))

    @property
    def left_about(self) -> str:
        """Return the same in words; empty while it cannot be said."""
        return about(self.left) if self.left is not None else ""


def masking_of(study: Study, *, batch: int | None = None) -> Masking:
    """Return by which rules the study's texts, or those of one batch, are masked."""
    version = scrubbing.current_rules().version
    texts = TextVersion.objects.filter(current=True, rule_set__lt=version, response__study=study)
    if batch is not None:
        texts = texts.filter(response__batch__number=batch)
    rows = texts.order_by("rule_set").values_list("rule_set").annotate(n=Count("pk"))
    return Masking(version, tuple(OlderRules(rule_set, n) for rule_set, n in rows))


def sweeps_of(study: Study, *, at: datetime) -> tuple[SweepRow, ...]:
    """Return the study's latest sweeps and trials, the last one first."""
    rows = Sweep.objects.filter(study=study).select_related("created_by").order_by("-pk")
    return tuple(
        SweepRow(
            rule_set=sweep.rule_set,
            trial=sweep.trial,
            state=SweepState(sweep.state),
            failure=sweep.failure,
            texts=sweep.texts,
            read=sweep.read,
            changed=sweep.changed,
            judged=sweep.judged,
            held=sweep.held,
            asked_at=sweep.created_at,
            asked_by=sweep.created_by.username if sweep.created_by else "",
            began_at=sweep.began_at,
            at=at,
        )
        for sweep in rows[:LISTED]
    )
