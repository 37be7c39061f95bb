"""What judges scored, day by day, under whatever model and prompt."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from django.utils import timezone

from generation.judges_compared.record import Log, Version


class Logging:
    """Keeps scores by batches, as numbers: as tuples they would take ten times the memory."""

    def __init__(self, criteria: int) -> None:
        self._versions: dict[Version, int] = {}
        self._numbers = [np.empty((0, 4), np.int32)]
        self._scores = [np.empty((0, criteria), np.int8)]

    def take(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Of candidate, judge, model, prompt, day and a score for each criterion."""
        found = [
            (candidate, judge, self._version(model, prompt), day.toordinal(), *scores)
            for candidate, judge, model, prompt, day, *scores in rows
        ]
        if found:
            table = np.array(found, np.int32)
            self._numbers.append(table[:, :4].copy())
            self._scores.append(table[:, 4:].astype(np.int8))

    def log(self) -> Log:
        candidate, judge, version, day = np.concatenate(self._numbers).T
        return Log(
            candidate=candidate,
            judge=judge,
            version=version,
            day=day,
            scores=np.concatenate(self._scores),
            versions=list(self._versions),
            today=timezone.localdate().toordinal(),
        )

    def _version(self, model: str, prompt: str) -> int:
        return self._versions.setdefault(Version(model, prompt), len(self._versions))
