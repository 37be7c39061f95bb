"""What is being written at the desk: kept at every pause, and told what the rules say of it."""

from dataclasses import asdict
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from review import validators
from review.errors import Invalid, NewerDraft
from review.models import Assignment
from review.pages.desk.answers import from_program, problem, told_as_json
from review.pages.desk.holding import in_hand, lease
from review.pages.desk.showing import show_next, show_same
from review.pages.people import SignedIn
from review.pages.rulings import posted_draft
from review.permissions import dataset_for
from review.places import drafts
from review.refusals import STATUS


@require_POST
@never_cache
@told_as_json
def draft(request: SignedIn, assignment_id: int) -> HttpResponse:
    """Keeps the form as it stands; 409 with the other text where a newer one was kept."""
    assignment = in_hand(request, assignment_id)
    posted = posted_draft(request.POST)
    try:
        kept = drafts.save(assignment=assignment, draft=posted)
    except NewerDraft as error:
        return JsonResponse(problem(error) | _newer(error.assignment), status=STATUS[error.kind])
    return JsonResponse(
        {
            **lease(assignment, held=kept.held),
            "revision": kept.revision,
            "saved_at": timezone.now(),
            "findings": _findings(assignment, posted.text),
        }
    )


def _findings(assignment: Assignment, text: str) -> list[dict[str, Any]]:
    if not text.strip():
        return []
    return [asdict(finding) for finding in validators.findings(assignment.dialogue, text)]


def _newer(assignment: Assignment) -> dict[str, Any]:
    return {
        "held": assignment.is_open(),
        "revision": assignment.draft_revision,
        "kept_at": assignment.drafted_at,
        "text": assignment.draft,
        "rest": assignment.draft_rest,
    }


@require_POST
@never_cache
@told_as_json
def first_text(request: SignedIn, assignment_id: int) -> HttpResponse:
    """The reviewer's own rewrite, after which they see the candidates."""
    assignment = in_hand(request, assignment_id)
    dataset, membership = dataset_for(request.user, assignment.dialogue.dataset.slug)
    try:
        drafts.write_unaided(assignment=assignment, text=request.POST.get("text", ""))
    except Invalid as error:
        if from_program(request):
            raise
        return show_same(request, assignment, membership, error)
    if from_program(request):
        return show_next(request, dataset, membership)
    return redirect("desk", slug=dataset.slug)
