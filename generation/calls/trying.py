"""Trying an endpoint: one real call about a short sample, a row of the ledger like any other.

It keeps to the endpoint's limits, and to a time that a person waits for a page.
"""

import asyncio
import base64
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from asgiref.sync import async_to_sync, sync_to_async
from django.utils import timezone
from PIL import Image, ImageDraw

from generation import prompts
from generation.calls import ledger
from generation.calls.asking import client_for, finish, gate_to
from generation.calls.exchanges import Exchange, exchange
from generation.calls.flow import Flow, Gate, TurnedAway
from generation.calls.ledger import Usage
from generation.calls.mending import what_to_mend
from generation.calls.pacing import LONGEST_WAIT
from generation.calls.questions import Question, Sealed, request_for, sealed
from generation.calls.replies import Reading, read
from generation.models import Call, Endpoint, PromptKind
from generation.offline.rewriter import rewrite
from generation.rewriters.openai import TOKENS_PER_REWRITE, rewrites_form
from generation.showing import NOTHING, Shown
from review.errors import Invalid
from review.models import Dataset, User
from review.permissions import check_can_administer
from review.turns import Turn

COUNT = 2
# Longer than that nobody waits for a page, and no web worker is kept.
MOST_SECONDS = 60.0
# Of that time the share in which the call must have been let out.
SHARE_TO_ENTER = 1 / 3
SAMPLE: list[Turn] = [
    {"role": "user", "text": "Last summer we walked to the old lighthouse behind the harbour."},
    {"role": "assistant", "text": "It sounds lovely. Would you like to see a picture of it?"},
    {"role": "user", "text": "Yes, but on a foggy morning, and without people."},
]
# What it shows is said nowhere: a model that names it has seen it.
PICTURED = "a red triangle on a yellow ground"
SAMPLE_WITH_PICTURE: list[Turn] = [
    {"role": "user", "text": "I drew this.", "images": ["drawing"]},
    {"role": "assistant", "text": "I see it. What shall I look for?"},
    {"role": "user", "text": "The same thing, but in blue."},
]
SHUT_OUT = (
    "The call could not leave within {seconds:.0f} seconds: runs use up what this endpoint allows "
    "in flight or per minute, its server asked to be left alone, or Redis does not answer."
)


@dataclass(frozen=True)
class Tried:
    """What a try showed: rewrites, or a problem and what to mend.

    Without a call none was made: the endpoint is offline, or its limits let none out.
    """

    turns: Sequence[Turn]
    texts: list[str] = field(default_factory=list)
    problem: str = ""
    mend: str = ""
    call: Call | None = None
    pictured: str = ""


@dataclass(frozen=True)
class _Asked:
    """One request on its way."""

    endpoint: Endpoint
    dataset: Dataset
    question: Question[Any]
    request: dict[str, Any]
    kept: Sealed
    prices: dict[str, str]
    seconds: float


def try_endpoint(
    *, dataset: Dataset, endpoint: Endpoint, by: User | None = None, with_image: bool = False
) -> Tried:
    """Asks an endpoint for rewrites of a sample, with a picture where that is wished."""
    if by is not None:
        check_can_administer(by, dataset)
    if endpoint.is_offline():
        return Tried(SAMPLE, texts=rewrite(SAMPLE, count=COUNT))
    if with_image and not endpoint.sees_images:
        raise Invalid("This endpoint is not marked as one that sees images.", field="with_image")
    turns = SAMPLE_WITH_PICTURE if with_image else SAMPLE
    question = _question(dataset, turns, _drawing() if with_image else NOTHING)
    asked = _asked(dataset, endpoint, question)
    try:
        call, reading, failed = async_to_sync(_ask)(asked)
    except TurnedAway:
        return Tried(turns, problem=SHUT_OUT.format(seconds=asked.seconds * SHARE_TO_ENTER))
    return Tried(
        turns,
        texts=list(reading.answer.rewrites) if reading.answer else [],
        problem=call.error,
        mend=what_to_mend(endpoint, failed, reading.unusable),
        call=call,
        pictured=PICTURED if with_image else "",
    )


def _question(dataset: Dataset, turns: Sequence[Turn], shown: Shown) -> Question[Any]:
    prompt = prompts.current(PromptKind.REWRITE, dataset)
    messages = prompts.rewrite_messages(prompt.text, turns, count=COUNT, shown=shown)
    return Question(prompt, messages, rewrites_form(COUNT), TOKENS_PER_REWRITE * COUNT)


def _asked(dataset: Dataset, endpoint: Endpoint, question: Question[Any]) -> _Asked:
    request = request_for(endpoint, endpoint.model, question)
    seconds = min(float(endpoint.timeout_seconds), MOST_SECONDS)
    prices = ledger.as_kept(endpoint.price_on(_today()))
    return _Asked(endpoint, dataset, question, request, sealed(request), prices, seconds)


async def _ask(asked: _Asked) -> tuple[Call, Reading[Any], Exchange]:
    flow = Flow()
    keeping = asyncio.create_task(flow.keep())
    try:
        return await _through(gate_to(flow, asked.endpoint, asked.endpoint.model), asked)
    finally:
        keeping.cancel()
        await flow.close()


async def _through(gate: Gate, asked: _Asked) -> tuple[Call, Reading[Any], Exchange]:
    began = time.monotonic()
    enough = began + asked.seconds * SHARE_TO_ENTER
    likely = ledger.likely_usage(asked.kept, asked.question.tokens_output)
    tokens = _sum(likely) or 0
    ticket = await gate.enter(tokens, lambda: time.monotonic() < enough)
    used: int | None = None
    try:
        left = asked.seconds - (time.monotonic() - began)
        call, reading, exchanged = await _exchange(asked, left)
        used = _sum(reading.usage)
    finally:
        await gate.leave(ticket, used)
    if exchanged.shut_for:
        # Runs that ask the same server hold to its limits as well.
        await gate.shut(min(exchanged.shut_for, LONGEST_WAIT))
    return call, reading, exchanged


async def _exchange(asked: _Asked, seconds: float) -> tuple[Call, Reading[Any], Exchange]:
    call = _call(asked)
    await sync_to_async(call.save)()
    async with client_for(asked.endpoint) as client:
        exchanged = await exchange(client, asked.request, seconds=round(seconds))
    reading: Reading[Any] = Reading()
    if not exchanged.problem:
        reading = read(exchanged.body, asked.question.form)
    finish(call, exchanged, reading)
    await sync_to_async(call.save)(update_fields=ledger.FINISHED)
    return call, reading, exchanged


def _call(asked: _Asked) -> Call:
    return Call(
        dataset=asked.dataset,
        endpoint=asked.endpoint,
        prompt=asked.question.prompt,
        model=asked.endpoint.model,
        request=asked.kept.kept,
        request_hash=asked.kept.hash,
        prices=asked.prices,
    )


def _sum(usage: Usage) -> int | None:
    if usage.tokens_input is None or usage.tokens_output is None:
        return None
    return usage.tokens_input + usage.tokens_output


def _today() -> date:
    return timezone.now().date()


@cache
def _drawing() -> Shown:
    """The picture of the sample, as it is sent: small, and in a format that all servers read."""
    image = Image.new("RGB", (256, 256), "gold")
    ImageDraw.Draw(image).polygon([(128, 48), (216, 208), (40, 208)], fill="red")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    url = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return Shown(pictures={"drawing": {"type": "image_url", "image_url": {"url": url}}})
