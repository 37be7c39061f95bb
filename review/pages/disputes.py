"""The disputes desk: what reviewers differ on, side by side, settled with a key."""

import secrets
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review import decisions
from review.discussion import disputes, sending_back
from review.errors import Conflict, Invalid, Missing, ReviewError
from review.models import Dataset, Decision, Dialogue, Membership, Verdict
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, told
from review.pages.reading import read
from review.pages.rulings import filled, posted_number, posted_ruling
from review.panels import panels
from review.permissions import check_can_adjudicate, dataset_for
from review.refusals import STATUS
from review.visibility import disputed

LONGEST_KEY = 128
# What was done before these hours is no longer shown as the last.
HOURS_SHOWN = 12


@require_safe
@never_cache
def desk(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return _next(request, dataset, membership)


@require_POST
def take(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, _ = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    try:
        disputes.take(dialogue=dialogue, by=request.user)
    except Conflict as refusal:
        messages.error(request, str(refusal))
        return redirect("dialogue", slug, external_id)
    return redirect("disputes", slug)


@require_POST
def leave(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, _ = dataset_for(request.user, slug)
    disputes.give_back(dialogue=named_dialogue(dataset, external_id), by=request.user)
    return redirect("dialogue", slug, external_id)


@require_POST
def renew(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """A sign of life from the desk."""
    dataset, _ = dataset_for(request.user, slug)
    held = disputes.renew(dialogue=named_dialogue(dataset, external_id), by=request.user)
    return HttpResponse(status=204 if held else 409)


@require_POST
@never_cache
def adjudicate(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """Settles a dispute or sends a decision on it back; the answer is the next dispute."""
    dataset, membership = dataset_for(request.user, slug)
    check_can_adjudicate(request.user, dataset)
    dialogue = named_dialogue(dataset, external_id)
    try:
        _do(request, dialogue)
    except Conflict as error:
        return _next(request, dataset, membership, lost=error, text=request.POST.get("text", ""))
    except Invalid as error:
        context = {"error": error, "posted": filled(request.POST)}
        return _shown(request, dialogue, membership, context, STATUS[error.kind])
    return redirect("disputes", slug)


@require_POST
def send_back(request: SignedIn, decision_id: int) -> HttpResponse:
    """Sends a decision back from the page of its dialogue, and shows that page again."""
    decision = Decision.objects.select_related("dialogue__dataset").filter(pk=decision_id).first()
    if decision is None:
        raise Missing("There is no such decision.")
    dialogue = decision.dialogue
    dataset_for(request.user, dialogue.dataset.slug)
    with told(request):
        _send_back(request, decision)
        messages.success(request, f"Sent back to {decision.reviewer}.")
    return redirect("dialogue", dialogue.dataset.slug, dialogue.external_id)


def _do(request: SignedIn, dialogue: Dialogue) -> None:
    """Does what the form says."""
    if request.POST.get("verdict") == Verdict.SEND_BACK:
        _send_back(request, _chosen_decision(request, dialogue))
        return
    decisions.adjudicate(
        dialogue=dialogue,
        ruling=posted_ruling(request.POST),
        by=request.user,
        idempotency_key=request.POST.get("key", "")[:LONGEST_KEY],
    )


def _chosen_decision(request: SignedIn, dialogue: Dialogue) -> Decision:
    number = posted_number(request.POST.get("decision", ""))
    standing = Decision.objects.counting(dialogue).select_related("reviewer")
    chosen = None if number is None else standing.filter(pk=number).first()
    if chosen is None:
        raise Invalid("Choose whom you send it back to.", field="decision")
    return chosen


def _send_back(request: SignedIn, decision: Decision) -> None:
    comment = request.POST.get("comment", "")
    sending_back.send_back(decision=decision, comment=comment, by=request.user)


def _next(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    lost: ReviewError | None = None,
    text: str = "",
) -> HttpResponse:
    """The next dispute, or that there is none."""
    dialogue = disputes.claim_next(dataset=dataset, by=request.user)
    context: dict[str, Any] = {"lost": lost, "lost_text": text}
    status = STATUS[lost.kind] if lost else 200
    if dialogue is not None:
        return _shown(request, dialogue, membership, context, status)
    context["left_to_others"] = disputes.left_to_others(membership)
    return _render(request, dataset, membership, context, status)


def _shown(
    request: SignedIn,
    dialogue: Dialogue,
    membership: Membership,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    view = disputed(dialogue, membership)
    context |= {
        "view": view,
        "dialogue": dialogue,
        "reading": read(view),
        "sendable": sending_back.sendable(dialogue, view.decisions),
        "key": secrets.token_urlsafe(16),
        "check_panels": panels("dialogue", membership) if view.sight.retrieval else [],
    }
    return _render(request, dialogue.dataset, membership, context, status)


def _render(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    context: dict[str, Any],
    status: int,
) -> HttpResponse:
    context |= {
        "dataset": dataset,
        "membership": membership,
        "waiting": disputes.count(membership),
        "last": _last(request, dataset),
    }
    return render(request, "review/disputes.html", context, status=status)


def _last(request: SignedIn, dataset: Dataset) -> Decision | None:
    """What this person settled or sent back last, if it is of these hours."""
    recent = timezone.now() - timedelta(hours=HOURS_SHOWN)
    mine = Decision.objects.filter(reviewer=request.user, dialogue__dataset=dataset)
    ruled = mine.filter(Q(adjudication=True) | Q(verdict=Verdict.SEND_BACK), created__gte=recent)
    return ruled.select_related("dialogue", "assignment__reviewer").order_by("-pk").first()
