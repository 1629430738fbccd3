"""Specifications: the documents that say how a model should behave, in versions, by clause."""

from django.db import models
from django.db.models import Q

from annotation.models.study import Study


class Specification(models.Model):
    """One document, whatever its version."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="specifications")
    key = models.CharField(max_length=100)
    title = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "key"], name="specification_key_once_per_study"
            )
        ]

    def __str__(self) -> str:
        return self.key


class SpecificationVersion(models.Model):
    """The document as it was at one time. It never changes; ``source`` is its Markdown."""

    specification = models.ForeignKey(
        Specification, on_delete=models.PROTECT, related_name="versions"
    )
    version = models.CharField(max_length=100)
    source = models.TextField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["specification", "version"], name="specification_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.specification.key} {self.version}"


class Clause(models.Model):
    """One section that can be named: ``level`` is its heading's depth, 1 for the topmost."""

    version = models.ForeignKey(
        SpecificationVersion, on_delete=models.PROTECT, related_name="clauses"
    )
    clause_id = models.CharField(max_length=200)
    position = models.PositiveIntegerField()
    title = models.TextField()
    authority = models.CharField(max_length=100, blank=True)
    level = models.PositiveSmallIntegerField()
    text = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "clause_id"], name="clause_id_once"),
            models.UniqueConstraint(fields=["version", "position"], name="clause_position_once"),
            models.CheckConstraint(
                name="clause_level_of_a_heading", condition=Q(level__gte=1, level__lte=6)
            ),
        ]

    def __str__(self) -> str:
        return self.clause_id
