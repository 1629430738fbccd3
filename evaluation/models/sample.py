"""Samples: which replies people see, by which design, with which probability."""

import hashlib
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q, TextChoices


class Design(TextChoices):
    """How units are drawn from the frame; each is simple random sampling within strata."""

    SIMPLE = "simple", "Simple random sample"
    STRATIFIED = "stratified", "Stratified sample"
    ENRICHED = "enriched", "More of what a judge marked"
    PANEL = "panel", "Fully crossed panel"
    ALL = "all", "Everything in the frame"


class SampleState(TextChoices):
    """How far a sample has come; seats can be opened at a READY one."""

    DRAWING = "drawing", "Being drawn"
    READY = "ready", "Ready"
    FAILED = "failed", "Failed"


class Sample(models.Model):
    """One draw from a frame: by its design, its seed and the frame it can be drawn again.

    ``frame_sha256`` is of the names of everything that could have been drawn, so that a later draw
    shows whether the frame is still the same.
    """

    study = models.ForeignKey("annotation.Study", on_delete=models.PROTECT, related_name="samples")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=SampleState, default=SampleState.DRAWING)
    failure = models.TextField(blank=True)
    reason = models.TextField(blank=True)
    frame = models.JSONField()
    design = models.CharField(max_length=12, choices=Design)
    parameters = models.JSONField()
    seed = models.BigIntegerField()
    # Units are replies, or in a panel queries with all of their replies in the frame.
    population = models.PositiveIntegerField(default=0)
    size = models.PositiveIntegerField(default=0)
    replies = models.PositiveIntegerField(default=0)
    frame_sha256 = models.CharField(max_length=64, blank=True)
    drawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    drawn_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "number"], name="sample_number_once_per_study"
            ),
            models.CheckConstraint(
                name="sample_state_known", condition=Q(state__in=SampleState.values)
            ),
            models.CheckConstraint(
                name="sample_design_known", condition=Q(design__in=Design.values)
            ),
            models.CheckConstraint(
                name="sample_within_population", condition=Q(size__lte=F("population"))
            ),
        ]

    def __str__(self) -> str:
        return f"sample {self.number}"

    def as_json(self) -> dict[str, Any]:
        """Return it as command and release give it."""
        return {
            "sample": self.number,
            "state": self.state,
            "design": self.design,
            "parameters": self.parameters,
            "frame": self.frame,
            "frame_sha256": self.frame_sha256,
            "seed": self.seed,
            "reason": self.reason,
            "population": self.population,
            "size": self.size,
            "replies": self.replies,
            "strata": [
                {
                    "label": one.label,
                    "population": one.population,
                    "size": one.size,
                    "probability": one.probability,
                }
                for one in self.strata.order_by("position")
            ],
        }


class Stratum(models.Model):
    """A part of a frame in which each unit had the same probability."""

    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="strata")
    position = models.PositiveIntegerField()
    # What the units have in common, by what the design tells strata apart; empty for one stratum.
    words = models.JSONField(default=dict)
    population = models.PositiveIntegerField()
    size = models.PositiveIntegerField()
    probability = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["sample", "position"], name="stratum_position_once_per_sample"
            ),
            models.CheckConstraint(
                name="stratum_within_population", condition=Q(size__lte=F("population"))
            ),
            models.CheckConstraint(
                name="stratum_probability_between_0_and_1",
                condition=Q(probability__gte=0, probability__lte=1),
            ),
        ]

    @property
    def label(self) -> str:
        """What the stratum is called on pages and in exports."""
        return stratum_label(self.words)


class SampledItem(models.Model):
    """An item that a sample drew. Its stratum and probability are never changed."""

    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, related_name="items", db_index=False
    )
    item = models.ForeignKey("annotation.Item", on_delete=models.PROTECT, related_name="sampled")
    stratum = models.ForeignKey(Stratum, on_delete=models.PROTECT, related_name="items")
    probability = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sample", "item"], name="sampled_item_once_per_sample"),
            models.CheckConstraint(
                name="sampled_item_probability_above_0",
                condition=Q(probability__gt=0, probability__lte=1),
            ),
        ]


def stratum_label(words: dict[str, str]) -> str:
    """Return what a stratum is called: what its units have in common."""
    return ", ".join(f"{name}: {word or 'none'}" for name, word in words.items()) or "everything"


def names_sha256(names: Iterable[str]) -> str:
    """Return the SHA-256 of a frame: of the names of all that may be drawn, in their order."""
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n".encode())
    return digest.hexdigest()
