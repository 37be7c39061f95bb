"""What the desk's own program asks of the server, and how it is answered."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from review import guidelines
from review.models import Assignment, Dataset, Decision, Dialogue, PlaceState, User, Verdict

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]

DESK = "/datasets/coast/desk/"


class Program:
    """The program of one person's desk."""

    def __init__(self, user: User, browser: Client) -> None:
        self.browser = browser
        self.headers = {"X-Desk-Person": str(user.pk)}
        self.shown: Any = browser.get(DESK)

    def get(self, address: str) -> Any:
        return self.browser.get(address, headers=self.headers)

    def post(self, address: str, **fields: Any) -> Any:
        return self.browser.post(address, fields, headers=self.headers)

    def at_place(self, what: str, place: int | None = None, **fields: Any) -> Any:
        return self.post(f"/places/{place or self.place().pk}/{what}/", **fields)

    def place(self) -> Assignment:
        place: Assignment = self.shown.context["assignment"]
        return place

    def accept(self, **fields: Any) -> Any:
        best = self.shown.context["reading"].cards[0].view.id
        key = self.shown.context["key"]
        return self.at_place("decide", verdict="accept", candidate=best, key=key, **fields)


@pytest.fixture
def program(alice: User, make_dialogue: MakeDialogue, client_of: SignIn) -> Program:
    make_dialogue("d-1")
    make_dialogue("d-2")
    return Program(alice, client_of(alice))


def _lose(place: Assignment) -> None:
    Assignment.objects.filter(pk=place.pk).update(state="expired", ended_at=timezone.now())
    Dialogue.objects.filter(pk=place.dialogue_id).update(places_taken=0)


def test_the_next_dialogue_is_held_ahead_and_kept_as_shown(program: Program) -> None:
    answer = program.get(f"{DESK}ahead/")
    assert answer.context["dialogue"].external_id == "d-2"
    assert "<html" not in answer.content.decode()
    ahead = Assignment.objects.get(dialogue__external_id="d-2")
    assert ahead.begun_at is None
    assert len(ahead.shown["candidates"]) == 3


def test_where_nothing_else_waits_nothing_is_ahead(program: Program) -> None:
    Dialogue.objects.filter(external_id="d-2").delete()
    assert program.get(f"{DESK}ahead/").status_code == 204


def test_a_decision_is_answered_by_what_changes_behind_it(program: Program) -> None:
    following = program.get(f"{DESK}ahead/").context["assignment"]
    answer = program.accept(next=following.pk)
    text = answer.content.decode()
    assert f'data-following="{following.pk}"' in text
    assert 'id="today"' in text
    assert "/datasets/coast/checks/d-1/" in text
    assert 'id="sheet"' not in text
    following.refresh_from_db()
    assert following.begun_at is not None


def test_a_decision_sent_twice_counts_once(program: Program) -> None:
    first, second = program.accept(), program.accept()
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.context["decision"] == second.context["decision"]
    assert Decision.objects.count() == 1


def test_a_dialogue_that_was_given_back_meanwhile_is_taken_up_again(program: Program) -> None:
    following = program.get(f"{DESK}ahead/").context["assignment"]
    program.post(f"{DESK}leave/", held=f"{following.pk} {following.expires_at.isoformat()}")
    following.refresh_from_db()
    assert following.state == PlaceState.RETURNED
    answer = program.accept(next=following.pk)
    assert answer.context["following"] == following


def test_a_refusal_is_a_sentence_with_its_kind_and_field(program: Program) -> None:
    answer = program.at_place("decide", verdict="reject")
    assert answer.status_code == 400
    assert (answer.json()["kind"], answer.json()["field"]) == ("invalid", "reason")
    _lose(program.place())
    lost = program.accept()
    assert (lost.status_code, lost.json()["kind"]) == (409, "place-lost")


