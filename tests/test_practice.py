"""Entry quiz and hidden controls: dialogues with a known outcome, which settle nothing."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from review import assignments, decisions, undoing, visibility
from review.curated import Curator
from review.errors import Conflict, NotAllowed
from review.models import (
    Arm,
    Assignment,
    Candidate,
    Dataset,
    Decision,
    Dialogue,
    Membership,
    Purpose,
    Stage,
    User,
    Verdict,
)
from review.practice import handing, pool, quiz
from review.practice.results import struggling
from review.rulings import Ruling
from tests.conftest import TEXTS

Browser = Callable[[User], Client]
Make = Callable[..., Dialogue]
Claim = Callable[[User], Assignment]


def settle(dialogue: Dialogue, by: User, text: str | None = TEXTS[0]) -> Dialogue:
    """Settles a dialogue by one member's decision; without a text it is rejected."""
    now = timezone.now()
    place = Assignment.objects.create(
        dialogue=dialogue,
        reviewer=by,
        place=0,
        claimed_at=now,
        expires_at=now + timedelta(minutes=30),
    )
    visibility.record_shown(visibility.at_place(place))
    decisions.decide(assignment=place, ruling=ruling(dialogue, text), by=by)
    dialogue.refresh_from_db()
    # So that a practice place that is counted shows.
    Dialogue.objects.filter(pk=dialogue.pk).update(places_taken=0)
    return dialogue


def ruling(dialogue: Dialogue, text: str | None) -> Ruling:
    if text is None:
        return Ruling(Verdict.REJECT, reason="unusable")
    candidate = dialogue.candidates.proposed().filter(text=text).first()
    if candidate is None:
        return Ruling(Verdict.EDIT, text=text)
    return Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)


def answer(place: Assignment, text: str | None) -> Decision:
    return decisions.decide(
        assignment=place, ruling=ruling(place.dialogue, text), by=place.reviewer
    )


@pytest.fixture
def known(make_dialogue: Make, carol: User) -> list[Dialogue]:
    """Four controls: three approved with the first text, one rejected."""
    rows = [settle(make_dialogue(f"k-{n}"), carol, None if n == 3 else TEXTS[0]) for n in range(4)]
    for row in rows:
        pool.mark(dialogue=row, by=carol, explanation=f"because {row.external_id}")
    return rows


def with_policy(dataset: Dataset, **fields: Any) -> None:
    Dataset.objects.filter(pk=dataset.pk).update(**fields)
    dataset.refresh_from_db()


def outcome_of(dialogue: Dialogue) -> str | None:
    dialogue.refresh_from_db()
    return dialogue.approved_candidate.text if dialogue.approved_candidate else None


def test_only_a_settled_dialogue_serves_and_only_admins_choose_it(
    dialogue: Dialogue, carol: User, bob: User
) -> None:
    with pytest.raises(Conflict, match="is judged: only an approved or rejected one"):
        pool.mark(dialogue=dialogue, by=carol)
    with pytest.raises(NotAllowed):
        pool.mark(dialogue=dialogue, by=bob)


def test_where_none_is_chosen_those_serve_that_were_agreed_on(
    dataset: Dataset, make_dialogue: Make, alice: User, erin: User, carol: User, claim: Claim
) -> None:
    settle(make_dialogue("of one"), carol)
    with_policy(dataset, decisions_needed=2)
    agreed, written = make_dialogue("of two"), make_dialogue("written")
    texts = {agreed.pk: TEXTS[1], written.pk: "in other words"}
    for person in (alice, alice, erin, erin):
        place = claim(person)
        answer(place, texts[place.dialogue_id])
    assert set(pool.pool_of(dataset)) == {agreed}
    chosen = pool.mark(dialogue=Dialogue.objects.get(external_id="of one"), by=carol).dialogue
    assert set(pool.pool_of(dataset)) == {chosen}


def test_a_newcomer_begins_when_enough_of_the_quiz_is_right(
    dataset: Dataset, known: list[Dialogue], make_dialogue: Make, alice: User, claim: Claim
) -> None:
    with_policy(dataset, quiz_size=3, quiz_pass=0.66, arms={"unaided": 1.0})
    waiting = make_dialogue("waiting")
    for right in (True, False, True):
        place = claim(alice)
        assert (place.purpose, place.arm) == (Purpose.QUIZ, Arm.PLAIN)
        answer(place, outcome_of(place.dialogue) if right else TEXTS[2])
    assert claim(alice).dialogue == waiting
    assert Membership.objects.get(user=alice).quiz_passed_at is not None
    for row in known:
        row.refresh_from_db()
        assert (row.places_taken, row.is_settled()) == (0, True)
    assert not Decision.objects.standing().filter(reviewer=alice).exists()


