"""The door for machines: candidates, judgements and retrieval checks enter the record here.

Every function is safe to repeat: what is already there stays as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
from review.stages import Event, advance, advance_all


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


@dataclass(frozen=True)
class Proposal:
    """What one author wrote for one dialogue, in order, in one round."""

    dialogue_id: int
    texts: Sequence[str]
    by: Provenance
    round: int


def add_candidates(
    *, dialogue_id: int, texts: Sequence[str], by: Provenance, round: int
) -> list[Candidate]:
    """Adds what `by` wrote, in order; equal texts keep one candidate with all its authors.

    Work for an earlier round than the dialogue's present one still enters the record. A settled
    dialogue keeps its stage.
    """
    found = add_proposals([Proposal(dialogue_id, texts, by, round)])
    keys = dict.fromkeys(text_key(text) for text in texts if text.strip())
    return [found[dialogue_id, key] for key in keys]


@transaction.atomic
def add_proposals(proposals: Sequence[Proposal]) -> dict[tuple[int, str], Candidate]:
    """`add_candidates` for many dialogues in a fixed number of statements.

    Returns the candidates by (dialogue id, text key).
    """
    dialogues = _locked({proposal.dialogue_id for proposal in proposals})
    candidates = _candidates_of(dialogues)
    touched = dict.fromkeys(key for proposal in proposals for key in _propose(candidates, proposal))
    kept = [candidates[key] for key in touched if candidates[key].pk]
    Candidate.objects.bulk_create([candidates[key] for key in touched if not candidates[key].pk])
    Candidate.objects.bulk_update(kept, ["also_by"])
    proposed = {
        proposal.dialogue_id for proposal in proposals if any(map(str.strip, proposal.texts))
    }
    imported = [d for d in dialogues.values() if d.pk in proposed and d.stage == Stage.IMPORTED]
    advance_all(imported, Event.PROPOSE)
    return candidates


def _locked(dialogue_ids: Iterable[int]) -> dict[int, Dialogue]:
    """The dialogues, locked in the order of their keys, so that two batches never deadlock."""
    rows = Dialogue.objects.select_for_update().filter(pk__in=list(dialogue_ids)).order_by("pk")
    return {dialogue.pk: dialogue for dialogue in rows}


def _candidates_of(dialogues: Iterable[int]) -> dict[tuple[int, str], Candidate]:
    rows = Candidate.objects.filter(dialogue__in=list(dialogues))
    return {(row.dialogue_id, row.text_key): row for row in rows}


def _propose(
    candidates: dict[tuple[int, str], Candidate], proposal: Proposal
) -> Iterator[tuple[int, str]]:
    """Enters a proposal among the candidates, and yields the keys of those to be written."""
    by = proposal.by
    for text in filter(None, map(str.strip, proposal.texts)):
        key = (proposal.dialogue_id, text_key(text))
        if key not in candidates:
            values = {"text": text, "text_key": key[1], "round": proposal.round, **asdict(by)}
            candidates[key] = Candidate(dialogue_id=proposal.dialogue_id, **values)
            yield key
        elif by.author not in candidates[key].authors():
            candidates[key].also_by = [*candidates[key].also_by, asdict(by)]
            yield key


@dataclass(frozen=True)
class Opinion:
    """One judge's words on candidates of one dialogue: {candidate id: criteria}.

    `positions` are the candidates' places, from 0, in the order the judge was shown.
    """

    dialogue_id: int
    by: Provenance
    judged: Mapping[int, Sequence[JudgedCriterion]]
    positions: Mapping[int, int] = field(default_factory=dict)


def add_judgements(
    *,
    dialogue_id: int,
    by: Provenance,
    judged: Mapping[int, Sequence[JudgedCriterion]],
    positions: Mapping[int, int] | None = None,
) -> None:
    """Adds one judge's words on candidates of a dialogue, as described at `Opinion`."""
    add_opinions([Opinion(dialogue_id, by, judged, positions or {})])


