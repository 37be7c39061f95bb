"""The door for models: what they write and judge enters the record here; `checking` is the one
for retrievers.

Every function is safe to repeat: what is already there stays as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from review import bulk, scoring
from review.calibration.certifying.watching import watch
from review.calibration.conditions import Judged, Wrote
from review.models import (
    Candidate,
    CandidateKind,
    Comparison,
    Dialogue,
    Judgement,
    Stage,
)
from review.models.candidates import text_key
from review.models.dialogues import UNRESOLVED
from review.stages import Event, advance_all
from review.wording.likeness import likeness_key


@dataclass(frozen=True)
class Provenance:
    """Who made a candidate or judgement, and what they had seen when they did."""

    author: str
    kind: CandidateKind
    model: str = ""
    family: str = ""
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
class Proposal:
    """What one author wrote for one dialogue, in order, in one round."""

    dialogue_id: int
    texts: Sequence[str]
    by: Provenance
    round: int


def add_candidates(
    *, dialogue_id: int, texts: Sequence[str], by: Provenance, round: int
) -> list[Candidate]:
    """Adds what `by` wrote, in order; texts that are equal or say the same in the same words keep
    one candidate with all its authors.

    Work for an earlier round than the dialogue's present one still enters the record. A settled
    dialogue keeps its stage.
    """
    found = add_proposals([Proposal(dialogue_id, texts, by, round)])
    kept = [found.of(dialogue_id, text, by) for text in filter(None, map(str.strip, texts))]
    return list({candidate.pk: candidate for candidate in kept if candidate}.values())


@transaction.atomic
def add_proposals(proposals: Sequence[Proposal]) -> "Known":
    """`add_candidates` for many dialogues in a fixed number of statements."""
    dialogues = _locked({proposal.dialogue_id for proposal in proposals})
    _watch_rewriters(dialogues, proposals)
    known = Known(Candidate.objects.filter(dialogue__in=list(dialogues)))
    touched = {id(row): row for proposal in proposals for row in _propose(known, proposal)}
    kept = [row for row in touched.values() if row.pk]
    bulk.insert([row for row in touched.values() if not row.pk])
    bulk.update(kept, ["also_by"])
    proposed = {
        proposal.dialogue_id for proposal in proposals if any(map(str.strip, proposal.texts))
    }
    imported = [d for d in dialogues.values() if d.pk in proposed and d.stage == Stage.IMPORTED]
    advance_all(imported, Event.PROPOSE)
    return known


def _locked(dialogue_ids: Iterable[int]) -> dict[int, Dialogue]:
    """The dialogues, locked in the order of their keys, so that two batches never deadlock."""
    rows = Dialogue.objects.select_for_update().filter(pk__in=list(dialogue_ids)).order_by("pk")
    return {dialogue.pk: dialogue for dialogue in rows}


def _watch_rewriters(dialogues: Mapping[int, Dialogue], proposals: Sequence[Proposal]) -> None:
    unresolved = _unresolved(dialogues)
    wrote = (
        (unresolved[one.dialogue_id], Wrote(one.by.author, one.by.model, one.by.prompt_hash))
        for one in proposals
        if one.dialogue_id in unresolved
    )
    watch(set(unresolved.values()), wrote)


def _watch_judges(dialogues: Mapping[int, Dialogue], opinions: Sequence["Opinion"]) -> None:
    unresolved = _unresolved(dialogues)
    judged = (
        (unresolved[one.dialogue_id], _judged_by(one.by))
        for one in opinions
        if one.dialogue_id in unresolved and one.scores()
    )
    watch(set(unresolved.values()), judged)


def _unresolved(dialogues: Mapping[int, Dialogue]) -> dict[int, int]:
    """The datasets of those that nobody has settled. What others say of the rest, to compare, says
    nothing of what is to come."""
    return {key: d.dataset_id for key, d in dialogues.items() if d.stage in UNRESOLVED}


class Known:
    """The candidates of some dialogues, found by their text or by one that says the same."""

    def __init__(self, rows: Iterable[Candidate]) -> None:
        self._equal: dict[tuple[int, str], Candidate] = {}
        self._alike: dict[tuple[int, str], Candidate] = {}
        for row in rows:
            self.add(row)

    def add(self, row: Candidate) -> None:
        self._equal.setdefault((row.dialogue_id, row.text_key), row)
        # What a person wrote is theirs: only the very same text counts as that.
        if row.kind != CandidateKind.PERSON:
            self._alike.setdefault((row.dialogue_id, likeness_key(row.text)), row)

    def of(self, dialogue_id: int, text: str, by: Provenance) -> Candidate | None:
        equal = self._equal.get((dialogue_id, text_key(text)))
        if equal is not None or by.kind == CandidateKind.IMPORTED:
            return equal  # an import is kept as it came
        return self._alike.get((dialogue_id, likeness_key(text)))


def _propose(known: Known, proposal: Proposal) -> Iterator[Candidate]:
    """Enters a proposal among the candidates, and yields those to be written."""
    by = proposal.by
    for text in filter(None, map(str.strip, proposal.texts)):
        candidate = known.of(proposal.dialogue_id, text, by)
        if candidate is None:
            yield _made(known, proposal, text)
        elif by.author not in candidate.authors():
            worded = {"text": text} if text != candidate.text else {}
            candidate.also_by = [*candidate.also_by, {**asdict(by), **worded}]
            yield candidate


def _made(known: Known, proposal: Proposal, text: str) -> Candidate:
    values = {"text_key": text_key(text), "round": proposal.round, **asdict(proposal.by)}
    values["created"] = timezone.now()
    candidate = Candidate(dialogue_id=proposal.dialogue_id, text=text, **values)
    known.add(candidate)
    return candidate


@dataclass(frozen=True)
class Opinion:
    """One judge's words on candidates of one dialogue: {candidate id: criteria}.

    `positions` are the candidates' places, from 0, in the order the judge was shown; `reversed`
    marks the second pass in the reverse order, `self_judged` what its own family wrote.
    """

    dialogue_id: int
    by: Provenance
    judged: Mapping[int, Sequence[JudgedCriterion]]
    positions: Mapping[int, int] = field(default_factory=dict)
    self_judged: Set[int] = frozenset()
    reversed: bool = False

    def scores(self) -> bool:
        """Whether it has any score at all."""
        return any(one.score is not None for said in self.judged.values() for one in said)


@dataclass(frozen=True)
class ComparedPair:
    """One judge's word on two candidates, as described at `Comparison`; `first` < `second`."""

    first_id: int
    second_id: int
    by: Provenance
    winner: int | None = None
    flipped: bool = False
    reasons: Sequence[str] = ()
    won_places: Sequence[int | None] = ()
    self_judged: bool = False
    unscored_reason: str = ""


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
    _watch_judges(dialogues, opinions)
    judgements = [judgement for opinion in opinions for judgement in _judgements(opinion)]
    _make_way(judgements)
    bulk.insert(judgements, ignore_conflicts=True)
    scoring.refresh_scores(dialogues.values())
    scored = [d for d in dialogues.values() if d.panel_score is not None]
    advance_all([d for d in scored if d.stage == Stage.PROPOSED], Event.JUDGE)


