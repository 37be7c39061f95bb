"""A real Chromium, in which people of the cast open pages of a real server."""

import os
import re
import shutil
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from review.models import Dialogue, User

Visit = Callable[[User, str], Page]

# Enough for a machine that is busy with other tests.
PATIENCE_MS = 15_000
expect.set_options(timeout=PATIENCE_MS)

# A browser counts these as errors of a page: a form that was refused, and a lost connection.
FORESEEN = re.compile(
    r"status of (400|401|409|422)|ERR_INTERNET_DISCONNECTED|ERR_FAILED|Failed to fetch"
)


def _chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = _chromium()
    if path is None:
        pytest.skip("no Chromium found: install one, or name it in CHROMIUM")
    # Playwright runs an event loop in this thread, which Django takes for asynchronous code.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])


AT_WORK = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""


@pytest.fixture
def visit(
    chromium: Browser,
    live_server: LiveServer,
    client_of: Callable[[User], Client],
) -> Iterator[Visit]:
    """Opens a page as a person, each in a browser profile of their own; an error in a page's
    console fails the test."""
    contexts: dict[str, BrowserContext] = {}
    errors: list[str] = []
    asked: set[Request] = set()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not FORESEEN.search(message.text):
            errors.append(message.text)

    def ask(request: Request) -> None:
        if request.resource_type != "ping":
            asked.add(request)

    def profile(user: User) -> BrowserContext:
        if user.username not in contexts:
            context = chromium.new_context(base_url=live_server.url)
            context.set_default_timeout(PATIENCE_MS)
            context.on("request", ask)
            context.on("requestfinished", lambda request: asked.discard(request))
            context.on("requestfailed", lambda request: asked.discard(request))
            contexts[user.username] = context
        return contexts[user.username]

    def open_page(user: User, address: str) -> Page:
        name = settings.SESSION_COOKIE_NAME
        cookie = client_of(user).cookies[name].value
        context = profile(user)
        context.add_cookies([{"name": name, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.on("console", note)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(address)
        return page

    yield open_page
    for context in contexts.values():
        # The server is to be at rest when the database is emptied.
        context.set_offline(offline=True)
        for page in context.pages:
            _await_rest(page, asked)
        context.close()
    _await_idle_database()
    assert errors == []


def _await_idle_database() -> None:
    """What a page sends as it closes is not waited for by the page: by the database it is."""
    idle, deadline = 0, time.monotonic() + 5
    while idle < 3 and time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute(AT_WORK)
            idle = 0 if cursor.fetchone()[0] else idle + 1
        time.sleep(0.02)


def _await_rest(page: Page, asked: set[Request]) -> None:
    deadline = time.monotonic() + 5
    while asked and time.monotonic() < deadline and not page.is_closed():
        page.wait_for_timeout(20)


@pytest.fixture
def desk(alice: User, make_dialogue: Callable[..., Dialogue], visit: Visit) -> Page:
    """Alice's desk: dialogue d-1 on it, d-2 ready behind it, d-3 after that."""
    for number in range(1, 4):
        make_dialogue(f"d-{number}")
    page = visit(alice, "about:blank")
    with page.expect_response("**/desk/ahead/"):
        page.goto("/datasets/coast/desk/")
    return page
