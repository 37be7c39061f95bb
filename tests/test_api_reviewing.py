"""A program claims, reads and decides by the same rules as a person on the pages."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from generation import checks
from review import assignments
from review.models import (
    Assignment,
    Candidate,
    Dataset,
    Decision,
    Dialogue,
    Stage,
    User,
)

Make = Callable[..., Dialogue]
Program = Callable[[User], Client]


@pytest.fixture
def claimed(dialogue: Dialogue, alice: User, program_of: Program) -> dict[str, Any]:
    return program_of(alice).post("/api/v1/datasets/coast/claim/").json()


def decide(program: Client, assignment: int, key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return program.post(
        f"/api/v1/assignments/{assignment}/decision/",
        body,
        content_type="application/json",
        headers=headers,
    )


def read(program: Client, external_id: str = "d-1") -> Any:
    return program.get(f"/api/v1/datasets/coast/dialogues/{quote(external_id)}/")


def test_a_dataset_says_how_far_it_has_come(
    dialogue: Dialogue, alice: User, program_of: Program
) -> None:
    body = program_of(alice).get("/api/v1/datasets/coast/").json()
    assert body["name"] == "coast"
    assert body["title"] == "Coast"
    assert body["role"] == "annotator"
    assert body["stages"]["judged"] == 1
    assert set(body["stages"]) == set(Stage.values)
    assert (body["dialogues"], body["images"], body["corpus_version"]) == (1, 4, 1)
    assert body["policy"]["decisions_needed"] == 1
    assert "wrong-target" in [reason["code"] for reason in body["reject_reasons"]]


def test_my_datasets_are_those_i_belong_to(alice: User, dave: User, program_of: Program) -> None:
    Dataset.objects.create(slug="hills", title="Hills")
    mine = program_of(alice).get("/api/v1/datasets/").json()
    assert mine == [{"name": "coast", "title": "Coast", "role": "annotator"}]
    assert program_of(dave).get("/api/v1/datasets/").json() == []


def test_a_claim_brings_the_dialogue_as_its_reviewer_sees_it(
    claimed: dict[str, Any], alice: User
) -> None:
    dialogue = claimed["dialogue"]
    assert Assignment.objects.get(pk=claimed["assignment"]).reviewer == alice
    assert claimed["expires_at"]
    assert dialogue["id"] == "d-1"
    assert dialogue["final_query"] == dialogue["turns"][-1]["text"]
    assert dialogue["turns"][0]["images"] == ["pier"]
    assert dialogue["target_images"] == ["lighthouse-cloudy"]
    assert [c["score"] for c in dialogue["candidates"]] == [5, 4, 3]
    assert dialogue["candidates"][0]["author"] == "writer"
    assert dialogue["candidates"][0]["judgements"][0]["judge"] == "critic"
    assert (dialogue["decisions"], dialogue["retrieval"]) == ([], [])


def test_a_claim_again_gives_the_same_place(
    claimed: dict[str, Any], alice: User, program_of: Program
) -> None:
    again = program_of(alice).post("/api/v1/datasets/coast/claim/").json()
    assert again["assignment"] == claimed["assignment"]


def test_where_nothing_waits_a_claim_brings_nothing(alice: User, program_of: Program) -> None:
    response = program_of(alice).post("/api/v1/datasets/coast/claim/")
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize("verdict", ["accept", "edit", "reject", "more", "skip"])
def test_each_verdict_is_taken(
    verdict: str, claimed: dict[str, Any], alice: User, program_of: Program
) -> None:
    best = claimed["dialogue"]["candidates"][0]["id"]
    bodies: dict[str, dict[str, Any]] = {
        "accept": {"candidate": best},
        "edit": {"text": "the lighthouse under clouds", "candidate": best},
        "reject": {"reason": "wrong-target", "note": "another one"},
        "more": {"note": "name the breakwater"},
        "skip": {},
    }
    response = decide(program_of(alice), claimed["assignment"], verdict=verdict, **bodies[verdict])
    assert response.status_code == 201
    decision = Decision.objects.get()
    stages = {"accept": "approved", "edit": "approved", "reject": "rejected", "more": "imported"}
    assert response.json() == {
        "decision": decision.pk,
        "dialogue": {"id": "d-1", "stage": stages.get(verdict, "judged")},
    }
    assert decision.verdict == verdict
    assert [shown["id"] for shown in decision.saw["candidates"]]


def test_a_repeat_with_the_same_key_gives_the_first_answer(
    claimed: dict[str, Any], alice: User, program_of: Program
) -> None:
    body = {"verdict": "edit", "text": "the lighthouse under clouds"}
    first, second = (
        decide(program_of(alice), claimed["assignment"], key="k-1", **body) for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert Decision.objects.count() == 1


def test_a_second_decision_without_a_key_is_a_conflict(
    claimed: dict[str, Any], alice: User, program_of: Program
) -> None:
    best = claimed["dialogue"]["candidates"][0]["id"]
    program = program_of(alice)
    decide(program, claimed["assignment"], verdict="accept", candidate=best)
    response = decide(program, claimed["assignment"], verdict="accept", candidate=best)
    assert response.status_code == 409
    assert response.json()["kind"] == "conflict"


def test_a_text_for_a_lost_place_is_kept_as_its_draft(
    claimed: dict[str, Any], alice: User, program_of: Program
) -> None:
    place = Assignment.objects.get(pk=claimed["assignment"])
    assignments.give_back(assignment=place)
    response = decide(program_of(alice), place.pk, verdict="edit", text="under clouds")
    assert response.status_code == 409
    assert response.json()["kind"] == "place-lost"
    place.refresh_from_db()
    assert place.draft == "under clouds"


def test_after_ones_own_decision_the_rest_can_be_read(
    claimed: dict[str, Any], alice: User, bob: User, program_of: Program
) -> None:
    best = claimed["dialogue"]["candidates"][0]["id"]
    decide(program_of(alice), claimed["assignment"], verdict="accept", candidate=best)
    checks.drain(Dialogue.objects.get().dataset_id)
    body = read(program_of(alice)).json()
    assert (body["stage"], body["approval"]) == ("approved", "accepted")
    assert body["decisions"][0]["reviewer"] == "alice"
    assert [c["id"] for c in body["candidates"] if c["chosen"]] == [best]
    rewrite = next(r for r in body["retrieval"] if r["form"] == "rewrite")
    assert (rewrite["retriever"], rewrite["rank"], rewrite["tied"]) == ("bm25", 1, 1)
    assert (rewrite["corpus_size"], rewrite["outcome"]) == (3, "same")
    assert read(program_of(bob)).json()["decisions"]


def test_one_who_may_still_be_handed_it_sees_neither_candidates_nor_checks(
    claimed: dict[str, Any], alice: User, erin: User, program_of: Program
) -> None:
    best = claimed["dialogue"]["candidates"][0]["id"]
    decide(program_of(alice), claimed["assignment"], verdict="accept", candidate=best)
    checks.drain(Dialogue.objects.get().dataset_id)
    body = read(program_of(erin)).json()
    assert body["turns"]
    hidden = (body["candidates"], body["decisions"], body["retrieval"], body["approval"])
    assert hidden == ([], [], [], "")


def test_hidden_scores_and_authors_are_null(
    dialogue: Dialogue, alice: User, program_of: Program
) -> None:
    Dataset.objects.update(hide_scores=True, hide_authors=True)
    body = program_of(alice).post("/api/v1/datasets/coast/claim/").json()
    for candidate in body["dialogue"]["candidates"]:
        assert candidate["score"] is None
        assert candidate["author"] is None
        assert candidate["judgements"] == []


def test_what_a_place_holder_reads_is_what_they_may_choose_from(
    claimed: dict[str, Any], dialogue: Dialogue, alice: User, program_of: Program
) -> None:
    late = Candidate.objects.create(
        dialogue=dialogue, text="late", text_key="late", author="w", kind="model"
    )
    program = program_of(alice)
    refused = decide(program, claimed["assignment"], verdict="accept", candidate=late.pk)
    assert refused.status_code == 400
    read(program)
    taken = decide(program, claimed["assignment"], verdict="accept", candidate=late.pk)
    assert taken.status_code == 201


@pytest.mark.parametrize(
    "external_id", ["a/b/c", "v1.2.d", "多轮对话", "with space", "50%", "what?", "d#1", "é"]
)
def test_a_dialogue_is_found_by_any_id(
    external_id: str, make_dialogue: Make, carol: User, program_of: Program
) -> None:
    make_dialogue(external_id)
    response = read(program_of(carol), external_id)
    assert response.status_code == 200
    assert response.json()["id"] == external_id


def test_dialogues_are_listed_page_by_page_and_by_stage(
    make_dialogue: Make, alice: User, program_of: Program
) -> None:
    for n in range(5):
        make_dialogue(f"d-{n}", stage=Stage.IMPORTED if n < 3 else Stage.JUDGED)
    program = program_of(alice)
    address: str | None = "/api/v1/datasets/coast/dialogues/?stage=imported&page_size=2"
    found = []
    while address:
        page = program.get(address).json()
        found.append([row["id"] for row in page["results"]])
        address = page["next"]
    assert found == [["d-0", "d-1"], ["d-2"]]
    assert set(page["results"][0]) == {
        "id",
        "stage",
        "final_query",
        "target_images",
        "language",
    }


def test_reading_takes_the_same_queries_for_any_number_of_candidates(
    dialogue: Dialogue, carol: User, program_of: Program, django_assert_max_num_queries: Any
) -> None:
    program = program_of(carol)
    Candidate.objects.bulk_create(
        Candidate(dialogue=dialogue, text=f"t{n}", text_key=f"{n}", author="w", kind="model")
        for n in range(40)
    )
    with django_assert_max_num_queries(11):
        assert len(read(program).json()["candidates"]) == 43
