"""Tasks of Celery: each takes ids, may run twice, and calls functions that know nothing of it."""

import logging

from celery import shared_task

from review import assignments, policy, rubrics, scoring
from review.discussion import second_looks
from review.errors import ReviewError
from review.importing import working
from review.importing.engine import Busy
from review.models import Dataset, Import
from review.publishing import SafelySent

logger = logging.getLogger(__name__)

SWEEP_EXPIRES_SECONDS = 30.0


@shared_task(base=SafelySent)
def run_import(import_id: int) -> None:
    """Does an import, or goes on with it where its worker died.

    One that must wait for another of its dataset stays as it is: the sweep brings it back.
    """
    waiting = Import.objects.unfinished().select_related("dataset", "upload", "by")
    record = waiting.filter(pk=import_id).first()
    if record is None:
        return
    try:
        working.work_on(record)
    except Busy:
        logger.info("import %s waits for another of its dataset", import_id)
    except (ReviewError, OSError) as error:
        # It stands in the record, where whoever asked for the import reads it.
        logger.info("import %s could not be done: %s", import_id, error)


@shared_task(base=SafelySent)
def sweep_places() -> None:
    """Frees the places of people who went away, so that others are handed their dialogues."""
    while assignments.release_overdue():
        pass


@shared_task(base=SafelySent)
def sweep_imports() -> None:
    """Finds imports that nobody is at work on: a worker died, or the broker lost the message."""
    for import_id in working.left_to_workers():
        # Where all workers are busy, tasks of many sweeps must not pile up.
        run_import.apply_async((import_id,), expires=SWEEP_EXPIRES_SECONDS)
    working.end_abandoned()


@shared_task(base=SafelySent)
def rescore(dataset_id: int) -> None:
    """Reckons the scores of a dataset by its rubric in force, after its weights changed."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        scoring.catch_up(dataset)


@shared_task(base=SafelySent)
def sweep_scores() -> None:
    """Finds datasets whose scores wait for it: a worker died, or the broker lost the message."""
    for dataset in rubrics.awaiting():
        rescore.apply_async((dataset.pk,), expires=SWEEP_EXPIRES_SECONDS)


@shared_task(base=SafelySent)
def follow_policy(dataset_id: int) -> None:
    """Makes what is open in a dataset follow its policy, after that changed."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is not None:
        policy.catch_up(dataset)


@shared_task(base=SafelySent)
def sweep_policies() -> None:
    """Finds changes that are not followed yet: a worker died, a message was lost, or somebody was
    at work on a dialogue that is to be settled."""
    for dataset in policy.awaiting():
        follow_policy.apply_async((dataset.pk,), expires=SWEEP_EXPIRES_SECONDS)


@shared_task(base=SafelySent)
def send_back_old(look_id: int) -> None:
    """Sends back the decisions under old guidelines that an admin asked a second look at."""
    look = second_looks.unfinished().select_related("dataset", "by").filter(pk=look_id).first()
    if look is not None:
        second_looks.send(look)


@shared_task(base=SafelySent)
def sweep_second_looks() -> None:
    """Finds those that nobody is at work on: a worker died, or the broker lost the message."""
    for look_id in second_looks.unfinished().values_list("pk", flat=True):
        send_back_old.apply_async((look_id,), expires=SWEEP_EXPIRES_SECONDS)
