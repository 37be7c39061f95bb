"""What a person may see of a dialogue. What they may not see yet never reaches a template.

A reviewer at a place sees the candidates as the dataset's policy and their arm allow. Others'
decisions and retrieval checks show only after one's own decision; adjudicators see everything of a
dialogue unless they hold a place in it themselves.
"""

from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import F
from django.utils import timezone

from review.lots import lot
from review.models import (
    Arm,
    Assignment,
    Candidate,
    Decision,
    Dialogue,
    HideUntil,
    Image,
    Judgement,
    Membership,
    PlaceState,
    RetrievalCheck,
    Stage,
    User,
)
from review.models.assignments import TAKEN
from review.models.candidates import CandidateQuerySet, heard
from review.models.dialogues import DialogueQuerySet
from review.practice import masking


@dataclass(frozen=True)
class Sight:
    """Which parts of a dialogue a person sees.

    `retrieval` are the checks of approved rewrites, `trying` what a text would find as it is
    written. `alone` shows their own decision and nobody else's, as where nobody else has decided.
    """

    candidates: bool
    authors: bool
    scores: bool
    decisions: bool
    retrieval: bool
    target: bool = True
    trying: bool = True
    alone: bool = False


@dataclass(frozen=True)
class CandidateView:
    """A candidate as one person sees it; hidden parts are None or empty."""

    id: int
    text: str
    authors: list[str]
    offline: bool
    score: float | None
    disagreement: float | None
    passes: bool | None
    preference: float | None
    judgements: list[Judgement]
    repeats_final_query: bool
    chosen: bool


@dataclass(frozen=True)
class DialogueView:
    """A dialogue as one person sees it, with the images that its turns and targets name.

    A dialogue whose outcome is not to be known is a copy without it (`review.practice.masking`).
    """

    dialogue: Dialogue
    sight: Sight
    candidates: list[CandidateView]
    images: dict[str, Image]
    decisions: list[Decision] = field(default_factory=list)
    checks: list[RetrievalCheck] = field(default_factory=list)
    assignment: Assignment | None = None

    def target_ids(self) -> list[str]:
        """Imported ids of the target images; none where they are hidden."""
        return self.dialogue.target_images if self.sight.target else []

    def targets(self) -> list[Image]:
        return [self.images[i] for i in self.target_ids() if i in self.images]


def at_place(assignment: Assignment) -> DialogueView:
    """What a reviewer sees at their open place."""
    dialogue = assignment.dialogue
    if assignment.is_practice():
        dialogue = masking.as_told(dialogue, None)
    return _view(dialogue, sight_at(assignment), assignment)


def for_reader(dialogue: Dialogue, membership: Membership) -> DialogueView:
    """What a member sees who opens a dialogue by its address."""
    places = _own_places(dialogue, membership.user)
    assignment = _taken(places, dialogue)
    if assignment is not None and assignment.is_open():
        return at_place(assignment)
    told = masking.told_at(dialogue, places, membership)
    return _view(told, _later_sight(dialogue, told, membership, assignment), assignment)


def disputed(dialogue: Dialogue, membership: Membership) -> DialogueView:
    """What an adjudicator sees of a dispute: the candidates that somebody chose come first, for
    they are what it is about."""
    view = for_reader(dialogue, membership)
    named = {decision.candidate_id for decision in view.decisions}
    return replace(view, candidates=sorted(view.candidates, key=lambda c: c.id not in named))


def sights(dialogues: Sequence[Dialogue], membership: Membership) -> dict[int, Sight]:
    """What a member sees of each dialogue of a list, by its key, in a fixed number of questions."""
    places = (
        Assignment.objects.taken()
        .filter(dialogue__in=dialogues, round=F("dialogue__round"), reviewer=membership.user_id)
        .select_related("dialogue__dataset")
    )
    own = {place.dialogue_id: place for place in places}
    told = zip(dialogues, masking.all_as_told(dialogues, membership), strict=True)
    return {d.pk: _list_sight(d, as_told, membership, own.get(d.pk)) for d, as_told in told}


def shows_traits(sight: Sight) -> bool:
    """Whether what retrieval shows of a dialogue shows to who sees it so: it tells how its target
    is found, and that others have decided."""
    return sight.retrieval and sight.decisions


