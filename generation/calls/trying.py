"""Trying an endpoint: one real call about a short sample, a row of the ledger like any other.

It keeps to the endpoint's limits, and to a time that a person waits for a page.
"""

import base64
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from asgiref.sync import async_to_sync
from PIL import Image, ImageDraw

from generation import prompts
from generation.calls.accounts import Account
from generation.calls.asking import Askers, Attempt, asking
from generation.calls.embedding import VectorsWanted
from generation.calls.flow import TurnedAway
from generation.calls.mending import what_to_mend
from generation.calls.questions import Asking, Question
from generation.calls.readings import Said
from generation.models import Call, Endpoint, Job, PromptKind
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
EMBEDDED: list[Turn] = [
    {"role": "user", "text": "The old lighthouse behind the harbour on a foggy morning"},
]
SHUT_OUT = (
    "The call could not leave within {seconds:.0f} seconds: runs use up what this endpoint allows "
    "in flight or per minute, its server asked to be left alone, or Redis does not answer."
)


@dataclass(frozen=True)
class Tried:
    """What a try showed: rewrites or the dimensions of a vector, or a problem and what to mend.

    Without a call none was made: the endpoint is offline, or its limits let none out.
    """

    turns: Sequence[Turn]
    texts: list[str] = field(default_factory=list)
    dimensions: int | None = None
    problem: str = ""
    mend: str = ""
    call: Call | None = None
    pictured: str = ""


def try_endpoint(
    *,
    dataset: Dataset,
    endpoint: Endpoint,
    by: User | None = None,
    with_image: bool = False,
    job: str = "",
) -> Tried:
    """Asks an endpoint for rewrites of a sample, with a picture where that is wished, or for the
    vector of a text: `job` says what for, else it is what the endpoint is for."""
    if by is not None:
        check_can_administer(by, dataset)
    if endpoint.is_offline():
        return Tried(SAMPLE, texts=rewrite(SAMPLE, count=COUNT))
    if job == Job.EMBED or (not job and endpoint.only_embeds()):
        return _try_embedding(dataset, endpoint)
    return _try_rewriting(dataset, endpoint, with_image=with_image)


def _try_rewriting(dataset: Dataset, endpoint: Endpoint, *, with_image: bool) -> Tried:
    if with_image and not endpoint.sees_images:
        raise Invalid("This endpoint is not marked as one that sees images.", field="with_image")
    turns = SAMPLE_WITH_PICTURE if with_image else SAMPLE
    question = _question(dataset, turns, _drawing() if with_image else NOTHING)
    try:
        made = _asked(dataset, endpoint, question)
    except TurnedAway:
        return Tried(turns, problem=_shut_out(endpoint))
    return Tried(
        turns,
        texts=list(made.reading.answer.rewrites) if made.reading.answer else [],
        problem=made.call.error,
        mend=what_to_mend(endpoint, made.exchanged, made.reading.unusable),
        call=made.call,
        pictured=PICTURED if with_image else "",
    )


def _try_embedding(dataset: Dataset, endpoint: Endpoint) -> Tried:
    body = {**endpoint.extra_parameters, "input": [turn["text"] for turn in EMBEDDED]}
    try:
        made = _asked(dataset, endpoint, VectorsWanted(body, body, count=len(EMBEDDED)))
    except TurnedAway:
        return Tried(EMBEDDED, problem=_shut_out(endpoint))
    vectors = made.reading.answer
    return Tried(
        EMBEDDED,
        dimensions=None if vectors is None else vectors.shape[1],
        problem=made.call.error,
        mend=what_to_mend(endpoint, made.exchanged, made.reading.unusable, Job.EMBED),
        call=made.call,
    )


def _question(dataset: Dataset, turns: Sequence[Turn], shown: Shown) -> Question[Any]:
    prompt = prompts.current(PromptKind.REWRITE, dataset)
    messages = prompts.rewrite_messages(prompt.text, turns, count=COUNT, shown=shown)
    return Question(prompt, messages, rewrites_form(COUNT), TOKENS_PER_REWRITE * COUNT)


def _asked(dataset: Dataset, endpoint: Endpoint, question: Asking[Said]) -> Attempt[Said]:
    """Raises `TurnedAway` where the call could not leave in time."""
    began, seconds = time.monotonic(), _seconds(endpoint)
    enough = began + seconds * SHARE_TO_ENTER
    askers = Askers(Account(dataset.pk), lambda: time.monotonic() < enough)

    async def ask() -> Attempt[Said]:
        async with asking(askers, endpoint) as asker:
            return await asker.ask_once(question, until=began + seconds)

    return async_to_sync(ask)()


def _seconds(endpoint: Endpoint) -> float:
    return min(float(endpoint.timeout_seconds), MOST_SECONDS)


def _shut_out(endpoint: Endpoint) -> str:
    return SHUT_OUT.format(seconds=_seconds(endpoint) * SHARE_TO_ENTER)


@cache
def _drawing() -> Shown:
    """The picture of the sample, as it is sent: small, and in a format that all servers read."""
    image = Image.new("RGB", (256, 256), "gold")
    ImageDraw.Draw(image).polygon([(128, 48), (216, 208), (40, 208)], fill="red")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    url = f"data:image/jpeg;base64,{base64.b64encode(file.getvalue()).decode()}"
    return Shown(pictures={"drawing": {"type": "image_url", "image_url": {"url": url}}})