def test_what_waits_in_one_persons_page_is_never_anothers(
    program: Program, erin: User, client_of: SignIn
) -> None:
    program.browser = client_of(erin)
    answer = program.accept()
    assert (answer.status_code, answer.json()["kind"]) == (401, "signed-out")
    assert not Decision.objects.exists()


def test_a_draft_is_kept_with_all_that_the_form_holds(program: Program) -> None:
    second = program.shown.context["reading"].cards[1].view.id
    answer = program.at_place(
        "draft", text="half a", verdict="edit", candidate=second, also=[second], revision=0
    )
    assert (answer.json()["revision"], answer.json()["held"]) == (1, True)
    text = program.browser.get(DESK).content.decode()
    assert ">half a</textarea>" in text
    assert 'data-panel="edit" open' in text
    assert f'value="{second}"\n           checked' in text
    assert f'name="also" value="{second}" checked' in text


def test_a_draft_is_answered_by_what_the_rules_say_of_it(program: Program) -> None:
    answer = program.at_place("draft", text="elephants under clouds", revision=0)
    found = {finding["code"]: finding for finding in answer.json()["findings"]}
    assert "elephants" in found["unsupported"]["words"]
    assert found["unsupported"]["level"] == "warn"


def test_of_two_tabs_the_older_learns_of_the_newer_text(program: Program) -> None:
    program.at_place("draft", text="written there", revision=0)
    answer = program.at_place("draft", text="written here", revision=0)
    assert answer.status_code == 409
    newer = answer.json()
    assert (newer["kind"], newer["text"], newer["revision"]) == ("newer-draft", "written there", 1)


def test_a_draft_is_kept_where_the_lease_has_ended_and_says_so(program: Program) -> None:
    _lose(program.place())
    answer = program.at_place("draft", text="half a thought", revision=0)
    assert answer.json()["held"] is False
    back = program.at_place("reclaim")
    assert back.context["assignment"] == program.place()
    assert ">half a thought</textarea>" in back.content.decode()


def test_a_place_that_somebody_else_has_is_not_taken_back(
    program: Program, erin: User, client_of: SignIn
) -> None:
    _lose(program.place())
    assert client_of(erin).get(DESK).context["dialogue"].external_id == "d-1"
    answer = program.at_place("reclaim")
    assert answer.status_code == 409
    assert "Somebody else has dialogue d-1 now" in answer.json()["sentence"]


def test_a_sign_of_life_renews_the_lease(program: Program) -> None:
    soon = timezone.now()
    Assignment.objects.update(expires_at=soon)
    answer = program.at_place("activity")
    assert answer.json()["held"] is True
    assert Assignment.objects.get().expires_at > soon


def test_undo_goes_back_one_decision_after_the_other(program: Program) -> None:
    program.accept()
    program.shown = program.get(DESK)
    program.accept()
    for expected in ["d-2", "d-1"]:
        last = program.get(DESK).context["last"]
        back = program.post(f"/decisions/{last.pk}/undo/")
        assert back.context["dialogue"].external_id == expected
        assert 'id="sheet"' in back.content.decode()
    assert Decision.objects.filter(verdict=Verdict.UNDO).count() == 2


def test_the_unaided_get_the_candidates_for_their_text(program: Program) -> None:
    Dataset.objects.update(arms={"unaided": 1.0})
    Assignment.objects.update(arm="unaided")
    refused = program.at_place("first-text", text=" ")
    assert (refused.status_code, refused.json()["field"]) == (400, "text")
    assert 'class="card"' in program.at_place("first-text", text="my own").content.decode()


def test_new_guidelines_are_read_before_the_next_dialogue(program: Program) -> None:
    guidelines.save(dataset=Dataset.objects.get(), text="Be short.", by=None)
    assert program.get(DESK).context["guidelines_unread"]
    answer = program.get(f"{DESK}ahead/")
    assert (answer.status_code, answer.json()["kind"]) == (409, "guidelines-unread")
