"""The shapes of judges beside people, in slices and beside each other."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.rates import AnswerRates
from evaluation.api.schemas.shared import Coefficient, JudgeVersion


class JudgeEntry(JudgeVersion):
    """One judge of a study."""

    id = serializers.IntegerField()
    verdicts = serializers.IntegerField()


class NewEnsemble(Serializer[Any]):
    """A judge to be made of the majority of others."""

    name = serializers.CharField(max_length=200)
    members = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=100
    )


class JudgeList(Serializer[Any]):
    """The study's judges."""

    study = serializers.CharField()
    judges = JudgeEntry(many=True)


class OptionRates(Serializer[Any]):
    """One option against the rest."""

    option = serializers.CharField()
    sensitivity = Coefficient()
    specificity = Coefficient()
    precision = Coefficient()


class TestedAnnotator(Serializer[Any]):
    """The judge against one person; ``skipped`` says why the person was not tested."""

    annotator = serializers.CharField()
    items = serializers.IntegerField()
    judge = serializers.FloatField(allow_null=True)
    person = serializers.FloatField(allow_null=True)
    difference = serializers.FloatField(allow_null=True)
    p = serializers.FloatField(allow_null=True)
    judge_wins = serializers.BooleanField()
    skipped = serializers.CharField(allow_null=True)


class AlternativeAnnotatorTest(Serializer[Any]):
    """Whether the judge may stand in for a person of the panel."""

    winning_rate = serializers.FloatField(allow_null=True)
    advantage_probability = serializers.FloatField(allow_null=True)
    passed = serializers.BooleanField(allow_null=True)
    epsilon = serializers.FloatField()
    epsilon_for = serializers.CharField()
    q = serializers.FloatField()
    scoring = serializers.CharField()
    reason = serializers.CharField(allow_null=True)
    annotators = TestedAnnotator(many=True)


class ReliabilityBin(Serializer[Any]):
    """What was said and what was so, in one bin of probabilities."""

    ratings = serializers.IntegerField()
    said = serializers.FloatField()
    was_so = Coefficient()


class RecalibrationMap(Serializer[Any]):
    """A map from a judge's probability to a calibrated one; no parameters where it has none."""

    name = serializers.CharField()
    brier_cross_fitted = Coefficient()
    parameters = serializers.DictField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class Calibration(Serializer[Any]):
    """Whether a judge's probabilities of an option, or of its own answer, mean what they say."""

    of = serializers.CharField()
    ratings = serializers.IntegerField()
    of_ratings = serializers.IntegerField()
    brier = Coefficient()
    reliability = serializers.FloatField(allow_null=True)
    resolution = serializers.FloatField(allow_null=True)
    uncertainty = serializers.FloatField(allow_null=True)
    ece = Coefficient()
    auc = Coefficient()
    bins = ReliabilityBin(many=True)
    maps = RecalibrationMap(many=True)
    chosen = serializers.CharField()


class JudgeQuestion(Serializer[Any]):
    """A judge beside people on one question; ``confusion`` has a row a person's option."""

    key = serializers.CharField()
    scope = serializers.CharField()
    level = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    left_out = serializers.IntegerField()
    exclusions = serializers.ListField(child=serializers.IntegerField())
    items = serializers.IntegerField()
    pairs = serializers.IntegerField()
    cluster = serializers.CharField()
    clusters = serializers.IntegerField()
    options = serializers.ListField(child=serializers.CharField())
    confusion = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    accuracy = Coefficient()
    kappa = Coefficient()
    weighted_kappa = Coefficient(allow_null=True)
    alpha = Coefficient()
    human_alpha = Coefficient()
    human_agreement = Coefficient()
    judge_agreement = Coefficient()
    difference = Coefficient()
    human_kappa = Coefficient()
    judge_kappa = Coefficient()
    kappa_difference = Coefficient()
    human_items = serializers.IntegerField()
    options_rates = OptionRates(many=True)
    inverted = serializers.BooleanField()
    only_says = serializers.CharField(allow_null=True)
    alternative_annotator_test = AlternativeAnnotatorTest()
    calibration = Calibration(many=True)
    rates = AnswerRates(many=True)
    conclusion = serializers.CharField()
    verdict = serializers.CharField()
    would_change = serializers.CharField()


class JudgeReport(JudgeVersion):
    """A judge beside people."""

    study = serializers.CharField()
    questions = JudgeQuestion(many=True)


class JudgeSlice(Serializer[Any]):
    """A judge beside people in one slice."""

    slice = serializers.CharField()
    own_family = serializers.BooleanField()
    items = serializers.IntegerField()
    pairs = serializers.IntegerField()
    accuracy = Coefficient()
    kappa = Coefficient()
    human_agreement = Coefficient()
    judge_agreement = Coefficient()
    difference = Coefficient()


class BiasTest(Serializer[Any]):
    """How much more often the judge says an option than people do, in one kind of reply."""

    option = serializers.CharField()
    excess = Coefficient()
    p = serializers.FloatField(allow_null=True)


class SlicedJudgeQuestion(Serializer[Any]):
    """A judge on one question in slices; ``bias`` says what was tested."""

    key = serializers.CharField()
    scope = serializers.CharField()
    by = serializers.CharField()
    cluster = serializers.CharField()
    exclusions = serializers.ListField(child=serializers.IntegerField())
    slices = JudgeSlice(many=True)
    bias = serializers.CharField(allow_null=True)
    bias_not_tested = serializers.CharField(allow_null=True)
    bias_tests = BiasTest(many=True)


class SlicedJudgeReport(JudgeVersion):
    """A judge beside people in slices."""

    study = serializers.CharField()
    questions = SlicedJudgeQuestion(many=True)


class ChangedItem(Serializer[Any]):
    """A reply, or a turn of it, of which two judges say different things."""

    response_id = serializers.CharField()
    turn = serializers.IntegerField()
    first = serializers.CharField()
    second = serializers.CharField()
    people = serializers.DictField(child=serializers.IntegerField())


class ComparedJudgesQuestion(Serializer[Any]):
    """Two judges on one question; differences are second minus first."""

    key = serializers.CharField()
    scope = serializers.CharField()
    cluster = serializers.CharField()
    exclusions = serializers.ListField(child=serializers.IntegerField())
    units = serializers.IntegerField()
    pairs = serializers.IntegerField()
    options = serializers.ListField(child=serializers.CharField())
    table = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    first_accuracy = Coefficient()
    second_accuracy = Coefficient()
    difference = Coefficient()
    p = serializers.FloatField(allow_null=True)
    kappa_difference = Coefficient()
    verdicts_of_both = serializers.IntegerField(allow_null=True)
    verdicts_that_differ = serializers.IntegerField(allow_null=True)
    changed_units = serializers.IntegerField()
    changed = ChangedItem(many=True)


class ComparedJudges(Serializer[Any]):
    """Two judges on the same items."""

    study = serializers.CharField()
    first = JudgeVersion()
    second = JudgeVersion()
    questions = ComparedJudgesQuestion(many=True)
