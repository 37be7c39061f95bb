"""Scored dialogues, waves over them, and what people said of them, as the record has it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from review.calibration.sampling import drawing, waves
from review.models import (
    Arm,
    Assignment,
    Candidate,
    CandidateKind,
    Criterion,
    Dataset,
    Decision,
    Dialogue,
    Judgement,
    PlaceState,
    Stage,
    User,
    Verdict,
    Wave,
)
from review.scoring import refresh_scores

# Scores of a dialogue's first candidate on every criterion; the second has one less.
SCORES = (5, 4, 3, 2)


def fill(dataset: Dataset, number: int, scores: Sequence[int] = SCORES) -> list[Dialogue]:
    """Scored dialogues that wait, whose first candidate is the panel's best."""
    dialogues = Dialogue.objects.bulk_create(
        Dialogue(
            dataset=dataset,
            external_id=f"d-{n:03}",
            turns=[{"role": "user", "text": "that one"}] * (1 + 2 * (n % 2)),
            final_query="that one",
            content_hash=str(n),
            stage=Stage.JUDGED,
            language="de" if n % 3 == 0 else "en",
        )
        for n in range(number)
    )
    candidates = Candidate.objects.bulk_create(
        Candidate(
            dialogue=dialogue,
            text=f"text {rank}",
            text_key=str(rank),
            author="writer",
            kind=CandidateKind.MODEL,
        )
        for dialogue in dialogues
        for rank in range(2)
    )
    Judgement.objects.bulk_create(
        Judgement(
            candidate=candidate,
            judge="critic",
            criterion=criterion,
            score=scores[n // 2 % len(scores)] - n % 2,
            prompt_hash="j",
        )
        for n, candidate in enumerate(candidates)
        for criterion in Criterion.values
    )
    refresh_scores(dialogues)
    return dialogues


def draw(dataset: Dataset, size: int, **asked: Any) -> Wave:
    wave = waves.draw(dataset=dataset, **{"kind": "uniform", "size": size, **asked})
    drawing.carry_out(dataset)
    wave.refresh_from_db()
    assert not wave.failure
    return wave


def forty_drawn(dataset: Dataset) -> list[Dialogue]:
    """All of forty dialogues, with scores of 5, 4, 3 and 2, drawn in one wave."""
    fill(dataset, 40)
    draw(dataset, 40)
    return list(dataset.dialogues.order_by("pk").select_related("drawn"))


def say(
    dialogue: Dialogue,
    who: User,
    *,
    accepts: bool = True,
    when: datetime | None = None,
    arm: Arm = Arm.BLIND,
    **fields: Any,
) -> Decision:
    """A decision as the record would have it, without the way through the desk."""
    first, second, *_ = dialogue.candidates.order_by("pk")
    now = when or timezone.now()
    drawn = fields.pop("drawn", hasattr(dialogue, "drawn"))
    place = None
    if not fields.get("adjudication"):
        place = Assignment.objects.create(
            dialogue=dialogue,
            reviewer=who,
            place=dialogue.assignments.count(),
            state=PlaceState.DECIDED,
            arm=arm,
            drawn=drawn,
            round=fields.get("round", 0),
            claimed_at=now,
            expires_at=now,
            ended_at=now,
        )
    saw = {"scores": fields.pop("scores", arm != Arm.BLIND)}
    values = {"verdict": Verdict.ACCEPT, "candidate": first if accepts else second, **fields}
    return Decision.objects.create(
        dialogue=dialogue,
        assignment=place,
        reviewer=who,
        seconds=10,
        created=now,
        saw={**saw, "candidates": [{"id": first.pk}, {"id": second.pk}]},
        policy={"arms": {"blind": 0.5}},
        **values,
    )
