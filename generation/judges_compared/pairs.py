"""What judges said of candidates two by two."""

import numpy as np

from generation.judges_compared.record import Compared
from review.models import Comparison

# As `Comparison.won_places`: the first shown, the second shown.
FIRST_SHOWN, SECOND_SHOWN = 0, 1


class Pairs:
    """Reads comparisons by batches of dialogues, for the judges that have a number."""

    def __init__(self, judges: dict[str, int]) -> None:
        self._judges = judges
        self._said: list[tuple[int, ...]] = []

    def read(self, keys: list[int], dialogues: dict[int, int]) -> None:
        rows = Comparison.objects.filter(
            first__dialogue__in=keys, judge__in=self._judges, unscored_reason=""
        ).order_by("pk")
        for dialogue, judge, flipped, winner, places in rows.values_list(*_COMPARISON):
            named = [place for place in places if place in {FIRST_SHOWN, SECOND_SHOWN}]
            first = sum(place == FIRST_SHOWN for place in named)
            tied = winner is None and not flipped
            self._said.append(
                (dialogues[dialogue], self._judges[judge], flipped, tied, len(named), first)
            )

    def compared(self) -> Compared:
        said = np.array(self._said, dtype=np.int64).reshape(-1, 6)
        dialogue, judge, flipped, tied, named, first = said.T
        return Compared(dialogue, judge, flipped.astype(bool), tied.astype(bool), named, first)


_COMPARISON = ("first__dialogue_id", "judge", "flipped", "winner_id", "won_places")
