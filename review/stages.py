"""The way of a dialogue: one table, one pure function, one conditional update."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from review import bulk
from review.errors import Conflict
from review.models import Dialogue, Stage


class Event(StrEnum):
    PROPOSE = "propose"
    JUDGE = "judge"
    APPROVE = "approve"
    REJECT = "reject"
    DISPUTE = "dispute"
    ASK_MORE = "ask-more"
    REOPEN_UNSCORED = "reopen-unscored"
    REOPEN_SCORED = "reopen-scored"


_REOPENED = {Event.REOPEN_UNSCORED: Stage.PROPOSED, Event.REOPEN_SCORED: Stage.JUDGED}
_DECIDED = {Event.APPROVE: Stage.APPROVED, Event.REJECT: Stage.REJECTED}
_UNDER_REVIEW = {**_DECIDED, Event.DISPUTE: Stage.DISPUTED, Event.ASK_MORE: Stage.IMPORTED}

TRANSITIONS: dict[Stage, dict[Event, Stage]] = {
    Stage.IMPORTED: {Event.PROPOSE: Stage.PROPOSED, **_REOPENED},
    Stage.PROPOSED: {
        Event.PROPOSE: Stage.PROPOSED,
        Event.JUDGE: Stage.JUDGED,
        **_UNDER_REVIEW,
    },
    Stage.JUDGED: {Event.JUDGE: Stage.JUDGED, **_UNDER_REVIEW},
    Stage.APPROVED: {Event.DISPUTE: Stage.DISPUTED, **_REOPENED},
    Stage.DISPUTED: {**_DECIDED, Event.ASK_MORE: Stage.IMPORTED, **_REOPENED},
    Stage.REJECTED: dict(_REOPENED),
}

# Whoever looks at a dispute holds it until it is none any more.
UNHELD = {"held_by": None, "held_until": None, "held_active_at": None, "held_seconds": 0.0}


def next_stage(stage: Stage, event: Event) -> Stage | None:
    """Where `event` leads from `stage`; None where it does not apply."""
    return TRANSITIONS[stage].get(event)


@dataclass(frozen=True)
class Settlement:
    """What the decisions of a dialogue amount to."""

    event: Event
    candidate_id: int | None = None


def settle(outcomes: Sequence[int | None], *, needed: int, quorum: int) -> Settlement | None:
    """What `outcomes` settle: a candidate's id each, or None for a rejection.

    Nothing is settled before all `needed` decisions are in. Then `quorum` equal outcomes win;
    without them people disagree, and an adjudicator decides.
    """
    if len(outcomes) < needed:
        return None
    counts = {outcome: outcomes.count(outcome) for outcome in outcomes}
    winners = [outcome for outcome, count in counts.items() if count >= quorum]
    if len(winners) != 1:
        return Settlement(Event.DISPUTE)
    if winners[0] is None:
        return Settlement(Event.REJECT)
    return Settlement(Event.APPROVE, winners[0])


def advance(dialogue: Dialogue, event: Event, **changes: Any) -> None:
    """Moves `dialogue` by `event`, and sets `changes` with it, if nobody moved it meanwhile."""
    now = Stage(dialogue.stage)
    then = next_stage(now, event)
    if then is None:
        raise Conflict(
            f"Dialogue {dialogue.external_id} is {now}: it cannot {event.replace('-', ' ')}. "
            "Load it again to see what happened."
        )
    if now == Stage.DISPUTED:
        changes |= UNHELD
    moved = Dialogue.objects.filter(pk=dialogue.pk, stage=now).update(stage=then, **changes)
    if not moved:
        raise Conflict(f"Somebody else just moved dialogue {dialogue.external_id}. Load it again.")
    dialogue.stage = then
    for name, value in changes.items():
        setattr(dialogue, name, value)


def advance_all(dialogues: Iterable[Dialogue], event: Event) -> None:
    """Moves many dialogues by `event`, where it applies. They are locked by the caller."""
    by_stage: dict[Stage, list[Dialogue]] = {}
    for dialogue in dialogues:
        by_stage.setdefault(Stage(dialogue.stage), []).append(dialogue)
    for now, group in by_stage.items():
        then = next_stage(now, event)
        if then is None:
            continue
        keys = [dialogue.pk for dialogue in group]
        Dialogue.objects.filter(pk__in=keys, stage=now).update(stage=then)
        for dialogue in group:
            dialogue.stage = then


def advance_each(dialogues: Sequence[Dialogue], event: Event, changed: Iterable[str]) -> None:
    """Moves dialogues by `event`, each with what was `changed` of it already, in one statement.
    They are locked by the caller, and at stages where it applies; no column holds a list."""
    for dialogue in dialogues:
        dialogue.stage = TRANSITIONS[Stage(dialogue.stage)][event]
    bulk.update(dialogues, ["stage", *changed])


def advance_alike(dialogues: Sequence[Dialogue], event: Event, **changes: Any) -> None:
    """Moves dialogues that are all at one stage by `event`, and sets `changes` with it. They are
    locked by the caller."""
    now = Stage(dialogues[0].stage)
    keys = [dialogue.pk for dialogue in dialogues]
    then = TRANSITIONS[now][event]
    Dialogue.objects.filter(pk__in=keys, stage=now).update(stage=then, **changes)
