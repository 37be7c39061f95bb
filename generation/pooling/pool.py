"""The pool of a dialogue: the best images of every retriever and form, to one depth.

As TREC pools: an image comes in by the best place that any list gives it, so that every retriever
and every form has its say to the same depth, and none of them is measured by the others' finds
alone. What looks like a target comes first: it is the likeliest to fit as well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.db.models import Q

from generation.models import BenchmarkScore, ImageLikeness
from review import relevance, retrieval
from review.models import Dialogue, Image, Relevance

# Of images that nobody has judged. More than that is not looked at with care.
MOST = 60
# Of these that look like a target: a corpus may hold a scene a hundred times.
MOST_ALIKE = 20

_Top = list[tuple[str, float]]


@dataclass(frozen=True)
class Pooled:
    """An image of the pool: whether it looks like a target, and what was said of it, if anything.

    `best` is the highest place that a list gave it; None where none did.
    """

    image: Image
    best: int | None
    alike: bool
    word: Relevance | None

    @property
    def fits(self) -> bool:
        return self.word is not None and self.word.fits


@dataclass(frozen=True)
class Pool:
    """The images of a pool in the order in which they are looked at."""

    images: list[Pooled]

    @property
    def unjudged(self) -> int:
        return sum(entry.word is None for entry in self.images)


def pool_of(dialogue: Dialogue) -> Pool:
    """The pool of a dialogue, the same whenever nothing new was found; a fixed number of questions.

    Without the targets and what the dialogue itself shows. What was judged is part of it, whoever
    found it, so that it can be looked at again.
    """
    words = relevance.standing(dialogue)
    places = _places(_lists(dialogue))
    alike = _alike(dialogue)
    order = [*alike, *(image for image in places if image not in alike)]
    outside = {*dialogue.target_images, *dialogue.shown_images()}
    names = _bounded([image for image in order if image not in outside], words)
    rows = Image.objects.current().filter(dataset=dialogue.dataset_id).named(names)
    images = {image.external_id: image for image in rows}
    return Pool(
        [
            Pooled(images[name], places.get(name), name in alike, words.get(name))
            for name in names
            if name in images
        ]
    )


def _bounded(order: list[str], words: dict[str, Relevance]) -> list[str]:
    """So many that nobody has judged, and all that somebody has."""
    fresh = [image for image in order if image not in words][:MOST]
    known = [image for image in order if image in words]
    elsewhere = sorted(words.keys() - set(known))
    return [*(image for image in order if image in {*fresh, *known}), *elsewhere]


def _places(lists: Iterable[_Top]) -> dict[str, int]:
    """The best place of each image, the best first; among equals what more lists have."""
    best: dict[str, int] = {}
    lists_with: Counter[str] = Counter()
    for top in lists:
        for place, (image, _) in enumerate(top, start=1):
            best[image] = min(place, best.get(image, place))
            lists_with[image] += 1
    order = sorted(best, key=lambda image: (best[image], -lists_with[image], image))
    return {image: best[image] for image in order}


def _lists(dialogue: Dialogue) -> Iterator[_Top]:
    """What each text found by each retriever: in checks, and in the last benchmark with it."""
    for check in retrieval.standing(dialogue, dialogue.retrieval_checks.all()):
        yield _told(check.top, check.tied, check.corpus_size)
    scores = BenchmarkScore.objects.filter(dialogue=dialogue)
    last = scores.order_by("retriever", "form", "-pk").distinct("retriever", "form")
    for top, tied, size in last.values_list("top", "tied", "corpus_size"):
        yield _told(top, tied, size)


def _told(top: list[tuple[str, float]], tied: int | None, corpus_size: int) -> _Top:
    """The part of a list that is more than chance: not what shares no word with the text."""
    if tied == corpus_size:
        return []
    return [(image, score) for image, score in top if score]


def _alike(dialogue: Dialogue) -> dict[str, None]:
    """Images that look like a target, the closest first."""
    targets = dialogue.target_images
    rows = ImageLikeness.objects.filter(dataset=dialogue.dataset_id)
    near = rows.filter(Q(first__in=targets) | Q(second__in=targets))
    found = sorted(near, key=_distance)
    others = [row.second if row.first in targets else row.first for row in found]
    return dict.fromkeys(image for image in others[:MOST_ALIKE] if image not in targets)


def _distance(row: ImageLikeness) -> tuple[float, float, str, str]:
    bits = 64 if row.bits is None else row.bits
    return bits, -(row.cosine or 0.0), row.first, row.second