def test_who_fails_takes_another_of_other_dialogues_until_none_is_left(
    dataset: Dataset,
    known: list[Dialogue],
    dialogue: Dialogue,
    alice: User,
    carol: User,
    claim: Claim,
) -> None:
    with_policy(dataset, quiz_size=2, quiz_pass=1)
    seen = set()
    for _ in range(4):
        place = claim(alice)
        seen.add(place.dialogue_id)
        answer(place, TEXTS[2])
    assert seen == {row.pk for row in known}
    assert assignments.claim_next(dataset=dataset, by=alice) is None
    membership = Membership.objects.get(user=alice)
    stuck = quiz.waiting_of(membership)
    assert stuck is not None
    assert (stuck.missing, stuck.quiz.tries) == (2, [0, 0])
    quiz.pass_by_hand(membership=membership, by=carol)
    assert claim(alice).dialogue == dialogue


def test_no_quiz_dialogue_is_held_ahead_of_the_last_answer(
    dataset: Dataset, known: list[Dialogue], dialogue: Dialogue, alice: User, claim: Claim
) -> None:
    with_policy(dataset, quiz_size=2, quiz_pass=1)
    claim(alice)
    ahead = assignments.claim_ahead(dataset=dataset, by=alice)
    assert ahead is not None
    answer(claim(alice), TEXTS[0])
    claim(alice)
    assert assignments.claim_ahead(dataset=dataset, by=alice) is None


def test_what_was_left_without_an_answer_comes_again(
    dataset: Dataset, known: list[Dialogue], alice: User, claim: Claim
) -> None:
    with_policy(dataset, quiz_size=2)
    first = claim(alice).dialogue
    assert assignments.claim_ahead(dataset=dataset, by=alice) is not None
    assignments.give_back_all(dataset=dataset, by=alice)
    assert claim(alice).dialogue == first
    assert pool.left_for(Membership.objects.get(user=alice)).count() == len(known) - 1


def test_the_quiz_is_for_new_annotators_alone(
    dataset: Dataset,
    known: list[Dialogue],
    make_dialogue: Make,
    alice: User,
    bob: User,
    claim: Claim,
) -> None:
    make_dialogue("one")
    answer(claim(alice), TEXTS[0])
    make_dialogue("two")
    make_dialogue("three")
    with_policy(dataset, quiz_size=2)
    assert claim(alice).purpose == Purpose.REVIEW
    assert claim(bob).purpose == Purpose.REVIEW


def test_an_answer_of_the_quiz_is_told_how_it_was_settled_and_stays(
    dataset: Dataset, known: list[Dialogue], alice: User, client_of: Browser, claim: Claim
) -> None:
    with_policy(dataset, quiz_size=3)
    place = claim(alice)
    browser = client_of(alice)
    page = browser.get("/datasets/coast/desk/").content.decode()
    assert "Practice 1 of 3" in page
    given = answer(place, TEXTS[2])
    page = browser.get("/datasets/coast/desk/").content.decode()
    assert "Not as it was settled." in page
    assert f"because {place.dialogue.external_id}" in page
    assert "Practice 2 of 3" in page
    with pytest.raises(Conflict, match="you were told how the dialogue was settled"):
        undoing.undo(decision=given, by=alice)


def test_another_text_is_right_where_it_says_the_same_or_was_found_right_too(
    dataset: Dataset, make_dialogue: Make, alice: User, carol: User, claim: Claim
) -> None:
    row = make_dialogue("k")
    settle(row, carol, TEXTS[0])
    Decision.objects.get().also.set(row.candidates.filter(text=TEXTS[1]))
    for text, right in (
        (TEXTS[1], True),
        (f"{TEXTS[0].title()}.", True),
        (TEXTS[2], False),
        (None, False),
    ):
        Decision.objects.filter(reviewer=alice).delete()
        Assignment.objects.filter(reviewer=alice).delete()
        pool.mark(dialogue=row, by=carol)
        with_policy(dataset, quiz_size=1, quiz_pass=0)
        Membership.objects.filter(user=alice).update(quiz_passed_at=None)
        answer(claim(alice), text)
        assert quiz.quiz_of(Membership.objects.get(user=alice)).tries == [int(right)]


def test_controls_come_at_the_rate_of_the_policy_and_as_the_seed_says(
    dataset: Dataset, make_dialogue: Make, alice: User, carol: User
) -> None:
    with_policy(dataset, control_rate=0.3)
    membership = Membership.objects.select_related("dataset", "user").get(user=alice)
    source = make_dialogue("k")
    settle(source, carol)
    pool.mark(dialogue=source, by=carol)

    def draws(times: int) -> list[bool]:
        drawn = []
        for number in range(times):
            membership.lots_drawn = number
            drawn.append(handing.for_control(membership) is not None)
        return drawn

    first = draws(400)
    assert 95 <= sum(first) <= 145
    assert draws(40) == first[:40]


