"""A verdict at the desk, and taking one back."""

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from review import assignments, decisions, undoing
from review.calibration.certifying.auditing import may_revoke
from review.calibration.certifying.tasks import tend_certificates
from review.errors import Conflict, Invalid, ReviewError
from review.models import Assignment, Dataset, Decision, Membership
from review.pages.desk.answers import from_program, told_as_json
from review.pages.desk.showing import progress, show_next, show_same
from review.pages.people import SignedIn
from review.pages.rulings import posted_number, posted_ruling
from review.permissions import dataset_for

LONGEST_KEY = 128


@require_POST
@never_cache
@told_as_json
def decide(request: SignedIn, assignment_id: int) -> HttpResponse:
    assignment = assignments.place_of(assignment_id=assignment_id, by=request.user)
    dataset, membership = dataset_for(request.user, assignment.dialogue.dataset.slug)
    if from_program(request):
        decision = _decided(request, assignment)
        return _behind(request, dataset, membership, decision)
    try:
        _decided(request, assignment)
    except Conflict as error:
        text = request.POST.get("text", "")
        return show_next(request, dataset, membership, lost=error, lost_text=text)
    except Invalid as error:
        return show_same(request, assignment, membership, error)
    return redirect("desk", slug=dataset.slug)


def _decided(request: SignedIn, assignment: Assignment) -> Decision:
    decision = decisions.decide(
        assignment=assignment,
        ruling=posted_ruling(request.POST),
        by=request.user,
        idempotency_key=request.POST.get("key", "")[:LONGEST_KEY],
    )
    if may_revoke(decision):
        tend_certificates.delay_on_commit(decision.dialogue.dataset_id)
    return decision


def _behind(
    request: SignedIn, dataset: Dataset, membership: Membership, decision: Decision
) -> HttpResponse:
    """What a decision changes on a page that shows the next dialogue already."""
    following = _following(request.POST, request)
    context = {"dataset": dataset, "membership": membership, "decision": decision}
    context |= {"following": following} | progress(request, dataset, membership)
    return render(request, "review/desk.html#behind", context)


def _following(data: QueryDict, request: SignedIn) -> Assignment | None:
    """The place that the page shows since, taken in hand; None where it is lost or none was named.

    It may have been given back meanwhile, by another tab that was closed.
    """
    number = posted_number(data.get("next", ""))
    if number is None:
        return None
    try:
        place = assignments.place_of(assignment_id=number, by=request.user)
        if place.is_open():
            return assignments.begin(place)
        return assignments.reclaim(assignment=place, by=request.user)
    except ReviewError:
        return None


@require_POST
@never_cache
@told_as_json
def undo(request: SignedIn, decision_id: int) -> HttpResponse:
    decision = undoing.own_decision(decision_id=decision_id, by=request.user)
    dataset, membership = dataset_for(request.user, decision.dialogue.dataset.slug)
    try:
        undoing.undo(decision=decision, by=request.user)
    except ReviewError as error:
        if from_program(request):
            raise
        return show_next(request, dataset, membership, lost=error)
    if from_program(request):
        return show_next(request, dataset, membership)
    return redirect("desk", slug=dataset.slug)
