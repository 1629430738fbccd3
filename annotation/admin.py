"""The operator's door: accounts, and a look at studies and memberships. Never at judgments."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from annotation.models import Membership, Study, User
from annotation.services import raters
from annotation.vocabulary import Role

if TYPE_CHECKING:
    UserPages = admin.ModelAdmin[User]
    StudyPages = admin.ModelAdmin[Study]
    MembershipPages = admin.ModelAdmin[Membership]
else:
    UserPages = StudyPages = MembershipPages = admin.ModelAdmin


@admin.register(User)
class UserAdmin(UserPages):
    """Accounts: switching them off, naming operators. No password is shown, not even hashed."""

    list_display = ("username", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("username",)
    fields = (
        "username",
        "email",
        "is_active",
        "is_staff",
        "is_superuser",
        "date_joined",
        "last_login",
    )
    readonly_fields = ("date_joined", "last_login")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts come from invitations and ``createsuperuser``."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are switched off, so that what they did stays."""
        return False


@admin.register(Study)
class StudyAdmin(StudyPages):
    """Studies, to look at: they are changed on their own pages, which keep the rules."""

    list_display = ("slug", "title", "state", "created_at")
    list_filter = ("state",)
    search_fields = ("slug", "title")
    fields = ("slug", "title", "state", "raters_per_item", "lease_minutes", "created_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Studies are made on their own page."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Studies are changed on their own pages."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nothing that was judged is ever lost."""
        return False


class MembershipForm(forms.ModelForm):  # type: ignore[type-arg]  # of Membership
    """A membership; nobody who withdrew as a rater becomes one again."""

    def clean(self) -> dict[str, Any] | None:
        """Refuse to make an account a rater that withdrew."""
        sent = super().clean() or {}
        again = sent.get("role") == Role.RATER and sent.get("ended_at") is None
        if again and self.instance.withdrew_at is not None:
            raise forms.ValidationError(
                "This account withdrew from the study as a rater and cannot rate in it again."
            )
        return sent


@admin.register(Membership)
class MembershipAdmin(MembershipPages):
    """Who may do what; the operator can give a study an admin when it has lost its own."""

    list_display = ("study", "user", "role", "created_at", "ended_at")
    list_filter = ("role",)
    search_fields = ("user__username", "study__slug")
    autocomplete_fields = ("study", "user")
    form = MembershipForm
    fields = ("study", "user", "role", "ended_at")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Whose membership of what it is never changes."""
        return ("study", "user") if obj else ("ended_at",)

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """Let an empty end mean that the membership goes on."""
        if db_field.name == "ended_at":
            kwargs["required"] = False
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: Any) -> None:
        """Store it; a rater also gets a place in the study's order."""
        now = timezone.now()
        obj.created_at = obj.created_at or now
        super().save_model(request, obj, form, change)
        if obj.role == Role.RATER and obj.ended_at is None:
            raters.enrol(study=obj.study, user=obj.user, now=now)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A membership is ended, not deleted."""
        return False
