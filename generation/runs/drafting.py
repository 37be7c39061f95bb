"""A run before it starts: its options checked, its endpoints, prompt and rubric chosen."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from generation import endpoints as known_endpoints
from generation import prompts
from generation.benchmark import planning as benchmarks
from generation.benchmark.forms import Rewrites
from generation.benchmark.planning import BenchmarkOptions
from generation.jury import BEST, panel_of
from generation.models import Endpoint, Prompt, PromptKind, Run, RunItem, RunKind
from generation.runs.planning import Piece, items_of, pieces
from generation.seeing import ImageSettings
from generation.showing import CAPTION, IMAGE
from generation.work import KINDS_OF_WORK
from review import rubrics
from review.errors import Invalid
from review.models import Dataset
from review.selecting import EVERYTHING, Selection

MOST_CANDIDATES = 20
MOST_COMPARED = 6
MOST_DOLLARS = 1_000_000
# Their items are done by retrievers, which know themselves whom they ask.
WITHOUT_ENDPOINT = {RunKind.CHECK.value, RunKind.BENCHMARK.value}


@dataclass(frozen=True)
class RunOptions:
    """What a person says of a run. Only what its kind needs is looked at.

    `candidates` are written by each rewriter for a dialogue, `limit` counts dialogues, `budget` is
    in dollars. `images` are sent where an endpoint sees them (None: nowhere), `target` names what
    models are shown of the right answer: "caption", "image", both or nothing. Judges see the
    candidates in `both_orders`, or compare the `best` ones of each dialogue in pairs. `batch` hands
    the work to the Batch API of endpoints that have one. `benchmark` is for that kind alone.
    """

    endpoints: Sequence[str] = ()
    candidates: int | None = 4
    limit: int | None = None
    budget: Decimal | None = None
    selection: Selection = EVERYTHING
    images: ImageSettings | None = None
    target: Sequence[str] = ()
    both_orders: bool = False
    pairwise: bool = False
    best: int = BEST
    batch: bool = False
    benchmark: BenchmarkOptions = field(default_factory=BenchmarkOptions)


@dataclass(frozen=True)
class Draft:
    """A run that is not saved yet, and the endpoints that it is to ask. A benchmark freezes what
    it is about when it is saved: `rewrites` are what came with it."""

    run: Run
    endpoints: list[Endpoint]
    rewrites: Mapping[str, Rewrites] = field(default_factory=dict)

    def pieces(self) -> list[Piece]:
        """What is to be done, before it has rows."""
        return pieces(self.run, self.endpoints, limit=self.run.parameters["limit"])

    def items(self) -> list[RunItem]:
        return items_of(self.run, self.pieces())


def draft(*, dataset: Dataset, kind: str, options: RunOptions, asking: bool = True) -> Draft:
    """A run as it would start now. Raises `Invalid` with the field at fault.

    Without `asking` no server is asked for its models.
    """
    _check(dataset, kind, options)
    used = _endpoints(dataset, kind, options, asking)
    _check_budget(_paid(dataset, kind, used, options), options.budget)
    asks = any(not endpoint.is_offline() for endpoint in used)
    run = Run(
        dataset=dataset,
        kind=kind,
        prompt=_prompt(dataset, kind, options) if asks else None,
        rubric=rubrics.current(dataset) if kind == RunKind.JUDGE else None,
        parameters=_parameters(dataset, kind, used, options),
        budget_usd=options.budget,
    )
    return Draft(run, used, options.benchmark.rewrites if kind == RunKind.BENCHMARK else {})


def _check(dataset: Dataset, kind: str, options: RunOptions) -> None:
    if kind not in KINDS_OF_WORK:
        raise Invalid(
            f"There is no run of kind “{kind}”: use {', '.join(KINDS_OF_WORK)}.", field="kind"
        )
    options.selection.check(dataset)
    _check_numbers(options)
    if kind != RunKind.BENCHMARK and not options.benchmark.say_nothing():
        raise Invalid(
            f"Retrievers, forms, rewrites and a metric are for a benchmark: a {kind} run takes "
            "none.",
            field="retrievers",
        )
    wrong = set(options.target) - {CAPTION, IMAGE}
    if wrong:
        raise Invalid(f"Of the target “{CAPTION}” or “{IMAGE}” may be shown.", field="target")
    if IMAGE in options.target and options.images is None:
        raise Invalid("The target's image goes with the other images: send them.", field="target")


def _check_numbers(options: RunOptions) -> None:
    if options.candidates is not None and not 1 <= options.candidates <= MOST_CANDIDATES:
        raise Invalid(f"Ask for 1 to {MOST_CANDIDATES} candidates.", field="candidates")
    if options.limit is not None and options.limit < 1:
        raise Invalid("A limit is at least 1; leave it out for all dialogues.", field="limit")
    if not 2 <= options.best <= MOST_COMPARED:
        raise Invalid(f"Compare the best 2 to {MOST_COMPARED} candidates.", field="best")
    if options.budget is not None:
        check_amount(options.budget)


def check_amount(budget: Decimal) -> None:
    if not (budget.is_finite() and 0 <= budget < MOST_DOLLARS):
        raise Invalid("A budget is an amount in dollars such as 2.50.", field="budget")


def _endpoints(dataset: Dataset, kind: str, options: RunOptions, asking: bool) -> list[Endpoint]:
    if kind in WITHOUT_ENDPOINT:
        if options.endpoints:
            raise Invalid(f"A {kind} run asks no endpoint: leave it out.", field="endpoints")
        return []
    return known_endpoints.chosen(options.endpoints, dataset, kind, asking=asking)


def _paid(
    dataset: Dataset, kind: str, used: Sequence[Endpoint], options: RunOptions
) -> Sequence[Endpoint]:
    """The endpoints whose calls a budget is for."""
    if kind != RunKind.BENCHMARK:
        return used
    return benchmarks.asked_endpoints(dataset, options.benchmark.retrievers)


def _check_budget(used: Sequence[Endpoint], budget: Decimal | None) -> None:
    """A budget that could not be kept is refused rather than passed in silence."""
    today = timezone.now().date()
    unpriced = [endpoint.name for endpoint in used if not endpoint.has_prices(today)]
    if budget is not None and unpriced:
        raise Invalid(
            f"The prices of endpoint “{unpriced[0]}” are unknown, so no budget can be kept: "
            "set its prices per million tokens, or leave the budget out.",
            field="budget",
        )


def _prompt(dataset: Dataset, kind: str, options: RunOptions) -> Prompt:
    if kind == RunKind.REWRITE:
        return prompts.current(PromptKind.REWRITE, dataset)
    return prompts.current(PromptKind.COMPARE if options.pairwise else PromptKind.JUDGE, dataset)


def _parameters(
    dataset: Dataset, kind: str, used: Sequence[Endpoint], options: RunOptions
) -> dict[str, Any]:
    """What a run keeps; what is left at its default is left out, so that recipes stay the same."""
    parameters: dict[str, Any] = {
        "limit": options.limit,
        "models": {endpoint.name: endpoint.model for endpoint in used},
    }
    if kind == RunKind.REWRITE:
        parameters["candidates"] = options.candidates or 4
    if kind == RunKind.JUDGE:
        parameters |= {"seed": secrets.token_hex(8), "panel": panel_of(used)}
        parameters |= {"both_orders": True} if options.both_orders else {}
        parameters |= {"pairwise": True, "best": options.best} if options.pairwise else {}
    if kind == RunKind.BENCHMARK:
        parameters |= benchmarks.parameters(dataset, options.selection, options.benchmark)
    if kind not in WITHOUT_ENDPOINT:
        parameters |= {"images": options.images.to_json()} if options.images else {}
        parameters |= {"target": sorted(set(options.target))} if options.target else {}
        parameters |= {"batch": True} if options.batch else {}
    chosen = options.selection.as_json()
    return parameters | ({"filter": chosen} if chosen else {})
