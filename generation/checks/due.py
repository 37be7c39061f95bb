"""Which dialogues a retriever is still to look at."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import timedelta

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone

from generation.checks.checking import checker_of
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import configured
from review.checking import Checker, lacks
from review.models import Candidate, Dataset, Dialogue
from review.models.dialogues import DialogueQuerySet

# A drain takes seconds for what came at once: what waits longer is held up by something else, and
# says nothing of whether a task was sent.
JUST_NOW = timedelta(seconds=10)


def checkers(dataset: Dataset, rows: Sequence[ConfiguredRetriever] | None = None) -> list[Checker]:
    """How the retrievers of a dataset check now, its primary first; without those of which no
    worker has loaded the model yet. `rows` are those retrievers where they are at hand."""
    found = []
    for row in configured(dataset) if rows is None else rows:
        with suppress(NotReady):
            found.append(checker_of(dataset, row))
    return found


def datasets_due() -> QuerySet[Dataset]:
    """The datasets in which a check is due: for the sweep."""
    due = Dialogue.objects.filter(dataset=OuterRef("pk"), checks_due=True)
    return Dataset.objects.filter(Exists(due))


def others_wait(dataset_id: int, dialogue_id: int) -> bool:
    """Whether any other dialogue of a dataset awaits its first check since a moment ago."""
    return _fresh().filter(dataset=dataset_id).exclude(pk=dialogue_id).exists()


def some_wait() -> bool:
    """Whether any dialogue of any dataset does: whatever can wait lets it pass."""
    return _fresh().exists()


def _fresh() -> QuerySet[Dialogue]:
    due = Dialogue.objects.filter(checks_due=True, checked_at=None)
    return due.filter(settled_at__gt=timezone.now() - JUST_NOW)


def due_for(checker: Checker, dataset: Dataset, after: int) -> QuerySet[Dialogue]:
    """What is due and waits for one retriever, from a key on, with what a check needs."""
    due = Dialogue.objects.filter(dataset=dataset, checks_due=True, pk__gt=after)
    return ready(due).filter(_waits_for(checker)).order_by("pk")


def _waits_for(checker: Checker) -> Q:
    # A rewrite that is approved a second time has its ranks, and the dialogue no outcome.
    return checker.lacks() | Q(checked_at=None) if checker.decides else checker.lacks()


def outdated(dataset: Dataset, by: Sequence[Checker] | None = None) -> DialogueQuerySet:
    """Approved dialogues with targets that lack a check by some retriever as it is now, of the
    corpus as it is now, under the present rule."""
    return checkable(dataset).filter(_is_outdated(checkers(dataset) if by is None else by))


def checkable(dataset: Dataset) -> DialogueQuerySet:
    return Dialogue.objects.approved().filter(dataset=dataset).exclude(target_images=[])


def _is_outdated(by: Sequence[Checker]) -> Q:
    return Q(checks_due=True) | Q(checked_at=None) | lacks(by)


def counted_outdated(dataset: Dataset, by: Sequence[Checker]) -> tuple[int, list[int]]:
    """How many approved dialogues with targets there are, and of how many of these each retriever's
    check is `outdated`; all are looked at once."""
    each = {f"by_{place}": Count("pk", filter=_is_outdated([one])) for place, one in enumerate(by)}
    counts = checkable(dataset).aggregate(all=Count("pk"), **each)
    return counts["all"], [counts[name] for name in each]


def rankable(dataset: Dataset) -> DialogueQuerySet:
    """Open dialogues with targets and candidates: their candidates may be ranked before anybody
    chooses among them."""
    offered = Candidate.objects.proposed().filter(dialogue=OuterRef("pk"))
    rows = Dialogue.objects.unresolved().filter(Exists(offered), dataset=dataset)
    return rows.exclude(target_images=[])


def unranked(dataset: Dataset, by: Checker) -> DialogueQuerySet:
    """Open dialogues with a candidate that the primary retriever has not ranked, or whose spread is
    of another."""
    offered = Candidate.objects.proposed().filter(dialogue=OuterRef("pk"))
    lacks = Q(Exists(offered.exclude(by.has_ranked()))) | ~Q(ranked_as=by.key)
    return rankable(dataset).filter(lacks)


def lacking(checker: Checker, dialogue_ids: Collection[int], dataset: Dataset) -> list[Dialogue]:
    """Of those dialogues what one retriever is to look at: approved ones that it has not checked,
    and open ones whose candidates it has not ranked, if it is the primary."""
    keys = Q(pk__in=list(dialogue_ids))
    found = list(ready(outdated(dataset, [checker]).filter(keys).filter(_waits_for(checker))))
    if checker.decides:
        found += ready(unranked(dataset, checker).filter(keys))
    return found


def ready(rows: QuerySet[Dialogue]) -> QuerySet[Dialogue]:
    """With what a check needs of each, in a fixed number of questions."""
    candidates = Prefetch("candidates", Candidate.objects.of_the_record().order_by("pk"))
    return rows.select_related("approved_candidate").prefetch_related(candidates)
