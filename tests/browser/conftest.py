"""A real Chromium, in which people of the cast open pages of a real server."""

import os
import re
import shutil
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
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

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not FORESEEN.search(message.text):
            errors.append(message.text)

    def profile(user: User) -> BrowserContext:
        if user.username not in contexts:
            context = chromium.new_context(base_url=live_server.url)
            context.set_default_timeout(PATIENCE_MS)
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
        context.close()
    assert errors == []


@pytest.fixture
def desk(alice: User, make_dialogue: Callable[..., Dialogue], visit: Visit) -> Page:
    """Alice's desk: dialogue d-1 on it, d-2 ready behind it, d-3 after that."""
    for number in range(1, 4):
        make_dialogue(f"d-{number}")
    page = visit(alice, "about:blank")
    with page.expect_response("**/desk/ahead/"):
        page.goto("/datasets/coast/desk/")
    return page
