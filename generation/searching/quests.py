"""The search for the targets of one dialogue, by any text: what checks and reviewers ask alike."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol, Self

from generation.retrievers import Hits, Index, Queries, Sought
from generation.retrievers.ranking import Rank
from review.models import CheckOutcome, Dialogue


@dataclass(frozen=True)
class Quest:
    """What is looked for, and which images the dialogue itself shows.

    Of `others` the ranks are told as well; they decide nothing.
    """

    targets: list[str]
    shown: list[str]
    others: list[str] = field(default_factory=list)

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
    cut: bool = False
    unranked_reason: str = ""

    def facts(self) -> dict[str, Any]:
        """All of it that a row of the record or of a benchmark keeps beside its text."""
        return {name: getattr(self, name) for name in FACTS}


FACTS = ("rank", "tied", "score", "ranks", "top", "cut", "unranked_reason")


class Ranked(Protocol):
    """Anything that has, or lacks, a rank."""

    @property
    def rank(self) -> int | None: ...
    @property
    def tied(self) -> int | None: ...


def compared(before: Ranked, after: Ranked, margin: float) -> CheckOutcome:
    """How a text did against another, by expected reciprocal rank.

    A difference within `margin` is *same*. *Unranked* where either has no rank.
    """
    old, new = _worth(before), _worth(after)
    if old is None or new is None:
        return CheckOutcome.UNRANKED
    if abs(new - old) <= margin:
        return CheckOutcome.SAME
    return CheckOutcome.IMPROVED if new > old else CheckOutcome.WORSE


def _worth(ranked: Ranked) -> float | None:
    if ranked.rank is None or ranked.tied is None:
        return None
    return Rank(ranked.rank, ranked.tied, 0.0).expected_reciprocal()


class Search:
    """One quest in one index.

    Images that the dialogue itself shows are left out where the dataset says so: who has them
    before their eyes does not look for them, and a query that names them would push the target
    down for no fault of its own. A target that is shown is never ranked. `too_new` are images that
    the corpus has and the index does not have yet.
    """

    def __init__(
        self,
        quest: Quest,
        index: Index,
        *,
        leaves_out: bool = True,
        too_new: Collection[str] = (),
    ) -> None:
        self._quest = quest
        self._index = index
        self._too_new = too_new
        shown = quest.shown if leaves_out else []
        self.left_out = [image_id for image_id in shown if image_id in index.places]
        self.ranked_images = len(index.image_ids) - len(self.left_out)

    def found(self, queries: Queries, *, top: int) -> list[Found]:
        """What each text finds, with its `top` best images."""
        hits = self._index.search(queries, [self.sought] * len(queries), top)
        return [self.told(queries, place, one) for place, one in enumerate(hits)]

    @cached_property
    def sought(self) -> Sought:
        return Sought(
            targets=[*self._targets.values(), *self._others.values()],
            left_out=[self._index.places[image_id] for image_id in self.left_out],
        )

    def told(self, queries: Queries, place: int, hits: Hits) -> Found:
        """What the text at a place found, in the words of the record."""
        text, cut = queries.texts[place], queries.cut[place]
        if reason := queries.reasons.get(place):
            return Found(text, self.ranked_images, None, None, cut=cut, unranked_reason=reason)
        ranks = dict(zip([*self._targets, *self._others], hits.ranks, strict=True))
        of_targets = hits.ranks[: len(self._targets)]
        best = min(of_targets, key=lambda found: (found.rank, found.tied), default=None)
        return Found(
            text=text,
            corpus_size=self.ranked_images,
            rank=best.rank if best else None,
            tied=best.tied if best else None,
            score=best.score if best else None,
            ranks={target: [found.rank, found.tied] for target, found in ranks.items()},
            top=[(self._index.image_ids[place], score) for place, score in hits.best],
            cut=cut,
            unranked_reason="" if best else " ".join(self._reasons()),
        )

    @cached_property
    def _targets(self) -> dict[str, int]:
        """The targets that can be ranked, with their places in the index."""
        return self._places(self._quest.targets)

    @cached_property
    def _others(self) -> dict[str, int]:
        others = self._places(self._quest.others)
        return {image: place for image, place in others.items() if image not in self._targets}

    def _places(self, image_ids: list[str]) -> dict[str, int]:
        return {
            image_id: self._index.places[image_id]
            for image_id in image_ids
            if image_id in self._index.places and image_id not in self._quest.shown
        }

    def _reasons(self) -> Iterator[str]:
        for target in self._quest.targets:
            if target in self._quest.shown:
                yield f"Image “{target}” is shown in the dialogue itself."
            elif target in self._too_new and target not in self._index.places:
                yield f"Image “{target}” is too new: the index that was searched lacks it yet."
            else:
                yield self._index.why_not(target)
