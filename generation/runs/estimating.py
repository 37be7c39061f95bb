"""What a run would take before it starts: calls, tokens, dollars and time, per endpoint.

A few of its items are prepared as they would be, and their requests are measured. Where the
endpoint has done such work before, its own tokens and seconds a call correct the estimate.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q, Sum, TextField, Value
from django.db.models.functions import Cast, Length, Replace
from django.utils import timezone

from generation.calls import ledger
from generation.calls.questions import request_for, sealed
from generation.calls.readings import Usage
from generation.models import Call, CallOutcome, Endpoint, Run, RunItem, RunKind
from generation.runs.drafting import Draft
from generation.runs.planning import Piece, items_of
from generation.runs.progress import number
from generation.showing import unseen_for
from generation.work import Work, work_of
from review.models import Dialogue

SAMPLED = 12
# How many of an endpoint's last calls tell how it works.
REMEMBERED = 200
ENOUGH = 5
# Of an endpoint that has not been asked yet.
FIRST_SECONDS = 3.0
# How PostgreSQL writes the beginning of a picture in a request.
PICTURE = '"image_url": {'


@dataclass(frozen=True)
class Share:
    """One endpoint's part: tokens and dollars in all (None: price unknown), seconds at its pace.

    `seconds` is None for a batch, which comes when it comes, within a day.
    """

    endpoint: Endpoint
    items: int
    calls: int
    tokens_input: int
    tokens_output: int
    cost_usd: Decimal | None
    seconds: float | None
    is_measured: bool
    in_batches: bool

    @property
    def tokens(self) -> int:
        return self.tokens_input + self.tokens_output

    @property
    def is_free(self) -> bool:
        return self.endpoint.is_offline()

    def as_json(self) -> dict[str, Any]:
        return {
            "endpoint": self.endpoint.name,
            "items": self.items,
            "calls": self.calls,
            "tokens_input": self.tokens_input,
            "tokens_output": self.tokens_output,
            "cost_usd": number(self.cost_usd),
            "seconds": _rounded(self.seconds),
            "is_measured": self.is_measured,
            "in_batches": self.in_batches,
        }


@dataclass(frozen=True)
class Estimate:
    """A run's plan in figures; `done` items were done before and are not asked again."""

    planned: int
    done: int
    shares: list[Share]

    @property
    def calls(self) -> int:
        return sum(share.calls for share in self.shares)

    @property
    def tokens_input(self) -> int:
        return sum(share.tokens_input for share in self.shares)

    @property
    def tokens_output(self) -> int:
        return sum(share.tokens_output for share in self.shares)

    @property
    def tokens(self) -> int:
        return self.tokens_input + self.tokens_output

    @property
    def cost_usd(self) -> Decimal | None:
        """None where one of the prices is unknown."""
        costs = [share.cost_usd for share in self.shares]
        known = [cost for cost in costs if cost is not None]
        return sum(known, Decimal(0)) if len(known) == len(costs) else None

    @property
    def seconds(self) -> float | None:
        """Endpoints work side by side: the slowest ends last."""
        lasting = [share.seconds for share in self.shares if share.seconds is not None]
        return max(lasting, default=None)

    @property
    def is_measured(self) -> bool:
        return all(share.is_measured or share.is_free for share in self.shares)

    @property
    def in_batches(self) -> bool:
        return any(share.in_batches for share in self.shares)

    def as_json(self) -> dict[str, Any]:
        """As `start_run --estimate --json` prints it and the API gives it out."""
        return {
            "planned": self.planned,
            "done": self.done,
            "calls": self.calls,
            "tokens_input": self.tokens_input,
            "tokens_output": self.tokens_output,
            "cost_usd": number(self.cost_usd),
            "seconds": _rounded(self.seconds),
            "is_measured": self.is_measured,
            "endpoints": [share.as_json() for share in self.shares],
        }


def estimate(drafted: Draft) -> Estimate:
    """Plans the run without saving it. Costs a plan's time: seconds at 100,000 dialogues."""
    planned = drafted.pieces()
    to_do = [piece for piece in planned if not piece.is_done]
    by_endpoint: dict[int, list[Piece]] = {}
    for piece in to_do:
        if piece.endpoint is not None:
            by_endpoint.setdefault(piece.endpoint.pk, []).append(piece)
    shares = [
        _share(drafted.run, endpoint, by_endpoint[endpoint.pk])
        for endpoint in drafted.endpoints
        if endpoint.pk in by_endpoint
    ]
    return Estimate(len(planned), len(planned) - len(to_do), shares)


@dataclass(frozen=True)
class _Past:
    """How an endpoint's calls for such runs went: real tokens by estimated ones, and means."""

    calls: int
    input_factor: float
    tokens_output: float | None
    seconds: float


