"""Finds which images of a corpus look alike, and keeps it until the corpus changes.

By hash, all with all: 6 bits of 64. Of 1,064 pictures (1,000 photographs, 64 drawings) copies that
were halved, made grey or encoded again all stay within 6 bits, 97% of brightened ones, and 84% of
those that lost 2% at each edge; of the 565,516 pairs of different pictures 4 do, drawings of one
scene each, and no two photographs below 10.

By vector, targets with all: a cosine of 0.95. How close different pictures come depends on the
model, so this is a careful choice rather than a measured one. Too many pairs do no harm: people are
shown more images, and clusters that are too large make intervals wider, never narrower.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations, product

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from generation.likeness import bits, cosines
from generation.models import ImageLikeness, LikenessFound, VectorSpace
from review import hashing
from review.locking import held
from review.models import Dataset, Dialogue, Image

MOST_BITS = 6
LEAST_COSINE = 0.95
# Of pictures with one hash so many are compared one by one; the others each with the first.
MOST_EQUAL = 8
# Any fixed number: with a dataset's key it names the lock under which its likenesses are found.
_LOCK = 0x11CE

_Pair = tuple[str, str]


def datasets_awaiting() -> list[int]:
    """Keys of the datasets whose likenesses are not those of their present corpus.

    One whose pictures are still being hashed waits until they are.
    """
    busy = set(hashing.datasets_awaiting())
    found = dict(LikenessFound.objects.values_list("dataset_id", "key"))
    datasets = Dataset.objects.filter(corpus_version__gt=0).exclude(pk__in=busy)
    return [dataset.pk for dataset in datasets if found.get(dataset.pk) != _key(dataset)]


def find(dataset: Dataset) -> bool:
    """Finds the likenesses of a dataset anew; False while another worker is at it."""
    with held(_LOCK, dataset.pk) as is_ours:
        if is_ours:
            key = _key(dataset)
            _keep(dataset, key, _by_hash(dataset), _by_vector(dataset))
    return is_ours


def _key(dataset: Dataset) -> str:
    """Stands for all that likenesses depend on."""
    space = _space(dataset)
    newest = Dialogue.objects.filter(dataset=dataset).aggregate(newest=Max("pk"))["newest"]
    vectors = (space.hash, space.complete_version) if space else None
    known = (dataset.corpus_version, vectors, newest, MOST_BITS, LEAST_COSINE)
    return hashlib.sha256(repr(known).encode()).hexdigest()


def _space(dataset: Dataset) -> VectorSpace | None:
    """The newest complete vectors, of the primary retriever if it has any."""
    complete = VectorSpace.objects.filter(
        retriever__dataset=dataset, retriever__retired=False, complete_version__isnull=False
    )
    return complete.order_by("-retriever__primary", "retriever__name", "-pk").first()


def _by_hash(dataset: Dataset) -> dict[_Pair, int]:
    groups: dict[int, list[str]] = defaultdict(list)
    rows = Image.objects.current().filter(dataset=dataset).exclude(perceptual_hash="")
    named = rows.order_by("external_id").values_list("external_id", "perceptual_hash")
    for image, code in named.iterator(chunk_size=5000):
        if code != hashing.NONE:
            groups[int(code, 16)].append(image)
    found = {pair: 0 for group in groups.values() for pair in _equal(group)}
    codes = sorted(groups)
    for one, other, apart in bits.close(np.array(codes, np.uint64), MOST_BITS).tolist():
        some, others = groups[codes[one]][:MOST_EQUAL], groups[codes[other]][:MOST_EQUAL]
        found.update({_pair(*both): apart for both in product(some, others)})
    return found


def _equal(group: list[str]) -> Iterator[_Pair]:
    """Pairs among images of one hash, in order: a thousand of them are not half a million pairs."""
    yield from combinations(group[:MOST_EQUAL], 2)
    yield from ((group[0], image) for image in group[MOST_EQUAL:])


def _by_vector(dataset: Dataset) -> dict[_Pair, float]:
    space = _space(dataset)
    if space is None:
        return {}
    rows = Image.objects.current().filter(dataset=dataset)
    targets = rows.filter(external_id__in=_targets(dataset)).values_list("pk", flat=True)
    alike = cosines.alike(space, list(targets), LEAST_COSINE)
    keys = {key for one, other, _ in alike for key in (one, other)}
    names = dict(rows.filter(pk__in=keys).values_list("pk", "external_id"))
    return {
        _pair(names[one], names[other]): cosine
        for one, other, cosine in alike
        if one in names and other in names
    }


def _targets(dataset: Dataset) -> set[str]:
    named = Dialogue.objects.filter(dataset=dataset).values_list("target_images", flat=True)
    return {image for targets in named.iterator(chunk_size=5000) for image in targets}


def _pair(one: str, other: str) -> _Pair:
    return (one, other) if one < other else (other, one)


@transaction.atomic
def _keep(
    dataset: Dataset, key: str, by_hash: dict[_Pair, int], by_vector: dict[_Pair, float]
) -> None:
    """Puts what was found in place of what was known; who reads meanwhile sees either whole."""
    ImageLikeness.objects.filter(dataset=dataset).delete()
    rows = (
        ImageLikeness(
            dataset=dataset,
            first=pair[0],
            second=pair[1],
            bits=by_hash.get(pair),
            cosine=by_vector.get(pair),
        )
        for pair in _all(by_hash, by_vector)
    )
    ImageLikeness.objects.bulk_create(rows, batch_size=2000)
    LikenessFound.objects.update_or_create(
        dataset=dataset, defaults={"key": key, "found": timezone.now()}
    )


def _all(*found: Iterable[_Pair]) -> list[_Pair]:
    return sorted({pair for pairs in found for pair in pairs})
