"""Indexes in the background: built when a page first asks for one, or the corpus has changed."""

from celery import shared_task

from generation import retrievers, workers
from generation.retrievers.corpora import index_of
from review.locking import held
from review.models import Dataset
from review.publishing import publish

# The first number of PostgreSQL's advisory locks on building, one lock per dataset.
BUILDING = 0x1D8
# Pages ask every second while they wait. A task that was lost is sent again after these.
SEND_AGAIN_SECONDS = 5


@shared_task
def build_index(dataset_id: int) -> None:
    """Builds the index of a dataset's present corpus. What is there already costs nothing."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return
    with held(BUILDING, dataset_id) as is_ours:
        if is_ours:
            index_of(dataset, retrievers.primary(dataset))


def ask_for_index(dataset: Dataset) -> None:
    """Has a worker build what is missing; of many who ask at once, one sends the task."""
    if workers.is_first(f"index-{dataset.pk}", SEND_AGAIN_SECONDS):
        publish(build_index, dataset.pk)