def _share(run: Run, endpoint: Endpoint, to_do: Sequence[Piece]) -> Share:
    sampled = [_size(run, prepared) for prepared in _sample(run, to_do)]
    past = _past(run, endpoint)
    calls = round(_mean([one.calls for one in sampled]) * len(to_do))
    tokens_input = _mean([one.tokens_input for one in sampled]) * past.input_factor * len(to_do)
    likely_output = _mean([one.tokens_output for one in sampled]) * len(to_do)
    tokens_output = likely_output if past.tokens_output is None else past.tokens_output * calls
    usage = Usage(round(tokens_input), 0, round(tokens_output))
    in_batches = run.goes_in_batches() and endpoint.has_batches
    return Share(
        endpoint=endpoint,
        items=len(to_do),
        calls=calls,
        tokens_input=round(tokens_input),
        tokens_output=round(tokens_output),
        cost_usd=_cost(endpoint, usage, calls, in_batches=in_batches),
        seconds=None if in_batches else _seconds(endpoint, usage, calls, past),
        is_measured=past.calls >= ENOUGH,
        in_batches=in_batches,
    )


@dataclass(frozen=True)
class _Size:
    calls: int = 0
    tokens_input: int = 0
    tokens_output: int = 0


def _sample(run: Run, to_do: Sequence[Piece]) -> list[tuple[Work, RunItem, object]]:
    """Some items spread over the plan, prepared. They have no keys yet: they get some below 0."""
    step = max(1, len(to_do) // SAMPLED)
    chosen = items_of(run, to_do[::step][:SAMPLED])
    dialogues = Dialogue.objects.in_bulk([item.dialogue_id for item in chosen])
    for place, item in enumerate(chosen, start=1):
        item.pk, item.dialogue = -place, dialogues[item.dialogue_id]
    work = work_of(run, unseen_for)
    tasks = work.prepare(chosen)
    return [(work, item, tasks[item.pk]) for item in chosen if item.pk in tasks]


def _size(run: Run, prepared: tuple[Work, RunItem, object]) -> _Size:
    work, item, task = prepared
    questions = work.questions(item, task)
    endpoint = item.asked()
    usages = [
        ledger.likely_usage(
            sealed(request_for(endpoint, run.model_of(endpoint), question)), question.tokens_output
        )
        for question in questions
    ]
    return _Size(
        calls=len(questions),
        tokens_input=sum(usage.tokens_input or 0 for usage in usages),
        tokens_output=sum(usage.tokens_output or 0 for usage in usages),
    )


def _past(run: Run, endpoint: Endpoint) -> _Past:
    text = Cast("request", TextField())
    without = Length(Replace(text, Value(PICTURE), Value("")))
    sums = Call.objects.filter(pk__in=_last_calls(run, endpoint)).aggregate(
        calls=Count("pk"),
        input=Sum("tokens_input"),
        output=Avg("tokens_output"),
        characters=Sum(Length(text)),
        pictures=Sum((Length(text) - without) / len(PICTURE)),
        seconds=Avg("latency_seconds", filter=Q(batch=None)),
    )
    seconds = sums["seconds"] or FIRST_SECONDS
    if sums["calls"] < ENOUGH or not sums["input"]:
        return _Past(sums["calls"], 1.0, None, FIRST_SECONDS)
    characters = sums["characters"] / ledger.CHARACTERS_PER_TOKEN
    estimated = characters + sums["pictures"] * ledger.TOKENS_PER_PICTURE
    return _Past(sums["calls"], sums["input"] / estimated, sums["output"], seconds)


def _last_calls(run: Run, endpoint: Endpoint) -> list[int]:
    """Keys of the last calls for work alike: of the kind of prompt, and with as much to write."""
    told = Call.objects.filter(
        dataset=run.dataset, endpoint=endpoint, outcome=CallOutcome.OK, run__kind=run.kind
    ).exclude(tokens_input=None)
    if run.prompt is not None:
        told = told.filter(prompt__kind=run.prompt.kind)
    if run.kind == RunKind.REWRITE:
        told = told.filter(run__parameters__candidates=run.parameters["candidates"])
    return list(told.order_by("-pk").values_list("pk", flat=True)[:REMEMBERED])


def _cost(endpoint: Endpoint, usage: Usage, calls: int, *, in_batches: bool) -> Decimal | None:
    if endpoint.is_offline() or not calls:
        return Decimal(0)
    price = endpoint.price_on(timezone.now().date())
    return ledger.cost(usage, ledger.as_kept(price, in_batch=in_batches))


def _seconds(endpoint: Endpoint, usage: Usage, calls: int, past: _Past) -> float | None:
    """What the slowest of its limits lets through; the offline machines are not foretold."""
    if endpoint.is_offline():
        return None
    tokens = (usage.tokens_input or 0) + (usage.tokens_output or 0)
    return max(
        calls * past.seconds / endpoint.most_in_flight,
        past.seconds if calls else 0.0,
        _at_pace(calls, endpoint.requests_per_minute),
        _at_pace(tokens, endpoint.tokens_per_minute),
    )


def _at_pace(amount: int, per_minute: int | None) -> float:
    """Seconds that a limit a minute makes of an amount; the first minute's share leaves at once."""
    return 60 * max(0, amount - per_minute) / per_minute if per_minute else 0.0


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _mean(numbers: Sequence[int]) -> float:
    return sum(numbers) / len(numbers) if numbers else 0.0
