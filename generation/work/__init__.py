"""The kinds of work that a run can be: a protocol, and one class per file."""

from collections.abc import Callable

from generation.models import Run, RunKind
from generation.work.checking import Checking
from generation.work.comparing import Comparing
from generation.work.judging import Judging
from generation.work.protocol import Outcome, Work
from generation.work.rewriting import Rewriting

__all__ = ["KINDS_OF_WORK", "Outcome", "Work", "work_of"]

KINDS_OF_WORK: dict[str, Callable[[Run], Work]] = {
    RunKind.REWRITE.value: Rewriting,
    RunKind.JUDGE.value: Judging,
    RunKind.CHECK.value: Checking,
}


def work_of(run: Run) -> Work:
    return Comparing(run) if run.compares() else KINDS_OF_WORK[run.kind](run)
