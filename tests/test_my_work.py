"""My work: what I decided, what became of it, and what waits for me again."""

from collections.abc import Callable
from datetime import timedelta

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from review import assignments, decisions
from review.models import Assignment, Dataset, Decision, Dialogue, Purpose, User
from review.places import drafts
from review.rulings import Ruling

SignIn = Callable[[User], Client]
Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]
ADDRESS = "/datasets/coast/work/"


def accept(place: Assignment, by: User, nth: int = 0) -> Decision:
    candidate = place.dialogue.candidates.all()[nth]
    return decisions.decide(assignment=place, ruling=Ruling("accept", candidate.pk), by=by)


def test_decisions_are_listed_with_what_became_of_them(
    dataset: Dataset, alice: User, erin: User, make_dialogue: Make, claim: Claim, client_of: SignIn
) -> None:
    dataset.decisions_needed = 2
    dataset.save()
    for name in ["d-1", "d-2", "d-3"]:
        make_dialogue(name)
    for person, choices in [(alice, [0, 0, 0]), (erin, [0, 1])]:
        for nth in choices:
            accept(claim(person), person, nth)
    browser = client_of(alice)
    page = browser.get(ADDRESS).content.decode()
    assert page.count("Reopen<") == 3
    found = {
        outcome: browser.get(f"{ADDRESS}?outcome={outcome}").content.decode()
        for outcome in ["as-chosen", "disputed", "waits", "otherwise"]
    }
    for outcome, name in [("as-chosen", "d-1"), ("disputed", "d-2"), ("waits", "d-3")]:
        shown = [d for d in ["d-1", "d-2", "d-3"] if f"dialogues/{d}/" in found[outcome]]
        assert shown == [name]
    assert "No decision of yours fits" in found["otherwise"]
    assert (
        "dialogues/"
        not in client_of(erin)
        .get(f"{ADDRESS}?verdict=reject")
        .content.decode()
        .split('id="list"')[1]
    )


def test_a_decision_is_reopened_until_something_is_built_on_it(
    alice: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    decision = accept(claim(alice), alice)
    browser = client_of(alice)
    assert f"/decisions/{decision.pk}/undo/" in browser.get(ADDRESS).content.decode()
    Dialogue.objects.update(released=True)
    page = browser.get(ADDRESS).content.decode()
    assert "part of a release" in page
    assert "/undo/" not in page
    Dialogue.objects.update(released=False)
    browser.post(f"/decisions/{decision.pk}/undo/")
    assert "Taken back" in browser.get(ADDRESS).content.decode()


def test_a_control_is_listed_like_any_other_decision(
    dataset: Dataset, alice: User, erin: User, make_dialogue: Make, claim: Claim, client_of: SignIn
) -> None:
    make_dialogue("d-1")
    accept(claim(erin), erin)
    known = Dialogue.objects.get()
    now = timezone.now()
    place = Assignment.objects.create(
        dialogue=known,
        reviewer=alice,
        place=0,
        purpose=Purpose.CONTROL,
        claimed_at=now,
        begun_at=now,
        expires_at=now + timedelta(hours=1),
        shown={"candidates": [{"id": c.pk} for c in known.candidates.all()]},
    )
    accept(place, alice, nth=2)
    Dialogue.objects.update(released=True)
    page = client_of(alice).get(ADDRESS).content.decode().split('id="list"')[1]
    assert "Settled as you chose" in page
    assert "Reopen<" in page
    assert "control" not in page.lower()
    assert "release" not in page


def test_an_open_draft_leads_back_to_its_place(
    dataset: Dataset, alice: User, dialogue: Dialogue, claim: Claim, client_of: SignIn
) -> None:
    place = claim(alice)
    drafts.save(assignment=place, draft=drafts.Draft("the old lighthouse in fog"))
    assignments.give_back(assignment=place)
    browser = client_of(alice)
    page = browser.get(ADDRESS).content.decode()
    assert "the old lighthouse in fog" in page
    assert f"/places/{place.pk}/reclaim/" in page
    browser.post(f"/places/{place.pk}/reclaim/")
    assert "To come back to" not in browser.get(ADDRESS).content.decode()


def test_pages_of_decisions_follow_by_key_at_the_same_cost(
    alice: User, make_dialogue: Make, claim: Claim, client_of: SignIn, monkeypatch: object
) -> None:
    first = make_dialogue("d-0")
    accept(claim(alice), alice)
    browser = client_of(alice)
    few = _queries(browser)
    given = Decision.objects.get()
    Decision.objects.bulk_create(
        Decision(
            dialogue=first,
            assignment=given.assignment,
            reviewer=alice,
            verdict="skip",
            seconds=1,
        )
        for _ in range(40)
    )
    assert _queries(browser) == few
    page = browser.get(ADDRESS).content.decode()
    assert page.count('class="query"') == 30
    older = page.split('href="?before=')[1].split('"')[0]
    rest = browser.get(f"{ADDRESS}?before={older}").content.decode()
    assert rest.count('class="query"') == 11
    part = browser.get(ADDRESS, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert browser.get(ADDRESS).status_code == 200
    return len(queries)


def test_an_outsider_has_no_work_here(dataset: Dataset, dave: User, client_of: SignIn) -> None:
    assert client_of(dave).get(ADDRESS).status_code == 404
