"""A run in one worker's hands while its batches are looked after."""

import uuid
from threading import Event

from generation.runs import leasing


class LetGo(Exception):
    """Another worker has taken the run meanwhile, or it rests: what was begun is left as it is."""


class Hold:
    """Keeps a run while files go to and fro, which may take minutes."""

    def __init__(self, run_id: int, worker: uuid.UUID, enough: Event | None = None) -> None:
        self._run_id = run_id
        self._worker = worker
        self._enough = enough or Event()

    def keep(self) -> None:
        """Shows life, whether or not the run is going. Raises `LetGo`."""
        if not leasing.hold_run(self._run_id, self._worker):
            raise LetGo

    def keep_going(self) -> None:
        """The same where the run must be going still."""
        if not leasing.keep_run(self._run_id, self._worker):
            raise LetGo

    def has_enough(self) -> bool:
        """Whether the work is to end with what is in hand."""
        return self._enough.is_set()
