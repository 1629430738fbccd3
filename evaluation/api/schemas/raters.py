"""The shapes of what is said of raters: known answers, signs, identical blocks."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.agreement import Filters
from evaluation.api.schemas.shared import Coefficient


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


class RaterPace(Serializer[Any]):
    """How fast a rater judged, in the median; ``too_fast`` counts what nobody could have read."""

    timed = serializers.IntegerField()
    seconds = serializers.FloatField(allow_null=True)
    characters_a_second = serializers.FloatField(allow_null=True)
    too_fast = serializers.IntegerField()


class AnswerUse(Serializer[Any]):
    """How often a rater gave an answer, and the others at the same places."""

    answer = serializers.CharField()
    ratings = serializers.IntegerField()
    share = serializers.FloatField(allow_null=True)
    others_share = serializers.FloatField(allow_null=True)


class Sign(Serializer[Any]):
    """Evidence that a rater may not have read, for a person who decides."""

    kind = serializers.CharField()
    sentence = serializers.CharField()


class RaterOnQuestion(Serializer[Any]):
    """One rater beside the others; ``confusion`` has a row a hidden truth."""

    rater = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field, not its own source
    cohort = serializers.CharField(allow_blank=True)
    ratings = serializers.IntegerField()
    shared = serializers.IntegerField()
    agreement = Coefficient()
    kappa = Coefficient()
    hidden_truth = Coefficient()
    confusion = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    gold_judged = serializers.IntegerField()
    gold = Coefficient(allow_null=True)
    pace = RaterPace()
    answers = AnswerUse(many=True)
    signs = Sign(many=True)


class RatersOnQuestion(Serializer[Any]):
    """All raters on one question in one scope."""

    key = serializers.CharField()
    scope = serializers.CharField()
    level = serializers.CharField()
    filters = Filters()
    cluster = serializers.CharField()
    clusters = serializers.IntegerField()
    units = serializers.IntegerField()
    ratings = serializers.IntegerField()
    answers = serializers.ListField(child=serializers.CharField())
    everyone = Coefficient()
    raters = RaterOnQuestion(many=True)


class SharedBlock(Serializer[Any]):
    """Items with the very same answers of the very same raters, which chance does not explain."""

    items = serializers.ListField(child=serializers.CharField())
    item_ids = serializers.ListField(child=serializers.IntegerField())
    raters = serializers.ListField(child=serializers.CharField())
    places = serializers.IntegerField()
    answers = serializers.IntegerField()
    comparable_items = serializers.IntegerField()
    near_misses = serializers.IntegerField()
    expected_further = serializers.FloatField()
    p = serializers.FloatField()
    sentence = serializers.CharField()


class SharedBlocks(Serializer[Any]):
    """Improbable identical blocks of all closed questions; ``looked`` is false where too many."""

    looked = serializers.BooleanField()
    ratings = serializers.IntegerField()
    comparable_items = serializers.IntegerField()
    different_blocks = serializers.IntegerField()
    shared_blocks = serializers.IntegerField()
    improbable = SharedBlock(many=True)


class RaterReport(Serializer[Any]):
    """Raters beside each other, those with signs first, then the least agreeing."""

    study = serializers.CharField()
    identical_blocks = SharedBlocks()
    questions = RatersOnQuestion(many=True)
