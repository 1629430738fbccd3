"""Addresses of researchers' pages, under ``/studies/``."""

from django.urls import path

from evaluation.views import agreement

app_name = "evaluation"

urlpatterns = [
    path("<slug:slug>/agreement/", agreement.page, name="agreement"),
    path("<slug:slug>/agreement.csv", agreement.as_csv, name="agreement_csv"),
    path("<slug:slug>/agreement.json", agreement.as_json, name="agreement_json"),
    path("<slug:slug>/agreement.svg", agreement.chart, name="agreement_chart"),
]
