"""Addresses of the API on machine work, under `/api/v1/`."""

from django.urls import path

from generation.api import (
    benchmark,
    calibration_plan,
    judges,
    relevance,
    retrievers,
    runs,
    supports,
    trying,
    views,
)

DATASET = "datasets/<slug:dataset>/"
SUPPORTS = f"{DATASET}dialogues/<path:external_id>/supports"
RETRIEVER = f"{DATASET}retrievers/<slug:name>"
BENCHMARK = f"{DATASET}benchmarks/<int:run>"
RUN = f"{DATASET}runs/<int:run>"

urlpatterns = [
    path(f"{SUPPORTS}/", supports.support, name="api-support-word"),
    path(f"{SUPPORTS}/<int:support>/", supports.withdraw, name="api-withdraw-support"),
    path("assignments/<int:assignment>/try/", trying.try_text, name="api-try-text"),
    path(
        f"{DATASET}dialogues/<path:external_id>/relevance/",
        relevance.images_that_fit,
        name="api-relevance",
    ),
    path(f"{DATASET}endpoints/", views.Endpoints.as_view(), name="api-endpoints"),
    path(f"{DATASET}endpoints/<slug:name>/", views.OneEndpoint.as_view(), name="api-endpoint"),
    path(f"{DATASET}endpoints/<slug:name>/try/", views.try_it, name="api-try"),
    path(f"{DATASET}prompts/<slug:kind>/", views.PromptInUse.as_view(), name="api-prompt"),
    path(f"{DATASET}rubric/", views.RubricInForce.as_view(), name="api-rubric"),
    path(
        f"{DATASET}calibration/plan/",
        calibration_plan.calibration_plan,
        name="api-calibration-plan",
    ),
    path(f"{DATASET}judges/", judges.judges, name="api-judges"),
    path(f"{DATASET}retrievers/", retrievers.Retrievers.as_view(), name="api-retrievers"),
    path(f"{RETRIEVER}/", retrievers.OneRetriever.as_view(), name="api-retriever"),
    path(f"{RETRIEVER}/primary/", retrievers.make_primary, name="api-make-primary"),
    path(f"{DATASET}benchmarks/", benchmark.Benchmarks.as_view(), name="api-benchmarks"),
    path(f"{BENCHMARK}/", benchmark.benchmark_detail, name="api-benchmark"),
    path(f"{BENCHMARK}/files/<str:name>", benchmark.benchmark_file, name="api-benchmark-file"),
    path(f"{BENCHMARK}/write/", benchmark.write_files, name="api-write-benchmark-files"),
    path(f"{DATASET}runs/", runs.Runs.as_view(), name="api-runs"),
    path(f"{RUN}/", runs.run_detail, name="api-run"),
    path(f"{RUN}/pause/", runs.pause, name="api-pause-run"),
    path(f"{RUN}/resume/", runs.resume, name="api-resume-run"),
    path(f"{RUN}/stop/", runs.stop, name="api-stop-run"),
    path(f"{RUN}/retry/", runs.retry, name="api-retry-failed"),
    path(f"{RUN}/calls/", runs.Calls.as_view(), name="api-calls"),
]
