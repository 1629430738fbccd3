"""Every address of the product."""

from django.contrib import admin
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView

from annotation.views import entry, preferences, tokens
from config.health import healthz, readyz

urlpatterns = [
    path("", entry.home, name="home"),
    path("join/<str:token>/", entry.join, name="join"),
    path("sign-in/<str:token>/", entry.sign_in, name="sign_in"),
    path("language/", preferences.change_language, name="language"),
    path("keys/", preferences.change_keys, name="keys"),
    path("tokens/", tokens.page, name="tokens"),
    path("tokens/<str:token_key>/revoke/", tokens.revoke, name="revoke_token"),
    path("accounts/", include("allauth.urls")),
    path("studies/", include("annotation.urls")),
    path("studies/", include("evaluation.urls")),
    path("api/", include("annotation.api_urls")),
    path("api/", include("evaluation.api_urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("operator/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
]
