"""Starting, stopping and resuming runs. `running` does the work."""

import secrets
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from generation import endpoints as known_endpoints
from generation import prompts
from generation.errors import RunEnded
from generation.models import (
    Endpoint,
    Prompt,
    PromptKind,
    Run,
    RunItem,
    RunKind,
    RunStatus,
)
from generation.planning import plan
from generation.progress import Progress, progress
from generation.work import KINDS_OF_WORK
from review.errors import Invalid
from review.models import Dataset, User
from review.permissions import check_can_administer

__all__ = ["Progress", "conclude", "pause", "progress", "resume", "start", "stop"]

MOST_CANDIDATES = 20
PROMPTS = {RunKind.REWRITE.value: PromptKind.REWRITE, RunKind.JUDGE.value: PromptKind.JUDGE}


def start(
    *,
    dataset: Dataset,
    kind: str,
    by: User | None = None,
    endpoints: Sequence[str] = (),
    candidates: int | None = 4,
    limit: int | None = None,
    budget: Decimal | None = None,
) -> Run:
    """Freezes a plan of work over a dataset; the caller sees to it that somebody drains it.

    `by` is None where the command line starts it. Without `endpoints` it runs at `default`, else
    `offline`. May ask the server of `default` for its models.
    """
    if by is not None:
        check_can_administer(by, dataset)
    _check_numbers(kind, candidates, limit, budget)
    used = _endpoints(kind, endpoints)
    _check_budget(used, budget)
    run = Run(
        dataset=dataset,
        kind=kind,
        prompt=_prompt(kind, used),
        parameters=_parameters(kind, used, candidates, limit),
        budget_usd=budget,
        by=by,
    )
    return _frozen(run, used, limit)


@transaction.atomic
def stop(*, run: Run, by: User | None = None) -> None:
    """Ends a run for now: what is in flight comes in, nothing more is begun."""
    _check_by(run, by)
    going = [RunStatus.RUNNING, RunStatus.PAUSED]
    changes = {"status": RunStatus.STOPPED, "note": "Stopped by a person.", "finished": Now()}
    if not Run.objects.filter(pk=run.pk, status__in=going).update(**changes):
        raise RunEnded(f"Run {run.pk} has ended already: there is nothing to stop.")


@transaction.atomic
def resume(*, run: Run, by: User | None = None) -> None:
    """Lets a paused or stopped run go on; the caller sees to it that somebody drains it."""
    _check_by(run, by)
    resting = [RunStatus.PAUSED, RunStatus.STOPPED]
    changes = {"status": RunStatus.RUNNING, "note": "", "finished": None}
    if not _with_work_left().filter(pk=run.pk, status__in=resting).update(**changes):
        raise RunEnded(f"Run {run.pk} is going, or has nothing left to do.")


def pause(*, run_id: int, note: str) -> None:
    """Rests a run until somebody resumes it; `note` says why."""
    Run.objects.filter(pk=run_id, status=RunStatus.RUNNING).update(
        status=RunStatus.PAUSED, note=note
    )


def conclude(run_id: int) -> bool:
    """Ends a run that has nothing left to do; whether it did."""
    left = _with_work_left().filter(pk=run_id)
    ended = Run.objects.filter(pk=run_id, status=RunStatus.RUNNING).exclude(Exists(left))
    return bool(ended.update(status=RunStatus.DONE, finished=Now()))


def _with_work_left() -> QuerySet[Run]:
    pending = RunItem.objects.pending().filter(run=OuterRef("pk"))
    return Run.objects.filter(Exists(pending))


@transaction.atomic
def _frozen(run: Run, used: Sequence[Endpoint], limit: int | None) -> Run:
    run.save()
    RunItem.objects.bulk_create(plan(run, used, limit=limit), batch_size=2000)
    conclude(run.pk)
    run.refresh_from_db()
    return run


def _check_numbers(
    kind: str, candidates: int | None, limit: int | None, budget: Decimal | None
) -> None:
    if kind not in KINDS_OF_WORK:
        raise Invalid(
            f"There is no run of kind “{kind}”: use {', '.join(KINDS_OF_WORK)}.", field="kind"
        )
    if candidates is not None and not 1 <= candidates <= MOST_CANDIDATES:
        raise Invalid(f"Ask for 1 to {MOST_CANDIDATES} candidates.", field="candidates")
    if limit is not None and limit < 1:
        raise Invalid("A limit is at least 1; leave it out for all dialogues.", field="limit")
    if budget is not None and not (budget.is_finite() and budget >= 0):
        raise Invalid("A budget is an amount in dollars such as 2.50.", field="budget")


def _endpoints(kind: str, names: Sequence[str]) -> list[Endpoint]:
    if kind == RunKind.CHECK:
        if names:
            raise Invalid("A check run asks no endpoint: leave it out.", field="endpoints")
        return []
    return known_endpoints.chosen(names)


def _check_budget(used: Sequence[Endpoint], budget: Decimal | None) -> None:
    """A budget that could not be kept is refused rather than passed in silence."""
    unpriced = [endpoint.name for endpoint in used if not endpoint.has_prices()]
    if budget is not None and unpriced:
        raise Invalid(
            f"The prices of endpoint “{unpriced[0]}” are unknown, so no budget can be kept: "
            "set its prices per million tokens, or leave the budget out.",
            field="budget",
        )


def _prompt(kind: str, used: Sequence[Endpoint]) -> Prompt | None:
    asks_models = any(not endpoint.is_offline() for endpoint in used)
    return prompts.current(PROMPTS[kind]) if asks_models else None


def _parameters(
    kind: str, used: Sequence[Endpoint], candidates: int | None, limit: int | None
) -> dict[str, Any]:
    parameters: dict[str, Any] = {"limit": limit, "models": {e.name: e.model for e in used}}
    if kind == RunKind.REWRITE:
        parameters["candidates"] = candidates or 4
    if kind == RunKind.JUDGE:
        parameters["seed"] = secrets.token_hex(8)
    return parameters


def _check_by(run: Run, by: User | None) -> None:
    if by is not None:
        check_can_administer(by, run.dataset)
