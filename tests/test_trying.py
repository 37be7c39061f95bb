"""While a reviewer writes they see what their text finds: as a check would, and if they may."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from generation import retrievers
from generation.retrievers import corpora
from generation.retrievers.corpora import index_of
from generation.searching import trying, workers
from generation.searching.trying import Answer, try_text
from review.errors import Invalid, NotAllowed
from review.models import Approval, Arm, Assignment, Dataset, Dialogue, Image, Stage, User
from review.places.trying import MOST_TRIED
from tests.conftest import TEXTS, check

Claim = Callable[[User], Assignment]
ClientOf = Callable[[User], Client]
TEXT = "an old lighthouse under a cloudy sky"


@pytest.fixture(autouse=True)
def _own_record(tmp_path: Path, settings: Any) -> Iterator[None]:
    settings.RECORD_DIR = tmp_path
    corpora._open.clear()
    yield
    corpora._open.clear()


@pytest.fixture
def indexed(dataset: Dataset, images: list[Image]) -> None:
    index_of(dataset, retrievers.primary(dataset))


@pytest.fixture
def place(indexed: None, dialogue: Dialogue, alice: User, claim: Claim) -> Assignment:
    return claim(alice)


def fragment(browser: Client, place: Assignment, text: str = TEXT, **fields: object) -> str:
    sent = {"text": text, **fields}
    response = browser.post(f"/places/{place.pk}/try/", sent, headers={"HX-Request": "true"})
    assert response.status_code == 200
    return str(response.content.decode())


def test_ranks_are_those_of_the_check(place: Assignment) -> None:
    dialogue = place.dialogue
    for candidate in dialogue.candidates.all():
        tried = try_text(place=place, text=candidate.text, candidate_id=candidate.pk)
        assert tried.text == tried.candidate
        Dialogue.objects.update(
            stage=Stage.APPROVED,
            approval=Approval.ACCEPTED,
            approved_candidate=candidate,
            settled_at=timezone.now(),
            checked_at=None,
        )
        outcome = check(dialogue)
        assert tried.outcome == outcome
        for form, found in [("final_query", tried.final_query), ("rewrite", tried.text)]:
            row = dialogue.retrieval_checks.filter(form=form).latest("pk")
            assert found is not None
            assert (found.rank, found.tied) == (row.rank, row.tied)
            assert [list(hit) for hit in found.top][: len(row.top)] == row.top


def test_the_fragment_says_where_each_text_finds_the_target(
    place: Assignment, alice: User, client_of: ClientOf
) -> None:
    candidate = place.dialogue.candidates.get(text=TEXTS[2])
    page = fragment(client_of(alice), place, candidate=candidate.pk)
    for words in ["Final query", "Chosen candidate", "Your text", "1st of 3"]:
        assert words in page
    assert page.count('class="dot"') == 3
    assert '<li class="hit" data-image="lighthouse-cloudy">' in page
    assert "data-again" not in page
    assert 'data-image="pier"' not in page, "the dialogue itself shows it"


def test_a_text_without_a_known_word_finds_nothing(
    place: Assignment, alice: User, client_of: ClientOf
) -> None:
    page = fragment(client_of(alice), place, "xyzzy <script>")
    assert "No word of it helps" in page
    assert "nowhere" in page
    assert "<script" not in page
    assert "Write, and see" in fragment(client_of(alice), place, " ")


def test_a_target_that_cannot_be_ranked_says_why(
    place: Assignment, alice: User, client_of: ClientOf
) -> None:
    Dialogue.objects.update(target_images=["pier"])
    page = fragment(client_of(alice), place)
    assert "“pier” is shown in the dialogue itself" in page
    assert "data-image" in page
    Dialogue.objects.update(target_images=[])
    assert "No target image was given" in fragment(client_of(alice), place)


def test_of_several_targets_the_best_counts(place: Assignment) -> None:
    place.dialogue.target_images = ["cabin", "lighthouse-sunny"]
    tried = try_text(place=place, text="old lighthouse in bright sun", candidate_id=None)
    assert tried.text is not None
    assert tried.text.rank == 1


@pytest.mark.parametrize("arm", [Arm.NO_RETRIEVAL, Arm.NO_TARGET])
def test_arms_that_hide_it_get_neither_the_slot_nor_an_answer(
    place: Assignment, alice: User, client_of: ClientOf, program_of: ClientOf, arm: Arm
) -> None:
    assert "data-try=" in client_of(alice).get("/datasets/coast/desk/").content.decode()
    Assignment.objects.update(arm=arm)
    assert "data-try=" not in client_of(alice).get("/datasets/coast/desk/").content.decode()
    assert client_of(alice).post(f"/places/{place.pk}/try/", {"text": TEXT}).status_code == 403
    answer = _ask(program_of(alice), place, {"text": TEXT})
    assert answer.status_code == 403
    place.refresh_from_db()
    assert place.tried == []
    with pytest.raises(NotAllowed):
        try_text(place=place, text=TEXT, candidate_id=None)


def test_somebody_elses_place_does_not_exist(
    place: Assignment, erin: User, carol: User, client_of: ClientOf
) -> None:
    for other in [erin, carol]:
        assert client_of(other).post(f"/places/{place.pk}/try/", {}).status_code == 404
    assert client_of(erin).get(f"/places/{place.pk}/try/").status_code == 405


@pytest.mark.parametrize("state", ["expired", "returned"])
def test_a_lost_place_still_answers_and_keeps_nothing(
    place: Assignment, alice: User, client_of: ClientOf, state: str
) -> None:
    Assignment.objects.update(state=state, ended_at=timezone.now())
    page = fragment(client_of(alice), place)
    assert "1st of 3" in page
    assert "no longer yours" in page
    place.refresh_from_db()
    assert place.tried == []


def test_what_was_tried_is_kept_with_the_place_each_text_once(place: Assignment) -> None:
    for text in [TEXT, "a cabin", TEXT, "  "]:
        try_text(place=place, text=text, candidate_id=None)
    place.refresh_from_db()
    first, second = place.tried
    assert (first["text"], second["text"]) == (TEXT, "a cabin")
    assert {name: first[name] for name in ("rank", "tied", "of", "retriever")} == {
        "rank": 1,
        "tied": 1,
        "of": 3,
        "retriever": "bm25",
    }
    assert first["corpus_version"] == 1
    assert first["top"][0] == "lighthouse-cloudy"
    assert first["at"]


def test_of_many_trials_the_latest_are_kept(place: Assignment) -> None:
    for number in range(MOST_TRIED + 3):
        try_text(place=place, text=f"lighthouse {number}\x00", candidate_id=None)
    place.refresh_from_db()
    kept = [entry["text"] for entry in place.tried]
    assert kept == [f"lighthouse {number}" for number in range(3, MOST_TRIED + 3)]


def test_what_cannot_be_searched_is_refused(place: Assignment, alice: User) -> None:
    with pytest.raises(Invalid, match="characters"):
        try_text(place=place, text="x" * 2001, candidate_id=None)
    with pytest.raises(Invalid, match="not among those"):
        try_text(place=place, text="x", candidate_id=2**63 - 1)


def test_a_corpus_that_changed_is_said_and_searched_as_it_was(
    place: Assignment, dataset: Dataset, alice: User, client_of: ClientOf
) -> None:
    Image.objects.create(dataset=dataset, external_id="new", caption=TEXT, added_version=2)
    Dataset.objects.update(corpus_version=2)
    page = fragment(client_of(alice), place)
    assert "the corpus has changed" in page
    assert "data-again" in page
    index_of(dataset, retrievers.primary(dataset))
    page = fragment(client_of(alice), place)
    assert "the corpus has changed" not in page
    assert 'data-image="new"' in page


def test_without_a_worker_it_says_so(
    dialogue: Dialogue, alice: User, claim: Claim, client_of: ClientOf
) -> None:
    page = fragment(client_of(alice), claim(alice))
    assert "No worker of retrieval runs" in page
    assert "data-again" in page


@pytest.fixture
def worker_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "worker_alive", lambda _: True)
    workers._redis().delete(workers.QUESTIONS)


def test_a_worker_without_the_index_builds_it_meanwhile(
    worker_there: None,
    dialogue: Dialogue,
    alice: User,
    claim: Claim,
    client_of: ClientOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    built: list[Dataset] = []
    monkeypatch.setattr(trying, "ask_for_index", built.append)
    answering = Thread(target=workers.take_one, args=(trying.answer,))
    answering.start()
    page = fragment(client_of(alice), claim(alice))
    answering.join(5)
    assert "The index of 4 captions is being built" in page
    assert 'data-again="1000"' in page
    assert built == [dialogue.dataset]


def test_a_worker_on_another_machine_answers_the_same(
    worker_there: None, place: Assignment, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = try_text(place=place, text=TEXT, candidate_id=None)
    monkeypatch.setattr(trying, "nearest", lambda *_: None)
    answering = Thread(target=workers.take_one, args=(trying.answer,))
    answering.start()
    there = try_text(place=place, text=TEXT, candidate_id=None)
    answering.join(5)
    assert json.dumps(here, default=vars) == json.dumps(there, default=vars)


def test_a_busy_worker_is_waited_for_a_moment_and_old_questions_are_dropped(
    worker_there: None,
    dialogue: Dialogue,
    alice: User,
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(workers, "PATIENCE_SECONDS", 0.1)
    tried = try_text(place=claim(alice), text=TEXT, candidate_id=None)
    assert tried.answer == Answer.BUSY

    def never(question: workers.Parts) -> workers.Parts:
        raise AssertionError(question)

    assert workers.take_one(never, seconds=1)


def test_without_javascript_it_is_a_page(
    place: Assignment, alice: User, client_of: ClientOf
) -> None:
    response = client_of(alice).post(f"/places/{place.pk}/try/", {"text": TEXT})
    page = response.content.decode()
    assert "<!doctype html>" in page.lower()
    assert TEXT in page
    assert "HX-Request" in response["Vary"]


def _ask(program: Client, place: Assignment, sent: dict[str, object]) -> Any:
    address = f"/api/v1/assignments/{place.pk}/try/"
    return program.post(address, json.dumps(sent), content_type="application/json")


def test_programs_get_the_same(place: Assignment, alice: User, program_of: ClientOf) -> None:
    candidate = place.dialogue.candidates.get(text=TEXTS[2])
    answer = _ask(program_of(alice), place, {"text": TEXT, "candidate": candidate.pk}).json()
    assert answer["answer"] == "found"
    assert answer["text"] == {"rank": 1, "tied": 1}
    assert answer["corpus_size"] == 3
    assert answer["top"][0]["id"] == "lighthouse-cloudy"
    assert answer["top"][0]["is_target"] is True


def test_programs_are_refused_as_pages_are(
    place: Assignment, alice: User, erin: User, program_of: ClientOf
) -> None:
    assert _ask(program_of(erin), place, {"text": TEXT}).status_code == 404
    for sent in [{}, {"text": 3}, {"text": "x" * 2001}, {"text": "x", "candidate": 0}]:
        assert _ask(program_of(alice), place, sent).status_code == 400
