"""Changed content: taken while nobody has worked on the dialogue, refused afterwards."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from review import assignments, decisions, intake
from review.calibration.sampling import drawing, following, waves
from review.errors import Invalid
from review.importing.engine import import_dialogues
from review.importing.report import Report
from review.models import (
    Assignment,
    CandidateKind,
    Dataset,
    Dialogue,
    Drawn,
    RetrievalCheck,
    Stage,
    User,
    Verdict,
)
from review.rulings import Ruling
from tests.conftest import judge
from tests.test_import_native import IMAGES, record, write

pytestmark = pytest.mark.django_db
Claim = Callable[[User], Assignment]
CANDIDATES = [{"text": "the lighthouse on a cloudy day", "author": "gold"}]
OTHER_TURNS = [{"role": "user", "text": "Something else entirely."}]


@pytest.fixture
def coast(dataset: Dataset, tmp_path: Path) -> Callable[..., Report]:
    """Imports one dialogue with other fields each time."""

    def again(*, replace: bool = False, append_candidates: bool = False, **fields: Any) -> Report:
        fields = {"candidates": CANDIDATES, **fields}
        write(tmp_path, [record(**fields)], IMAGES)
        return import_dialogues(
            dataset=dataset.slug,
            path=tmp_path,
            replace=replace,
            append_candidates=append_candidates,
        )

    return again


def test_changed_turns_begin_a_new_round_without_the_old_candidates(
    coast: Callable[..., Report],
) -> None:
    coast()
    dialogue = Dialogue.objects.get()
    by = intake.Provenance(author="writer", kind=CandidateKind.MODEL)
    intake.add_candidates(dialogue_id=dialogue.pk, texts=["old words"], by=by, round=0)
    report = coast(turns=OTHER_TURNS)
    assert (report.dialogues.updated, report.dialogues.created) == (1, 0)
    dialogue.refresh_from_db()
    assert dialogue.final_query == "Something else entirely."
    assert [c.author for c in dialogue.candidates.all()] == ["gold"]
    assert (dialogue.round, dialogue.stage) == (1, Stage.PROPOSED)


def test_what_was_drawn_for_calibration_stays_drawn_and_is_missing(
    coast: Callable[..., Report], dataset: Dataset
) -> None:
    coast()
    dialogue = Dialogue.objects.get()
    judge(dialogue)
    waves.draw(dataset=dataset, kind="uniform", size=1)
    drawing.carry_out(dataset)
    coast(turns=OTHER_TURNS)
    drawn = Drawn.objects.get()
    assert (drawn.dialogue, drawn.candidate, drawn.score) == (dialogue, None, 5)
    dialogue.refresh_from_db()
    assert dialogue.drawn_place is None
    assert following.line(drawn.wave).uncounted == 1


def test_changed_metadata_leaves_candidates_alone(coast: Callable[..., Report]) -> None:
    coast()
    before = Dialogue.objects.get().candidates.get().pk
    assert coast(metadata={"source": "elsewhere"}).dialogues.updated == 1
    dialogue = Dialogue.objects.get()
    assert dialogue.metadata == {"source": "elsewhere"}
    assert dialogue.candidates.get().pk == before
    assert dialogue.round == 0


def test_an_update_is_not_repeated(coast: Callable[..., Report]) -> None:
    coast()
    coast(turns=OTHER_TURNS)
    assert coast(turns=OTHER_TURNS).dialogues.unchanged == 1


def test_a_change_is_refused_once_somebody_decided(
    coast: Callable[..., Report], alice: User, claim: Claim
) -> None:
    coast()
    place = claim(alice)
    candidate = place.dialogue.candidates.get()
    ruling = Ruling(Verdict.ACCEPT, candidate_id=candidate.pk)
    decisions.decide(assignment=place, ruling=ruling, by=alice)
    report = coast(turns=OTHER_TURNS)
    assert report.dialogues.rejected == 1
    assert "a reviewer has decided" in report.errors[0]["reason"]
    assert Dialogue.objects.get().final_query != "Something else entirely."


def test_a_change_is_refused_while_somebody_has_it_open(
    coast: Callable[..., Report], alice: User, claim: Claim
) -> None:
    coast()
    place = claim(alice)
    assert coast(turns=OTHER_TURNS).dialogues.rejected == 1
    assignments.give_back(assignment=place)
    assert coast(turns=OTHER_TURNS).dialogues.updated == 1


def test_what_did_not_change_is_no_matter_to_those_who_decide(
    coast: Callable[..., Report], alice: User, claim: Claim
) -> None:
    coast()
    claim(alice)
    assert coast().dialogues.unchanged == 1


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_end_as_one(tmp_path: Path) -> None:
    write(tmp_path, [record(f"d-{n}", candidates=CANDIDATES) for n in range(1500)], IMAGES)
    reports: list[Report] = []

    def run() -> None:
        reports.append(import_dialogues(dataset="coast-2", path=tmp_path))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(report.dialogues.created for report in reports) == [0, 1500]
    assert Dialogue.objects.count() == 1500
    assert Dataset.objects.get().corpus_version == 1


def decided(alice: User, claim: Claim) -> None:
    place = claim(alice)
    ruling = Ruling(Verdict.ACCEPT, candidate_id=place.dialogue.candidates.get().pk)
    decisions.decide(assignment=place, ruling=ruling, by=alice)


@pytest.fixture
def approved(coast: Callable[..., Report], alice: User, claim: Claim) -> Dialogue:
    """A dialogue on which Alice has decided."""
    coast()
    decided(alice, claim)
    return Dialogue.objects.get()


def test_replace_lets_it_be_decided_again_and_keeps_what_was(
    coast: Callable[..., Report], approved: Dialogue
) -> None:
    new = [{"text": "something else", "author": "gold"}]
    report = coast(turns=OTHER_TURNS, candidates=new, replace=True)
    assert report.dialogues.updated == 1
    approved.refresh_from_db()
    assert (approved.stage, approved.round) == (Stage.PROPOSED, 1)
    assert approved.approved_candidate is None
    decision = approved.decisions.get()
    assert decision.candidate is not None
    assert decision.candidate.text == CANDIDATES[0]["text"]
    assert approved.candidates.filter(text="something else").exists()


def test_replace_leaves_alone_what_somebody_has_open(
    coast: Callable[..., Report], alice: User, claim: Claim
) -> None:
    coast()
    place = claim(alice)
    assert "has it open" in coast(turns=OTHER_TURNS, replace=True).errors[0]["reason"]
    assignments.give_back(assignment=place)
    assert coast(turns=OTHER_TURNS, replace=True).dialogues.updated == 1


def test_replace_leaves_alone_what_a_release_holds(
    coast: Callable[..., Report], approved: Dialogue
) -> None:
    Dialogue.objects.update(released=True)
    report = coast(turns=OTHER_TURNS, replace=True)
    assert "a release holds it" in report.errors[0]["reason"]
    approved.refresh_from_db()
    assert approved.stage == Stage.APPROVED


def test_new_targets_of_an_approved_dialogue_are_checked_again(
    coast: Callable[..., Report], approved: Dialogue
) -> None:
    Dialogue.objects.update(checked_at="2026-01-01T00:00Z", check_outcome="same")
    RetrievalCheck.objects.create(
        dialogue=approved, form="history", corpus_version=1, corpus_size=3, rank=1, tied=1
    )
    coast(target_images=["pier"], replace=True)
    approved.refresh_from_db()
    assert (approved.stage, approved.checked_at) == (Stage.APPROVED, None)
    assert approved.checks_due
    assert not approved.retrieval_checks.exists()
    assert Dialogue.objects.awaiting_check().count() == 1


def test_append_adds_candidates_and_touches_nothing_else(
    coast: Callable[..., Report], approved: Dialogue
) -> None:
    before = Dialogue.objects.values().get()
    more = [*CANDIDATES, {"text": "another", "author": "gpt-x"}]
    report = coast(candidates=more, metadata={"new": 1}, append_candidates=True)
    assert (report.dialogues.updated, report.dialogues.rejected) == (1, 0)
    assert Dialogue.objects.values().get() == before
    assert [c.text for c in approved.candidates.all()] == [c["text"] for c in more]
    again = coast(candidates=more, metadata={"new": 1}, append_candidates=True)
    assert (again.dialogues.updated, again.dialogues.unchanged) == (0, 1)


def test_append_adds_a_further_author_of_a_text(coast: Callable[..., Report]) -> None:
    coast()
    other = [{**CANDIDATES[0], "author": "gpt-x"}]
    assert coast(candidates=other, append_candidates=True).dialogues.updated == 1
    assert Dialogue.objects.get().candidates.get().authors() == ["gold", "gpt-x"]


def test_append_adds_judgements_with_their_judge(coast: Callable[..., Report]) -> None:
    coast()
    said = [{"judge": "critic", "criterion": "clarity", "score": 4}]
    judged = [{**CANDIDATES[0], "judgements": said}]
    assert coast(candidates=judged, append_candidates=True).dialogues.updated == 1
    assert Dialogue.objects.get().panel_score == 4
    assert coast(candidates=judged, append_candidates=True).dialogues.unchanged == 1


def test_candidates_of_other_turns_are_not_appended(coast: Callable[..., Report]) -> None:
    coast()
    report = coast(turns=OTHER_TURNS, append_candidates=True)
    assert report.errors[0]["field"] == "turns"
    assert "has other turns" in report.errors[0]["reason"]


def test_replacing_and_appending_at_once_is_refused(coast: Callable[..., Report]) -> None:
    with pytest.raises(Invalid, match="not both"):
        coast(replace=True, append_candidates=True)
