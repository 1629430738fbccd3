"""Addresses of researchers' pages, under ``/studies/``."""

from django.urls import path

from evaluation.views import agreement, gold, items, judges, releases, sampling

app_name = "evaluation"

urlpatterns = [
    path("<slug:slug>/agreement/", agreement.page, name="agreement"),
    path("<slug:slug>/agreement.csv", agreement.as_csv, name="agreement_csv"),
    path("<slug:slug>/agreement.json", agreement.as_json, name="agreement_json"),
    path("<slug:slug>/agreement.svg", agreement.chart, name="agreement_chart"),
    path("<slug:slug>/samples/", sampling.page, name="samples"),
    path("<slug:slug>/samples/draw/", sampling.draw, name="draw_sample"),
    path("<slug:slug>/samples/<int:number>/", sampling.sample, name="sample"),
    path("<slug:slug>/samples/<int:number>.csv", sampling.as_csv, name="sample_csv"),
    path("<slug:slug>/judges/", judges.page, name="judges"),
    path("<slug:slug>/judges/upload/", judges.upload_verdicts, name="upload_verdicts"),
    path("<slug:slug>/judges/<int:judge_id>/", judges.judge, name="judge"),
    path("<slug:slug>/judges/<int:judge_id>/items/", judges.items, name="judge_items"),
    path("<slug:slug>/gold/", gold.page, name="gold"),
    path("<slug:slug>/items/<int:item_id>/", items.item, name="item"),
    path("<slug:slug>/releases/", releases.page, name="releases"),
    path("<slug:slug>/releases/<slug:key>/", releases.release, name="release"),
    path("<slug:slug>/releases/<slug:key>/<str:name>", releases.release_file, name="release_file"),
]
