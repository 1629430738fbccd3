"""The shapes of the API's answers about rehearsals, for its OpenAPI document."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer


class RehearsalAsked(Serializer[Any]):
    """A design to draw many times: its frame and parameters as the command `sample` takes them."""

    frame = serializers.DictField(required=False)
    parameters = serializers.DictField()
    quantity = serializers.DictField(required=False)
    draws = serializers.IntegerField(required=False)
    first_seed = serializers.IntegerField(required=False)


class StratumFrequency(Serializer[Any]):
    """How often the units of a stratum were drawn, beside their stored probability."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field, not its own label
    population = serializers.IntegerField()
    size = serializers.IntegerField()
    probability = serializers.FloatField()
    frequency = serializers.FloatField()
    lowest = serializers.FloatField()
    highest = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    holds = serializers.BooleanField()


class MeansBetween(Serializer[Any]):
    """How many draws had a weighted mean from start up to end."""

    start = serializers.FloatField()
    end = serializers.FloatField()
    count = serializers.IntegerField()


class Rehearsed(Serializer[Any]):
    """What many draws of one design gave."""

    draws = serializers.IntegerField()
    first_seed = serializers.IntegerField()
    in_queries = serializers.BooleanField()
    units = serializers.IntegerField()
    drawn_each_time = serializers.IntegerField()
    frame_sha256 = serializers.CharField()
    quantity = serializers.CharField()
    holds = serializers.BooleanField()
    probabilities_hold = serializers.BooleanField()
    unbiased = serializers.BooleanField()
    true_mean = serializers.FloatField()
    weighted_mean = serializers.FloatField()
    its_standard_error = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    spread = serializers.FloatField()
    spread_seen = serializers.FloatField()
    strata = StratumFrequency(many=True)
    means = MeansBetween(many=True)
    sentence = serializers.CharField()


class RehearsalEntry(Serializer[Any]):
    """A rehearsal without its numbers."""

    number = serializers.IntegerField()
    state = serializers.CharField()
    failure = serializers.CharField(allow_blank=True)
    frame = serializers.DictField()
    parameters = serializers.DictField()
    quantity = serializers.DictField()
    draws = serializers.IntegerField()
    first_seed = serializers.IntegerField()
    units = serializers.IntegerField()
    done = serializers.IntegerField()
    samples = serializers.ListField(child=serializers.IntegerField())
    asked_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)


class RehearsalList(Serializer[Any]):
    """The study's rehearsals, the latest first."""

    study = serializers.CharField()
    rehearsals = RehearsalEntry(many=True)


class KeptRehearsal(RehearsalEntry):
    """A rehearsal with its numbers."""

    result = Rehearsed(allow_null=True)
