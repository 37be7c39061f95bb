"""How far a dataset has come, in counts: by stage, by check, by person.

Each function asks a fixed number of questions of the database, whatever the number of dialogues.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Exists, F, Max, OuterRef, Q
from django.utils import timezone

from review.models import (
    Assignment,
    CheckOutcome,
    Dataset,
    Decision,
    Dialogue,
    Image,
    Membership,
    PlaceState,
    Stage,
    User,
    Verdict,
)
from review.models.assignments import TAKEN
from review.places import queue

# Beyond that nobody needs the exact number, and counting on would take longer the more there are.
MOST_COUNTED = 1000
# So long are so many believed to wait still: few count away a thousand in that time, and to count
# up to it takes the database longer than all else that a page of the desk asks for.
BELIEVED_SECONDS = 20


@dataclass(frozen=True)
class StageCounts:
    """How many dialogues of a dataset stand at each stage."""

    counts: dict[str, int] = field(default_factory=dict)

    def of(self, stage: Stage) -> int:
        return self.counts.get(stage, 0)

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def settled(self) -> int:
        """Approved or rejected: what nobody has to look at again."""
        return self.of(Stage.APPROVED) + self.of(Stage.REJECTED)


def stages_of(dataset: Dataset) -> StageCounts:
    return stages_by_dataset([dataset])[dataset.pk]


def stages_by_dataset(datasets: Iterable[Dataset]) -> dict[int, StageCounts]:
    """Counts by stage for each dataset's key; zeros where it has no dialogue."""
    counts: dict[int, dict[str, int]] = {dataset.pk: {} for dataset in datasets}
    rows = (
        Dialogue.objects.filter(dataset__in=counts)
        .values_list("dataset_id", "stage")
        # Of rows, not of keys, which the index does not have: it is four times as fast.
        .annotate(dialogues=Count("*"))
    )
    for dataset_id, stage, dialogues in rows:
        counts[dataset_id][stage] = dialogues
    return {dataset_id: StageCounts(stages) for dataset_id, stages in counts.items()}


@dataclass(frozen=True)
class CheckCounts:
    """What the retrieval checks of the approved dialogues came to."""

    improved: int
    same: int
    worse: int
    unranked: int
    awaiting: int
    without_target: int
    approved: int

    @property
    def ready(self) -> int:
        """What a release made now would hold: approved, and checked where there is a target."""
        return self.approved - self.awaiting

    @property
    def compared(self) -> int:
        """Approved rewrites whose target could be ranked."""
        return self.improved + self.same + self.worse


def checks_of(dataset: Dataset) -> CheckCounts:
    approved = Dialogue.objects.approved().filter(dataset=dataset)
    outcomes = {
        outcome.value: Count("pk", filter=Q(check_outcome=outcome)) for outcome in CheckOutcome
    }
    return CheckCounts(
        **approved.aggregate(
            **outcomes,
            awaiting=Count("pk", filter=Q(checked_at=None) & ~Q(target_images=[])),
            without_target=Count("pk", filter=Q(target_images=[], check_outcome="")),
            approved=Count("pk"),
        )
    )


def waiting_for(user: User) -> dict[int, int]:
    """How many dialogues each of the person's datasets (by key) could hand them now."""
    members = Membership.objects.filter(user=user, paused=False).select_related("dataset")
    open_rows = [
        queue.open_to(membership).values_list("dataset_id", flat=True)[:MOST_COUNTED]
        for membership in members
        if membership.takes_places()
    ]
    none = Dialogue.objects.none().values_list("dataset_id", flat=True)
    return Counter(none.union(*open_rows, all=True))


def waiting(membership: Membership) -> int:
    """How many dialogues could be handed to a member now, counted up to `MOST_COUNTED`."""
    if not membership.takes_places():
        return 0
    known = f"many-wait:{membership.pk}"
    if cache.get(known):
        return MOST_COUNTED
    count = queue.open_to(membership)[:MOST_COUNTED].count()
    if count >= MOST_COUNTED:
        cache.set(known, True, BELIEVED_SECONDS)
    return count


def waiting_in_other_languages(membership: Membership) -> int:
    """How many wait in languages that the member does not read, up to `MOST_COUNTED`."""
    if not membership.takes_places():
        return 0
    return queue.in_other_languages(membership)[:MOST_COUNTED].count()


