"""The desk: one dialogue at a time, decided with a key, answered by the next one."""

import secrets
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review import assignments, decisions, undoing
from review.errors import Conflict, Invalid, Missing, ReviewError
from review.models import Assignment, Dataset, Decision, Membership, Stage, Verdict
from review.models.decisions import DecisionQuerySet
from review.pages.people import SignedIn, wants_fragment
from review.pages.reading import read
from review.pages.rulings import posted_ruling
from review.panels import panels
from review.permissions import dataset_for
from review.progress import stages_of, waiting
from review.refusals import STATUS
from review.visibility import at_place, record_shown

LONGEST_KEY = 128
# An older decision is found in the list of dialogues, and is not undone by one key.
UNDO_HOURS = 12


@require_safe
@never_cache
def desk(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return _next(request, dataset, membership)


@require_POST
@never_cache
def decide(request: SignedIn, assignment_id: int) -> HttpResponse:
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    dataset, membership = dataset_for(request.user, assignment.dialogue.dataset.slug)
    try:
        decisions.decide(
            assignment=assignment,
            ruling=posted_ruling(request.POST),
            by=request.user,
            idempotency_key=request.POST.get("key", "")[:LONGEST_KEY],
        )
    except Conflict as error:
        return _next(request, dataset, membership, lost=error, draft=request.POST.get("text", ""))
    except Invalid as error:
        return _same(request, assignment, membership, error)
    return _after(request, dataset, membership)


@require_POST
def give_back(request: SignedIn, assignment_id: int) -> HttpResponse:
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    decisions.keep_text(assignment=assignment, text=request.POST.get("text", ""))
    assignments.give_back(assignment=assignment)
    return redirect("dataset", slug=assignment.dialogue.dataset.slug)


@require_POST
@never_cache
def undo(request: SignedIn, decision_id: int) -> HttpResponse:
    decision = _own_decision(request, decision_id)
    dataset, membership = dataset_for(request.user, decision.dialogue.dataset.slug)
    try:
        undoing.undo(decision=decision, by=request.user)
    except ReviewError as error:
        return _next(request, dataset, membership, lost=error)
    return _after(request, dataset, membership, undone=decision)


def _own_decision(request: SignedIn, decision_id: int) -> Decision:
    mine = Decision.objects.filter(reviewer=request.user).select_related("dialogue__dataset")
    found = mine.filter(pk=decision_id).first()
    if found is None:
        raise Missing("There is no such decision among yours.")
    return found


def _after(
    request: SignedIn, dataset: Dataset, membership: Membership, **context: Any
) -> HttpResponse:
    """The next dialogue at once; by a redirect without htmx, so that reloading sends nothing."""
    if not wants_fragment(request):
        return redirect("desk", slug=dataset.slug)
    return _next(request, dataset, membership, **context)


def _next(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    lost: ReviewError | None = None,
    draft: str = "",
    undone: Decision | None = None,
) -> HttpResponse:
    """The next dialogue, or what there is to know where none waits."""
    assignment = assignments.claim_next(dataset=dataset, by=request.user)
    context: dict[str, Any] = {"lost": lost, "lost_draft": draft, "undone": undone}
    status = STATUS[lost.kind] if lost else 200
    if assignment is not None:
        return _shown(request, assignment, membership, context, status)
    context |= {"stages": stages_of(dataset), "nothing_waits": True, "waiting": 0}
    return _render(request, dataset, membership, context, status)


def _same(
    request: SignedIn, assignment: Assignment, membership: Membership, error: Invalid
) -> HttpResponse:
    """The same dialogue with what was sent, and what is wrong with it."""
    context = {"error": error, "posted": request.POST}
    return _shown(request, assignment, membership, context, STATUS[error.kind])


def _shown(
    request: SignedIn,
    assignment: Assignment,
    membership: Membership,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    view = at_place(assignment)
    record_shown(view)
    dataset = view.dialogue.dataset
    context |= {
        "view": view,
        "dialogue": view.dialogue,
        "reading": read(view),
        "assignment": assignment,
        "key": secrets.token_urlsafe(16),
        # Those that could be claimed, and the one in hand.
        "waiting": waiting(membership) + 1,
    }
    return _render(request, dataset, membership, context, status)


def _render(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    last = _last_decision(request, dataset)
    context |= {
        "dataset": dataset,
        "membership": membership,
        "done_today": _done_today(request, dataset),
        "last": last,
        "last_panels": _panels_of(last, membership) if last else [],
    }
    part = "#desk" if wants_fragment(request) else ""
    response = render(request, f"review/desk.html{part}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _own_decisions(request: SignedIn, dataset: Dataset) -> DecisionQuerySet:
    mine = Decision.objects.standing().filter(reviewer=request.user, adjudication=False)
    return mine.filter(dialogue__dataset=dataset)


def _done_today(request: SignedIn, dataset: Dataset) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = _own_decisions(request, dataset).exclude(verdict=Verdict.SKIP)
    return mine.filter(created__gte=midnight).count()


def _last_decision(request: SignedIn, dataset: Dataset) -> Decision | None:
    """What an undo takes back: this person's newest decision, if it is of these hours."""
    recent = timezone.now() - timedelta(hours=UNDO_HOURS)
    mine = _own_decisions(request, dataset).filter(created__gte=recent)
    return mine.select_related("dialogue").order_by("-pk").first()


def _panels_of(decision: Decision, membership: Membership) -> list[dict[str, str]]:
    """What other apps show of the dialogue that was just approved."""
    if decision.dialogue.stage != Stage.APPROVED:
        return []
    names = {"slug": membership.dataset.slug, "external_id": decision.dialogue.external_id}
    return [
        {"title": panel.title, "url": panel.url(**names)}
        for panel in panels("dialogue", membership)
    ]
