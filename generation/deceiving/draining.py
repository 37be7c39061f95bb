"""Looking at what awaits it, in the background: after checks, and after what people said."""

import logging
from collections.abc import Callable, Collection, Iterator, Sequence

from django.db import InterfaceError, OperationalError
from django.db.models import Exists, OuterRef, Q

from generation import retrievers
from generation.deceiving.measuring import Leaking, measure, measure_without_leaks
from generation.deceiving.renewing import renew
from generation.errors import NotReady
from generation.retrievers import Retriever
from review.locking import held
from review.models import Dataset, Dialogue
from review.models.dialogues import DialogueQuerySet

logger = logging.getLogger(__name__)

# Searched for together: some ten texts each.
BATCH = 32
# The first number of PostgreSQL's advisory locks on looking, one lock per dataset.
LOOKING = 20_260_711


def datasets_awaiting() -> list[Dataset]:
    """The datasets in which something is to be looked at: for the sweep."""
    due = _due().filter(dataset=OuterRef("pk"))
    return list(Dataset.objects.filter(Exists(due)))


def waits(dataset_id: int) -> bool:
    """Whether something is to be looked at in a dataset."""
    return _due().filter(dataset=dataset_id).exists()


def drain(dataset_id: int, *, enough: Callable[[], bool] = lambda: False) -> None:
    """Looks at what awaits it in a dataset, until nothing is left or it was `enough`.

    One at a time in each dataset: what another is at is left to it. Nobody is kept from a dialogue
    while its words are searched with.
    """
    dataset = Dataset.objects.filter(pk=dataset_id).first()
    with held(LOOKING, dataset_id) as is_ours:
        if dataset is None or not is_ours:
            return
        try:
            any(enough() for _ in _pass_over(dataset))
        except NotReady as reason:
            logger.info("Words of dataset %s wait for its retriever: %s", dataset.slug, reason)


def _pass_over(dataset: Dataset) -> Iterator[int]:
    """Looks at each dialogue that waits, in batches; gives the key of the last of each."""
    after = 0
    while batch := list(_waiting(dataset, after)[:BATCH]):
        _look_or_log(dataset, batch)
        after = batch[-1].pk
        yield after


def _waiting(dataset: Dataset, after: int) -> DialogueQuerySet:
    rows = _due().filter(dataset=dataset, pk__gt=after)
    return rows.select_related("approved_candidate").order_by("pk")


def _due() -> DialogueQuerySet:
    """Approved, and checked where there is a target to look for."""
    checked = Q(checked_at__isnull=False) | Q(target_images=[])
    return Dialogue.objects.approved().filter(checked, traits_due=True)


def _look_or_log(dataset: Dataset, batch: Sequence[Dialogue]) -> None:
    """One that fails is logged and left to the next sweep; it keeps nothing from the others."""
    try:
        look(dataset, batch, retrievers.primary(dataset))
    except (NotReady, OperationalError, InterfaceError):
        raise  # Nothing else will do better.
    except Exception:
        if len(batch) == 1:
            logger.exception("The words of dialogue %s could not be looked at", batch[0].pk)
            return
        for dialogue in batch:
            _look_or_log(dataset, [dialogue])


def look_at(dataset: Dataset, dialogue_ids: Collection[int]) -> None:
    """Looks now at those of some dialogues that await it; one that fails is left to the sweep.

    Raises `NotReady` where the primary retriever cannot search.
    """
    rows = _due().filter(dataset=dataset, pk__in=dialogue_ids).order_by("pk")
    waiting = list(rows.select_related("approved_candidate"))
    for begin in range(0, len(waiting), BATCH):
        _look_or_log(dataset, waiting[begin : begin + BATCH])


def look(dataset: Dataset, dialogues: Sequence[Dialogue], retriever: Retriever) -> None:
    """Finds what deceives in approved dialogues, by one retriever. Safe to repeat.

    Raises `NotReady` where the retriever cannot search.
    """
    measure(dataset, dialogues, retriever)
    lacking = renew(dataset, dialogues, retriever)
    if lacking:
        measure_without_leaks(dataset, lacking, retriever)
        renew(dataset, _of(lacking, dialogues), retriever)


def _of(lacking: Sequence[Leaking], dialogues: Sequence[Dialogue]) -> list[Dialogue]:
    keys = {one.dialogue.pk for one in lacking}
    return [one for one in dialogues if one.pk in keys]
