"""The shapes of the API's answers, for its OpenAPI document; a test holds answers against them."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer


class Coefficient(Serializer[Any]):
    """A number with its interval, or the reason why there is none."""

    name = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class StudyEntry(Serializer[Any]):
    """A study whose results the caller may read."""

    slug = serializers.CharField()
    title = serializers.CharField()
    role = serializers.CharField()
    state = serializers.CharField()


class StudyList(Serializer[Any]):
    """The caller's studies."""

    studies = StudyEntry(many=True)


class Prevalence(Serializer[Any]):
    """How often an option was chosen, of all ratings."""

    option = serializers.CharField()
    ratings = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)


class Filters(Serializer[Any]):
    """Which judgments count."""

    rubric_version = serializers.IntegerField()
    waves = serializers.ListField(child=serializers.CharField())


class QuestionAgreement(Serializer[Any]):
    """Agreement on one question, in one slice."""

    key = serializers.CharField()
    scope = serializers.CharField()
    level = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    left_out = serializers.IntegerField()
    slice = serializers.DictField(child=serializers.CharField(), allow_null=True)
    wave = serializers.CharField()
    cluster = serializers.CharField()
    clusters = serializers.IntegerField()
    items = serializers.IntegerField()
    pairable_items = serializers.IntegerField()
    raters = serializers.IntegerField()
    judgments = serializers.IntegerField()
    filters = Filters()
    coefficients = Coefficient(many=True)
    prevalence = Prevalence(many=True)


class AgreementReport(Serializer[Any]):
    """How far raters agree."""

    study = serializers.CharField()
    questions = QuestionAgreement(many=True)


class GoldQuestion(Serializer[Any]):
    """A rater's answers to one question where the right ones are known."""

    key = serializers.CharField()
    judged = serializers.IntegerField()
    right = serializers.IntegerField()
    share = Coefficient()
    mean_distance = serializers.FloatField(allow_null=True)


class GoldRater(Serializer[Any]):
    """A rater beside known answers; ``share`` is of items that are all right."""

    rater = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field, not its own source
    cohort = serializers.CharField(allow_blank=True)
    items = serializers.IntegerField()
    items_right = serializers.IntegerField()
    share = Coefficient()
    questions = GoldQuestion(many=True)


class GoldReport(Serializer[Any]):
    """Raters beside known answers, the least right first."""

    study = serializers.CharField()
    rubric_version = serializers.IntegerField()
    raters = GoldRater(many=True)


class JudgeVersion(Serializer[Any]):
    """One judge in one version."""

    judge = serializers.CharField()
    model = serializers.CharField()
    prompt_version = serializers.CharField()
    rubric_version = serializers.CharField()
    simulated = serializers.BooleanField()


class JudgeEntry(JudgeVersion):
    """One judge of a study."""

    id = serializers.IntegerField()
    verdicts = serializers.IntegerField()


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


class JudgeQuestion(Serializer[Any]):
    """A judge beside people on one question; ``confusion`` has a row a person's option."""

    key = serializers.CharField()
    scope = serializers.CharField()
    level = serializers.CharField()
    definition = serializers.CharField(allow_null=True)
    left_out = serializers.IntegerField()
    items = serializers.IntegerField()
    pairs = serializers.IntegerField()
    cluster = serializers.CharField()
    clusters = serializers.IntegerField()
    options = serializers.ListField(child=serializers.CharField())
    confusion = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    accuracy = Coefficient()
    kappa = Coefficient()
    weighted_kappa = Coefficient(allow_null=True)
    human_agreement = Coefficient()
    judge_agreement = Coefficient()
    difference = Coefficient()
    human_kappa = Coefficient()
    judge_kappa = Coefficient()
    kappa_difference = Coefficient()
    human_items = serializers.IntegerField()
    options_rates = OptionRates(many=True)
    inverted = serializers.BooleanField()
    conclusion = serializers.CharField()
    verdict = serializers.CharField()


class JudgeReport(JudgeVersion):
    """A judge beside people."""

    study = serializers.CharField()
    questions = JudgeQuestion(many=True)


class ReleaseName(Serializer[Any]):
    """What a new release is called."""

    name = serializers.CharField(max_length=100)


class ReleaseFile(Serializer[Any]):
    """One file of a release."""

    name = serializers.CharField()
    rows = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField()
    sha256 = serializers.CharField()


class Recomputed(Serializer[Any]):
    """A number once more, by an independent package."""

    by = serializers.CharField()
    value = serializers.FloatField(allow_null=True)


class Headline(Serializer[Any]):
    """Alpha of one question, and its recomputation."""

    key = serializers.CharField()
    scope = serializers.CharField()
    level = serializers.CharField()
    alpha = Coefficient()
    recomputed = Recomputed()
    equal = serializers.BooleanField()


class ReleaseEntry(Serializer[Any]):
    """One release; ``files`` and ``headline`` are filled when its state is ready."""

    key = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField(allow_blank=True)
    cut_off = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    files = ReleaseFile(many=True)
    headline = Headline(many=True)


class ReleaseList(Serializer[Any]):
    """The study's releases, the newest first."""

    study = serializers.CharField()
    releases = ReleaseEntry(many=True)
