"""The addresses of the API, under ``/api/``."""

from django.urls import path

from evaluation.api import (
    judge_views,
    label_views,
    model_views,
    order_views,
    rehearsal_views,
    release_views,
    verdicts,
    views,
)

urlpatterns = [
    path("studies/", views.Studies.as_view(), name="api-studies"),
    path("studies/<slug:slug>/agreement/", views.Agreement.as_view(), name="api-agreement"),
    path("studies/<slug:slug>/reports/", views.Reports.as_view(), name="api-reports"),
    path(
        "studies/<slug:slug>/reports/<int:number>/",
        views.KeptReport.as_view(),
        name="api-report",
    ),
    path("studies/<slug:slug>/gold/", views.Gold.as_view(), name="api-gold"),
    path("studies/<slug:slug>/raters/", views.Raters.as_view(), name="api-raters"),
    path(
        "studies/<slug:slug>/order-effects/",
        order_views.OrderEffects.as_view(),
        name="api-order-effects",
    ),
    path(
        "studies/<slug:slug>/rehearsals/",
        rehearsal_views.Rehearsals.as_view(),
        name="api-rehearsals",
    ),
    path(
        "studies/<slug:slug>/rehearsals/<int:number>/",
        rehearsal_views.OneRehearsal.as_view(),
        name="api-rehearsal",
    ),
    path("studies/<slug:slug>/verdicts/", verdicts.Verdicts.as_view(), name="api-verdicts"),
    path("studies/<slug:slug>/judges/", judge_views.Judges.as_view(), name="api-judges"),
    path(
        "studies/<slug:slug>/judges/<int:judge_id>/report/",
        judge_views.JudgeReport.as_view(),
        name="api-judge-report",
    ),
    path(
        "studies/<slug:slug>/judges/<int:judge_id>/slices/",
        judge_views.JudgeSlices.as_view(),
        name="api-judge-slices",
    ),
    path(
        "studies/<slug:slug>/judges/<int:judge_id>/against/",
        judge_views.JudgeComparison.as_view(),
        name="api-judge-against",
    ),
    path(
        "studies/<slug:slug>/judges/<int:judge_id>/rates/",
        judge_views.Rates.as_view(),
        name="api-rates",
    ),
    path("studies/<slug:slug>/labels/", label_views.Labels.as_view(), name="api-labels"),
    path(
        "studies/<slug:slug>/labels/rows/", label_views.LabelRows.as_view(), name="api-label-rows"
    ),
    path("studies/<slug:slug>/models/", model_views.Models.as_view(), name="api-models"),
    path("studies/<slug:slug>/releases/", release_views.Releases.as_view(), name="api-releases"),
    path(
        "studies/<slug:slug>/releases/compare/",
        release_views.ReleaseComparison.as_view(),
        name="api-compare-releases",
    ),
    path(
        "studies/<slug:slug>/releases/<str:key>/files/<str:name>",
        release_views.ReleaseFile.as_view(),
        name="api-release-file",
    ),
]
