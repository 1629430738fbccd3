"""The shapes that several answers share."""

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


class JudgeVersion(Serializer[Any]):
    """One judge in one version."""

    judge = serializers.CharField()
    model = serializers.CharField()
    prompt_version = serializers.CharField()
    rubric_version = serializers.CharField()
    simulated = serializers.BooleanField()
    family = serializers.CharField(allow_blank=True)
    members = serializers.ListField(child=serializers.CharField())