def with_seen_checks(rows: DialogueQuerySet, membership: Membership) -> DialogueQuerySet:
    """Of a list, the dialogues whose checks a member may narrow it by."""
    if membership.adjudicates():
        return rows
    own = Assignment.objects.filter(reviewer=membership.user, state=PlaceState.DECIDED)
    # What was decided in an earlier round tells nothing of this one.
    present = own.filter(round=F("dialogue__round")).values("dialogue")
    return masking.without_controls(rows.filter(pk__in=present), membership)


def listed(dialogues: Sequence[Dialogue], membership: Membership) -> list[Dialogue]:
    """The dialogues of a list as a member is told them, to be shown and never saved."""
    blind = Assignment.objects.held_by(membership.user).filter(
        dialogue__in=dialogues, arm=Arm.NO_TARGET
    )
    hidden = set(blind.values_list("dialogue_id", flat=True))
    rows = masking.all_as_told(dialogues, membership)
    return [_without_target(row) if row.pk in hidden else row for row in rows]


def _without_target(dialogue: Dialogue) -> Dialogue:
    told = copy(dialogue)
    told.target_images = []
    return told


def record_shown(view: DialogueView) -> None:
    """Keeps with the place what its reviewer is being shown."""
    if view.assignment is None:
        return
    view.assignment.shown = shown(view)
    Assignment.objects.filter(pk=view.assignment.pk).update(shown=view.assignment.shown)


def shown(view: DialogueView) -> dict[str, Any]:
    """What a view shows, as kept with a decision: candidates in order, and what was hidden."""
    return {
        "candidates": [{"id": c.id, "score": c.score} for c in view.candidates],
        "authors": view.sight.authors,
        "scores": view.sight.scores,
        "retrieval": view.sight.retrieval,
        "trying": view.sight.trying,
        "target": bool(view.target_ids()),
        "guidelines_version": view.dialogue.dataset.guidelines_version,
        "at": timezone.now().isoformat(timespec="seconds"),
    }


def own_place(dialogue: Dialogue, user: User) -> Assignment | None:
    return _taken(_own_places(dialogue, user), dialogue)


def _own_places(dialogue: Dialogue, user: User) -> list[Assignment]:
    """All that a person has, or has had, in a dialogue."""
    places = Assignment.objects.filter(dialogue=dialogue, reviewer=user)
    return list(places.select_related("dialogue__dataset"))


def _taken(places: list[Assignment], dialogue: Dialogue) -> Assignment | None:
    """The place of the present round that is open or decided; there is one at most."""
    present = (place for place in places if place.round == dialogue.round)
    return next((place for place in present if place.state in TAKEN), None)


def _list_sight(
    dialogue: Dialogue, told: Dialogue, membership: Membership, assignment: Assignment | None
) -> Sight:
    if assignment is not None and assignment.is_open():
        return sight_at(assignment)
    return _later_sight(dialogue, told, membership, assignment)


def sight_at(assignment: Assignment) -> Sight:
    """Which parts of a dialogue a reviewer sees at their place."""
    dataset = assignment.dialogue.dataset
    return Sight(
        candidates=not assignment.hides_candidates(),
        authors=not dataset.hide_authors,
        scores=not (dataset.hide_scores or assignment.hides_scores()),
        decisions=False,
        retrieval=False,
        target=not assignment.hides_target(),
        trying=not assignment.hides_retrieval(),
    )


def _later_sight(
    dialogue: Dialogue, told: Dialogue, membership: Membership, assignment: Assignment | None
) -> Sight:
    """At no open place; `told` is the dialogue as this member is told it."""
    if masking.is_masked(assignment, membership):
        return _sight_alone(dialogue, told)
    return _readers_sight(told, membership, assignment)


def _readers_sight(
    dialogue: Dialogue, membership: Membership, assignment: Assignment | None
) -> Sight:
    # One who may still be handed this dialogue must come to it without the others' decisions.
    settled = dialogue.is_settled() or dialogue.stage == Stage.DISPUTED
    decided = assignment is not None and assignment.state == PlaceState.DECIDED
    if dialogue.dataset.hide_until == HideUntil.SETTLED:
        decided = decided and settled
    oversees = membership.administers() or (membership.adjudicates() and settled)
    everything = decided or oversees
    # Whoever oversees may be handed what was drawn for calibration, where nobody sees scores.
    drawn = dialogue.drawn_place is not None and not settled
    return Sight(
        candidates=everything,
        authors=everything,
        scores=decided or (oversees and not drawn),
        decisions=everything,
        retrieval=everything,
    )


