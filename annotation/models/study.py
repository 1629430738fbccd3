"""A study, its guidelines, and who belongs to it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.vocabulary import OnWithdrawal, Role, StudyState


class Study(models.Model):
    """One project: rubric, guidelines, raters per item, blinding rules.

    ``secret`` seeds pseudonyms and orders; it never leaves the server.
    """

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=StudyState, default=StudyState.DRAFT)
    secret = models.CharField(max_length=64)
    rubric = models.ForeignKey(
        "annotation.Rubric", on_delete=models.PROTECT, null=True, related_name="+"
    )
    guidelines = models.ForeignKey(
        "annotation.Guidelines", on_delete=models.PROTECT, null=True, related_name="+"
    )
    consent_text = models.ForeignKey(
        "annotation.ConsentText", on_delete=models.PROTECT, null=True, related_name="+"
    )
    # What the consent promises; it cannot be changed once somebody has consented.
    on_withdrawal = models.CharField(max_length=10, choices=OnWithdrawal, default=OnWithdrawal.KEEP)
    # The version that questions about a specification are asked against.
    specification = models.ForeignKey(
        "annotation.SpecificationVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    raters_per_item = models.PositiveSmallIntegerField(default=3)
    # How many items one rater judges at most; empty means no limit.
    judgments_per_rater = models.PositiveIntegerField(null=True, blank=True)
    # After so many skips an item waits until an admin has looked at it.
    skips_before_review = models.PositiveSmallIntegerField(default=3)
    # Until when raters may change what they judged; empty means as long as the study is not closed.
    edits_until = models.DateTimeField(null=True, blank=True)
    # After so many minutes at work a rater is asked to take a break; 0 means never.
    break_minutes = models.PositiveSmallIntegerField(default=50)
    # After every so many items a rater is asked whether they recognised the author; 0 means never.
    guess_every = models.PositiveSmallIntegerField(default=0, db_default=0)
    # Topics of queries that raters are warned of before they read, and where to turn for support.
    sensitive_topics = models.JSONField(default=list)
    support_text = models.TextField(blank=True)
    # "At most m replies to one query" for one rater; empty means no limit.
    replies_per_query = models.PositiveSmallIntegerField(null=True, blank=True)
    one_framing_per_scenario = models.BooleanField(default=True)
    shows_system_messages = models.BooleanField(default=False)
    lease_minutes = models.PositiveSmallIntegerField(default=60)
    # Whether seats may be in lanes: raters of a study without any are spared the look.
    has_lanes = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            known("state", StudyState, name="study_state_known"),
            models.CheckConstraint(
                name="study_raters_per_item_positive", condition=Q(raters_per_item__gte=1)
            ),
            models.CheckConstraint(name="study_lease_positive", condition=Q(lease_minutes__gte=1)),
            models.CheckConstraint(
                name="study_skips_before_review_positive", condition=Q(skips_before_review__gte=1)
            ),
            known("on_withdrawal", OnWithdrawal, name="study_on_withdrawal_known"),
        ]

    def __str__(self) -> str:
        return self.slug


class Guidelines(models.Model):
    """One version of the text that raters read before they rate."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="guideline_versions")
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["study", "version"], name="guidelines_version_once_per_study"
            )
        ]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Phrases about memberships."""

    def active(self) -> Self:
        """Memberships that have not ended, of accounts that are not deactivated."""
        return self.filter(ended_at=None, user__is_active=True)


class Membership(models.Model):
    """What one account may do in one study."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="memberships"
    )
    role = models.CharField(max_length=10, choices=Role)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    # The person withdrew as a rater: nothing links the account to what it judged any more, and it
    # cannot become a rater of this study again.
    withdrew_at = models.DateTimeField(null=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            known("role", Role, name="membership_role_known"),
            models.UniqueConstraint(
                fields=["study", "user"], name="membership_once_per_user_and_study"
            ),
        ]


class Invitation(models.Model):
    """A link that brings one person into a study with one role; a digest is stored."""

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="invitations")
    role = models.CharField(max_length=10, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    # What the rater who comes by it belongs to and reads.
    cohort = models.CharField(max_length=100, blank=True)
    languages = models.JSONField(default=list)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            known("role", Role, name="invitation_role_known"),
            models.CheckConstraint(
                name="invitation_used_by_and_at_together",
                condition=Q(used_by=None, used_at=None)
                | Q(used_by__isnull=False, used_at__isnull=False),
            ),
        ]