def held_by(user: User) -> dict[int, Assignment]:
    """The place that the person holds open in each dataset, by the dataset's key."""
    places = Assignment.objects.held_by(user).select_related("dialogue").order_by("-claimed_at")
    return {place.dialogue.dataset_id: place for place in places}


@dataclass(frozen=True)
class Skipped:
    """Dialogues that reviewers passed over and that still wait."""

    by_somebody: int
    by_everybody: int


def skipped_in(dataset: Dataset) -> Skipped:
    """Counts of dialogues with a free place that somebody, or all who could take them, skipped."""
    members = dataset.memberships.filter(paused=False).values("user")
    this_round = Assignment.objects.filter(dialogue=OuterRef("pk"), round=OuterRef("round"))
    passed = Q(assignments__state__in=[*TAKEN, PlaceState.SKIPPED])
    present = Q(assignments__round=F("round"), assignments__reviewer__in=members)
    rows = (
        Dialogue.objects.awaiting_review()
        .with_a_free_place(dataset)
        .filter(Exists(this_round.filter(state=PlaceState.SKIPPED)))
        .annotate(people=Count("assignments__reviewer", filter=passed & present, distinct=True))
        .values_list("people", flat=True)
    )
    everybody = members.count()
    passed_by = list(rows)
    return Skipped(
        by_somebody=len(passed_by),
        by_everybody=sum(people >= everybody for people in passed_by),
    )


@dataclass(frozen=True)
class Worker:
    """How many decisions of a member stand (passing a dialogue on is none), and what they hold."""

    membership: Membership
    decided: int
    decided_today: int
    last: datetime | None
    holds: Assignment | None


def workers_of(dataset: Dataset) -> list[Worker]:
    """Every member with their work, the busiest first."""
    day = timezone.now() - timedelta(hours=24)
    done: dict[int, dict[str, Any]] = {
        row["reviewer"]: dict(row)
        for row in Decision.objects.standing()
        .filter(dialogue__dataset=dataset)
        .exclude(verdict=Verdict.SKIP)
        .values("reviewer")
        .annotate(
            decided=Count("pk"),
            today=Count("pk", filter=Q(created__gte=day)),
            last=Max("created"),
        )
    }
    places = Assignment.objects.held().filter(dialogue__dataset=dataset)
    in_turn = places.order_by("reviewer", F("begun_at").asc(nulls_last=True), "claimed_at")
    first = in_turn.distinct("reviewer").select_related("dialogue")
    holds = {place.reviewer_id: place for place in first}
    members = dataset.memberships.select_related("user")
    workers = [_worker(m, done.get(m.user_id, {}), holds.get(m.user_id)) for m in members]
    return sorted(workers, key=lambda w: (-w.decided, w.membership.user.username))


def _worker(membership: Membership, row: dict[str, Any], holds: Assignment | None) -> Worker:
    return Worker(
        membership=membership,
        decided=row.get("decided", 0),
        decided_today=row.get("today", 0),
        last=row.get("last"),
        holds=holds,
    )


@dataclass(frozen=True)
class Corpus:
    """The images of a dataset as they are now."""

    version: int
    images: int
    with_file: int
    refused: int

    @property
    def declared(self) -> int:
        """Known by caption alone: no file came for them."""
        return self.images - self.with_file - self.refused


def corpus_of(dataset: Dataset) -> Corpus:
    counts = (
        Image.objects.current()
        .filter(dataset=dataset)
        .aggregate(
            images=Count("pk"),
            with_file=Count("pk", filter=~Q(file="")),
            refused=Count("pk", filter=Q(file="") & ~Q(refused="")),
        )
    )
    return Corpus(version=dataset.corpus_version, **counts)


def drawn_that_wait(datasets: Iterable[Dataset]) -> Counter[int]:
    """By key of a dataset, how many drawn dialogues are handed out before all others: those of open
    waves, and those that look into a certificate."""
    waiting = Dialogue.objects.filter(
        dataset__in=list(datasets),
        stage__in=[Stage.JUDGED, Stage.PROPOSED],
        drawn_place__isnull=False,
    )
    found = waiting.order_by().values_list("dataset").annotate(Count("pk"))
    return Counter(dict(found))
