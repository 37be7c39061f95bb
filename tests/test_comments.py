"""What people say about a dialogue is heard by those who may see how it was decided."""

from collections.abc import Callable

import pytest
from django.test import Client

from review import decisions
from review.discussion import comments, sending_back
from review.errors import Invalid, NotAllowed
from review.models import (
    Assignment,
    Comment,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    User,
    Verdict,
)
from review.rulings import Ruling

Claim = Callable[[User], Assignment]
SignIn = Callable[[User], Client]

THREAD = "/datasets/coast/comments/d-1/"
HTMX = {"HX-Request": "true"}


def member(user: User) -> Membership:
    return Membership.objects.select_related("dataset").get(user=user)


def say(dialogue: Dialogue, by: User, text: str) -> Comment:
    return comments.add(dialogue=dialogue, text=text, membership=member(by))


def heard(dialogue: Dialogue, by: User) -> list[str]:
    return [line.text for line in comments.thread(dialogue, member(by)).lines]


def accept(place: Assignment) -> Decision:
    chosen = place.dialogue.candidates.order_by("pk")[0]
    ruling = Ruling(Verdict.ACCEPT, candidate_id=chosen.pk)
    return decisions.decide(assignment=place, ruling=ruling, by=place.reviewer)


def test_before_ones_own_decision_one_hears_oneself_alone(
    dataset: Dataset, dialogue: Dialogue, alice: User, erin: User, carol: User, claim: Claim
) -> None:
    Dataset.objects.update(decisions_needed=2)
    accept(claim(alice))
    place = claim(erin)
    say(dialogue, alice, "@erin the first is right")
    say(dialogue, erin, "which pier?")
    assert heard(dialogue, erin) == ["which pier?"]
    assert heard(dialogue, carol) == ["@erin the first is right", "which pier?"]
    accept(place)
    assert heard(dialogue, erin) == ["@erin the first is right", "which pier?"]


def test_who_may_still_be_handed_it_hears_and_says_nothing(
    dialogue: Dialogue, alice: User, carol: User
) -> None:
    say(dialogue, carol, "the first is right")
    assert heard(dialogue, alice) == []
    with pytest.raises(NotAllowed, match="Decide on this dialogue first"):
        say(dialogue, alice, "what is it?")


def test_whom_it_was_sent_back_to_hears_what_its_sender_says_to_them(
    dialogue: Dialogue, alice: User, bob: User, carol: User, claim: Claim
) -> None:
    sending_back.send_back(decision=accept(claim(alice)), comment="The sky?", by=carol)
    say(dialogue, carol, "@alice it is cloudy there")
    say(dialogue, carol, "erin took the second")
    Comment.objects.create(dialogue=dialogue, author=bob, text="@alice take the second")
    assert heard(dialogue, alice) == ["@alice it is cloudy there"]


def test_a_mention_reaches_a_member_until_they_have_seen_it(
    dialogue: Dialogue, alice: User, bob: User, dave: User, claim: Claim, client_of: SignIn
) -> None:
    accept(claim(alice))
    say(dialogue, alice, "Is that right, @bob? (@dave, @alice, a@bob.org)")
    assert [comments.unseen(person) for person in (alice, bob, dave)] == [0, 1, 0]
    browser = client_of(bob)
    assert "1 unseen mention" in browser.get("/").content.decode()
    page = browser.get("/mentions/").content.decode()
    assert "Is that right" in page
    assert comments.unseen(bob) == 0
    assert "New</span>" not in browser.get("/mentions/").content.decode()


def test_a_mention_does_not_tell_what_its_person_may_not_see_yet(
    dataset: Dataset, dialogue: Dialogue, alice: User, erin: User, claim: Claim, client_of: SignIn
) -> None:
    Dataset.objects.update(decisions_needed=2)
    accept(claim(alice))
    say(dialogue, alice, "@erin the first is right")
    claim(erin)
    page = client_of(erin).get("/mentions/").content.decode()
    assert "the first is right" not in page
    assert "once you have decided" in page
    assert comments.unseen(erin) == 1


def test_the_thread_works_by_htmx_and_without(
    dialogue: Dialogue, carol: User, client_of: SignIn
) -> None:
    browser = client_of(carol)
    assert browser.post(THREAD, {"text": "<b>one</b>"})["Location"] == THREAD
    answer = browser.post(THREAD, {"text": "two"}, headers=HTMX).content.decode()
    assert "&lt;b&gt;one" in answer
    assert "two" in answer
    assert "<html" not in answer
    assert "<html" in browser.get(THREAD).content.decode()


@pytest.mark.parametrize("text", ["", " \n\x00", "x" * 4001])
def test_what_is_no_comment_is_refused_and_kept(
    dialogue: Dialogue, carol: User, client_of: SignIn, text: str
) -> None:
    answer = client_of(carol).post(THREAD, {"text": text})
    assert answer.status_code == 400
    with pytest.raises(Invalid):
        say(dialogue, carol, text)
    assert not Comment.objects.exists()


def test_an_outsider_finds_no_thread(dialogue: Dialogue, dave: User, client_of: SignIn) -> None:
    assert client_of(dave).get(THREAD).status_code == 404
    assert client_of(dave).post(THREAD, {"text": "hello"}).status_code == 404
