"""What raters consent to, and raters who withdrew."""

from django.db import models
from django.db.models import Q

from annotation.models.known import known
from annotation.models.rater import Rater
from annotation.models.study import Study
from annotation.vocabulary import OnWithdrawal


class ConsentText(models.Model):
    """One version of what a rater must agree to before anything is shown.

    ``translations`` are the same words in further languages, by code; a study's own text has none.
    """

    study = models.ForeignKey(Study, on_delete=models.PROTECT, related_name="consent_texts")
    version = models.PositiveIntegerField()
    text = models.TextField()
    # The code of its language; empty where nobody said.
    language = models.CharField(max_length=35, blank=True)
    translations = models.JSONField(default=dict)
    on_withdrawal = models.CharField(max_length=10, choices=OnWithdrawal)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            known("on_withdrawal", OnWithdrawal, name="consent_text_on_withdrawal_known"),
            models.UniqueConstraint(
                fields=["study", "version"], name="consent_text_version_once_per_study"
            ),
            models.CheckConstraint(name="consent_text_not_empty", condition=~Q(text="")),
        ]

    def __str__(self) -> str:
        return f"consent v{self.version}"


class Consent(models.Model):
    """A rater agreed to one version of the text, once, in the words of one language.

    ``text_sha256`` is the hash of those words as stored; both are empty for what was agreed to
    before texts had languages.
    """

    rater = models.ForeignKey(
        Rater, on_delete=models.PROTECT, related_name="consents", db_index=False
    )
    text = models.ForeignKey(ConsentText, on_delete=models.PROTECT, related_name="consents")
    language = models.CharField(max_length=35, blank=True)
    text_sha256 = models.CharField(max_length=64, blank=True)
    given_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["rater", "text"], name="consent_once_per_text"),
            models.CheckConstraint(
                name="consent_language_with_its_hash",
                condition=Q(language="") | ~Q(text_sha256=""),
            ),
        ]


class Withdrawal(models.Model):
    """What is left of a rater who withdrew: that it happened, and how much it concerned.

    ``first_judgment`` and ``last_judgment`` are numbers of the judgments' own sequence, so that
    releases which hold some of them can be named even after the rows are gone.
    """

    rater = models.OneToOneField(Rater, on_delete=models.PROTECT, related_name="withdrawal")
    policy = models.CharField(max_length=10, choices=OnWithdrawal)
    withdrew_at = models.DateTimeField()
    judgments = models.PositiveIntegerField()
    first_judgment = models.PositiveBigIntegerField(null=True)
    last_judgment = models.PositiveBigIntegerField(null=True)

    class Meta:
        constraints = [known("policy", OnWithdrawal, name="withdrawal_policy_known")]