def _make_way(judgements: Iterable[Judgement]) -> None:
    """Removes the *unscored* that a judge now replaces by a score."""
    scored: dict[tuple[str, str, bool], set[int]] = {}
    for row in judgements:
        if row.score is not None:
            key = (row.judge, row.prompt_hash, row.reversed)
            scored.setdefault(key, set()).add(row.candidate_id)
    for (judge, prompt_hash, reversed), candidates in scored.items():
        Judgement.objects.filter(
            candidate__in=candidates,
            judge=judge,
            prompt_hash=prompt_hash,
            reversed=reversed,
            score=None,
        ).delete()


def _judgements(opinion: Opinion) -> list[Judgement]:
    return [
        _judgement(opinion, candidate_id, judged)
        for candidate_id, criteria in opinion.judged.items()
        for judged in criteria
    ]


def _judgement(opinion: Opinion, candidate_id: int, judged: JudgedCriterion) -> Judgement:
    return Judgement(
        candidate_id=candidate_id,
        criterion=judged.criterion,
        score=judged.score,
        reason=judged.reason,
        unscored_reason=judged.unscored_reason,
        imported=opinion.by.kind == CandidateKind.IMPORTED,
        self_judged=candidate_id in opinion.self_judged,
        reversed=opinion.reversed,
        created=timezone.now(),
        shown_position=opinion.positions.get(candidate_id),
        **_judge(opinion.by),
    )


def _judged_by(by: Provenance) -> Judged:
    return Judged(by.author, by.model, by.prompt_hash, by.family)


def _judge(by: Provenance) -> dict[str, Any]:
    return {
        "judge": by.author,
        "model": by.model,
        "family": by.family,
        "prompt_hash": by.prompt_hash,
        "offline": by.kind == CandidateKind.OFFLINE,
        "saw_target": by.saw_target,
    }


@transaction.atomic
def add_comparisons(pairs: Sequence[ComparedPair]) -> None:
    """Adds one word on each pair; a word takes the place of an earlier *unscored*."""
    keys = {key for pair in pairs for key in (pair.first_id, pair.second_id)}
    rows = Candidate.objects.filter(pk__in=keys).values_list("dialogue_id", flat=True)
    _locked(set(rows))
    for pair in pairs:
        Comparison.objects.filter(
            first=pair.first_id,
            second=pair.second_id,
            judge=pair.by.author,
            prompt_hash=pair.by.prompt_hash,
        ).exclude(unscored_reason="").delete()
    Comparison.objects.bulk_create(map(_comparison, pairs), ignore_conflicts=True)
    scoring.refresh_preferences(keys)


def _comparison(pair: ComparedPair) -> Comparison:
    return Comparison(
        first_id=pair.first_id,
        second_id=pair.second_id,
        winner_id=pair.winner,
        flipped=pair.flipped,
        reasons=list(pair.reasons),
        won_places=list(pair.won_places),
        self_judged=pair.self_judged,
        unscored_reason=pair.unscored_reason,
        **_judge(pair.by),
    )
