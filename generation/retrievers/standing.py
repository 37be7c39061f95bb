"""How the retrievers of a dataset stand: what they can search, what they wait for, what is old."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from generation.checks.checking import checker_of
from generation.checks.due import counted_outdated
from generation.checks.waiting import what_lacks
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, ImageVector, RetrieverKind
from generation.retrievers import configured, made
from generation.vectors.spaces import present
from review.checking import Checker
from review.models import Dataset, Image

# Reasons why images cannot be searched for; the most frequent ones are told.
MOST_REASONS = 3


@dataclass(frozen=True)
class RetrieverStanding:
    """One retriever: `waits_for` is empty where it can search now. Of `images` in the corpus it
    can find `found`; `missing` says of the others why, as (reason, how many). Of `approved`
    dialogues with targets `outdated` lack its check as it is now; None while it cannot check."""

    row: ConfiguredRetriever
    version: str
    members: list[str]
    waits_for: str
    images: int
    found: int | None
    missing: list[tuple[str, int]]
    approved: int
    outdated: int | None

    @property
    def is_ready(self) -> bool:
        return not self.waits_for


def standings(dataset: Dataset) -> list[RetrieverStanding]:
    """All retrievers of a dataset, its primary first."""
    return _of(dataset, configured(dataset))


def standing_of(dataset: Dataset, row: ConfiguredRetriever) -> RetrieverStanding:
    return _of(dataset, [row])[0]


def _of(dataset: Dataset, rows: Sequence[ConfiguredRetriever]) -> list[RetrieverStanding]:
    images = Image.objects.current().filter(dataset=dataset).count()
    by = {row.pk: checker for row in rows if (checker := _checker(dataset, row))}
    approved, counts = counted_outdated(dataset, list(by.values()))
    outdated = dict(zip(by, counts, strict=True))
    return [_standing(dataset, row, images, approved, outdated.get(row.pk)) for row in rows]


def _checker(dataset: Dataset, row: ConfiguredRetriever) -> Checker | None:
    try:
        return checker_of(dataset, row)
    except NotReady:
        return None


def _standing(
    dataset: Dataset, row: ConfiguredRetriever, images: int, approved: int, outdated: int | None
) -> RetrieverStanding:
    missing = _missing(dataset, row)
    waits_for = what_lacks(dataset, row)
    return RetrieverStanding(
        row=row,
        version=made(row).version,
        members=[member.name for member in row.members.all()],
        waits_for=waits_for,
        images=images,
        found=None if waits_for or missing is None else images - sum(n for _, n in missing),
        missing=(missing or [])[:MOST_REASONS],
        approved=approved,
        outdated=outdated,
    )


def _missing(dataset: Dataset, row: ConfiguredRetriever) -> list[tuple[str, int]] | None:
    """Why images of the corpus cannot be found, the most frequent reason first; None: unknown."""
    images = Image.objects.current().filter(dataset=dataset)
    if row.kind == RetrieverKind.BM25:
        bare = images.filter(caption="").count()
        return [("no caption", bare)] if bare else []
    space = present(row)
    if space is None:
        return None
    without = ImageVector.objects.filter(space=space, vector=None, image__in=images)
    counted = without.values_list("reason").annotate(count=Count("pk")).order_by("-count")
    return list(counted)
