"""A program works at the desk as a person does: drafts, signs of life, giving back, undoing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from review import assignments, decisions
from review.models import Arm, Assignment, Dataset, Decision, Dialogue, User, Verdict
from review.rulings import Ruling

Program = Callable[[User], Client]
JSON = "application/json"


@pytest.fixture
def program(dialogue: Dialogue, alice: User, program_of: Program) -> Client:
    return program_of(alice)


def claim(program: Client) -> dict[str, Any]:
    return program.post("/api/v1/datasets/coast/claim/").json()


def save(program: Client, place: int, **body: Any) -> Any:
    return program.put(f"/api/v1/assignments/{place}/draft/", body, content_type=JSON)


def decide(program: Client, place: int, **body: Any) -> Any:
    return program.post(f"/api/v1/assignments/{place}/decision/", body, content_type=JSON)


def lapse(place: int) -> None:
    """The place is lost, as if nobody had given a sign of life for too long."""
    Assignment.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assignments.release_overdue()
    assert Assignment.objects.get(pk=place).state == "expired"


def test_a_draft_is_there_again_with_the_next_claim(program: Client) -> None:
    place = claim(program)["assignment"]
    kept = save(program, place, text="half", rest={"verdict": "edit", "also": [3]})
    assert (kept.status_code, kept.json()["revision"], kept.json()["held"]) == (200, 1, True)
    draft = claim(program)["draft"]
    assert (draft["text"], draft["rest"]["also"], draft["revision"]) == ("half", [3], 1)


def test_an_older_draft_does_not_overwrite_a_newer_one(program: Client) -> None:
    place = claim(program)["assignment"]
    save(program, place, text="from the tablet")
    refused = save(program, place, text="from the laptop")
    assert (refused.status_code, refused.json()["kind"]) == (409, "newer-draft")
    assert refused["Content-Type"] == "application/problem+json"
    assert refused.json()["draft"]["text"] == "from the tablet"
    assert save(program, place, text="both", revision=1).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": 7}, "text"),
        ({"text": "x" * 2001}, "text"),
        ({"rest": {"colour": "red"}}, "colour"),
        ({"rest": {"also": ["a"]}}, "also"),
        ({"revision": -1}, "revision"),
    ],
)
def test_what_is_no_draft_is_refused(program: Client, body: dict[str, Any], field: str) -> None:
    refused = save(program, claim(program)["assignment"], **body)
    assert refused.status_code == 400
    assert [error["field"] for error in refused.json()["errors"]] == [field]


def test_a_draft_is_kept_where_the_place_has_gone(program: Client) -> None:
    place = claim(program)["assignment"]
    lapse(place)
    kept = save(program, place, text="too late").json()
    assert (kept["held"], kept["expires_at"]) == (False, None)
    assert claim(program)["draft"]["text"] == "too late"


def test_a_sign_of_life_renews_a_place_and_counts_as_work(program: Client) -> None:
    place = claim(program)["assignment"]
    soon = timezone.now() + timedelta(minutes=1)
    since = timezone.now() - timedelta(seconds=20)
    Assignment.objects.update(expires_at=soon, active_at=since)
    answer = program.post(f"/api/v1/assignments/{place}/activity/")
    assert answer.status_code == 200
    assert answer.json()["expires_at"] > soon.isoformat()
    assert 20 <= Assignment.objects.get().active_seconds < 25


def test_a_sign_of_life_tells_that_the_place_has_gone(program: Client) -> None:
    place = claim(program)["assignment"]
    lapse(place)
    answer = program.post(f"/api/v1/assignments/{place}/activity/")
    assert (answer.status_code, answer.json()["kind"]) == (409, "place-lost")


def test_a_place_given_back_is_free_for_others(
    program: Client, erin: User, program_of: Program
) -> None:
    place = claim(program)["assignment"]
    assert program.delete(f"/api/v1/assignments/{place}/").status_code == 204
    assert program.delete(f"/api/v1/assignments/{place}/").status_code == 204
    assert claim(program_of(erin))["dialogue"]["id"] == "d-1"


def test_what_was_decided_cannot_be_given_back(program: Client) -> None:
    claimed = claim(program)
    candidate = claimed["dialogue"]["candidates"][0]["id"]
    decide(program, claimed["assignment"], verdict="accept", candidate=candidate)
    program.delete(f"/api/v1/assignments/{claimed['assignment']}/")
    assert Assignment.objects.get().state == "decided"


def test_others_places_do_not_exist(program: Client, erin: User, program_of: Program) -> None:
    place, other = claim(program)["assignment"], program_of(erin)
    assert other.delete(f"/api/v1/assignments/{place}/").status_code == 404
    assert other.post(f"/api/v1/assignments/{place}/activity/").status_code == 404
    assert save(other, place, text="mine?").status_code == 404
    assert Assignment.objects.get().is_open()


def test_an_undo_gives_the_place_back_with_what_was_written(program: Client) -> None:
    place = claim(program)["assignment"]
    decided = decide(program, place, verdict="edit", text="a lighthouse in the clouds").json()
    again = program.post(f"/api/v1/decisions/{decided['decision']}/undo/")
    assert (again.status_code, again.json()["assignment"]) == (200, place)
    assert again.json()["draft"]["text"] == "a lighthouse in the clouds"
    assert again.json()["dialogue"]["stage"] == "judged"
    twice = program.post(f"/api/v1/decisions/{decided['decision']}/undo/")
    assert (twice.status_code, twice.json()["kind"]) == (409, "conflict")


def test_nobody_undoes_anothers_decision(program: Client, erin: User, program_of: Program) -> None:
    place = claim(program)["assignment"]
    decided = decide(program, place, verdict="skip").json()
    answer = program_of(erin).post(f"/api/v1/decisions/{decided['decision']}/undo/")
    assert answer.status_code == 404
    assert Decision.objects.count() == 1


def test_further_right_candidates_and_overrides_are_taken(
    program: Client, carol: User, program_of: Program
) -> None:
    Dataset.objects.update(validators={"too-long": "block"}, most_words=3)
    claimed = claim(program)
    first, second, _ = [candidate["id"] for candidate in claimed["dialogue"]["candidates"]]
    place = claimed["assignment"]
    blocked = decide(program, place, verdict="accept", candidate=first, also=[second])
    assert (blocked.status_code, blocked.json()["errors"][0]["field"]) == (400, "override")
    body = {"verdict": "accept", "candidate": first, "also": [second], "override": "All of it."}
    assert decide(program, place, **body).status_code == 201
    told = program_of(carol).get("/api/v1/datasets/coast/dialogues/d-1/").json()["decisions"][0]
    assert (told["also"], told["override"], told["arm"]) == ([second], "All of it.", "plain")


def test_only_the_record_itself_sends_back_or_undoes(program: Client) -> None:
    place = claim(program)["assignment"]
    for verdict in ("undo", "send-back"):
        assert decide(program, place, verdict=verdict).status_code == 400


def test_a_skip_for_other_reasons_keeps_them_as_a_note(alice: User, program: Client) -> None:
    place = claim(program)["assignment"]
    decide(program, place, verdict="skip", reason="I know the author")
    kept = Decision.objects.get()
    assert (kept.reason, kept.note) == ("", "I know the author")


def test_a_skip_by_code_is_counted_by_it(program: Client) -> None:
    decide(program, claim(program)["assignment"], verdict="skip", reason="unsure")
    assert Decision.objects.get().reason == "unsure"


def in_arm(arm: Arm) -> None:
    Dataset.objects.update(arms={arm: 1.0})


def test_blind_places_have_no_scores(program: Client) -> None:
    in_arm(Arm.BLIND)
    candidates = claim(program)["dialogue"]["candidates"]
    assert [c["score"] for c in candidates] == [None] * 3
    assert [c["judgements"] for c in candidates] == [[]] * 3


def test_places_without_a_target_do_not_name_it(program: Client) -> None:
    in_arm(Arm.NO_TARGET)
    told = claim(program)["dialogue"]
    assert told["target_images"] == []
    assert "lighthouse-cloudy" not in [image["id"] for image in told["images"]]


def test_unaided_reviewers_write_before_they_see_candidates(program: Client) -> None:
    in_arm(Arm.UNAIDED)
    claimed = claim(program)
    assert (claimed["writes_first"], claimed["dialogue"]["candidates"]) == (True, [])
    address = f"/api/v1/assignments/{claimed['assignment']}/first-text/"
    assert program.post(address, {"text": " "}, content_type=JSON).status_code == 400
    shown = program.post(address, {"text": "the lighthouse"}, content_type=JSON)
    assert (shown.status_code, len(shown.json()["candidates"])) == (200, 3)
    program.post(address, {"text": "now that I have seen them"}, content_type=JSON)
    assert Assignment.objects.get().unaided_text == "the lighthouse"


def test_a_place_that_has_gone_shows_no_candidates(program: Client) -> None:
    in_arm(Arm.UNAIDED)
    place = claim(program)["assignment"]
    lapse(place)
    answer = program.post(
        f"/api/v1/assignments/{place}/first-text/", {"text": "late"}, content_type=JSON
    )
    assert (answer.status_code, answer.json()["kind"]) == (409, "place-lost")
    assert "candidates" not in answer.json()


def test_in_other_arms_there_is_nothing_to_write_first(program: Client) -> None:
    place = claim(program)["assignment"]
    answer = program.post(
        f"/api/v1/assignments/{place}/first-text/", {"text": "me first"}, content_type=JSON
    )
    assert (answer.status_code, answer.json()["kind"]) == (409, "conflict")
    assert Assignment.objects.get().unaided_text == ""


def test_unread_guidelines_come_before_the_next_dialogue(program: Client) -> None:
    Dataset.objects.update(guidelines="Be kind.", guidelines_version=2)
    answer = program.post("/api/v1/datasets/coast/claim/")
    assert (answer.status_code, answer.json()["kind"]) == (409, "guidelines-unread")


def test_a_key_of_a_decision_taken_back_is_used_up(
    alice: User, program: Client, dataset: Dataset
) -> None:
    place = Assignment.objects.get(pk=claim(program)["assignment"])
    skip = Ruling(Verdict.SKIP)
    first = decisions.decide(assignment=place, ruling=skip, by=alice, idempotency_key="k")
    program.post(f"/api/v1/decisions/{first.pk}/undo/")
    again = decisions.decide(assignment=place, ruling=skip, by=alice, idempotency_key="k")
    place.refresh_from_db()
    assert (again, place.is_open()) == (first, True)
