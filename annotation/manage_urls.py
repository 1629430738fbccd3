"""Addresses of the admins' pages, under ``/studies/``; ``new/`` comes before any study's name."""

from django.urls import path

from annotation.views import (
    composing,
    elsewhere,
    gold,
    later_waves,
    leaks,
    managing,
    people,
    reports,
    rubric_files,
    specifications,
    sweeps,
    uploading,
    values,
)

urlpatterns = [
    path("new/", managing.new_study, name="new_study"),
    path("<slug:slug>/", managing.overview, name="study"),
    path("<slug:slug>/state/", managing.change_state, name="change_state"),
    path("<slug:slug>/settings/", managing.change_settings, name="settings"),
    path("<slug:slug>/rubric/", rubric_files.publish_rubric, name="publish_rubric"),
    path("<slug:slug>/rubric/edit/", composing.compose, name="compose"),
    path("<slug:slug>/rubric.json", rubric_files.rubric, name="rubric"),
    path("<slug:slug>/batches/", uploading.batches, name="batches"),
    path("<slug:slug>/batches/<int:number>/", uploading.batch, name="batch"),
    path("<slug:slug>/batches/<int:number>/again/", uploading.read_again, name="read_again"),
    path(
        "<slug:slug>/batches/<int:number>/errors.csv", uploading.batch_errors, name="batch_errors"
    ),
    path("<slug:slug>/batches/<int:number>/stop/", uploading.cancel_batch, name="cancel_batch"),
    path(
        "<slug:slug>/batches/<int:number>/refused/",
        uploading.refused_lines,
        name="refused_lines",
    ),
    path("<slug:slug>/judgments/", elsewhere.judgments, name="elsewhere"),
    path("<slug:slug>/judgments/<int:number>/", elsewhere.judgment_file, name="judgment_file"),
    path(
        "<slug:slug>/judgments/<int:number>/stop/", elsewhere.stop_judgments, name="stop_judgments"
    ),
    path(
        "<slug:slug>/judgments/<int:number>/on/",
        elsewhere.read_judgments_on,
        name="read_judgments_on",
    ),
    path(
        "<slug:slug>/judgments/<int:number>/refused/",
        elsewhere.refused_judgments,
        name="refused_judgments",
    ),
    path("<slug:slug>/values/", values.values, name="values"),
    path("<slug:slug>/values.csv", values.values_csv, name="values_csv"),
    path("<slug:slug>/values/<int:value_id>/", values.value, name="value"),
    path("<slug:slug>/gold/answers/", gold.answers, name="gold_answers"),
    path("<slug:slug>/gold/answers/ended/", gold.ended, name="ended_gold"),
    path("<slug:slug>/gold/answers/<int:gold_id>/remove/", gold.remove, name="remove_gold"),
    path("<slug:slug>/gold/seats/", gold.open_seats, name="gold_seats"),
    path("<slug:slug>/reports/", reports.reports, name="reports"),
    path("<slug:slug>/reports/<int:item_id>/", reports.decide_report, name="decide_report"),
    path("<slug:slug>/seats/", uploading.open_seats, name="seats"),
    path("<slug:slug>/seats/later/", later_waves.open_later, name="later_waves"),
    path("<slug:slug>/leaks/", leaks.report, name="leaks"),
    path("<slug:slug>/leaks/decide/", leaks.decide, name="decide_leaks"),
    path("<slug:slug>/leaks/rules/", sweeps.page, name="sweeps"),
    path("<slug:slug>/leaks/rules/run/", sweeps.run, name="run_sweep"),
    path("<slug:slug>/leaks/rules/stop/", sweeps.stop, name="stop_sweep"),
    path("<slug:slug>/replies/<int:reply_id>/", leaks.reply, name="reply"),
    path("<slug:slug>/replies/<int:reply_id>/mask/", leaks.mask_words, name="mask_words"),
    path("<slug:slug>/specifications/", specifications.specifications, name="specifications"),
    path(
        "<slug:slug>/specifications/new/",
        specifications.new_specification,
        name="new_specification",
    ),
    path(
        "<slug:slug>/specifications/use/",
        specifications.use_specification,
        name="use_specification",
    ),
    path(
        "<slug:slug>/specifications/<int:version_id>/",
        specifications.specification,
        name="specification",
    ),
    path("<slug:slug>/raters/", people.people, name="raters"),
    path("<slug:slug>/raters/invite/", people.invite, name="invite"),
    path("<slug:slug>/raters/revoke/", people.revoke_invitations, name="revoke_invitations"),
    path("<slug:slug>/raters/<int:rater_id>/", people.place_rater, name="place_rater"),
    path("<slug:slug>/raters/<int:rater_id>/pause/", people.pause_rater, name="pause_rater"),
    path("<slug:slug>/raters/<int:rater_id>/resume/", people.resume_rater, name="resume_rater"),
    path(
        "<slug:slug>/members/<int:membership_id>/end/",
        people.end_membership,
        name="end_membership",
    ),
]