@pytest.fixture
def control(
    dataset: Dataset, known: list[Dialogue], make_dialogue: Make, alice: User, claim: Claim
) -> Assignment:
    """Alice has a control in hand, while another dialogue waits."""
    make_dialogue("waiting")
    with_policy(dataset, control_rate=0.5, seed="a")
    for number in range(20):
        Membership.objects.filter(user=alice).update(lots_drawn=number)
        place = claim(alice)
        if place.purpose == Purpose.CONTROL:
            return place
        assignments.give_back(assignment=place)
    raise AssertionError("twenty draws at a half")


def like(text: str, *names: str) -> str:
    """A page without what differs between any two: names, keys, times, tokens."""
    for name in names:
        text = text.replace(name, "NAME")
    return re.sub(r'(value|content|data-\w+|href|action)="[^"]*"|\d+', "", text)


def test_a_control_looks_like_any_other_dialogue(
    dataset: Dataset,
    control: Assignment,
    make_dialogue: Make,
    alice: User,
    claim: Claim,
    client_of: Browser,
    program_of: Browser,
) -> None:
    browser, program = client_of(alice), program_of(alice)
    name = control.dialogue.external_id

    def everything(name: str) -> list[str]:
        """All that tells of a dialogue: pages and answers of the API."""
        api = "/api/v1/datasets/coast"
        pages = [
            browser.get("/datasets/coast/desk/"),
            browser.get(f"/datasets/coast/dialogues/{name}/"),
            browser.get(f"/datasets/coast/dialogues/?q={name}&stage=judged"),
            browser.get(f"/datasets/coast/dialogues/?q={name}&stage=approved"),
            program.post(f"{api}/claim/"),
            program.get(f"{api}/dialogues/{name}/"),
            program.get(f"{api}/dialogues/?stage=judged"),
        ]
        return [like(page.content.decode(), name, "waiting", *others) for page in pages]

    others = [f"k-{n}" for n in range(4)]
    of_control = everything(name)
    # As good as never, and still a dataset with controls.
    with_policy(dataset, control_rate=1e-9)
    assignments.give_back(assignment=control)
    plain = claim(alice)
    assert plain.purpose == Purpose.REVIEW
    of_plain = everything(plain.dialogue.external_id)
    for first, second in zip(of_control[:6], of_plain[:6], strict=True):
        assert first == second


def test_after_a_control_it_stands_where_the_decision_would_have_led_it(
    control: Assignment, alice: User, carol: User, client_of: Browser, program_of: Browser
) -> None:
    name = control.dialogue.external_id
    program = program_of(alice)
    wrong = control.dialogue.candidates.get(text=TEXTS[2])
    told = program.post(
        f"/api/v1/assignments/{control.pk}/decision/",
        {"verdict": "accept", "candidate": wrong.pk},
        content_type="application/json",
    ).json()
    assert told["dialogue"] == {"id": name, "stage": "approved"}
    seen = program.get(f"/api/v1/datasets/coast/dialogues/{name}/").json()
    assert (seen["stage"], seen["approval"], seen["retrieval"]) == ("approved", "accepted", [])
    assert [decision["reviewer"] for decision in seen["decisions"]] == ["alice"]
    assert [c["text"] for c in seen["candidates"] if c["chosen"]] == [TEXTS[2]]
    page = client_of(alice).get(f"/datasets/coast/dialogues/{name}/").content.decode()
    assert "carol" not in page
    assert Dialogue.objects.get(external_id=name).places_taken == 0
    # The admin sees the record, in which practice is nothing.
    page = client_of(carol).get(f"/datasets/coast/dialogues/{name}/").content.decode()
    assert "alice" not in page.split("<main")[1]


def test_a_control_can_be_taken_back_like_any_other_decision(
    control: Assignment, alice: User, claim: Claim
) -> None:
    Dialogue.objects.filter(pk=control.dialogue_id).update(released=True)
    given = answer(control, TEXTS[1])
    assert given.stage_after == Stage.APPROVED
    undoing.undo(decision=given, by=alice)
    again = claim(alice)
    assert again == control
    answer(again, TEXTS[0])
    assert Decision.objects.practice().count() == 1


def test_what_is_written_for_practice_is_no_candidate_of_the_record(
    dataset: Dataset, control: Assignment, carol: User
) -> None:
    answer(control, "nobody else has written this")
    assert Candidate.objects.filter(text="nobody else has written this").exists()
    row = Curator(dataset).with_everything(Dialogue.objects.approved()).get(pk=control.dialogue_id)
    line = Curator(dataset).line(row)
    assert {c["text"] for c in line["candidates"]} == set(TEXTS)
    assert len(line["decisions"]) == 1
    membership = Membership.objects.select_related("dataset").get(user=carol)
    view = visibility.for_reader(control.dialogue, membership)
    assert {c.text for c in view.candidates} == set(TEXTS)


