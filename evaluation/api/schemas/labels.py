"""The shapes of the API's answers about labels, for its OpenAPI document."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.shared import Coefficient, JudgeVersion


class CurvePoint(Serializer[Any]):
    """One point of a reliability curve: what was said, and what was so."""

    n = serializers.IntegerField()
    mean_probability = serializers.FloatField()
    share_positive = serializers.FloatField()


class Measured(Serializer[Any]):
    """How one kind of probability does."""

    kind = serializers.CharField()
    brier = Coefficient()
    ece = Coefficient()
    curve = CurvePoint(many=True)


class Check(Serializer[Any]):
    """Soft labels held to something they do not know; ``reason`` says why there is nothing."""

    cases = serializers.IntegerField()
    raters = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)
    measures = Measured(many=True)


class Checks(Serializer[Any]):
    """Both checks, and how raters were dealt."""

    folds = serializers.IntegerField()
    seed = serializers.IntegerField()
    held_out_raters = Check()
    gold = Check()


class Posterior(Serializer[Any]):
    """From what raters' errors were learnt."""

    method = serializers.CharField()
    units = serializers.IntegerField()
    ratings = serializers.IntegerField()
    raters = serializers.IntegerField()
    one_item_in = serializers.IntegerField()
    converged = serializers.BooleanField()


class JudgeBeside(JudgeVersion):
    """A judge's probabilities, raw and recalibrated."""

    verdicts = serializers.IntegerField()
    units = serializers.IntegerField()
    method = serializers.CharField()
    folds = serializers.IntegerField()
    seed = serializers.IntegerField()
    reason = serializers.CharField(allow_null=True)
    measures = Measured(many=True)


class QuestionLabels(Serializer[Any]):
    """How the labels of one question in one scope are made, and how well they do."""

    question = serializers.CharField()
    scope = serializers.CharField()
    options = serializers.ListField(child=serializers.CharField())
    waves = serializers.ListField(child=serializers.CharField())
    exclusions = serializers.ListField(child=serializers.IntegerField())
    rule = serializers.CharField()
    posterior = Posterior(allow_null=True)
    check = Checks()
    judge = JudgeBeside(allow_null=True)


class LabelReport(Serializer[Any]):
    """Labels of a question, turns and wholes apart; the labels themselves are rows."""

    study = serializers.CharField()
    rubric_version = serializers.IntegerField()
    labels = QuestionLabels(many=True)
