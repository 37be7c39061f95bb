"""One dialogue by its address: each member sees what they may, and disputes are settled there."""

from collections.abc import Callable

import pytest
from django.test import Client

from review import decisions
from review.models import Assignment, Dataset, Decision, Dialogue, Stage, User, Verdict
from review.rulings import Ruling
from tests.conftest import TEXTS

SignIn = Callable[[User], Client]
MakeDialogue = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]

PAGE = "/datasets/coast/dialogues/d-1/"


def _text(browser: Client, address: str = PAGE) -> str:
    response = browser.get(address)
    assert response.status_code == 200
    return response.content.decode()


def _accept(claim: Claim, by: User, place: int = 0) -> None:
    assignment = claim(by)
    candidate = assignment.dialogue.candidates.order_by("pk")[place]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)
    decisions.decide(assignment=assignment, ruling=ruling, by=by)


@pytest.fixture
def disputed(
    dataset: Dataset, dialogue: Dialogue, alice: User, erin: User, claim: Claim
) -> Dialogue:
    Dataset.objects.update(decisions_needed=2)
    _accept(claim, alice, 0)
    _accept(claim, erin, 1)
    dialogue.refresh_from_db()
    assert dialogue.stage == Stage.DISPUTED
    return dialogue


def test_who_may_still_be_handed_it_sees_no_candidates(
    alice: User, dialogue: Dialogue, client_of: SignIn
) -> None:
    text = _text(client_of(alice))
    assert dialogue.final_query in text
    assert TEXTS[1] not in text
    assert "Candidates show after a decision" in text


def test_who_holds_it_is_sent_to_the_desk(
    carol: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    claim(carol)
    text = _text(client_of(carol))
    assert "This dialogue is on your desk" in text
    assert TEXTS[1] not in text


def test_after_deciding_all_of_it_shows(
    alice: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    _accept(claim, alice)
    response = client_of(alice).get(PAGE)
    text = response.content.decode()
    assert [card.view.text for card in response.context["reading"].cards] == TEXTS
    assert "Approved" in text
    assert "/datasets/coast/checks/d-1/" in text


def test_an_outsider_finds_nothing(dave: User, dialogue: Dialogue, client_of: SignIn) -> None:
    assert client_of(dave).get(PAGE).status_code == 404


@pytest.mark.parametrize("name", ["d-2", "no/such", "%00", "%F0%9F%90%98"])
def test_an_unknown_dialogue_is_missing(
    alice: User, dialogue: Dialogue, client_of: SignIn, name: str
) -> None:
    assert client_of(alice).get(f"/datasets/coast/dialogues/{name}/").status_code == 404


def test_an_id_may_hold_slashes_and_spaces(
    carol: User, make_dialogue: MakeDialogue, client_of: SignIn
) -> None:
    make_dialogue("photos/2019 summer/é?#1")
    listing = client_of(carol).get("/datasets/coast/dialogues/").content.decode()
    address = "/datasets/coast/dialogues/photos/2019%20summer/%C3%A9%3F%231/"
    assert address in listing
    assert "photos/2019 summer/é?#1" in _text(client_of(carol), address)


def test_a_dispute_is_taken_to_the_disputes_desk(
    bob: User, carol: User, disputed: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(bob)
    text = _text(browser)
    assert "Settle this dispute" in text
    assert "alice" in text
    response = browser.post("/datasets/coast/disputes/take/d-1/")
    assert response["Location"] == "/datasets/coast/disputes/"
    other = client_of(carol)
    assert other.post("/datasets/coast/disputes/take/d-1/")["Location"] == PAGE
    assert "bob looks at this dispute now" in _text(other)


def test_an_annotator_does_not_settle_disputes(
    alice: User, disputed: Dialogue, client_of: SignIn
) -> None:
    browser = client_of(alice)
    assert "Settle this dispute" not in _text(browser)
    for address in (f"{PAGE}adjudicate/", "/datasets/coast/disputes/take/d-1/"):
        assert browser.post(address, {"verdict": "reject"}).status_code == 403


def test_a_standing_decision_is_sent_back_from_the_page(
    alice: User, bob: User, disputed: Dialogue, client_of: SignIn
) -> None:
    decision = Decision.objects.get(reviewer=alice)
    address = f"/decisions/{decision.pk}/send-back/"
    assert address in _text(client_of(bob))
    assert address not in _text(client_of(alice))
    assert client_of(alice).post(address, {"comment": "mine"}).status_code == 403
    browser = client_of(bob)
    assert browser.post(address, {"comment": "The sky?"})["Location"] == PAGE
    assert "Sent back to alice" in _text(browser)
    disputed.refresh_from_db()
    assert disputed.stage == Stage.JUDGED


def test_settling_is_never_a_link(bob: User, disputed: Dialogue, client_of: SignIn) -> None:
    # The address of a GET is that of a dialogue of this name, and there is none.
    assert client_of(bob).get(f"{PAGE}adjudicate/").status_code in {404, 405}