def test_an_admin_is_told_of_who_falls_below_the_threshold_once_it_is_no_chance(
    dataset: Dataset,
    make_dialogue: Make,
    alice: User,
    erin: User,
    carol: User,
    client_of: Browser,
    program_of: Browser,
    django_assert_max_num_queries: Any,
) -> None:
    rows = [settle(make_dialogue(f"k-{n}"), carol) for n in range(6)]
    for row in rows:
        pool.mark(dialogue=row, by=carol)
    members = {
        p: Membership.objects.select_related("dataset", "user").get(user=p) for p in (alice, erin)
    }
    now = timezone.now()
    for person, right in ((alice, 5), (erin, 1)):
        for number, row in enumerate(rows):
            place = Assignment.objects.create(
                dialogue=row,
                reviewer=person,
                place=0,
                purpose=Purpose.CONTROL,
                claimed_at=now,
                expires_at=now + timedelta(minutes=30),
            )
            visibility.record_shown(visibility.at_place(place))
            answer(place, TEXTS[0] if number < right else TEXTS[1])
            if number == 3:
                assert struggling(dataset) == []
    assert [result.membership for result in struggling(dataset)] == [members[erin]]
    browser = client_of(carol)
    for page in ("", "practice/"):
        shown = browser.get(f"/datasets/coast/{page}").content.decode()
        assert "<b>erin</b>: 1 of 6 controls right, 17%, below 70%" in shown
        assert "<b>alice</b>:" not in shown
    with django_assert_max_num_queries(24):
        shown = browser.get("/datasets/coast/practice/").content.decode()
    assert "5 of 6" in shown
    assert TEXTS[1] in shown
    told = program_of(carol).get("/api/v1/datasets/coast/practice/").json()
    of_erin = next(row for row in told["reviewers"] if row["reviewer"] == "erin")
    assert (of_erin["right"], of_erin["controls"], of_erin["below_threshold"]) == (1, 6, True)
    assert program_of(alice).get("/api/v1/datasets/coast/practice/").status_code == 403
    assert client_of(alice).get("/datasets/coast/practice/").status_code == 403
    assert "controls right" not in client_of(alice).get("/datasets/coast/").content.decode()


def test_an_admin_chooses_dialogues_and_lets_somebody_begin(
    dataset: Dataset, make_dialogue: Make, alice: User, carol: User, client_of: Browser
) -> None:
    settle(make_dialogue("k/1"), carol)
    make_dialogue("still-open")
    with_policy(dataset, quiz_size=2)
    browser, address = client_of(carol), "/datasets/coast/practice/"
    stuck = client_of(alice).get("/datasets/coast/desk/").content.decode()
    assert "The entry quiz cannot go on yet" in stuck
    browser.post(f"{address}mark/", {"dialogue": "k/1", "explanation": "it says all"})
    page = browser.get(address).content.decode()
    assert "it says all" in page
    assert "until there are as many, newcomers wait" in page
    refused = browser.post(f"{address}mark/", {"dialogue": "still-open"}, follow=True)
    assert "only an approved or rejected one" in refused.content.decode()
    assert browser.post(f"{address}mark/", {"dialogue": "none"}).status_code == 404
    there = browser.get("/datasets/coast/dialogues/k/1/").content.decode()
    assert "Serves for practice" in there
    member = Membership.objects.get(user=alice)
    browser.post(f"{address}pass/{member.pk}/")
    assert "still-open" in client_of(alice).get("/datasets/coast/desk/").content.decode()
    back = browser.post(f"{address}unmark/", {"dialogue": "k/1", "from": "dialogue"})
    assert back["Location"] == "/datasets/coast/dialogues/k/1/"
    assert not dataset.controls.exists()
    assert client_of(alice).post(f"{address}mark/", {"dialogue": "k/1"}).status_code == 403


def test_no_count_at_the_desk_tells_a_control(
    dataset: Dataset, alice: User, dialogue: Dialogue, client_of: Browser
) -> None:
    """It takes none of the dialogues that wait: what is left would be one more than before."""
    desk = client_of(alice).get("/datasets/coast/desk/").content.decode()
    assert "0 today" in desk
    assert "1 waits" in desk
    Dataset.objects.update(control_rate=0.1)
    desk = client_of(alice).get("/datasets/coast/desk/").content.decode()
    assert "0 today" in desk
    assert "1 waits" not in desk
    assert "Done today" not in desk
