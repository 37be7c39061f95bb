"""Indexes in the background: built when a page first asks for one, or the corpus has changed."""

import logging

from celery import shared_task

from generation import retrievers
from generation.errors import NotReady
from generation.retrievers.corpora import index_of
from generation.searching import workers
from review.locking import held
from review.models import Dataset
from review.publishing import publish

logger = logging.getLogger(__name__)

# The first number of PostgreSQL's advisory locks on building, one lock per dataset.
BUILDING = 0x1D8
# Pages ask every second while they wait. A task that was lost is sent again after these.
SEND_AGAIN_SECONDS = 5


@shared_task
def build_index(dataset_id: int) -> None:
    """Builds the indexes of a dataset's present corpus, the primary retriever's first. What is
    there already costs nothing; what is not ready yet asks again when it is."""
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    if dataset is None:
        return
    with held(BUILDING, dataset_id) as is_ours:
        for retriever in retrievers.of_dataset(dataset) if is_ours else []:
            try:
                index_of(dataset, retriever)
            except NotReady as reason:
                logger.info("%s of %s has no index yet: %s", retriever.name, dataset.slug, reason)


def ask_for_index(dataset: Dataset) -> None:
    """Has a worker build what is missing; of many who ask at once, one sends the task."""
    if workers.is_first(f"index-{dataset.pk}", SEND_AGAIN_SECONDS):
        publish(build_index, dataset.pk)
