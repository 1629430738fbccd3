"""The shapes of the API's answers about models, for its OpenAPI document."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.shared import Coefficient, JudgeVersion


class RankedValue(Serializer[Any]):
    """A value, or a category of values, for one model."""

    name = serializers.CharField()
    comparisons = serializers.IntegerField()
    strength = Coefficient()
    win_rate = Coefficient()


class ModelPriorities(Serializer[Any]):
    """What one model puts first."""

    model = serializers.CharField()
    comparisons = serializers.IntegerField()
    dropped_within_category = serializers.IntegerField()
    without_category = serializers.IntegerField()
    clusters = serializers.IntegerField()
    framing = Coefficient()
    reason = serializers.CharField(allow_null=True)
    values = RankedValue(many=True)


class ValuePriorities(Serializer[Any]):
    """What models put first; ``left_out`` answers name no winner."""

    question = serializers.CharField(allow_null=True)
    definition = serializers.CharField(allow_null=True)
    left_out = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)
    models = ModelPriorities(many=True)


class ModelDifference(Serializer[Any]):
    """How much more often a value wins for one model than for another."""

    name = serializers.CharField()
    model = serializers.CharField()
    other = serializers.CharField()
    difference = Coefficient()
    p = serializers.FloatField(allow_null=True)
    p_benjamini_hochberg = serializers.FloatField(allow_null=True)
    p_holm = serializers.FloatField(allow_null=True)


class ModelDifferences(Serializer[Any]):
    """Every pair of models on every value, corrected as one family of tests."""

    tests = serializers.IntegerField()
    found = serializers.IntegerField()
    q = serializers.FloatField()
    fewest_clusters = serializers.IntegerField()
    pairs = ModelDifference(many=True)


class DriftPoint(Serializer[Any]):
    """A curve at one turn."""

    turn = serializers.IntegerField()
    at_risk = serializers.IntegerField()
    events = serializers.IntegerField()
    survival = Coefficient()


class DriftCourse(Serializer[Any]):
    """One model's conversations."""

    model = serializers.CharField()
    conversations = serializers.IntegerField()
    events = serializers.IntegerField()
    clusters = serializers.IntegerField()
    median_turn = serializers.IntegerField(allow_null=True)
    median_reason = serializers.CharField(allow_null=True)
    reason = serializers.CharField(allow_null=True)
    points = DriftPoint(many=True)
    flips = Coefficient()
    recovery = Coefficient()


class Drift(Serializer[Any]):
    """When one event comes, by model; seen by majority, rater, or judge."""

    event = serializers.CharField()
    question = serializers.CharField()
    seen_by = serializers.CharField()
    without_start = serializers.IntegerField()
    models = DriftCourse(many=True)


class SpreadBin(Serializer[Any]):
    """How many queries lie in one step of disagreement."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    queries = serializers.IntegerField()


class SpreadQuery(Serializer[Any]):
    """A query and how far models lie apart on it."""

    query_id = serializers.CharField()
    disagreement = serializers.FloatField()
    models = serializers.IntegerField()


class OutlyingReply(Serializer[Any]):
    """A score far from the other models' on the same query."""

    response_id = serializers.CharField()
    model = serializers.CharField()
    query_id = serializers.CharField()
    question = serializers.CharField()
    score = serializers.FloatField()
    others_median = serializers.FloatField()
    distance = serializers.FloatField()


class Outliers(Serializer[Any]):
    """The rule, how many scores it finds, and the first fifty."""

    rule = serializers.CharField()
    n = serializers.IntegerField()
    replies = OutlyingReply(many=True)


class Disagreement(Serializer[Any]):
    """Where models lie apart; ``reason`` says why it is not known."""

    reason = serializers.CharField(allow_null=True)
    queries = serializers.IntegerField()
    replies = serializers.IntegerField()
    histogram = SpreadBin(many=True)
    top = SpreadQuery(many=True)
    outliers = Outliers()


class ModelReport(Serializer[Any]):
    """What is particular to each model, and whose answers it is made from."""

    study = serializers.CharField()
    rubric_version = serializers.IntegerField()
    waves = serializers.ListField(child=serializers.CharField())
    exclusions = serializers.ListField(child=serializers.IntegerField())
    source = serializers.CharField()  # type: ignore[assignment]  # a field, not its own source
    judge = JudgeVersion(allow_null=True)
    by = serializers.CharField()
    cluster = serializers.CharField()
    priorities = ValuePriorities()
    differences = ModelDifferences()
    drift = Drift(many=True)
    disagreement = Disagreement()
