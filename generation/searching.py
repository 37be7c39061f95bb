"""The search for the targets of one dialogue, by any text: what checks and reviewers ask alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from generation.retrievers import Index
from generation.retrievers.ranking import Rank, best_places, rank_of
from review.models import CheckOutcome, Dialogue

# Expected reciprocal ranks (from 0 to 1) that lie closer than this are the same: below the first
# hundred places a few places up or down are chance.
MARGIN = 0.001


@dataclass(frozen=True)
class Quest:
    """What is looked for, and which images the dialogue itself shows."""

    targets: list[str]
    shown: list[str]

    @classmethod
    def of(cls, dialogue: Dialogue) -> Self:
        return cls(dialogue.target_images, dialogue.shown_images())


@dataclass(frozen=True)
class Found:
    """What a text finds: the best target's rank among `corpus_size` images, and the best images.

    `ranks` has [rank, tied] of every target that can be ranked, `top` ids with their scores.
    """

    text: str
    corpus_size: int
    rank: int | None
    tied: int | None
    score: float | None = None
    ranks: dict[str, list[int]] = field(default_factory=dict)
    top: list[tuple[str, float]] = field(default_factory=list)
    unranked_reason: str = ""


class Ranked(Protocol):
    """Anything that has, or lacks, a rank."""

    @property
    def rank(self) -> int | None: ...
    @property
    def tied(self) -> int | None: ...


def compared(before: Ranked, after: Ranked) -> CheckOutcome:
    """How a text did against another, by expected reciprocal rank.

    A difference within `MARGIN` is *same*. *Unranked* where either has no rank.
    """
    old, new = _worth(before), _worth(after)
    if old is None or new is None:
        return CheckOutcome.UNRANKED
    if abs(new - old) <= MARGIN:
        return CheckOutcome.SAME
    return CheckOutcome.IMPROVED if new > old else CheckOutcome.WORSE


def _worth(ranked: Ranked) -> float | None:
    if ranked.rank is None or ranked.tied is None:
        return None
    return Rank(ranked.rank, ranked.tied, 0.0).expected_reciprocal()


class Search:
    """One quest in one index.

    Images that the dialogue itself shows are left out: who has them before their eyes does not
    look for them, and a query that names them would push the target down for no fault of its own.
    """

    def __init__(self, quest: Quest, index: Index) -> None:
        self._quest = quest
        self._index = index
        self.left_out = [image_id for image_id in quest.shown if image_id in index.places]
        self.ranked_images = len(index.image_ids) - len(self.left_out)

    def found(self, texts: Sequence[str], *, top: int) -> list[Found]:
        """What each text finds, with its `top` best images."""
        scores = self._index.scores(texts)[:, self._kept]
        return [self._found(text, row, top) for text, row in zip(texts, scores, strict=True)]

    def _found(self, text: str, scores: NDArray[np.float64], top: int) -> Found:
        ranks = {target: rank_of(scores, place) for target, place in self._targets.items()}
        best = min(ranks.values(), key=lambda found: found.rank, default=None)
        return Found(
            text=text,
            corpus_size=self.ranked_images,
            rank=best.rank if best else None,
            tied=best.tied if best else None,
            score=best.score if best else None,
            ranks={target: [found.rank, found.tied] for target, found in ranks.items()},
            top=[(self._image_at(p), float(scores[p])) for p in best_places(scores, top)],
            unranked_reason="" if best else " ".join(self._reasons()),
        )

    @cached_property
    def _kept(self) -> NDArray[np.intp]:
        """The columns of the index that are ranked."""
        hidden = [self._index.places[image_id] for image_id in self.left_out]
        return np.delete(np.arange(len(self._index.image_ids)), hidden)

    @cached_property
    def _targets(self) -> dict[str, int]:
        """The targets that can be ranked, with their places among the images kept."""
        found = {
            target: self._index.places[target]
            for target in self._quest.targets
            if target in self._index.places and target not in self._quest.shown
        }
        return {t: int(np.searchsorted(self._kept, place)) for t, place in found.items()}

    def _image_at(self, place: int) -> str:
        return self._index.image_ids[self._kept[place]]

    def _reasons(self) -> Iterator[str]:
        for target in self._quest.targets:
            if target in self._quest.shown:
                yield f"Image “{target}” is shown in the dialogue itself."
            else:
                yield self._index.why_not(target)
