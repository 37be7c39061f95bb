"""What items ask, and what the ledger holds of it: answers, and how often they were asked for."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from asgiref.sync import async_to_sync

from generation.calls.asking import MOST_ATTEMPTS, MOST_REPEATS, Asked
from generation.calls.exchanges import AGAIN
from generation.calls.questions import Answer, Unanswered
from generation.models import BatchState, Call, CallOutcome, Run, RunItem
from generation.work import Outcome, Work

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Past:
    """What became of one question: its answer, or why it is not asked again, or neither yet.

    `attempt` is the number of the last one.
    """

    answer: Answer | None = None
    given_up: str = ""
    attempt: int = 0

    @property
    def is_open(self) -> bool:
        return self.answer is None and not self.given_up


@dataclass(frozen=True)
class Case:
    """One item with what it asks, each question once, and what came of that so far."""

    item: RunItem
    task: Any
    asked: list[Asked[Any]]
    past: list[Past]

    @property
    def is_open(self) -> bool:
        return any(past.is_open for past in self.past)

    def answers(self) -> list[Answer]:
        return [
            Unanswered(past.given_up) if past.answer is None else past.answer for past in self.past
        ]

    def due(self) -> list[tuple[Asked[Any], int]]:
        """The questions to be asked now, each with the number of the attempt.

        Of an item that somebody lets try again, all that was given up begins anew.
        """
        fresh = not self.is_open
        wanted: dict[str, tuple[Asked[Any], int]] = {}
        for asked, past in zip(self.asked, self.past, strict=True):
            if past.is_open or (fresh and past.given_up):
                # One candidate in both orders makes the same question twice.
                wanted[asked.kept.hash] = (asked, 1 if fresh else past.attempt + 1)
        return list(wanted.values())


class Before:
    """All calls that were made for some items, by question."""

    def __init__(self, items: Sequence[RunItem]) -> None:
        self._calls: dict[int | None, list[Call]] = {}
        rows = Call.objects.filter(item__in=[item.pk for item in items])
        # What a server refused as a whole was not asked.
        for call in rows.exclude(batch__state=BatchState.FAILED).order_by("pk"):
            self._calls.setdefault(call.item_id, []).append(call)

    def of(self, asked: Asked[Any]) -> Past:
        calls = [call for call in self._calls.get(asked.item_id, []) if is_of(call, asked)]
        for call in reversed(calls):
            if call.outcome == CallOutcome.OK:
                answer = asked.question.read(call.reply).answer
                if answer is not None:
                    return Past(answer)
        tried = _last_round([call for call in calls if call.batch_id is not None])
        return Past(given_up=why_given_up(tried), attempt=tried[-1].attempt if tried else 0)


def is_of(call: Call, asked: Asked[Any]) -> bool:
    """Whether a call asked this question, though its endpoint may be set otherwise since then.

    The first message is the run's own prompt, the others hold everything that is asked about.
    """
    return bool(call.request.get("messages", [])[1:] == asked.kept.kept["messages"][1:])


def _last_round(calls: list[Call]) -> list[Call]:
    firsts = [place for place, call in enumerate(calls) if call.attempt == 1]
    return calls[firsts[-1] :] if firsts else calls


def why_given_up(tried: Sequence[Call]) -> str:
    """The reason for which a question is not asked again; "" while it is."""
    if not tried:
        return ""
    last = tried[-1]
    outcomes = [call.outcome for call in tried]
    if last.outcome == CallOutcome.FAILED and not may_work_later(last):
        return last.error
    is_out = outcomes.count(CallOutcome.UNUSABLE) > MOST_REPEATS
    is_out |= outcomes.count(CallOutcome.FAILED) >= MOST_ATTEMPTS
    return f"{last.error} (asked {len(tried)} times)" if is_out else ""


def may_work_later(failed: Call) -> bool:
    """Whether the same request may get another answer. What has no status was not answered."""
    status = failed.status_code
    if not status:
        return True
    # A spent account answers 429 too, but no waiting helps.
    return (status in AGAIN or status >= 500) and '"insufficient_quota"' not in failed.reply


def cases(run: Run, work: Work, items: Sequence[RunItem]) -> tuple[list[Case], list[Outcome]]:
    """What items ask, and the outcomes of those that ask nothing any more, or cannot."""
    tasks, before = work.prepare(items), Before(items)
    found, ended = list[Case](), list[Outcome]()
    for item in items:
        if item.pk not in tasks:
            ended.append(Outcome(item))
            continue
        try:
            found.append(_case(run, work, before, item, tasks[item.pk]))
        except Exception as error:
            ended.append(broken(item, error))
    return found, ended


def _case(run: Run, work: Work, before: Before, item: RunItem, task: Any) -> Case:
    asked = list(questions(run, work, item, task))
    return Case(item, task, asked, [before.of(one) for one in asked])


def questions(run: Run, work: Work, item: RunItem, task: Any) -> Iterator[Asked[Any]]:
    endpoint = item.asked()
    for question in work.questions(item, task):
        yield Asked.of(question, endpoint, run.model_of(endpoint), item.pk)


def conclude(work: Work, answered: Sequence[Case]) -> list[Outcome]:
    return async_to_sync(_conclude)(work, answered)


async def _conclude(work: Work, answered: Sequence[Case]) -> list[Outcome]:
    return [await _conclude_one(work, case) for case in answered]


async def _conclude_one(work: Work, case: Case) -> Outcome:
    try:
        return await work.conclude(case.item, case.task, case.answers())
    except Exception as error:
        return broken(case.item, error)


def broken(item: RunItem, error: Exception) -> Outcome:
    """One dialogue that a rule cannot bear must not hold up the thousands beside it."""
    logger.error("Item %s failed", item.pk, exc_info=error)
    return Outcome(item, failure=f"An error of ReCQR: {type(error).__name__}: {error}")
