"""Addresses of raters' and admins' pages, under ``/studies/``."""

from django.urls import path

from annotation import manage_urls
from annotation.views import clauses, flags, guessing, rating, revising, taking_part, values

app_name = "annotation"

urlpatterns = [
    path("<slug:slug>/rate/", rating.rate, name="rate"),
    path("<slug:slug>/rate/ahead/", rating.ahead, name="ahead"),
    path("<slug:slug>/rate/undo/", revising.undo, name="undo"),
    path("<slug:slug>/rate/guess/<uuid:public_id>/", guessing.guess, name="guess"),
    path("<slug:slug>/rate/<str:key>/", rating.submit, name="submit"),
    path("<slug:slug>/rate/<str:key>/skip/", rating.skip, name="skip"),
    path("<slug:slug>/rate/<str:key>/draft/", rating.draft, name="draft"),
    path("<slug:slug>/rate/<str:key>/extend/", rating.extend, name="extend"),
    path("<slug:slug>/rate/<str:key>/revise/<int:turn>/", revising.revise, name="revise"),
    path("<slug:slug>/rate/<str:key>/flag/", flags.flag, name="flag"),
    path("<slug:slug>/guidelines/", rating.guidelines, name="guidelines"),
    path("<slug:slug>/clauses/", clauses.clauses, name="clauses"),
    path("<slug:slug>/values/glossary/", values.glossary, name="glossary"),
    path("<slug:slug>/mine/", revising.mine, name="mine"),
    path("<slug:slug>/mine/<uuid:public_id>/", revising.my_judgment, name="my_judgment"),
    path("<slug:slug>/consent/", taking_part.consent, name="consent"),
    path("<slug:slug>/consent/declined/", taking_part.declined, name="declined"),
    path("<slug:slug>/support/", taking_part.support, name="support"),
    path("<slug:slug>/withdraw/", taking_part.withdraw, name="withdraw"),
    path("<slug:slug>/goodbye/", taking_part.goodbye, name="goodbye"),
]

urlpatterns += manage_urls.urlpatterns
