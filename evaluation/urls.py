"""Addresses of researchers' pages, under ``/studies/``."""

from collections.abc import Callable
from typing import Any

from django.urls import URLPattern, path

from evaluation.views import (
    agreement,
    disagreements,
    exclusions,
    gold,
    guesses,
    items,
    judge_details,
    judge_files,
    judges,
    labels,
    models,
    order_effects,
    over_time,
    personal_data,
    rater_pairs,
    raters,
    rates,
    rehearsals,
    releases,
    reports,
    sampling,
    verdict_files,
)

app_name = "evaluation"


def charted(route: str, view: Callable[..., Any], name: str) -> list[URLPattern]:
    """Return the addresses of a chart as SVG and as PNG."""
    return [
        path(f"{route}.{form}", view, {"form": form}, name=f"{name}_{form}")
        for form in ("svg", "png")
    ]


urlpatterns = [
    path("<slug:slug>/agreement/", agreement.page, name="agreement"),
    path("<slug:slug>/agreement.csv", agreement.as_csv, name="agreement_csv"),
    path("<slug:slug>/agreement.json", agreement.as_json, name="agreement_json"),
    path("<slug:slug>/agreement.svg", agreement.chart, {"form": "svg"}, "agreement_chart"),
    path("<slug:slug>/agreement.png", agreement.chart, {"form": "png"}, "agreement_chart_png"),
    path("<slug:slug>/raters-agreement/", raters.page, name="rater_quality"),
    path("<slug:slug>/raters-agreement.csv", raters.as_csv, name="rater_quality_csv"),
    *charted("<slug:slug>/raters-agreement", raters.chart, "rater_quality"),
    path("<slug:slug>/raters-agreement/<str:rater>/", raters.rater, name="rater_on_question"),
    *charted(
        "<slug:slug>/raters-agreement/<str:rater>/answers",
        raters.confusion_chart,
        "rater_confusion",
    ),
    path("<slug:slug>/rater-pairs/", rater_pairs.page, name="rater_pairs"),
    path("<slug:slug>/rater-pairs.csv", rater_pairs.as_csv, name="rater_pairs_csv"),
    *charted("<slug:slug>/rater-pairs", rater_pairs.chart, "rater_pairs"),
    path("<slug:slug>/disputed/", disagreements.disputed, name="disputed"),
    path("<slug:slug>/disputed.csv", disagreements.disputed_csv, name="disputed_csv"),
    path("<slug:slug>/disagreements/", disagreements.kinds, name="disagreements"),
    path("<slug:slug>/disagreements.csv", disagreements.kinds_csv, name="disagreements_csv"),
    *charted("<slug:slug>/disagreements", disagreements.kinds_chart, "disagreements"),
    path("<slug:slug>/over-time/", over_time.page, name="over_time"),
    path("<slug:slug>/over-time.csv", over_time.as_csv, name="over_time_csv"),
    *charted("<slug:slug>/over-time", over_time.chart, "over_time"),
    path("<slug:slug>/order-effects/", order_effects.page, name="order_effects"),
    path("<slug:slug>/order-effects/sides.csv", order_effects.sides_csv, name="order_sides_csv"),
    *charted("<slug:slug>/order-effects/sides", order_effects.sides_chart, "order_sides"),
    path("<slug:slug>/order-effects/places.csv", order_effects.places_csv, name="order_places_csv"),
    *charted("<slug:slug>/order-effects/places", order_effects.places_chart, "order_places"),
    path("<slug:slug>/agreement/kept/", reports.page, name="kept_reports"),
    path("<slug:slug>/agreement/kept/<int:number>/", reports.report, name="kept_report"),
    path("<slug:slug>/exclusions/", exclusions.page, name="exclusions"),
    path("<slug:slug>/exclusions/<int:number>/lift/", exclusions.lift, name="lift_exclusion"),
    path("<slug:slug>/samples/", sampling.page, name="samples"),
    path("<slug:slug>/samples/draw/", sampling.draw, name="draw_sample"),
    path("<slug:slug>/samples/<int:number>/", sampling.sample, name="sample"),
    path("<slug:slug>/samples/<int:number>.csv", sampling.as_csv, name="sample_csv"),
    path("<slug:slug>/samples/rehearse/", rehearsals.of_form, name="rehearse_design"),
    path("<slug:slug>/samples/<int:number>/rehearse/", rehearsals.of_sample, name="rehearse"),
    path("<slug:slug>/samples/rehearsals/<int:number>/", rehearsals.page, name="rehearsal"),
    path(
        "<slug:slug>/samples/rehearsals/<int:number>.csv", rehearsals.as_csv, name="rehearsal_csv"
    ),
    path(
        "<slug:slug>/samples/rehearsals/<int:number>.json",
        rehearsals.as_json,
        name="rehearsal_json",
    ),
    *charted(
        "<slug:slug>/samples/rehearsals/<int:number>/<slug:chart>",
        rehearsals.chart,
        "rehearsal_chart",
    ),
    path("<slug:slug>/judges/", judges.page, name="judges"),
    path("<slug:slug>/judges/upload/", judges.upload_verdicts, name="upload_verdicts"),
    path("<slug:slug>/judges/refused/<slug:key>/", judges.refused_lines, name="refused_verdicts"),
    path("<slug:slug>/judges/files/<int:number>/", verdict_files.page, name="verdict_file"),
    path(
        "<slug:slug>/judges/files/<int:number>/refused/",
        verdict_files.refused_lines,
        name="verdict_file_refused",
    ),
    path("<slug:slug>/judges/ensemble/", judges.make_ensemble, name="make_ensemble"),
    path("<slug:slug>/judges/<int:judge_id>/", judges.judge, name="judge"),
    path("<slug:slug>/judges/<int:judge_id>.json", judge_files.as_json, name="judge_json"),
    path("<slug:slug>/judges/<int:judge_id>.csv", judge_files.as_csv, name="judge_csv"),
    *charted(
        "<slug:slug>/judges/<int:judge_id>/charts/<slug:chart>", judge_files.chart, "judge_chart"
    ),
    path("<slug:slug>/judges/<int:judge_id>/slices/", judge_details.slices, name="judge_slices"),
    path("<slug:slug>/judges/<int:judge_id>/against/", judge_details.against, name="judge_against"),
    path(
        "<slug:slug>/judges/<int:judge_id>/family/", judge_details.set_family, name="judge_family"
    ),
    path("<slug:slug>/judges/<int:judge_id>/items/", judges.items, name="judge_items"),
    path("<slug:slug>/rates/", rates.page, name="rates"),
    path("<slug:slug>/rates.csv", rates.as_csv, name="rates_csv"),
    path("<slug:slug>/rates.json", rates.as_json, name="rates_json"),
    *charted("<slug:slug>/rates", rates.chart, "rates_chart"),
    path("<slug:slug>/labels/", labels.page, name="labels"),
    path("<slug:slug>/labels.json", labels.as_json, name="labels_json"),
    path("<slug:slug>/labels/table.<slug:form>", labels.as_table, name="labels_table"),
    *charted("<slug:slug>/labels/<slug:chart>", labels.chart, "labels_chart"),
    path("<slug:slug>/models/", models.page, name="models"),
    path("<slug:slug>/models.json", models.as_json, name="models_json"),
    path("<slug:slug>/models/<slug:table>.csv", models.as_csv, name="models_csv"),
    *charted("<slug:slug>/models/<slug:chart>", models.chart, "models_chart"),
    path("<slug:slug>/gold/", gold.page, name="gold"),
    path("<slug:slug>/guesses/", guesses.page, name="guesses"),
    path("<slug:slug>/items/<int:item_id>/", items.item, name="item"),
    path("<slug:slug>/releases/", releases.page, name="releases"),
    path("<slug:slug>/releases/compare/", releases.comparison, name="compare_releases"),
    path("<slug:slug>/releases/personal-data/", personal_data.page, name="personal_data"),
    path("<slug:slug>/releases/<slug:key>/", releases.release, name="release"),
    path("<slug:slug>/releases/<slug:key>/<str:name>", releases.release_file, name="release_file"),
]
