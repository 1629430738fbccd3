"""The addresses of the API of what comes in, under ``/api/``."""

from django.urls import path

from annotation.api import batches, judgment_files, judgments, uploads

urlpatterns = [
    path("studies/<slug:slug>/judgments/", judgments.Judgments.as_view(), name="api-judgments"),
    path(
        "studies/<slug:slug>/judgments/files/",
        judgment_files.JudgmentFiles.as_view(),
        name="api-judgment-files",
    ),
    path(
        "studies/<slug:slug>/judgments/files/<int:number>/",
        judgment_files.OneJudgmentFile.as_view(),
        name="api-judgment-file",
    ),
    path(
        "studies/<slug:slug>/judgments/files/<int:number>/refused/",
        judgment_files.RefusedJudgments.as_view(),
        name="api-refused-judgments",
    ),
    path(
        "studies/<slug:slug>/judgments/files/<int:number>/stop/",
        judgment_files.StopJudgments.as_view(),
        name="api-stop-judgments",
    ),
    path(
        "studies/<slug:slug>/judgments/files/<int:number>/on/",
        judgment_files.ReadJudgmentsOn.as_view(),
        name="api-read-judgments-on",
    ),
    path("studies/<slug:slug>/uploads/", uploads.Uploads.as_view(), name="api-uploads"),
    path(
        "studies/<slug:slug>/uploads/<str:upload_key>/",
        uploads.OneUpload.as_view(),
        name="api-upload",
    ),
    path(
        "studies/<slug:slug>/uploads/<str:upload_key>/finish/",
        uploads.FinishUpload.as_view(),
        name="api-finish-upload",
    ),
    path(
        "studies/<slug:slug>/uploads/<str:upload_key>/finish/judgments/",
        uploads.FinishAsJudgments.as_view(),
        name="api-finish-as-judgments",
    ),
    path("studies/<slug:slug>/batches/", batches.Batches.as_view(), name="api-batches"),
    path("studies/<slug:slug>/batches/<int:number>/", batches.OneBatch.as_view(), name="api-batch"),
    path(
        "studies/<slug:slug>/batches/<int:number>/errors/",
        batches.Errors.as_view(),
        name="api-batch-errors",
    ),
    path(
        "studies/<slug:slug>/batches/<int:number>/refused/",
        batches.RefusedLines.as_view(),
        name="api-refused-lines",
    ),
    path(
        "studies/<slug:slug>/batches/<int:number>/stop/",
        batches.StopBatch.as_view(),
        name="api-stop-batch",
    ),
    path(
        "studies/<slug:slug>/batches/<int:number>/again/",
        batches.ReadAgain.as_view(),
        name="api-read-batch-again",
    ),
]
