"""How the retrievers of a dataset stand: what they can search, what they wait for, what is old."""

from dataclasses import dataclass

from django.db.models import Count

from generation.checks.checking import checker_of
from generation.checks.due import outdated
from generation.checks.waiting import what_lacks
from generation.errors import NotReady
from generation.models import ConfiguredRetriever, ImageVector, RetrieverKind
from generation.retrievers import configured, made
from generation.vectors.spaces import present
from review.models import Dataset, Dialogue, Image

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
    counts = _counts(dataset)
    return [_standing(dataset, row, *counts) for row in configured(dataset)]


def standing_of(dataset: Dataset, row: ConfiguredRetriever) -> RetrieverStanding:
    return _standing(dataset, row, *_counts(dataset))


def _counts(dataset: Dataset) -> tuple[int, int]:
    """Images of the corpus, and approved dialogues with targets."""
    approved = Dialogue.objects.approved().filter(dataset=dataset).exclude(target_images=[])
    return Image.objects.current().filter(dataset=dataset).count(), approved.count()


def _standing(
    dataset: Dataset, row: ConfiguredRetriever, images: int, approved: int
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
        outdated=_outdated(dataset, row),
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


def _outdated(dataset: Dataset, row: ConfiguredRetriever) -> int | None:
    try:
        checker = checker_of(dataset, row)
    except NotReady:
        return None
    return outdated(dataset, [checker]).count()
