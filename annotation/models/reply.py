"""What was asked, and what models answered."""

from django.db import models
from django.db.models import Q

from annotation.models.batch import Batch
from annotation.models.known import known
from annotation.models.study import Study
from annotation.vocabulary import Framing


class LanguageModel(models.Model):
    """Who wrote a reply. Hidden from raters."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="models")
    key = models.CharField(max_length=200)
    display_name = models.CharField(max_length=200)
    provider = models.CharField(max_length=200, blank=True)
    family = models.CharField(max_length=200, blank=True)
    aliases = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "key"], name="model_key_once_per_study")
        ]

    def __str__(self) -> str:
        return self.key


class Value(models.Model):
    """One of the values that a query puts in conflict."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="values")
    name = models.CharField(max_length=200)
    category = models.CharField(max_length=100, blank=True)
    definition = models.TextField(blank=True)
    aliases = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="value_name_once_per_study")
        ]

    def __str__(self) -> str:
        return self.name


class Scenario(models.Model):
    """A family of queries that are framings of one conflict: the cluster of every interval.

    A query that names no scenario has one of its own, ``external_id`` empty.
    """

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="scenarios", db_index=False
    )
    external_id = models.CharField(max_length=200, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "external_id"], name="scenario_id_once_per_study"
            )
        ]


class Query(models.Model):
    """What was asked, and the two values it puts in conflict."""

    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="queries", db_index=False
    )
    external_id = models.CharField(max_length=200)
    scenario = models.ForeignKey(Scenario, on_delete=models.PROTECT, related_name="queries")
    framing = models.CharField(max_length=10, choices=Framing)
    value_a = models.ForeignKey(Value, on_delete=models.PROTECT, related_name="+")
    value_b = models.ForeignKey(Value, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=35, blank=True)
    topics = models.JSONField(default=list)
    facts = models.JSONField(default=list)
    anchors = models.JSONField(default=dict)

    class Meta:
        constraints = [
            known("framing", Framing, name="query_framing_known"),
            models.UniqueConstraint(
                fields=["study", "external_id"], name="query_id_once_per_study"
            ),
        ]


class Response(models.Model):
    """One model's reply to one query. Its words are in :class:`TextVersion`."""

    # On PostgreSQL triggers stand in the place of these four foreign keys: see ADR 0044.
    # Unique constraints begin with two of them, so that indexes of their own would only cost.
    study = models.ForeignKey(
        Study, on_delete=models.PROTECT, related_name="responses", db_index=False
    )
    external_id = models.CharField(max_length=200)
    query = models.ForeignKey(
        Query, on_delete=models.PROTECT, related_name="responses", db_index=False
    )
    model = models.ForeignKey(LanguageModel, on_delete=models.PROTECT, related_name="responses")
    sample = models.PositiveIntegerField(default=1)
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="responses")
    metadata = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "external_id"], name="response_id_once_per_study"
            ),
            models.UniqueConstraint(
                fields=["query", "model", "sample"], name="response_sample_once_per_query_and_model"
            ),
        ]


class TextVersion(models.Model):
    """The words of a reply as uploaded; another text under the same id is another version."""

    # As the foreign keys of a reply.
    response = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    messages = models.JSONField()
    sha256 = models.CharField(max_length=64)
    turns = models.PositiveSmallIntegerField()
    current = models.BooleanField(default=True)
    # The rule set that was run over this text; hits are rows only where there are any.
    rule_set = models.PositiveIntegerField()
    has_hits = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["response", "number"], name="text_version_once"),
            models.UniqueConstraint(
                fields=["response"],
                condition=Q(current=True),
                name="text_version_one_current_per_response",
            ),
            models.CheckConstraint(name="text_version_has_turns", condition=Q(turns__gte=1)),
        ]
        indexes = [
            # The texts that older rules were run over, which are few or none most of the time.
            models.Index(
                name="text_version_rules",
                fields=["rule_set", "response"],
                condition=Q(current=True),
            )
        ]


class Rendering(models.Model):
    """Safe HTML of a shown conversation, made once per shown text and renderer."""

    shown_sha256 = models.CharField(max_length=64)
    renderer = models.PositiveIntegerField()
    html = models.JSONField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["shown_sha256", "renderer"], name="rendering_once_per_shown_text"
            )
        ]
