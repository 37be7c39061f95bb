"""Sixteen reviewers over 100,000 dialogues, against the site as it is served, and nothing lost.

Site, databases, workers and the reviewers' programs share this machine.
"""

import asyncio
import contextlib
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import psutil

from tests.benchmarks.figures import Figure
from tests.load import checking
from tests.load.filling import PASSWORD, SLUG, Filling, fill
from tests.load.history import Asked, History
from tests.load.reviewers import Reviewer, flat_out
from tests.plugins.records import Record
from tests.plugins.sites import SERVE, Site

FILLING = Filling(dialogues=100_000, reviewers=16)
SECONDS = 30.0
REVIEWS_A_SECOND = 20
MOST_SECONDS = 0.15


def run() -> list[Figure]:
    folder = Path(tempfile.mkdtemp(prefix="recqr-bench-"))
    record = Record(folder / "record")
    try:
        with _site(record) as site:
            return _figures(site)
    finally:
        record.close()
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _site(record: Record) -> Iterator[Site]:
    site = Site(record, SERVE)
    try:
        site.await_ready()
        yield site
    finally:
        site.stop()


def _figures(site: Site) -> list[Figure]:
    with site.record.connect() as link:
        tokens = fill(link, FILLING)
    history = History()
    reviewers = [Reviewer(site.await_ready(), token, history) for token in tokens]
    fast, processor = _flat_out(site, reviewers)
    paced = History()
    for reviewer in reviewers:
        reviewer.history = paced
    asyncio.run(_paced(reviewers))
    faults = checking.faults(_both(history, paced), site.record.sql)
    return [
        Figure("reviews a second, 16 without a pause", fast, 40, "/s"),
        Figure("processor time a review, all processes", processor * 1000, 35, "ms", least=False),
        *(_quick(paced, what) for what in ("claim", "decide", "page")),
        Figure("faults in the history", len(faults), 0, least=False),
    ]


def _flat_out(site: Site, reviewers: list[Reviewer]) -> tuple[float, float]:
    """Reviews a second, and seconds of processor time that the site took for each."""
    worked, began = _processor_seconds(site), time.monotonic()
    made = asyncio.run(flat_out(reviewers, lambda: time.monotonic() > began + SECONDS))
    return made / (time.monotonic() - began), (_processor_seconds(site) - worked) / made


def _processor_seconds(site: Site) -> float:
    """Of all processes of a site and its databases that are alive."""
    found = {process.pid: process for process in site.record.processes()}
    found |= {child.pid: child for child in site.supervisor().children(recursive=True)}
    total = 0.0
    for process in found.values():
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


async def _paced(reviewers: list[Reviewer]) -> None:
    """So many reviews a second, each begun when its time has come, and with each one desk page."""
    async with aiohttp.ClientSession() as session:
        free = [
            (reviewer, await _signed_in(reviewer.address, number))
            for number, reviewer in enumerate(reviewers, start=1)
        ]
        at_work: set[asyncio.Task[None]] = set()
        began = time.monotonic()
        for number in range(int(SECONDS * REVIEWS_A_SECOND)):
            await asyncio.sleep(max(0.0, began + number / REVIEWS_A_SECOND - time.monotonic()))
            if not free:
                raise RuntimeError("the site cannot keep up with twenty reviews a second")
            at_work.add(task := asyncio.create_task(_one(session, free.pop(0), free)))
            task.add_done_callback(at_work.discard)
        await asyncio.gather(*at_work)


async def _one(
    session: aiohttp.ClientSession, who: tuple[Reviewer, str], free: list[tuple[Reviewer, str]]
) -> None:
    reviewer, cookie = who
    await reviewer.review(session)
    asked = reviewer.history.begin(Asked(reviewer.name, "page"))
    url = f"{reviewer.address}/datasets/{SLUG}/desk/"
    async with session.get(url, headers={"Cookie": cookie}) as response:
        await response.read()
    asked.status, asked.answered = response.status, time.monotonic()
    if response.status != 200:
        raise RuntimeError(f"the desk answered {response.status}")
    free.append(who)


async def _signed_in(address: str, number: int) -> str:
    """The cookies of a browser in which a reviewer is signed in."""
    jar = aiohttp.CookieJar(unsafe=True)  # by address, not by name
    async with aiohttp.ClientSession(cookie_jar=jar) as browser:
        async with browser.get(f"{address}/login/") as page:
            token = re.search(r'csrfmiddlewaretoken" value="([^"]+)"', await page.text())
        form = {
            "csrfmiddlewaretoken": token[1] if token else "",
            "username": f"load-{number}",
            "password": PASSWORD,
        }
        async with browser.post(f"{address}/login/", data=form) as page:
            if page.url.path.startswith("/login"):
                raise RuntimeError("a reviewer could not sign in")
        return "; ".join(f"{cookie.key}={cookie.value}" for cookie in jar)


def _quick(history: History, what: str) -> Figure:
    name = f"p95 of {what} at {REVIEWS_A_SECOND} reviews a second"
    return Figure(name, history.seconds_within(what, 0.95), MOST_SECONDS, "s", least=False)


def _both(first: History, second: History) -> History:
    return History([*first.asked, *second.asked])
