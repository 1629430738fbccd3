"""The addresses of the API, under ``/api/``."""

from django.urls import path

from evaluation.api import views

urlpatterns = [
    path("studies/", views.Studies.as_view(), name="api-studies"),
    path("studies/<slug:slug>/agreement/", views.Agreement.as_view(), name="api-agreement"),
    path("studies/<slug:slug>/gold/", views.Gold.as_view(), name="api-gold"),
    path("studies/<slug:slug>/judges/", views.Judges.as_view(), name="api-judges"),
    path(
        "studies/<slug:slug>/judges/<int:judge_id>/report/",
        views.JudgeReport.as_view(),
        name="api-judge-report",
    ),
    path("studies/<slug:slug>/releases/", views.Releases.as_view(), name="api-releases"),
    path(
        "studies/<slug:slug>/releases/<str:key>/files/<str:name>",
        views.ReleaseFile.as_view(),
        name="api-release-file",
    ),
]
