"""The shapes of the API's answers about effects of order, for its OpenAPI document."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.agreement import Filters
from evaluation.api.schemas.shared import Coefficient


class OrderedModels(Serializer[Any]):
    """Two models: how often the first stood left, and how often it is preferred on either side."""

    first = serializers.CharField()
    second = serializers.CharField()
    judgments = serializers.IntegerField()
    first_left = serializers.IntegerField()
    expected = serializers.FloatField()
    difference = serializers.FloatField()
    p = serializers.FloatField(allow_null=True)
    p_holm = serializers.FloatField(allow_null=True)
    balanced = serializers.BooleanField()
    preferred_left = Coefficient()
    preferred_right = Coefficient()
    left_minus_right = Coefficient()
    by_side_p = serializers.FloatField(allow_null=True)
    depends_on_side = serializers.BooleanField()


class LeftRight(Serializer[Any]):
    """How often the reply that stood left is preferred, of the judgments that prefer one."""

    judgments = serializers.IntegerField()
    preferring = serializers.IntegerField()
    left = serializers.IntegerField()
    undecided = serializers.IntegerField()
    side_unknown = serializers.IntegerField()
    same_model = serializers.IntegerField()
    left_share = Coefficient()
    p = serializers.FloatField(allow_null=True)
    model_pairs = OrderedModels(many=True)


class OptionByPlace(Serializer[Any]):
    """How often one answer is given to raters' first items and to later ones."""

    option = serializers.CharField()
    early = serializers.IntegerField()
    later = serializers.IntegerField()
    early_share = serializers.FloatField(allow_null=True)
    later_share = serializers.FloatField(allow_null=True)
    early_minus_later = Coefficient()
    p = serializers.FloatField(allow_null=True)
    p_holm = serializers.FloatField(allow_null=True)


class FirstPlaces(Serializer[Any]):
    """Answers to the first items of raters' own orders beside the later ones."""

    first_places = serializers.IntegerField()
    early = serializers.IntegerField()
    later = serializers.IntegerField()
    unplaced = serializers.IntegerField()
    raters = serializers.IntegerField()
    raters_in_both = serializers.IntegerField()
    options = OptionByPlace(many=True)


class OrderedQuestion(Serializer[Any]):
    """The effects of order on one question; null where a kind of order does not apply."""

    key = serializers.CharField()
    scope = serializers.CharField()
    filters = Filters()
    cluster = serializers.CharField()
    left_right = LeftRight(allow_null=True)
    first_places = FirstPlaces(allow_null=True)


class OrderReport(Serializer[Any]):
    """Whether answers depend on the order of things."""

    study = serializers.CharField()
    questions = OrderedQuestion(many=True)
