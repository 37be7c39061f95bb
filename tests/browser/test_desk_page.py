"""The desk as a page: for every eye and hand, at every width, with and without its program."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from review.models import Decision, Dialogue, Image, User, Verdict
from tests.browser.conftest import Visit
from tests.browser.desks import DESK, press, shows
from tests.conftest import TEXTS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Rules of axe for what WCAG 2.2 asks at level AA, and what its makers know as good practice.
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# A picture file as a browser takes it.
PICTURE = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f"
    b"\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d"
    b"\x00\x00\x00\x00IEND\xaeB`\x82"
)


@pytest.fixture
def pictures(images: list[Image]) -> None:
    """Images with a file each, as far as the page knows."""
    Image.objects.update(file="some.png", width=400, height=300)


def _violations(page: Page) -> list[str]:
    found = Axe().run(page, options={"runOnly": TAGS}).response["violations"]
    return [f"{v['id']}: {node['html'][:120]}" for v in found for node in v["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nobody_is_shut_out(desk: Page, scheme: str) -> None:
    # Colours that are still on their way are nobody's contrast.
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    assert _violations(desk) == []
    for key in ["e", "r", "?"]:
        press(desk, key)
        assert _violations(desk) == []
        press(desk, "Escape")


def test_it_fits_every_width_and_asks_nobody_else(desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    # The last is a wide screen at 200%.
    for width, height in [(1440, 900), (820, 1180), (390, 844), (720, 450)]:
        desk.set_viewport_size({"width": width, "height": height})
        desk.reload()
        assert desk.evaluate("document.documentElement.scrollWidth") <= width
        expect(desk.get_by_role("button", name=re.compile("^Accept"))).to_be_in_viewport()
    origin = re.match(r"https?://[^/]+", desk.url)
    assert origin is not None
    assert [url for url in asked if not url.startswith((origin[0], "data:"))] == []


def test_a_usual_dialogue_needs_no_scrolling(desk: Page) -> None:
    desk.set_viewport_size({"width": 1440, "height": 900})
    hidden = "e => e.scrollHeight - e.clientHeight"
    for part in [".chat", ".cards-place", ".evidence"]:
        assert desk.locator(part).evaluate(hidden) <= 0, part
    assert desk.evaluate("document.documentElement.scrollHeight") <= 900


def test_nothing_moves_when_the_next_dialogue_comes(desk: Page) -> None:
    places = "() => ['.sheet-head', '.verdict', '.evidence h2', '#last'].map(part => { const box ="
    places += " document.querySelector(part).getBoundingClientRect(); return [box.x, box.y] })"
    desk.set_viewport_size({"width": 1440, "height": 900})
    press(desk, "s", "s")
    shows(desk, "d-2")
    desk.wait_for_load_state("networkidle")
    before = desk.evaluate(places)
    press(desk, "s", "s")
    shows(desk, "d-3")
    assert desk.evaluate(places) == before


def test_images_are_walked_through_and_looked_at_from_near(desk: Page, pictures: None) -> None:
    answer = {"body": PICTURE, "content_type": "image/png"}
    desk.route("**/images/**", lambda route: route.fulfill(**answer))  # type: ignore[arg-type]
    desk.reload()
    press(desk, "Space")
    viewer = desk.get_by_role("dialog", name="Image")
    expect(viewer).to_contain_text("Target: an old lighthouse on a breakwater under a cloudy sky")
    press(desk, "ArrowRight")
    expect(viewer).to_contain_text("people on a wooden pier")
    image = viewer.locator("img")
    press(desk, "+", "ArrowRight")
    assert re.match(
        r"translate\(-80px, 0px\) scale\(1.5\)", image.evaluate("e => e.style.transform")
    )
    expect(viewer).to_contain_text("people on a wooden pier")
    image.dblclick()
    assert image.evaluate("e => e.style.transform") == ""
    press(desk, "Escape")
    expect(desk.get_by_role("dialog")).to_have_count(0)
    assert not Decision.objects.exists()


def test_a_picture_that_does_not_come_says_so(desk: Page, pictures: None) -> None:
    desk.route("**/images/**", lambda route: route.abort())
    desk.reload()
    expect(desk.locator(".evidence .picture.broken")).to_have_count(1)


def test_the_page_of_a_dialogue_takes_the_desks_keys(
    alice: User, dialogue: Dialogue, visit: Visit
) -> None:
    page = visit(alice, "/datasets/coast/dialogues/d-1/")
    page.keyboard.press("g")
    expect(page.get_by_role("dialog", name="Guidelines")).to_contain_text("no guidelines")


def test_decisions_come_below_the_candidates(carol: User, dialogue: Dialogue, visit: Visit) -> None:
    for number in range(12):
        text = f"the lighthouse and {number} boats"
        dialogue.candidates.create(text=text, text_key=text, kind="model", author="m", round=0)
    page = visit(carol, "/datasets/coast/dialogues/d-1/")
    cards = page.locator(".settled .card").last.bounding_box()
    below = page.locator(".settled .decisions").bounding_box()
    assert cards is not None
    assert below is not None
    assert cards["y"] + cards["height"] <= below["y"]


def test_without_its_program_the_same_desk_decides(desk: Page) -> None:
    plain = desk.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, base_url=desk.url
    )
    plain.add_cookies(desk.context.cookies())  # type: ignore[arg-type]
    page = plain.new_page()
    page.goto(DESK)
    page.locator(".card-body", has_text=TEXTS[1]).click()
    page.get_by_role("button", name=re.compile("Accept")).click()
    expect(page.locator("#dialogue-title a")).to_have_text("d-2")
    page.locator("summary", has_text="Reject").click()
    page.get_by_label("What the user means is unclear").check()
    page.locator(".panel-foot button[value=reject]").click()
    expect(page.locator("#dialogue-title a")).to_have_text("d-3")
    page.get_by_role("button", name=re.compile("Undo")).click()
    expect(page.locator("#dialogue-title a")).to_have_text("d-2")
    verdicts = Decision.objects.values_list("verdict", flat=True)
    assert list(verdicts) == [Verdict.ACCEPT, Verdict.REJECT, Verdict.UNDO]
    plain.close()
