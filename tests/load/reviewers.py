"""Reviewers who are programs: each claims, decides, and goes on with the next."""

import asyncio
import random
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.load.filling import SLUG
from tests.load.history import Asked, History

SECONDS = 30.0
# How long one waits for a site that is away before asking again.
PAUSE = 0.1
AWAY = {None, 500, 502, 503}
EDITED = "the old lighthouse at the end of the breakwater under clouds"


class Reviewer:
    """One person's program. `breaking` is the share of requests that it does not wait for, and of
    decisions that it sends again although it knows the answer."""

    def __init__(self, address: str, token: str, history: History, breaking: float = 0.0) -> None:
        self.name = token
        self.address = address.rstrip("/")
        self.history = history
        self.breaking = breaking
        self.chance = random.Random(token)  # noqa: S311  (no secrets)
        self.headers = {"Authorization": f"Bearer {token}"}

    async def review(self, session: aiohttp.ClientSession) -> bool:
        """Claims a dialogue and decides on it; False where nothing waits."""
        claimed = await self.claim(session)
        if claimed.status != 200:
            return claimed.status != 204
        await self.decide(session, claimed.answer)
        return True

    async def claim(self, session: aiohttp.ClientSession) -> Asked:
        return await self._answered(session, f"datasets/{SLUG}/claim/", "claim")

    async def decide(self, session: aiohttp.ClientSession, claimed: dict[str, Any]) -> None:
        """One decision, sent under one key until an answer comes, and sometimes once more."""
        path = f"assignments/{claimed['assignment']}/decision/"
        told = claimed["dialogue"]
        ruling = self._ruling([candidate["id"] for candidate in told["candidates"]])
        decision = ("decide", uuid.uuid4().hex, ruling, told["id"])
        await self._answered(session, path, *decision)
        if self.chance.random() < self.breaking:
            await self._answered(session, path, *decision)

    async def _answered(self, session: aiohttp.ClientSession, path: str, *what: Any) -> Asked:
        while (asked := await self.ask(session, path, Asked(self.name, *what))).status in AWAY:
            await asyncio.sleep(PAUSE)
        return asked

    async def ask(self, session: aiohttp.ClientSession, path: str, asked: Asked) -> Asked:
        """Sends one request, and keeps what came of it."""
        self.history.begin(asked)
        headers = {**self.headers, "Idempotency-Key": asked.key} if asked.key else self.headers
        breaks = self.chance.random() < self.breaking
        seconds = self.chance.uniform(0.001, 0.05) if breaks else SECONDS
        url = f"{self.address}/api/v1/{path}"
        try:
            async with (
                asyncio.timeout(seconds),
                session.post(url, json=asked.body, headers=headers) as response,
            ):
                answer = None if response.status == 204 else await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return asked
        asked.status, asked.answer = response.status, answer
        asked.answered = asyncio.get_running_loop().time()
        return asked

    def _ruling(self, candidates: list[int]) -> dict[str, Any]:
        drawn = self.chance.random()
        if drawn < 0.05:
            return {"verdict": "skip", "reason": "unsure"}
        if drawn < 0.10:
            return {"verdict": "reject", "reason": "unusable"}
        if drawn < 0.30:
            return {"verdict": "edit", "text": EDITED}
        return {"verdict": "accept", "candidate": self.chance.choice(candidates)}


async def flat_out(reviewers: list[Reviewer], enough: Callable[[], bool] = lambda: False) -> int:
    """All at once, each without a pause, until it is enough or nothing waits; how many reviews."""

    async def work(reviewer: Reviewer) -> int:
        made = 0
        while not enough() and await reviewer.review(session):
            made += 1
        return made

    async with aiohttp.ClientSession() as session:
        return sum(await asyncio.gather(*map(work, reviewers)))
