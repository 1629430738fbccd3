"""Addresses of raters' and admins' pages, under ``/studies/``."""

from django.urls import path

from annotation import manage_urls
from annotation.views import rating

app_name = "annotation"

urlpatterns = [
    path("<slug:slug>/rate/", rating.rate, name="rate"),
    path("<slug:slug>/rate/<str:key>/", rating.submit, name="submit"),
    path("<slug:slug>/rate/<str:key>/skip/", rating.skip, name="skip"),
    path("<slug:slug>/guidelines/", rating.guidelines, name="guidelines"),
    path("<slug:slug>/mine/", rating.mine, name="mine"),
    path("<slug:slug>/mine/<uuid:public_id>/", rating.my_judgment, name="my_judgment"),
]

urlpatterns += manage_urls.urlpatterns
