"""The Celery application: three queues, so that slow model calls never hold up a check."""

import os

from celery import Celery
from kombu import Queue

from recqr_site import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recqr_site.settings")
embedded.ensure()

app = Celery("recqr_site")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_queues = [Queue("llm"), Queue("retrieval"), Queue("default")]
# Finds what a worker or the broker lost. A sweep that nobody took in time is not worth keeping.
app.conf.beat_schedule = {
    "sweep": {"task": "generation.tasks.sweep", "schedule": 5.0, "options": {"expires": 5.0}},
    "sweep-places": {
        "task": "review.tasks.sweep_places",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sweep-imports": {
        "task": "review.tasks.sweep_imports",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "sweep-scores": {
        "task": "review.tasks.sweep_scores",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "sweep-policies": {
        "task": "review.tasks.sweep_policies",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "sweep-agreement": {
        "task": "review.agreement_tasks.sweep_agreement",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
    "sweep-second-looks": {
        "task": "review.tasks.sweep_second_looks",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
    "sweep-images": {
        "task": "review.picture_tasks.sweep_images",
        "schedule": 15.0,
        "options": {"expires": 15.0},
    },
    "sweep-vectors": {
        "task": "generation.vectors.tasks.sweep_vectors",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "sweep-likenesses": {
        "task": "generation.likeness.tasks.sweep_likenesses",
        "schedule": 30.0,
        "options": {"expires": 30.0},
    },
}
app.autodiscover_tasks()
app.autodiscover_tasks(["review"], related_name="picture_tasks")
app.autodiscover_tasks(["review"], related_name="agreement_tasks")
app.autodiscover_tasks(["generation.likeness"])
app.autodiscover_tasks(["generation.vectors"])
