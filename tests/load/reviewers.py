"""Reviewers who are programs: each claims, decides, and goes on with the next."""

import asyncio
import random
import uuid
from collections.abc import Callable
from typing import Any

import aiohttp

from tests.load.filling import SLUG
from tests.load.history import Asked, History

SECONDS = aiohttp.ClientTimeout(total=30)
# How long one waits for a site that is away before asking again.
PAUSE = 0.1
EDITED = "the old lighthouse at the end of the breakwater under clouds"


class Reviewer:
    """One person's program. `chance` decides what it decides."""

    def __init__(self, address: str, token: str, history: History, seed: int) -> None:
        self.name = token
        self.address = address
        self.history = history
        self.chance = random.Random(seed)  # noqa: S311  (no secrets)
        self.headers = {"Authorization": f"Bearer {token}"}

    async def review(self, session: aiohttp.ClientSession) -> bool:
        """Claims a dialogue and decides on it; False where nothing waits."""
        claimed = await self.claim(session)
        if claimed.status != 200:
            return claimed.status != 204
        await self.decide(session, claimed.answer)
        return True

    async def claim(self, session: aiohttp.ClientSession) -> Asked:
        return await self._answered(session, "claim", f"datasets/{SLUG}/claim/")

    async def decide(self, session: aiohttp.ClientSession, claimed: dict[str, Any]) -> Asked:
        """One decision, sent under one key until an answer comes."""
        place, key = claimed["assignment"], uuid.uuid4().hex
        ruling = self._ruling([entry["id"] for entry in claimed["dialogue"]["candidates"]])
        path = f"assignments/{place}/decision/"
        return await self._answered(session, "decide", path, place, key, ruling)

    async def _answered(self, session: aiohttp.ClientSession, *what: Any) -> Asked:
        while (asked := await self.ask(session, *what)).status in {None, 500, 502, 503}:
            await asyncio.sleep(PAUSE)
        return asked

    async def ask(
        self,
        session: aiohttp.ClientSession,
        what: str,
        path: str,
        place: int | None = None,
        key: str = "",
        body: Any = None,
    ) -> Asked:
        """Sends one request, and keeps what came of it."""
        asked = self.history.begin(self.name, what, place, key)
        headers = {**self.headers, "Idempotency-Key": key} if key else self.headers
        url = f"{self.address}/api/v1/{path}"
        try:
            async with session.post(url, json=body, headers=headers) as response:
                text = await response.json(content_type=None) if response.status != 204 else None
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return asked
        asked.status, asked.answer = response.status, text
        asked.answered = asyncio.get_running_loop().time()
        return asked

    def _ruling(self, candidates: list[int]) -> dict[str, Any]:
        drawn = self.chance.random()
        if drawn < 0.05:
            return {"verdict": "skip", "reason": "unsure"}
        if drawn < 0.10:
            return {"verdict": "reject", "reason": "unusable"}
        if drawn < 0.30 or not candidates:
            return {"verdict": "edit", "text": EDITED}
        return {"verdict": "accept", "candidate": self.chance.choice(candidates)}


async def flat_out(reviewers: list[Reviewer], enough: Callable[[], bool]) -> None:
    """All at once, each without a pause, until it is enough or nothing waits."""

    async def work(reviewer: Reviewer) -> None:
        while not enough() and await reviewer.review(session):
            pass

    async with aiohttp.ClientSession(timeout=SECONDS) as session:
        await asyncio.gather(*map(work, reviewers))
