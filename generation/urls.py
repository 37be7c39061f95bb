"""Addresses of `generation`: runs, and the fragments that pages of `review` load."""

from django.urls import path

from generation.pages import checks, runs

urlpatterns = [
    path(
        "datasets/<slug:slug>/checks/<path:external_id>/",
        checks.check_strip,
        name="check_strip",
    ),
    path("datasets/<slug:slug>/runs/", runs.runs, name="runs"),
    path("datasets/<slug:slug>/runs/start/", runs.start_run, name="start_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/", runs.run, name="run"),
    path("datasets/<slug:slug>/runs/<int:pk>/stop/", runs.stop_run, name="stop_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/resume/", runs.resume_run, name="resume_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/calls/<int:call_pk>/", runs.call, name="call"),
]
