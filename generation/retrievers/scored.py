"""An index whose scores are exact as they are: all else follows from them."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

from generation.retrievers.protocol import Hits, Queries, Scores, Sought
from generation.retrievers.ranking import Row, best_of, rank_of

# Texts scored at once: 100,000 images at 64 bits each take 50 MB for so many.
AT_ONCE = 64


class ScoredIndex(ABC):
    """What is common to indexes that need nothing but their scores."""

    @abstractmethod
    def scores(self, queries: Queries) -> Scores: ...

    def search(self, queries: Queries, sought: Sequence[Sought], best: int = 0) -> list[Hits]:
        return [
            Hits(
                [rank_of(row, target, one.left_out) for target in one.targets],
                best_of(row, best, one.left_out) if best else [],
            )
            for row, one in zip(self._rows(queries), sought, strict=True)
        ]

    def _rows(self, queries: Queries) -> Iterator[Row]:
        for begin in range(0, len(queries), AT_ONCE):
            yield from self.scores(queries.part(begin, begin + AT_ONCE))
