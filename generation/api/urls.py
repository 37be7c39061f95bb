"""Addresses of the API on machine work, under `/api/v1/`."""

from django.urls import path

from generation.api import views

DATASET = "datasets/<slug:dataset>/"

urlpatterns = [
    path(f"{DATASET}endpoints/", views.Endpoints.as_view(), name="api-endpoints"),
    path(f"{DATASET}endpoints/<slug:name>/", views.OneEndpoint.as_view(), name="api-endpoint"),
    path(f"{DATASET}endpoints/<slug:name>/try/", views.try_it, name="api-try"),
    path(f"{DATASET}prompts/<slug:kind>/", views.PromptInUse.as_view(), name="api-prompt"),
    path(f"{DATASET}rubric/", views.RubricInForce.as_view(), name="api-rubric"),
]
