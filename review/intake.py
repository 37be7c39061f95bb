"""The door for machines: candidates, judgements and retrieval checks enter the record here.

Every function is safe to repeat: what is already there stays as it is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean
from typing import Any

from django.db import transaction
from django.db.models import Avg
from django.utils import timezone

from review.models import (
    Approval,
    Candidate,
    CandidateKind,
    CheckOutcome,
    Dialogue,
    Judgement,
    RetrievalCheck,
    Stage,
)
from review.models.candidates import text_key
from review.stages import Event, advance


@dataclass(frozen=True)
class Provenance:
    """Who made a candidate or judgement, and what they had seen when they did."""

    author: str
    kind: CandidateKind
    model: str = ""
    prompt_hash: str = ""
    saw_target: bool | None = False


@dataclass(frozen=True)
class JudgedCriterion:
    """A judge's word on one criterion: a score from 1 to 5, or why there is none."""

    criterion: str
    score: int | None
    reason: str = ""
    unscored_reason: str = ""


@dataclass(frozen=True)
class CheckedForm:
    """What one retriever made of one text. `rank` and `tied` as in `RetrievalCheck`."""

    form: str
    text: str
    rank: int | None
    tied: int | None
    score: float | None = None
    ranks: dict[str, list[int]] = field(default_factory=dict)
    top: list[tuple[str, float]] = field(default_factory=list)
    unranked_reason: str = ""
    candidate_id: int | None = None


@transaction.atomic
def add_candidates(
    *, dialogue_id: int, texts: Sequence[str], by: Provenance, round: int
) -> list[Candidate]:
    """Adds what `by` wrote, in order; equal texts keep one candidate with all its authors.

    Work for an earlier round than the dialogue's present one still enters the record. A settled
    dialogue keeps its stage.
    """
    dialogue = Dialogue.objects.select_for_update().get(pk=dialogue_id)
    texts = [text.strip() for text in texts if text.strip()]
    candidates = [_add_candidate(dialogue, text, by, round) for text in texts]
    if candidates and dialogue.stage == Stage.IMPORTED:
        advance(dialogue, Event.PROPOSE)
    return candidates


def _add_candidate(dialogue: Dialogue, text: str, by: Provenance, round: int) -> Candidate:
    candidate, created = Candidate.objects.get_or_create(
        dialogue=dialogue,
        text_key=text_key(text),
        defaults={"text": text, "round": round, **asdict(by)},
    )
    if not created and by.author not in candidate.authors():
        candidate.also_by = [*candidate.also_by, asdict(by)]
        candidate.save(update_fields=["also_by"])
    return candidate


@transaction.atomic
def add_judgements(
    *,
    dialogue_id: int,
    by: Provenance,
    judged: dict[int, Sequence[JudgedCriterion]],
    positions: dict[int, int] | None = None,
) -> None:
    """Adds one judge's words on candidates of a dialogue: {candidate id: criteria}.

    `positions` are the candidates' places, from 0, in the order the judge was shown.
    """
    dialogue = Dialogue.objects.select_for_update().get(pk=dialogue_id)
    Judgement.objects.bulk_create(
        [
            _judgement(candidate_id, criterion, by, (positions or {}).get(candidate_id))
            for candidate_id, criteria in judged.items()
            for criterion in criteria
        ],
        ignore_conflicts=True,
    )
    refresh_scores(dialogue)
    if dialogue.stage == Stage.PROPOSED and dialogue.panel_score is not None:
        advance(dialogue, Event.JUDGE)


def _judgement(
    candidate_id: int, judged: JudgedCriterion, by: Provenance, position: int | None
) -> Judgement:
    return Judgement(
        candidate_id=candidate_id,
        judge=by.author,
        criterion=judged.criterion,
        score=judged.score,
        reason=judged.reason,
        unscored_reason=judged.unscored_reason,
        model=by.model,
        prompt_hash=by.prompt_hash,
        offline=by.kind == CandidateKind.OFFLINE,
        imported=by.kind == CandidateKind.IMPORTED,
        saw_target=by.saw_target,
        shown_position=position,
    )


def refresh_scores(dialogue: Dialogue) -> None:
    """Panel score and disagreement of each candidate, and of the dialogue: its best candidate's
    score and its judges' largest disagreement. The dialogue is locked.

    A judge's score of a candidate is the mean of its criteria, the panel's the mean of its judges,
    and the disagreement the largest distance between two judges: all on the scale from 1 to 5.
    """
    by_candidate: dict[int, list[float]] = {}
    means = (
        Judgement.objects.filter(candidate__dialogue=dialogue, score__isnull=False)
        .values("candidate_id", "judge")
        .annotate(mean=Avg("score"))
    )
    for row in means:
        by_candidate.setdefault(row["candidate_id"], []).append(float(row["mean"]))
    for candidate_id, scores in by_candidate.items():
        Candidate.objects.filter(pk=candidate_id).update(
            panel_score=fmean(scores), disagreement=max(scores) - min(scores)
        )
    if by_candidate:
        dialogue.panel_score = max(fmean(scores) for scores in by_candidate.values())
        dialogue.disagreement = max(max(s) - min(s) for s in by_candidate.values())
        dialogue.save(update_fields=["panel_score", "disagreement"])


@dataclass(frozen=True)
class Checker:
    """The retriever that checked, and the corpus that it searched, less the images left out."""

    retriever: str
    retriever_hash: str
    corpus_version: int
    corpus_size: int
    left_out: list[str] = field(default_factory=list)


@transaction.atomic
def record_check(
    *,
    dialogue_id: int,
    approved_candidate_id: int,
    by: Checker,
    forms: Iterable[CheckedForm],
    outcome: CheckOutcome,
    primary: bool = True,
) -> bool:
    """Adds a retriever's ranks for a dialogue's texts, each once per version of the corpus.

    False, and nothing written, where the approval changed while the retriever worked: the check
    of the new rewrite is still awaited. The primary retriever decides the outcome of the dialogue.
    """
    dialogue = Dialogue.objects.select_for_update().get(pk=dialogue_id)
    if dialogue.approved_candidate_id != approved_candidate_id:
        return False
    RetrievalCheck.objects.bulk_create(
        [_check(dialogue, by, form, outcome) for form in forms], ignore_conflicts=True
    )
    if primary:
        _conclude(dialogue, outcome)
    return True


def _check(
    dialogue: Dialogue, by: Checker, form: CheckedForm, outcome: CheckOutcome
) -> RetrievalCheck:
    values: dict[str, Any] = {name: getattr(form, name) for name in _CHECKED}
    return RetrievalCheck(
        dialogue=dialogue,
        text_key=text_key(form.text),
        outcome=outcome if form.form == "rewrite" else "",
        **asdict(by),
        **values,
    )


_CHECKED = ["form", "rank", "tied", "score", "ranks", "top", "unranked_reason", "candidate_id"]


def _conclude(dialogue: Dialogue, outcome: CheckOutcome) -> None:
    changes = {"checked_at": timezone.now(), "check_outcome": outcome}
    # An adjudicator's word stands whatever the check says: it has been disputed once.
    adjudicated = dialogue.approval == Approval.ADJUDICATED
    if outcome == CheckOutcome.WORSE and dialogue.dataset.dispute_when_worse and not adjudicated:
        advance(dialogue, Event.DISPUTE, approved_candidate=None, approval="", **changes)
        return
    Dialogue.objects.filter(pk=dialogue.pk).update(**changes)
