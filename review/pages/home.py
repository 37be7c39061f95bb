"""The first page: a person's datasets and what waits for them in each."""

from dataclasses import dataclass

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from review.founding import can_found
from review.models import Assignment, Membership, Stage
from review.pages.people import SignedIn
from review.progress import StageCounts, drawn_that_wait, held_by, stages_by_dataset, waiting_for


@dataclass(frozen=True)
class DatasetCard:
    """One dataset as its member sees it from afar."""

    membership: Membership
    stages: StageCounts
    waiting: int
    held: Assignment | None
    # Dialogues drawn for calibration that wait, told to admins.
    drawn: int = 0

    @property
    def disputed(self) -> int:
        """Disputes that wait for this person; none for an annotator."""
        return self.stages.of(Stage.DISPUTED) if self.membership.adjudicates() else 0

    @property
    def without_candidates(self) -> int:
        return self.stages.of(Stage.IMPORTED) if self.membership.administers() else 0

    def has_work(self) -> bool:
        return bool(self.held or self.waiting)


@dataclass(frozen=True)
class NextStep:
    """The one thing that a person most likely wants to do now."""

    words: str
    url: str


@require_safe
@login_not_required
def health(request: HttpRequest) -> HttpResponse:
    """Whether this process answers and reaches its database, for whoever watches over it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def home(request: SignedIn) -> HttpResponse:
    cards = _cards(request)
    context = {
        "cards": cards,
        "next_step": _next_step(cards),
        "may_found": can_found(request.user),
    }
    return render(request, "review/home.html", context)


def _cards(request: SignedIn) -> list[DatasetCard]:
    memberships = (
        Membership.objects.filter(user=request.user, paused=False)
        .select_related("dataset")
        .order_by("dataset__title", "dataset__slug")
    )
    stages = stages_by_dataset(membership.dataset for membership in memberships)
    waiting, held = waiting_for(request.user), held_by(request.user)
    drawn = drawn_that_wait(membership.dataset for membership in memberships)
    cards = [
        DatasetCard(
            membership=membership,
            stages=stages[membership.dataset_id],
            waiting=waiting[membership.dataset_id],
            held=held.get(membership.dataset_id),
            drawn=drawn[membership.dataset_id] if membership.administers() else 0,
        )
        for membership in memberships
    ]
    return sorted(cards, key=lambda card: not card.has_work())


def _next_step(cards: list[DatasetCard]) -> NextStep | None:
    """What is open first, then what waits, then disputes; None where nothing is to be done."""
    for card in cards:
        if card.held:
            return _desk_step(card, "Go on where you stopped")
    for card in cards:
        if card.waiting:
            return _desk_step(card, "Review the next dialogue")
    for card in cards:
        if card.disputed:
            slug = card.membership.dataset.slug
            return NextStep("Settle the disputes", reverse("disputes", kwargs={"slug": slug}))
    return None


def _desk_step(card: DatasetCard, words: str) -> NextStep:
    slug = card.membership.dataset.slug
    return NextStep(words, reverse("desk", kwargs={"slug": slug}))
