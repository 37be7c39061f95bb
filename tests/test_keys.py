"""The keys of the desk, as each person has them."""

from collections.abc import Callable

import pytest
from django.test import Client

from review.errors import InvalidFields
from review.models import User
from review.people import keys

SignIn = Callable[[User], Client]


def test_a_person_has_the_usual_keys_until_they_choose_others(alice: User) -> None:
    assert keys.of(alice)["accept"] == "Enter"
    keys.save(user=alice, keys={"edit": "W"})
    alice.refresh_from_db()
    assert keys.of(alice) == {**keys.USUAL, "edit": "w"}
    keys.save(user=alice, keys={"edit": "e"})
    alice.refresh_from_db()
    assert alice.keys == {}


def test_letters_of_any_script_named_keys_and_none_at_all_are_keys(alice: User) -> None:
    wanted = {"edit": "У", "reject": "space", "images": "", "also": "ع", "undo": "."}
    saved = keys.save(user=alice, keys=wanted)
    assert [saved[code] for code in wanted] == ["у", "Space", "", "ع", "."]


@pytest.mark.parametrize(
    "key", ["1", "٣", "Tab", "Escape", "F5", "Ctrl", "ArrowUp", "/", "'", "ab", "é́", "\x00", "🙂"]
)
def test_keys_of_the_browser_and_digits_are_refused(key: str, alice: User) -> None:
    with pytest.raises(InvalidFields) as refused:
        keys.save(user=alice, keys={"edit": key})
    assert list(refused.value.fields) == ["edit"]


def test_two_actions_never_share_a_key_but_may_swap(alice: User) -> None:
    with pytest.raises(InvalidFields, match="R is the key of “edit the chosen candidate” already"):
        keys.save(user=alice, keys={"edit": "r"})
    swapped = keys.save(user=alice, keys={"edit": "r", "reject": "e"})
    assert (swapped["edit"], swapped["reject"]) == ("r", "e")


def test_the_page_saves_says_what_clashes_and_puts_back(alice: User, client_of: SignIn) -> None:
    browser = client_of(alice)
    assert browser.get("/keys/").status_code == 200
    clash = browser.post("/keys/", {**keys.USUAL, "skip": "u"})
    assert clash.status_code == 422
    assert "U is the key of" in clash.content.decode()
    assert browser.post("/keys/", {**keys.USUAL, "skip": "x"}).status_code == 302
    alice.refresh_from_db()
    assert alice.keys == {"skip": "x"}
    browser.post("/keys/", {"preset": "none"})
    alice.refresh_from_db()
    assert set(keys.of(alice).values()) == {""}
    browser.post("/keys/", {"preset": "usual"})
    alice.refresh_from_db()
    assert alice.keys == {}
