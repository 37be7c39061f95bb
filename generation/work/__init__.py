"""The kinds of work that a run can be: a protocol, and one class per file."""

from generation.models import Run, RunKind
from generation.showing import shown_for
from generation.work.benchmarking import Benchmarking
from generation.work.checking import Checking
from generation.work.comparing import Comparing
from generation.work.judging import Judging
from generation.work.protocol import MakeWork, Outcome, Show, Work
from generation.work.rewriting import Rewriting

__all__ = ["KINDS_OF_WORK", "Outcome", "Work", "work_of"]

KINDS_OF_WORK: dict[str, MakeWork] = {
    RunKind.REWRITE.value: Rewriting,
    RunKind.JUDGE.value: Judging,
    RunKind.CHECK.value: Checking,
    RunKind.BENCHMARK.value: Benchmarking,
}


def work_of(run: Run, show: Show = shown_for) -> Work:
    make = Comparing if run.compares() else KINDS_OF_WORK[run.kind]
    return make(run, show)