@transaction.atomic
def add_opinions(opinions: Sequence[Opinion]) -> None:
    """Adds judgements on many dialogues in a fixed number of statements.

    A score takes the place of an earlier *unscored* of the same judge and prompt; a score that is
    there stays.
    """
    dialogues = _locked({opinion.dialogue_id for opinion in opinions})
    judgements = [judgement for opinion in opinions for judgement in _judgements(opinion)]
    _make_way(judgements)
    Judgement.objects.bulk_create(judgements, ignore_conflicts=True)
    refresh_scores(dialogues.values())
    scored = [d for d in dialogues.values() if d.panel_score is not None]
    advance_all([d for d in scored if d.stage == Stage.PROPOSED], Event.JUDGE)


def _make_way(judgements: Iterable[Judgement]) -> None:
    """Removes the *unscored* that a judge now replaces by a score."""
    scored: dict[tuple[str, str], set[int]] = {}
    for row in judgements:
        if row.score is not None:
            scored.setdefault((row.judge, row.prompt_hash), set()).add(row.candidate_id)
    for (judge, prompt_hash), candidates in scored.items():
        Judgement.objects.filter(
            candidate__in=candidates, judge=judge, prompt_hash=prompt_hash, score=None
        ).delete()


def _judgements(opinion: Opinion) -> list[Judgement]:
    return [
        _judgement(candidate_id, criterion, opinion.by, opinion.positions.get(candidate_id))
        for candidate_id, criteria in opinion.judged.items()
        for criterion in criteria
    ]


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


def refresh_scores(dialogues: Iterable[Dialogue]) -> None:
    """Panel score and disagreement of each candidate, and of each dialogue: its best candidate's
    score and its judges' largest disagreement. The dialogues are locked.

    A judge's score of a candidate is the mean of its criteria, the panel's the mean of its judges,
    and the disagreement the largest distance between two judges: all on the scale from 1 to 5.
    """
    by_key = {dialogue.pk: dialogue for dialogue in dialogues}
    scored = [_score(candidate, means) for candidate, means in _judges_means(by_key)]
    Candidate.objects.bulk_update(scored, ["panel_score", "disagreement"])
    changed = [_score_dialogue(by_key[key], group) for key, group in _by_dialogue(scored).items()]
    Dialogue.objects.bulk_update(changed, ["panel_score", "disagreement"])


def _judges_means(dialogue_ids: Iterable[int]) -> Iterator[tuple[Candidate, list[float]]]:
    """Each scored candidate with its judges' means."""
    means: dict[tuple[int, int], list[float]] = {}
    rows = (
        Judgement.objects.filter(candidate__dialogue__in=list(dialogue_ids), score__isnull=False)
        .values_list("candidate__dialogue_id", "candidate_id", "judge")
        .annotate(mean=Avg("score"))
        .order_by()
    )
    for dialogue_id, candidate_id, _, mean in rows:
        means.setdefault((dialogue_id, candidate_id), []).append(float(mean))
    for (dialogue_id, candidate_id), judges in means.items():
        yield Candidate(pk=candidate_id, dialogue_id=dialogue_id), judges


def _score(candidate: Candidate, means: list[float]) -> Candidate:
    candidate.panel_score = fmean(means)
    candidate.disagreement = max(means) - min(means)
    return candidate


def _by_dialogue(candidates: Iterable[Candidate]) -> dict[int, list[Candidate]]:
    groups: dict[int, list[Candidate]] = {}
    for candidate in candidates:
        groups.setdefault(candidate.dialogue_id, []).append(candidate)
    return groups


def _score_dialogue(dialogue: Dialogue, scored: Iterable[Candidate]) -> Dialogue:
    dialogue.panel_score = max(candidate.panel_score or 0 for candidate in scored)
    dialogue.disagreement = max(candidate.disagreement or 0 for candidate in scored)
    return dialogue


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
    # An adjudicator's word stands whatever the check says: it has been disputed once. And what
    # a release holds is not opened again.
    final = dialogue.approval == Approval.ADJUDICATED or dialogue.released
    if outcome == CheckOutcome.WORSE and dialogue.dataset.dispute_when_worse and not final:
        advance(dialogue, Event.DISPUTE, approved_candidate=None, approval="", **changes)
        return
    Dialogue.objects.filter(pk=dialogue.pk).update(**changes)
