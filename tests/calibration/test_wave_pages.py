"""Waves on the pages of calibration: previewed, drawn, waited for, closed, or refused in words."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.test import Client

from review.calibration.sampling import drawing, following
from review.models import (
    Dataset,
    Dialogue,
    User,
    Wave,
)
from tests.calibration.kept import (
    ADDRESS,
    HTMX,
    NEW_WAVE,
    PREVIEW,
    WAVES_API,
    figures,
    keep,
    made,
    read,
)

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]


def test_with_nothing_drawn_it_says_what_a_wave_is_and_what_one_would_bring(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    page = read(client_of(carol))
    assert "Nothing is drawn yet" in page
    assert f'href="{NEW_WAVE}"' in page
    assert "How many decisions does it take?" in page
    assert "People would accept" not in page
    assert not Wave.objects.exists()


def test_a_wave_is_previewed_drawn_waited_for_and_closed(
    dataset: Dataset, carol: User, dialogues: list[Dialogue], client_of: SignIn, sent: list[str]
) -> None:
    browser = client_of(carol)
    asked = {"kind": "uniform", "size": "4", "even_share": "50", "narrow": ""}
    preview = browser.post(PREVIEW, asked, headers=HTMX).content.decode()
    assert "6 dialogues" in preview
    assert "points" in preview
    assert not Wave.objects.exists()

    page = browser.post(NEW_WAVE, asked, follow=True).content.decode()
    assert sent == ["draw_waves"]
    assert "Being drawn." in page
    assert "awaited=wave1" in page
    assert browser.get(f"{ADDRESS}?awaited=wave1", headers=HTMX).status_code == 204

    drawing.carry_out(dataset)
    fragment = read(browser, f"{ADDRESS}?awaited=wave1", headers=HTMX)
    assert "<html" not in fragment
    assert "every 2s" not in fragment
    assert "0 of 4" in fragment
    assert "4 waiting" in fragment

    browser.post(f"{ADDRESS}waves/1/close/")
    assert Wave.objects.get().closed_at is not None
    assert (
        "is closed already"
        in browser.post(f"{ADDRESS}waves/1/close/", follow=True).content.decode()
    )
    assert browser.post(f"{ADDRESS}waves/2/close/").status_code == 404


def test_a_wave_that_failed_says_why(dataset: Dataset, carol: User, client_of: SignIn) -> None:
    made(dataset, drawn_at=None, failure="There are 2 dialogues to draw from.")
    assert "Not drawn.</b> There are 2 dialogues to draw from." in read(client_of(carol))


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"size": "700"}, "There are 6 dialogues to draw from"),
        ({"size": "many"}, "Give a whole number."),
        ({"kind": "informative", "even_share": "20"}, "At least half of a wave"),
        ({"narrow": "language:xx"}, "There is no such part"),
    ],
)
def test_what_cannot_be_drawn_is_said_at_its_field_and_nothing_typed_is_lost(
    wrong: dict[str, str], told: str, carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    browser = client_of(carol)
    asked = {"kind": "uniform", "size": "5", "even_share": "60", "narrow": "", **wrong}
    for address in (NEW_WAVE, PREVIEW):
        response = browser.post(address, asked)
        page = response.content.decode()
        assert response.status_code == 422
        assert told in page
        assert f'value="{asked["size"]}"' in page
        assert f'value="{asked["even_share"]}"' in page
    assert browser.post(PREVIEW, asked, headers=HTMX).status_code == 422
    assert not Wave.objects.exists()


def test_a_link_of_the_plan_fills_the_form(
    carol: User, dialogues: list[Dialogue], client_of: SignIn
) -> None:
    page = read(client_of(carol), f"{NEW_WAVE}?narrow=turns:3-4&size=30")
    assert '<option value="turns:3-4" selected>3 to 4 turns' in page
    assert 'value="30"' in page


def test_where_many_are_drawn_what_became_of_them_is_told_as_it_was_reckoned(
    dataset: Dataset,
    large: None,
    carol: User,
    client_of: SignIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = {"decided": 3, "skipped": 0, "uncounted": 0, "waiting": 1}
    line = replace(following.line(made(dataset)), **told, used=True)
    keep(dataset, figures([line]))
    assert "0 of 4</b> decided</p>" in read(client_of(carol))
    [now] = client_of(carol).get(WAVES_API).json()
    assert (now["decided"], now["as_of"]) == (0, None)
    monkeypatch.setattr(following, "MOST_FOLLOWED", 3)
    assert '3 of 4</b> decided <span class="quiet">when it was reckoned' in read(client_of(carol))
    [then] = client_of(carol).get(WAVES_API).json()
    assert then["decided"] == 3
    assert then["as_of"] is not None
