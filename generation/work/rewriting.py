"""Rewrite runs: each item is one dialogue at one rewriter."""

from collections.abc import Sequence

from generation.asking import Askers
from generation.errors import NoUsableReply
from generation.models import ItemState, Run, RunItem
from generation.rewriters import RewriteTask, rewriter_at
from generation.work.protocol import Outcome
from review import intake
from review.models import Candidate


class Rewriting:
    def __init__(self, run: Run, askers: Askers) -> None:
        self._run = run
        self._askers = askers

    def prepare(self, items: Sequence[RunItem]) -> dict[int, RewriteTask]:
        done = _done_elsewhere(items)
        earlier = _earlier_texts(items)
        return {
            item.pk: self._task(item, earlier.get(item.dialogue_id, []))
            for item in items
            if (item.dialogue_id, item.recipe) not in done
        }

    async def perform(self, item: RunItem, task: RewriteTask) -> Outcome:
        rewriter = rewriter_at(item.asked(), self._run.prompt, self._askers)
        try:
            texts = await rewriter.rewrite(task)
        except NoUsableReply as error:
            return Outcome(item, failure=str(error))
        made = intake.Proposal(item.dialogue_id, texts, rewriter.provenance, item.round)
        return Outcome(item, made)

    def record(self, outcomes: Sequence[Outcome]) -> None:
        intake.add_proposals([outcome.made for outcome in outcomes if outcome.made])

    def _task(self, item: RunItem, earlier: list[str]) -> RewriteTask:
        return RewriteTask(
            item_id=item.pk,
            turns=item.dialogue.turns,
            count=self._run.parameters["candidates"],
            note=item.dialogue.note_to_models if item.round else "",
            earlier=earlier,
        )


def _done_elsewhere(items: Sequence[RunItem]) -> set[tuple[int, str]]:
    """What another run has done since this one was planned: it is not paid for twice."""
    rows = RunItem.objects.filter(
        dialogue__in={item.dialogue_id for item in items},
        recipe__in={item.recipe for item in items},
        state=ItemState.DONE,
    )
    return set(rows.values_list("dialogue_id", "recipe"))


def _earlier_texts(items: Sequence[RunItem]) -> dict[int, list[str]]:
    """What a reviewer has seen who asked for more, by dialogue."""
    again = [item.dialogue_id for item in items if item.round]
    texts: dict[int, list[str]] = {}
    rows = Candidate.objects.proposed().filter(dialogue__in=again)
    for dialogue_id, text in rows.values_list("dialogue_id", "text"):
        texts.setdefault(dialogue_id, []).append(text)
    return texts
