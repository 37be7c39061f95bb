"""Keeping a place while there is life at the desk, giving it back, and taking it up again."""

from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from review import assignments, decisions
from review.errors import Conflict
from review.models import Assignment
from review.pages.desk.answers import from_program, told_as_json
from review.pages.desk.showing import show_next
from review.pages.people import SignedIn
from review.permissions import dataset_for
from review.places import activity as activities


@require_POST
@never_cache
@told_as_json
def activity(request: SignedIn, assignment_id: int) -> HttpResponse:
    """A sign of life: somebody is at work on the dialogue."""
    assignment = in_hand(request, assignment_id)
    return JsonResponse(lease(assignment, held=activities.note(assignment)))


def in_hand(request: SignedIn, assignment_id: int) -> Assignment:
    """A place that its reviewer works at: one that was held ahead is before their eyes by now."""
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    if assignment.is_open() and assignment.begun_at is None:
        assignments.begin(assignment)
    return assignment


def lease(assignment: Assignment, *, held: bool) -> dict[str, Any]:
    return {"held": held, "expires_at": assignment.expires_at}


@require_POST
@never_cache
def give_back(request: SignedIn, assignment_id: int) -> HttpResponse:
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    dataset = assignment.dialogue.dataset
    decisions.keep_text(assignment=assignment, text=request.POST.get("text", ""))
    assignments.give_back(assignment=assignment)
    assignments.leave(dataset=dataset, by=request.user)
    return redirect("dataset", slug=dataset.slug)


@require_POST
@never_cache
def leave(request: SignedIn, slug: str) -> HttpResponse:
    """The page was closed. It hears no answer."""
    dataset, _ = dataset_for(request.user, slug)
    assignments.leave(dataset=dataset, by=request.user)
    return HttpResponse(status=204)


@require_POST
@never_cache
@told_as_json
def reclaim(request: SignedIn, assignment_id: int) -> HttpResponse:
    """A place whose lease ended while its reviewer was still at it."""
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    dataset, membership = dataset_for(request.user, assignment.dialogue.dataset.slug)
    try:
        assignments.reclaim(assignment=assignment, by=request.user)
    except Conflict as error:
        if from_program(request):
            raise
        return show_next(request, dataset, membership, lost=error, lost_text=assignment.draft)
    if from_program(request):
        return show_next(request, dataset, membership)
    return redirect("desk", slug=dataset.slug)
