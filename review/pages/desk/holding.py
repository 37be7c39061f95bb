"""Keeping a place while there is life at the desk, giving it back, and taking it up again."""

from datetime import datetime
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
from review.pages.rulings import posted_number
from review.permissions import dataset_for
from review.places import activity as activities

# A page holds the dialogue that it shows and the next one.
MOST_HELD = 2


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
    """The page was closed. It hears no answer.

    It may come in after the same page was loaded again, or while another is open.
    """
    dataset, _ = dataset_for(request.user, slug)
    known = dict(filter(None, map(_held_until, request.POST.getlist("held")[:MOST_HELD])))
    assignments.leave(dataset=dataset, by=request.user, known=known)
    return HttpResponse(status=204)


def _held_until(words: str) -> tuple[int, datetime] | None:
    """A place and the end of its lease, as `17 2026-11-26T16:30:00Z`; None where it is neither."""
    number, _, moment = words.partition(" ")
    key = posted_number(number)
    try:
        end = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return None if key is None or end.tzinfo is None else (key, end)


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
