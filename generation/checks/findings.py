"""What all retrievers of a dataset find of some dialogues: for runs."""

from collections.abc import Collection
from dataclasses import dataclass, field

from generation.checks.draining import found_of
from generation.checks.due import lacking
from generation.checks.waiting import begin
from generation.errors import NotReady
from generation.models import ConfiguredRetriever
from generation.retrievers import configured
from review.checking import Checked, Checker
from review.models import Dataset


@dataclass
class Findings:
    """What retrievers found of one dialogue, and why others of them could not look."""

    made: list[tuple[Checker, Checked]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)


def findings(dataset: Dataset, dialogue_ids: Collection[int]) -> dict[int, Findings]:
    """Of each dialogue what every retriever finds that has not looked at it yet."""
    found = {key: Findings() for key in dialogue_ids}
    for row in configured(dataset):
        try:
            _add(found, dataset, row)
        except NotReady as reason:
            for one in found.values():
                one.reasons.append(f"{row.name} cannot check yet: {reason}")
    return found


def _add(found: dict[int, Findings], dataset: Dataset, row: ConfiguredRetriever) -> None:
    at_work = begin(dataset, row)
    wanted = lacking(at_work.checker, found, dataset)
    checked = {one.dialogue.pk: one for one in found_of(at_work, wanted)}
    for dialogue in wanted:
        if dialogue.pk in checked:
            found[dialogue.pk].made.append((at_work.checker, checked[dialogue.pk]))
        else:
            found[dialogue.pk].reasons.append(f"{row.name} failed at it: see the worker's log.")
