"""Addresses of `generation`: runs, and the fragments that pages of `review` load."""

from django.urls import path

from generation import check_pages, pages

urlpatterns = [
    path(
        "datasets/<slug:slug>/checks/<path:external_id>/",
        check_pages.check_strip,
        name="check_strip",
    ),
    path("datasets/<slug:slug>/runs/", pages.runs, name="runs"),
    path("datasets/<slug:slug>/runs/start/", pages.start_run, name="start_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/", pages.run, name="run"),
    path("datasets/<slug:slug>/runs/<int:pk>/stop/", pages.stop_run, name="stop_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/resume/", pages.resume_run, name="resume_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/calls/<int:call_pk>/", pages.call, name="call"),
]
