"""The shapes of agreement and of reports that are kept."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.shared import Coefficient


class OptionAgreement(Serializer[Any]):
    """Where one rater chose the option, how often another rater of the item did."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True)
    reason = serializers.CharField(allow_null=True)


class Prevalence(Serializer[Any]):
    """How often an option was chosen, of all ratings, and how well raters agree on it."""

    option = serializers.CharField()
    ratings = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    agreement = OptionAgreement()


class Filters(Serializer[Any]):
    """Which judgments count; of all but the first two, only what was asked for is there."""

    rubric_version = serializers.IntegerField()
    waves = serializers.ListField(child=serializers.CharField())
    since = serializers.DateField(required=False)
    until_day = serializers.DateField(required=False)
    cohort = serializers.ListField(child=serializers.CharField(), required=False)
    source = serializers.ListField(  # type: ignore[assignment]  # a field, not its own source
        child=serializers.CharField(), required=False
    )
    language = serializers.ListField(child=serializers.CharField(), required=False)
    batch = serializers.ListField(child=serializers.IntegerField(), required=False)
    rule_set = serializers.ListField(child=serializers.IntegerField(), required=False)
    gold = serializers.CharField(required=False)
    exclusions = serializers.ListField(child=serializers.IntegerField(), required=False)


class Bootstrap(Serializer[Any]):
    """The interval from drawing clusters again."""

    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    se = serializers.FloatField(allow_null=True)


class AgreementCoefficient(Coefficient):
    """A coefficient of agreement; ``bootstrap`` is there where it was asked for."""

    bootstrap = Bootstrap(required=False)


class WithNotAsked(Serializer[Any]):
    """Agreement on a question that depends on another, with "not asked" as an option."""

    metric = serializers.CharField()
    depends_on = serializers.CharField()
    asked_if = serializers.ListField(child=serializers.CharField())
    items = serializers.IntegerField()
    pairable_items = serializers.IntegerField()
    judgments = serializers.IntegerField()
    clusters = serializers.IntegerField()
    alpha = Coefficient()
    percent = Coefficient()
    prevalence = Prevalence()


class SpanAgreement(Serializer[Any]):
    """Agreement on the places marked for one question."""

    key = serializers.CharField()
    scope = serializers.CharField()
    wave = serializers.CharField()
    cluster = serializers.CharField()
    clusters = serializers.IntegerField()
    items = serializers.IntegerField()
    texts = serializers.IntegerField()
    pairable_texts = serializers.IntegerField()
    raters = serializers.IntegerField()
    judgments = serializers.IntegerField()
    pairs = serializers.IntegerField()
    empty_pairs = serializers.IntegerField()
    left_out_pairs = serializers.IntegerField()
    unknown_lengths = serializers.IntegerField()
    filters = Filters()
    coefficients = Coefficient(many=True)


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
    coefficients = AgreementCoefficient(many=True)
    prevalence = Prevalence(many=True)
    with_not_asked = WithNotAsked(allow_null=True)


class AgreementReport(Serializer[Any]):
    """How far raters agree."""

    study = serializers.CharField()
    questions = QuestionAgreement(many=True)
    spans = SpanAgreement(many=True)


class ReportAsked(Serializer[Any]):
    """What a report is to be about: the parameters of its kind, each also as a list.

    ``kind`` is agreement unless another is named; what else is given must be of that kind.
    """

    kind = serializers.CharField(required=False)
    judge = serializers.CharField(required=False)
    epsilon = serializers.FloatField(required=False)
    other = serializers.CharField(required=False)
    scope = serializers.CharField(required=False)
    option = serializers.CharField(required=False)
    sample = serializers.IntegerField(required=False)
    assume_random = serializers.BooleanField(required=False)
    half_width = serializers.FloatField(required=False)
    question = serializers.CharField(required=False)
    by = serializers.CharField(required=False)
    wave = serializers.ListField(child=serializers.CharField(), required=False)
    since = serializers.DateField(required=False)
    until_day = serializers.DateField(required=False)
    cohort = serializers.ListField(child=serializers.CharField(), required=False)
    language = serializers.ListField(child=serializers.CharField(), required=False)
    batch = serializers.ListField(child=serializers.IntegerField(), required=False)
    rule_set = serializers.ListField(child=serializers.IntegerField(), required=False)
    gold = serializers.CharField(required=False)
    rubric_version = serializers.IntegerField(required=False)
    exclusions = serializers.CharField(required=False)


class ReportEntry(Serializer[Any]):
    """A report that is kept, without its numbers, and the last judgment and verdict it saw."""

    number = serializers.IntegerField()
    kind = serializers.CharField()
    state = serializers.CharField()
    asked = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))
    exclusions = serializers.ListField(child=serializers.IntegerField())
    until = serializers.IntegerField()
    verdicts = serializers.IntegerField()
    software = serializers.CharField()
    sha256 = serializers.CharField(allow_blank=True)
    failure = serializers.CharField(allow_blank=True)
    seconds = serializers.FloatField(allow_null=True)
    asked_at = serializers.DateTimeField()
    done_at = serializers.DateTimeField(allow_null=True)
    checked_at = serializers.DateTimeField(allow_null=True)
    equal = serializers.BooleanField(allow_null=True)


class ReportList(Serializer[Any]):
    """The study's kept reports, the newest first."""

    study = serializers.CharField()
    reports = ReportEntry(many=True)


class KeptReport(ReportEntry):
    """A kept report with its numbers, in the shape that the address of its kind gives."""

    result = serializers.DictField(allow_null=True)