def _sight_alone(dialogue: Dialogue, told: Dialogue) -> Sight:
    """After a control: as after any other dialogue on which nobody else has decided."""
    shows = told.is_settled() or dialogue.dataset.hide_until == HideUntil.DECIDED
    approved = told.approved_candidate_id
    same = approved is not None and approved == dialogue.approved_candidate_id
    return Sight(
        candidates=shows,
        authors=shows,
        scores=shows,
        decisions=False,
        retrieval=shows and same,
        alone=shows,
    )


def _view(dialogue: Dialogue, sight: Sight, assignment: Assignment | None) -> DialogueView:
    return DialogueView(
        dialogue=dialogue,
        sight=sight,
        candidates=_candidates(dialogue, sight, assignment) if sight.candidates else [],
        images=images_of(dialogue, targets=sight.target),
        decisions=_decisions(dialogue, sight, assignment),
        checks=list(dialogue.retrieval_checks.all()) if sight.retrieval else [],
        assignment=assignment,
    )


def images_of(dialogue: Dialogue, *, targets: bool = True) -> dict[str, Image]:
    """The images that turns and targets name, by their imported id."""
    names = [*dialogue.shown_images(), *(dialogue.target_images if targets else [])]
    rows = Image.objects.current().filter(dataset_id=dialogue.dataset_id).named(names)
    return {image.external_id: image for image in rows}


def _candidates(
    dialogue: Dialogue, sight: Sight, assignment: Assignment | None
) -> list[CandidateView]:
    rows: Iterable[Candidate] = _candidates_for(dialogue, sight).prefetch_related("judgements")
    views = [_candidate(dialogue, row, sight) for row in rows]
    own_order = dialogue.dataset.shuffle_candidates or not sight.scores
    if assignment is not None and not sight.decisions and own_order:
        return _shuffled(views, dialogue, assignment)
    # Best first; where scores are hidden their order must not give them away.
    return sorted(views, key=_rank) if sight.scores else views


def _candidates_for(dialogue: Dialogue, sight: Sight) -> CandidateQuerySet:
    """What people wrote shows with their decisions, except what was written for practice."""
    if sight.decisions:
        return dialogue.candidates.of_the_record()
    if sight.alone:
        return dialogue.candidates.proposed_or(dialogue.approved_candidate_id)
    return dialogue.candidates.proposed()


def _shuffled(
    views: list[CandidateView], dialogue: Dialogue, assignment: Assignment
) -> list[CandidateView]:
    """In an order of each reviewer's own, the same whenever they look."""
    seed, name = dialogue.dataset.seed, dialogue.external_id
    return sorted(
        views, key=lambda view: lot(seed, "order", name, assignment.reviewer_id, view.text)
    )


def _rank(view: CandidateView) -> tuple[float, float]:
    """By the panel's score, and among equals by what it preferred in pairs."""
    return -(view.score or 0), -(view.preference or 0)


def _candidate(dialogue: Dialogue, candidate: Candidate, sight: Sight) -> CandidateView:
    candidate.dialogue = dialogue
    return CandidateView(
        id=candidate.pk,
        text=candidate.text,
        authors=candidate.authors() if sight.authors else [],
        offline=candidate.is_offline() and sight.authors,
        score=candidate.panel_score if sight.scores else None,
        disagreement=candidate.disagreement if sight.scores else None,
        passes=candidate.passes if sight.scores else None,
        preference=candidate.preference if sight.scores else None,
        judgements=_judgements(candidate, sight) if sight.scores else [],
        repeats_final_query=candidate.repeats_final_query(),
        chosen=(sight.decisions or sight.alone) and candidate.pk == dialogue.approved_candidate_id,
    )


def _judgements(candidate: Candidate, sight: Sight) -> list[Judgement]:
    rows = heard(candidate.judgements.all())
    if not sight.authors:
        for row in rows:
            # A judge of the family that wrote it would tell who did.
            row.self_judged = False
    return rows


def _decisions(dialogue: Dialogue, sight: Sight, assignment: Assignment | None) -> list[Decision]:
    if sight.alone and assignment is not None:
        return masking.decisions_at(assignment)
    if not sight.decisions:
        return []
    standing = dialogue.decisions.standing().select_related("reviewer", "candidate")
    return list(standing.prefetch_related("also"))
