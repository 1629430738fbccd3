"""The shapes of what is asked and answered; a test holds answers against them."""

from typing import Any

from rest_framework import serializers
from rest_framework.serializers import Serializer

from annotation.services.parts import LONGEST_NAME


class WholeNumber(serializers.IntegerField):
    """A JSON number without a fraction: no text with digits in it, of whatever script."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number, or refuse."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)


class NewUpload(Serializer[Any]):
    """A file that is about to be sent; ``sha256`` is of all of it."""

    file_name = serializers.CharField(max_length=LONGEST_NAME)
    bytes = WholeNumber(min_value=1)
    sha256 = serializers.CharField(required=False, allow_blank=True, max_length=64)


class UploadEntry(Serializer[Any]):
    """A file on its way in; ``offset`` is where the next part begins."""

    key = serializers.CharField()
    file_name = serializers.CharField()
    bytes = serializers.IntegerField()
    offset = serializers.IntegerField()
    sha256 = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    kept_until = serializers.DateTimeField()
    largest_part = serializers.IntegerField()
    batch = serializers.IntegerField(allow_null=True)
    judgments = serializers.IntegerField(allow_null=True)


class UploadList(Serializer[Any]):
    """The study's unfinished uploads."""

    study = serializers.CharField()
    uploads = UploadEntry(many=True)


class Finish(Serializer[Any]):
    """How a whole file is to be read."""

    new_versions = serializers.BooleanField(default=False)


class BatchEntry(Serializer[Any]):
    """What became of one batch so far; ``rate`` is lines a second."""

    number = serializers.IntegerField()
    file_name = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField(allow_blank=True)
    read = serializers.IntegerField()
    created = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    updated = serializers.IntegerField()
    refused = serializers.IntegerField()
    share = serializers.FloatField()
    rate = serializers.IntegerField()
    seconds_left = serializers.IntegerField(allow_null=True)
    notes = serializers.ListField(child=serializers.CharField())
    uploaded_at = serializers.DateTimeField()
    uploaded_by = serializers.CharField(allow_blank=True)
    unattended = serializers.BooleanField()
    can_go_on = serializers.BooleanField()
    has_refused_lines = serializers.BooleanField()


class BatchList(Serializer[Any]):
    """The study's batches, the latest first."""

    study = serializers.CharField()
    batches = BatchEntry(many=True)


class LineErrorEntry(Serializer[Any]):
    """One thing wrong with one line, what stands there, and what to do."""

    line = serializers.IntegerField()
    field = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()


class LineErrors(Serializer[Any]):
    """A page of what was wrong with a batch's lines; ``refused`` counts lines, not reasons."""

    refused = serializers.IntegerField()
    reasons = serializers.IntegerField()
    page = serializers.IntegerField()
    pages = serializers.IntegerField()
    errors = LineErrorEntry(many=True)  # type: ignore[assignment]  # REST framework's own errors, which only forms read


class JudgmentFileFacts(Serializer[Any]):
    """What became of a file of judgments so far; ``share`` of the work, ``rate`` lines a second."""

    number = serializers.IntegerField()
    file_name = serializers.CharField()
    state = serializers.CharField()
    failure = serializers.CharField(allow_blank=True)
    read = serializers.IntegerField()
    created = serializers.IntegerField()
    updated = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    share = serializers.FloatField()
    rate = serializers.IntegerField()
    seconds_left = serializers.IntegerField(allow_null=True)
    uploaded_at = serializers.DateTimeField()
    uploaded_by = serializers.CharField(allow_blank=True)
    unattended = serializers.BooleanField()
    can_go_on = serializers.BooleanField()
    has_refused_lines = serializers.BooleanField()


class JudgmentFileEntry(JudgmentFileFacts):
    """The same with what was wrong with its lines, up to a thousand reasons."""

    errors = LineErrorEntry(many=True)  # type: ignore[assignment]  # REST framework's own errors, which only forms read


class JudgmentFileList(Serializer[Any]):
    """The study's files of judgments made elsewhere, the latest first."""

    study = serializers.CharField()
    files = JudgmentFileFacts(many=True)


class Again(Serializer[Any]):
    """From where a batch is read once more, and what becomes of other texts of known replies."""

    start = serializers.ChoiceField(choices=("beginning", "there"), default="there")
    new_versions = serializers.BooleanField(default=False)
