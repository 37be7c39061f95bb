"""Addresses of `generation`: runs, and the fragments that pages of `review` load."""

from django.urls import path

from generation.pages import (
    benchmark,
    benchmark_files,
    benchmark_starting,
    calls,
    checks,
    deceptions,
    endpoints,
    judges,
    prompts,
    relevance,
    retrievers,
    rubric,
    runs,
    spending,
    trying,
)
from generation.pages.calibration import certificates, files, report, waves

BENCHMARK = "datasets/<slug:slug>/benchmark/"
CALIBRATION = "datasets/<slug:slug>/calibration/"
CERTIFICATES = f"{CALIBRATION}certificates/"
WAVES = f"{CALIBRATION}waves/"
RELEVANCE = "datasets/<slug:slug>/relevance/"
MODELS = "datasets/<slug:slug>/models/"
ENDPOINT = f"{MODELS}endpoints/<slug:name>/"
RETRIEVER = f"{MODELS}retrievers/<slug:name>/"
PROMPT = f"{MODELS}prompts/<slug:kind>/"

urlpatterns = [
    path(
        "datasets/<slug:slug>/checks/<path:external_id>/",
        checks.check_strip,
        name="check_strip",
    ),
    # Before the panel itself: the id may hold slashes.
    path(
        "datasets/<slug:slug>/deceptions/<path:external_id>/supports/<int:support>/withdraw/",
        deceptions.withdraw_support,
        name="withdraw_support",
    ),
    path(
        "datasets/<slug:slug>/deceptions/<path:external_id>/",
        deceptions.deceptions,
        name="deceptions",
    ),
    path("places/<int:assignment_id>/try/", trying.try_rewrite, name="try_rewrite"),
    path(RELEVANCE, relevance.queue, name="relevance"),
    path(f"{RELEVANCE}<path:external_id>/", relevance.grid, name="relevance_of"),
    path(
        "datasets/<slug:slug>/relevance-ahead/<path:external_id>/",
        relevance.ahead,
        name="relevance_ahead",
    ),
    path(
        "datasets/<slug:slug>/relevance-panel/<path:external_id>/",
        relevance.panel,
        name="relevance_panel",
    ),
    path("datasets/<slug:slug>/runs/", runs.runs, name="runs"),
    path("datasets/<slug:slug>/runs/start/", runs.start_run, name="start_run"),
    path("datasets/<slug:slug>/runs/estimate/", runs.estimate_run, name="estimate_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/", runs.run, name="run"),
    path("datasets/<slug:slug>/runs/<int:pk>/pause/", runs.pause_run, name="pause_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/stop/", runs.stop_run, name="stop_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/resume/", runs.resume_run, name="resume_run"),
    path("datasets/<slug:slug>/runs/<int:pk>/retry/", runs.retry_failed, name="retry_failed"),
    path("datasets/<slug:slug>/runs/<int:pk>/calls/", calls.calls, name="calls"),
    path("datasets/<slug:slug>/runs/<int:pk>/calls/<int:call_pk>/", calls.call, name="call"),
    path(BENCHMARK, benchmark.benchmark, name="benchmark"),
    path(f"{BENCHMARK}new/", benchmark_starting.new_benchmark, name="new_benchmark"),
    path(
        f"{BENCHMARK}new/estimate/",
        benchmark_starting.estimate_benchmark,
        name="estimate_benchmark",
    ),
    path(f"{BENCHMARK}<int:pk>/", benchmark.benchmark_run, name="benchmark_run"),
    path(
        f"{BENCHMARK}<int:pk>/files/<str:name>",
        benchmark_files.benchmark_file,
        name="benchmark_file",
    ),
    path(
        f"{BENCHMARK}<int:pk>/write/",
        benchmark_files.write_benchmark_files,
        name="write_benchmark_files",
    ),
    path(
        f"{BENCHMARK}<int:pk>/reckon/",
        benchmark_files.reckon_benchmark,
        name="reckon_benchmark",
    ),
    path(CALIBRATION, report.calibration, name="calibration"),
    path(f"{CALIBRATION}compute/", report.compute, name="compute_calibration"),
    path(f"{CALIBRATION}files/<str:name>", files.calibration_file, name="calibration_file"),
    path(f"{WAVES}new/", waves.new_wave, name="new_wave"),
    path(f"{WAVES}preview/", waves.preview_wave, name="preview_wave"),
    path(f"{WAVES}<int:number>/close/", waves.close_wave, name="close_wave"),
    path(f"{CERTIFICATES}new/", certificates.new_certificate, name="new_certificate"),
    path(
        f"{CERTIFICATES}preview/",
        certificates.preview_certificate,
        name="preview_certificate",
    ),
    path(
        f"{CERTIFICATES}<int:number>/withdraw/",
        certificates.withdraw_certificate,
        name="withdraw_certificate",
    ),
    path(
        f"{CERTIFICATES}<int:number>/put-back/",
        certificates.put_back_certified,
        name="put_back_certified",
    ),
    path("datasets/<slug:slug>/spending/", spending.spending, name="spending"),
    path(MODELS, endpoints.endpoints, name="endpoints"),
    path(f"{MODELS}new-endpoint/", endpoints.new_endpoint, name="new_endpoint"),
    path(ENDPOINT, endpoints.endpoint, name="endpoint"),
    path(f"{ENDPOINT}try/", endpoints.try_it, name="try_it"),
    path(f"{ENDPOINT}price/", endpoints.set_price, name="set_price"),
    path(f"{ENDPOINT}price/remove/", endpoints.remove_price, name="remove_price"),
    path(f"{ENDPOINT}retire/", endpoints.retire_endpoint, name="retire_endpoint"),
    path(f"{MODELS}retrievers/", retrievers.retrievers, name="retrievers"),
    path(f"{MODELS}retrievers/new/<slug:kind>/", retrievers.new_retriever, name="new_retriever"),
    path(RETRIEVER, retrievers.retriever, name="retriever"),
    path(f"{RETRIEVER}primary/", retrievers.make_primary, name="make_primary"),
    path(f"{RETRIEVER}retire/", retrievers.retire_retriever, name="retire_retriever"),
    path(f"{MODELS}prompts/", prompts.prompts, name="prompts"),
    path(PROMPT, prompts.prompt, name="prompt"),
    path(f"{PROMPT}preview/", prompts.preview_prompt, name="preview_prompt"),
    path(f"{PROMPT}shipped/", prompts.use_shipped, name="use_shipped_prompt"),
    path(f"{PROMPT}versions/<int:version>/", prompts.prompt_version, name="prompt_version"),
    path(f"{MODELS}rubric/", rubric.rubric, name="rubric"),
    path(f"{MODELS}rubric/shipped/", rubric.use_shipped, name="use_shipped_rubric"),
    path(f"{MODELS}rubric/versions/<int:version>/", rubric.rubric_version, name="rubric_version"),
    path(f"{MODELS}judges/", judges.judges, name="judges"),
    path(f"{MODELS}judges/compute/", judges.compute_judges, name="compute_judges"),
]
