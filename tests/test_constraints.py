"""Rules that the database itself holds, each broken once."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from review.models import (
    Assignment,
    Candidate,
    CandidateKind,
    Comparison,
    Dataset,
    Decision,
    Dialogue,
    Guidelines,
    Image,
    Judgement,
    Membership,
    PlaceState,
    RetrievalCheck,
    Rubric,
    SecondLook,
    User,
    Verdict,
    WordFinding,
    WordSupport,
)

Rows = dict[str, Any]
CHECK = {
    "form": "rewrite",
    "text_key": "t",
    "retriever": "bm25",
    "retriever_hash": "h",
    "corpus_version": 1,
    "corpus_size": 4,
}


@pytest.fixture
def rows(dialogue: Dialogue, alice: User, erin: User, dataset: Dataset) -> Rows:
    now = timezone.now()
    place = Assignment.objects.create(
        dialogue=dialogue, reviewer=alice, place=0, claimed_at=now, expires_at=now
    )
    candidate = dialogue.candidates.order_by("pk")[0]
    decision = Decision.objects.create(
        dialogue=dialogue,
        assignment=place,
        reviewer=alice,
        verdict=Verdict.ACCEPT,
        candidate=candidate,
        seconds=1,
        idempotency_key="k",
    )
    return {
        "dataset": dataset,
        "dialogue": dialogue,
        "alice": alice,
        "erin": erin,
        "now": now,
        "place": place,
        "candidate": candidate,
        "decision": decision,
        "others": dialogue.candidates.order_by("pk")[1:3],
    }


def compared(rows: Rows, **fields: Any) -> Comparison:
    values = {"first": rows["candidate"], "second": rows["others"][0], "judge": "j", **fields}
    return Comparison.objects.create(**values)


def decision(rows: Rows, **fields: Any) -> Decision:
    values = {
        "dialogue": rows["dialogue"],
        "assignment": rows["place"],
        "reviewer": rows["alice"],
        "seconds": 1,
        **fields,
    }
    return Decision.objects.create(**values)


def place(rows: Rows, **fields: Any) -> Assignment:
    values = {
        "dialogue": rows["dialogue"],
        "reviewer": rows["erin"],
        "place": 1,
        "claimed_at": rows["now"],
        "expires_at": rows["now"],
        **fields,
    }
    return Assignment.objects.create(**values)


def word(rows: Rows, **fields: Any) -> WordFinding:
    values = {
        **{"dialogue": rows["dialogue"], "candidate": rows["candidate"], "word": "pier"},
        **{"retriever": "bm25", "retriever_hash": "h", "corpus_version": 1, "supported": True},
        **{"start": 0, "end": 4, "rank": 1, "tied": 1, "rank_without": 2, "tied_without": 1},
        **fields,
    }
    return WordFinding.objects.create(**values)


BREACHES: dict[str, Callable[[Rows], object]] = {
    "dataset_decisions_1_to_5": lambda r: Dataset.objects.update(decisions_needed=6),
    "dataset_quorum_within_decisions": lambda r: Dataset.objects.update(quorum=2),
    "dataset_queue_order_known": lambda r: Dataset.objects.update(queue_order="newest"),
    "dataset_hide_until_known": lambda r: Dataset.objects.update(hide_until="ever"),
    "dataset_takers_known": lambda r: Dataset.objects.update(takers="nobody"),
    "dataset_shares_within_bounds": lambda r: Dataset.objects.update(control_rate=0.6),
    "place_arm_and_purpose_known": lambda r: Assignment.objects.update(arm="deaf"),
    "dataset_certified_use_known": lambda r: Dataset.objects.update(certified_use="all"),
    "dataset_margin_0_to_1": lambda r: Dataset.objects.update(check_margin=2),
    "dataset_slug_plain": lambda r: Dataset.objects.create(slug="No Slug", title="x"),
    "membership_once": lambda r: Membership.objects.create(
        dataset=r["dataset"], user=r["alice"], role="admin"
    ),
    "membership_role_known": lambda r: Membership.objects.update(role="king"),
    "image_id_once_in_corpus": lambda r: Image.objects.create(
        dataset=r["dataset"], external_id="pier", added_version=2
    ),
    "image_removed_after_added": lambda r: Image.objects.update(removed_version=1),
    "dialogue_id_once": lambda r: Dialogue.objects.create(
        dataset=r["dataset"], external_id="d-1", turns=[], final_query="x", content_hash="x"
    ),
    "dialogue_stage_known": lambda r: Dialogue.objects.update(stage="lost"),
    "dialogue_approved_has_rewrite": lambda r: Dialogue.objects.update(stage="approved"),
    "candidate_text_once_in_dialogue": lambda r: Candidate.objects.update(text_key="same"),
    "candidate_has_text": lambda r: Candidate.objects.update(text=""),
    "candidate_kind_known": lambda r: Candidate.objects.update(kind="oracle"),
    "candidate_reviewer_is_person": lambda r: Candidate.objects.update(reviewer=r["alice"]),
    "candidate_score_1_to_5": lambda r: Candidate.objects.update(panel_score=0.5),
    "candidate_preference_0_to_1": lambda r: Candidate.objects.update(preference=1.5),
    "comparison_once": lambda r: [compared(r, judge="once") for _ in range(2)],
    "comparison_of_two_in_order": lambda r: compared(r, first=r["others"][1]),
    "comparison_winner_is_one_of_them": lambda r: compared(r, winner=r["others"][1]),
    "rubric_version_once": lambda r: [
        Rubric.objects.create(dataset=r["dataset"], version=1, criteria=[], hash="h")
        for _ in range(2)
    ],
    "guidelines_version_once": lambda r: [
        Guidelines.objects.create(dataset=r["dataset"], version=1, text="x") for _ in range(2)
    ],
    "second_look_one_at_a_time": lambda r: [
        SecondLook.objects.create(
            dataset=r["dataset"], version=1, comment="x", by=r["alice"], decisions=1
        )
        for _ in range(2)
    ],
    "judgement_once_per_prompt": lambda r: Judgement.objects.create(
        candidate=r["candidate"], judge="critic", criterion="clarity", prompt_hash="j", score=1
    ),
    "judgement_scored_or_reason": lambda r: Judgement.objects.update(score=None),
    "place_taken_once": lambda r: place(r, place=0),
    "reviewer_once_in_dialogue": lambda r: place(r, reviewer=r["alice"]),
    "place_state_known": lambda r: Assignment.objects.update(state="lost", ended_at=r["now"]),
    "place_open_or_ended": lambda r: Assignment.objects.update(state=PlaceState.DECIDED),
    "decision_once_per_key": lambda r: decision(r, verdict="skip", idempotency_key="k"),
    "decision_candidate_fits_verdict": lambda r: decision(r, verdict="accept"),
    "decision_undo_supersedes": lambda r: decision(r, verdict="undo"),
    "decision_has_place": lambda r: decision(r, verdict="skip", assignment=None),
    "check_once_per_version": lambda r: [
        RetrievalCheck.objects.create(dialogue=r["dialogue"], rank=1, tied=1, **CHECK)
        for _ in range(2)
    ],
    "check_ranked_or_reason": lambda r: RetrievalCheck.objects.create(
        dialogue=r["dialogue"], **CHECK
    ),
    "word_found_once_per_version": lambda r: [word(r) for _ in range(2)],
    "word_ends_after_start": lambda r: word(r, end=0),
    "word_trait_known": lambda r: word(r, trait="shortcut"),
    "word_supported_once_by_each": lambda r: [
        WordSupport.objects.create(
            dialogue=r["dialogue"], candidate=r["candidate"], word_key="w", turn=0, by=r["alice"]
        )
        for _ in range(2)
    ],
}


@pytest.mark.parametrize("name", BREACHES)
def test_the_database_refuses(name: str, rows: Rows) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        BREACHES[name](rows)


def test_every_constraint_of_the_record_is_broken_here_once() -> None:
    models = [
        Dataset, Membership, Image, Dialogue, Candidate, Judgement, Comparison, Rubric,
        Assignment, Decision, RetrievalCheck, Guidelines, SecondLook, WordFinding, WordSupport,
    ]  # fmt: skip
    named = {constraint.name for model in models for constraint in model._meta.constraints}
    assert named == set(BREACHES)


def test_offline_and_other_kinds_of_candidates_are_told_apart() -> None:
    assert Candidate(kind=CandidateKind.OFFLINE).is_offline()
    assert not Candidate(kind=CandidateKind.MODEL).is_offline()
