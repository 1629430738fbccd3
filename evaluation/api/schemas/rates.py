"""The shapes of rates."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.shared import Coefficient, JudgeVersion


class RatesAsked(Serializer[Any]):
    """Which rates are wanted."""

    question = serializers.CharField()
    option = serializers.CharField()
    by = serializers.CharField(required=False)
    scope = serializers.CharField(required=False)
    sample = serializers.IntegerField(required=False)
    assume_random = serializers.BooleanField(required=False)
    half_width = serializers.FloatField(required=False)
    exclusions = serializers.CharField(required=False)


class JudgeErrors(Serializer[Any]):
    """How the judge does on labels, each weighted by its inclusion probability."""

    sensitivity = serializers.FloatField()
    specificity = serializers.FloatField()
    effective_positives = serializers.FloatField()
    effective_negatives = serializers.FloatField()
    pooled = serializers.BooleanField()


class PlanPlace(Serializer[Any]):
    """Where labels are to be."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field, not its own label
    labels = serializers.IntegerField()
    more = serializers.IntegerField()


class RatePlan(Serializer[Any]):
    """How many labels more, and where; ``more`` is null where no number is enough."""

    half_width = serializers.FloatField()
    half_width_now = serializers.FloatField(allow_null=True)
    labels = serializers.IntegerField()
    more = serializers.IntegerField(allow_null=True)
    where = PlanPlace(many=True)
    sentence = serializers.CharField()


class RateEntry(Serializer[Any]):
    """The three rates of an answer, whole or in one slice."""

    slice = serializers.DictField(child=serializers.CharField(), allow_null=True)
    option = serializers.CharField()
    estimator = serializers.CharField()
    naive = Coefficient()
    human = Coefficient()
    corrected = Coefficient()
    verdicts = serializers.IntegerField()
    verdicts_unsure = serializers.IntegerField()
    labels = serializers.IntegerField()
    positives = serializers.IntegerField()
    unsure = serializers.IntegerField()
    ties = serializers.IntegerField()
    unlabelled = serializers.IntegerField()
    clusters = serializers.IntegerField()
    weight = serializers.FloatField(allow_null=True)
    judge_errors = JudgeErrors(allow_null=True)
    warnings = serializers.ListField(child=serializers.CharField())
    plan = RatePlan(allow_null=True)


class AnswerRates(Serializer[Any]):
    """Rates of one answer to one question, with the design they follow from."""

    question = serializers.CharField()
    scope = serializers.CharField()
    option = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    by = serializers.CharField(allow_null=True)
    cluster = serializers.CharField()
    exclusions = serializers.ListField(child=serializers.IntegerField())
    sample = serializers.IntegerField(allow_null=True)
    design = serializers.CharField(allow_null=True)
    assumed_random = serializers.BooleanField()
    why = serializers.CharField()
    notes = serializers.ListField(child=serializers.CharField())
    rates = RateEntry(many=True)


class RateReport(JudgeVersion, AnswerRates):
    """Rates of one judge's answer."""

    study = serializers.CharField()
