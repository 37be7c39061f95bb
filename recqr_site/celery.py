"""The Celery application: three queues, so that slow model calls never hold up a check."""

import os

from celery import Celery
from kombu import Queue

from recqr_site import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recqr_site.settings")
embedded.ensure()

app = Celery("recqr_site", fixups=["recqr_site.worker_connections:fixup"])
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue("llm"), Queue("retrieval"), Queue("default")]
# Finds what a worker or the broker lost. A sweep that nobody took in time is not worth keeping.
SWEEPS = {
    "generation.tasks.sweep": 5.0,
    "review.tasks.sweep_places": 60.0,
    "review.tasks.sweep_imports": 5.0,
    "review.tasks.sweep_scores": 30.0,
    "review.tasks.sweep_policies": 30.0,
    "review.report_tasks.sweep_reports": 60.0,
    "review.calibration.sampling.tasks.sweep_waves": 30.0,
    "review.tasks.sweep_second_looks": 30.0,
    "review.calibration.certifying.tasks.sweep_certificates": 30.0,
    "review.picture_tasks.sweep_images": 15.0,
    "generation.vectors.tasks.sweep_vectors": 5.0,
    "generation.likeness.tasks.sweep_likenesses": 30.0,
}
app.conf.beat_schedule = {
    task: {"task": task, "schedule": seconds, "options": {"expires": seconds}}
    for task, seconds in SWEEPS.items()
}
app.autodiscover_tasks()
app.autodiscover_tasks(["review"], related_name="picture_tasks")
app.autodiscover_tasks(["review"], related_name="report_tasks")
app.autodiscover_tasks(["review.calibration.sampling"])
app.autodiscover_tasks(["review.calibration.certifying"])
app.autodiscover_tasks(["generation.likeness"])
app.autodiscover_tasks(["generation.vectors"])
