"""What tests ask of a desk in a browser."""

from playwright.sync_api import Page, expect

DESK = "/datasets/coast/desk/"
# After this the desk takes a key for the dialogue that it shows, not for the one before.
SETTLED_MS = 350


def shows(page: Page, external_id: str) -> None:
    """Waits until a dialogue is on the desk, and takes keys."""
    expect(page.locator("#dialogue-title a")).to_have_text(external_id)
    page.wait_for_timeout(SETTLED_MS)


def says(page: Page, words: str) -> None:
    """Waits until the bar says it."""
    expect(page.locator("#saved")).to_contain_text(words)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def edit(page: Page, more: str) -> None:
    """Opens the edit and writes on."""
    page.keyboard.press("e")
    page.keyboard.type(more)
