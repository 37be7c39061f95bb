"""The desk: one dialogue at a time, decided with a key, answered by the next one."""

import secrets
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review import assignments, decisions, undoing
from review.errors import Invalid, Missing, PlaceLost, ReviewError
from review.models import Assignment, Dataset, Decision, Membership
from review.pages.people import SignedIn, wants_fragment
from review.pages.reading import read
from review.pages.rulings import posted_ruling
from review.panels import panels
from review.permissions import dataset_for
from review.progress import open_to, stages_of
from review.refusals import STATUS
from review.visibility import at_place, record_shown


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
        decision = decisions.decide(
            assignment=assignment,
            ruling=posted_ruling(request.POST),
            by=request.user,
            idempotency_key=request.POST.get("key", "")[:128],
        )
    except PlaceLost as error:
        return _next(request, dataset, membership, lost=error, draft=request.POST.get("text", ""))
    except Invalid as error:
        return _same(request, assignment, membership, error)
    if not wants_fragment(request):
        return _redirect(dataset, decision)
    return _next(request, dataset, membership, just_decided=decision)


@require_POST
def give_back(request: SignedIn, assignment_id: int) -> HttpResponse:
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    decisions.keep_draft(assignment=assignment, text=request.POST.get("text", ""))
    assignments.give_back(assignment=assignment)
    return HttpResponseRedirect(reverse("dataset", args=[assignment.dialogue.dataset.slug]))


@require_POST
@never_cache
def undo(request: SignedIn, decision_id: int) -> HttpResponse:
    decision = (
        Decision.objects.select_related("dialogue__dataset")
        .filter(pk=decision_id, reviewer=request.user)
        .first()
    )
    if decision is None:
        raise Missing("There is no such decision among yours.")
    dataset, membership = dataset_for(request.user, decision.dialogue.dataset.slug)
    try:
        assignment = undoing.undo(decision=decision, by=request.user)
    except ReviewError as error:
        return _next(request, dataset, membership, lost=error)
    if not wants_fragment(request):
        return _redirect(dataset)
    assignment.dialogue.dataset = dataset
    return _shown(request, assignment, membership, {"undone": decision})


def _redirect(dataset: Dataset, decision: Decision | None = None) -> HttpResponse:
    """Without JavaScript: back to the desk by GET, so that reloading sends nothing twice."""
    after = f"?decided={decision.pk}" if decision else ""
    return HttpResponseRedirect(reverse("desk", args=[dataset.slug]) + after)


def _next(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    just_decided: Decision | None = None,
    lost: ReviewError | None = None,
    draft: str = "",
) -> HttpResponse:
    """The next dialogue, or what there is to know where none waits."""
    assignment = assignments.claim_next(dataset=dataset, by=request.user)
    context: dict[str, Any] = {
        "just_decided": just_decided or _decided_before(request, dataset),
        "lost": lost,
        "lost_draft": draft,
    }
    status = STATUS[lost.kind] if lost else 200
    if assignment is None:
        context |= {"stages": stages_of(dataset), "nothing_waits": True}
        return _render(request, dataset, membership, context, status)
    return _shown(request, assignment, membership, context, status)


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
    context = {
        "view": view,
        "dialogue": view.dialogue,
        "reading": read(view),
        "assignment": assignment,
        "key": secrets.token_urlsafe(16),
        "waiting": open_to(request.user).filter(dataset=view.dialogue.dataset).count(),
        **context,
    }
    return _render(request, view.dialogue.dataset, membership, context, status)


def _render(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    template = "review/desk.html#desk" if wants_fragment(request) else "review/desk.html"
    context |= {
        "dataset": dataset,
        "membership": membership,
        "done_today": _done_today(request, dataset),
        "check_panels": panels("dialogue", membership),
    }
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _done_today(request: SignedIn, dataset: Dataset) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Decision.objects.standing().filter(reviewer=request.user, created__gte=midnight)
    return mine.filter(dialogue__dataset=dataset).count()


def _decided_before(request: SignedIn, dataset: Dataset) -> Decision | None:
    """The decision that a redirect names, if it is this person's own."""
    named = request.GET.get("decided", "")
    if not (named.isascii() and named.isdigit() and len(named) < 19):
        return None
    mine = Decision.objects.standing().filter(reviewer=request.user, dialogue__dataset=dataset)
    return mine.filter(pk=int(named)).select_related("dialogue").first()
