"""The shapes of releases and of what changed between two."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from evaluation.api.schemas.shared import Coefficient


class ReleaseName(Serializer[Any]):
    """What a new release is called, and whether it keeps what nobody decided about."""

    name = serializers.CharField(max_length=100)
    keep_flagged = serializers.BooleanField(
        default=False,
        help_text="Leave what may be personal data in raters' words, and nobody decided about, as"
        " written; else a mark stands there.",
    )


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


class FindingsOfKind(Serializer[Any]):
    """How many findings of one kind of personal data there were, by what was decided."""

    kind = serializers.CharField()
    masked = serializers.IntegerField()
    kept = serializers.IntegerField()
    undecided = serializers.IntegerField()


class PersonalData(Serializer[Any]):
    """What was found in raters' words; ``undecided`` is masked or kept."""

    scanner = serializers.IntegerField()
    texts = serializers.IntegerField()
    texts_with_findings = serializers.IntegerField()
    undecided = serializers.CharField()
    findings = FindingsOfKind(many=True)


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
    personal_data = PersonalData(allow_null=True)


class ReleaseList(Serializer[Any]):
    """The study's releases, the newest first."""

    study = serializers.CharField()
    releases = ReleaseEntry(many=True)


class Moved(Serializer[Any]):
    """How many are in both releases, only in the second, and only in the first."""

    kept = serializers.IntegerField()
    added = serializers.IntegerField()
    gone = serializers.IntegerField()


class FactChange(Serializer[Any]):
    """A fact of two releases; what has none is null."""

    what = serializers.CharField()
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)


class LabelChange(Serializer[Any]):
    """A unit that both releases have a label of, and not the same; a tie is null."""

    response_id = serializers.CharField()
    response_id_2 = serializers.CharField(allow_null=True)
    question = serializers.CharField()
    scope = serializers.CharField()
    turn = serializers.IntegerField()
    before = serializers.CharField(allow_null=True)
    after = serializers.CharField(allow_null=True)


class ReleaseComparison(Serializer[Any]):
    """What changed from one release to another; ``changed`` names the first labels alone."""

    before = serializers.CharField()
    after = serializers.CharField()
    facts = FactChange(many=True)
    items = Moved()
    judgments = Moved()
    labels = Moved()
    labels_changed = serializers.IntegerField()
    changed = LabelChange(many=True)
    exclusions = FactChange(many=True)
    headline = FactChange(many=True)
