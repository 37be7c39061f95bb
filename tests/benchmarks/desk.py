"""The desk in a browser: weight of a first visit, ready, and from the key to the next dialogue.

A site of its own is started as `make run` starts one, with its sample dataset, on an empty record.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.benchmarks.figures import Figure, Skipped

PROJECT = Path(__file__).resolve().parents[2]
READY = re.compile(r"ReCQR is ready: (\S+)")
ACCOUNT = re.compile(r"^\s+alice\s+annotator\s+(\S+)", re.MULTILINE)
VISITS = 5
DECISIONS = 12
DESK = "/datasets/sample/desk/"
# From the key until the frame with the next dialogue is on the screen.
WATCH_KEYS = """() => {
  window.waits = [];
  let pressed = 0;
  addEventListener("keydown", () => { pressed = performance.now() }, true);
  document.addEventListener("desk:shown", () => requestAnimationFrame(() => setTimeout(() =>
    window.waits.push(performance.now() - pressed))));
}"""
TIMES = """() => {
  const [page] = performance.getEntriesByType("navigation");
  return [page.domContentLoadedEventEnd, page.loadEventEnd];
}"""


@dataclass
class Visit:
    """What one first visit brought over the wire, and when the keys and the images were there."""

    ready: float = 0
    loaded: float = 0
    sizes: dict[str, float] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def kilobytes(self) -> float:
        return sum(self.sizes[i] for i in self.sizes if self.types.get(i) != "Image") / 1000

    def requests(self) -> int:
        return sum(kind != "Image" for kind in self.types.values())


def run() -> list[Figure]:
    """All figures; raises Skipped where there is no Chromium."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if chromium is None:
        raise Skipped("no Chromium found: install one, or name it in CHROMIUM")
    with _site() as (address, password), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        cookies = _signed_in(browser, address, password)
        visits = [_visit(browser, address, cookies) for _ in range(VISITS)]
        waits = _decide(browser, address, cookies)
        browser.close()
    return [
        Figure("first visit, without images", visits[0].kilobytes(), 100, "KB", least=False),
        Figure("requests of it, without images", visits[0].requests(), 19, "", least=False),
        Figure("ready for keys", median(v.ready for v in visits), 500, "ms", least=False),
        Figure("all images there", median(v.loaded for v in visits), None, "ms"),
        Figure("from the key to the next dialogue", median(waits), 100, "ms", least=False),
        Figure("the longest of them", max(waits), None, "ms"),
    ]


@contextmanager
def _site() -> Iterator[tuple[str, str]]:
    """A site on an empty record: its address, and Alice's password."""
    record = tempfile.mkdtemp(prefix="recqr-bench-")
    unset = ("DATABASE_URL", "REDIS_URL")
    environment = {k: v for k, v in os.environ.items() if k not in unset}
    process = subprocess.Popen(
        [sys.executable, "-m", "recqr_site.serving"],
        cwd=PROJECT,
        env={**environment, "RECQR_VAR": record, "PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _hear(process)
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(record, ignore_errors=True)


def _hear(process: "subprocess.Popen[str]") -> tuple[str, str]:
    said = ""
    assert process.stdout is not None
    for line in process.stdout:
        said += line
        ready, account = READY.search(said), ACCOUNT.search(said)
        if ready and account:
            return ready[1], account[1]
    raise RuntimeError(f"the site did not start:\n{said}")


def _signed_in(browser: Browser, address: str, password: str) -> list[Any]:
    context = browser.new_context(base_url=address)
    page = context.new_page()
    page.goto("/login/")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/")
    page.goto(DESK)
    confirm = page.get_by_role("button", name="I have read")
    if confirm.count():
        confirm.click()
        page.wait_for_selector(".card")
    cookies = context.cookies()
    context.close()
    return cookies


def _context(browser: Browser, address: str, cookies: list[Any]) -> BrowserContext:
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    context.add_cookies(cookies)
    return context


def _visit(browser: Browser, address: str, cookies: list[Any]) -> Visit:
    context = _context(browser, address, cookies)
    page = context.new_page()
    visit = Visit()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.requestWillBeSent", lambda e: _note_kind(visit, e))
    session.on("Network.loadingFinished", lambda e: _note_size(visit, e))
    page.goto(DESK)
    page.wait_for_load_state("networkidle")
    visit.ready, visit.loaded = page.evaluate(TIMES)
    context.close()
    return visit


def _note_kind(visit: Visit, event: dict[str, Any]) -> None:
    visit.types[event["requestId"]] = event["type"]


def _note_size(visit: Visit, event: dict[str, Any]) -> None:
    visit.sizes[event["requestId"]] = event["encodedDataLength"]


def _decide(browser: Browser, address: str, cookies: list[Any]) -> list[float]:
    """How long each of some decisions took to be answered by the next dialogue."""
    context = _context(browser, address, cookies)
    page = context.new_page()
    page.goto(DESK)
    page.wait_for_load_state("networkidle")
    page.evaluate(WATCH_KEYS)
    for number in range(1, DECISIONS + 1):
        _accept(page, number)
    waits: list[float] = page.evaluate("window.waits")
    context.close()
    return waits


def _accept(page: Page, number: int) -> None:
    # Nobody reads a dialogue in less.
    time.sleep(1)
    page.keyboard.press("Enter")
    page.wait_for_function("number => window.waits.length >= number", arg=number)
