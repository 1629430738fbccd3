"""What a person chose for themselves: the language of the pages, and the keys."""

import re
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from annotation import gates
from annotation.gates import MemberRequest
from annotation.models import User

# What keys do, with the usual key of each. The digits choose answers: by their place, at a scale by
# its number.
ACTIONS: Final = {
    "submit": "Enter",
    "next_question": "j",
    "previous_question": "k",
    "next_message": "]",
    "previous_message": "[",
    "skip": "s",
    "undo": "u",
    "flag": "f",
    "values": "v",
    "guidelines": "g",
    "mark": "m",
    "sheet": "?",
    "left_reply": "ArrowLeft",
    "right_reply": "ArrowRight",
    **{f"digit_{digit}": digit for digit in "1234567890"},
}
# Keys with a name, and what may have them: elsewhere the browser needs them itself.
_ARROWS: Final = frozenset({"ArrowLeft", "ArrowRight"})
NAMED: Final = {"submit": frozenset({"Enter"}), "left_reply": _ARROWS, "right_reply": _ARROWS}
_KEY = re.compile(r"\w|[^\w\s]", re.UNICODE)


@gates.public
@require_POST
def change_language(request: HttpRequest) -> HttpResponse:
    """Show the pages in another language from now on, on every device of this account."""
    wanted = request.POST.get("language", "")
    back = request.POST.get("back", "")
    # A path: anything else would be taken for the name of a page.
    here = back.startswith("/") and url_has_allowed_host_and_scheme(back, allowed_hosts=None)
    response = redirect(back if here else "home")
    if wanted not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=wanted)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=settings.SESSION_COOKIE_AGE,
        secure=settings.SESSION_COOKIE_SECURE,
        samesite="Lax",
        httponly=True,
    )
    return response


@gates.signed_in
@require_POST
def change_keys(request: MemberRequest) -> HttpResponse:
    """Store the keys a person chose; an action that is not named has its usual key."""
    chosen = {
        action: _key(action, request.POST[action].strip())
        for action in ACTIONS
        if request.POST.get(action, "").strip()
    }
    problem = _problem({**ACTIONS, **chosen})
    if problem:
        return JsonResponse({"code": "keys_invalid", "message": problem, "details": {}}, status=422)
    kept = {action: key for action, key in chosen.items() if key != ACTIONS[action]}
    User.objects.filter(pk=request.user.pk).update(keys=kept)
    return JsonResponse({"keys": {**ACTIONS, **kept}})


def _key(action: str, typed: str) -> str:
    return typed if typed in NAMED.get(action, ()) else typed.lower()


def _problem(keys: dict[str, str]) -> str:
    """Return what is wrong with a choice of keys, or nothing."""
    for action, key in keys.items():
        sign = len(key) == 1 and key.isprintable() and _KEY.fullmatch(key)
        if not sign and key not in NAMED.get(action, ()):
            return _("“%s” cannot be used: choose one letter, digit or sign.") % key
        if list(keys.values()).count(key) > 1:
            return _("“%s” is chosen twice; give each action its own key.") % key
    return ""
