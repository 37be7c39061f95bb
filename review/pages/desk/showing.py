"""What the desk shows: the dialogue in hand or the next one, how far the day has come, what was
decided last."""

import secrets
from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from review import assignments
from review.errors import GuidelinesUnread, Invalid, ReviewError
from review.models import Assignment, Dataset, Decision, Membership, Stage, Verdict
from review.models.decisions import DecisionQuerySet
from review.pages.desk.answers import PERSON, from_program, told_as_json
from review.pages.people import SignedIn
from review.pages.reading import read
from review.pages.rulings import drafted, filled
from review.panels import panels
from review.permissions import dataset_for
from review.progress import (
    MOST_COUNTED,
    stages_of,
    waiting,
    waiting_in_other_languages,
)
from review.refusals import STATUS
from review.visibility import at_place, record_shown

# An older decision is found in the list of dialogues, and is not undone by one key.
UNDO_HOURS = 12
MOST_UNDONE = 10


@require_safe
@never_cache
@told_as_json
def desk(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return show_next(request, dataset, membership)


@require_safe
@never_cache
@told_as_json
def ahead(request: SignedIn, slug: str) -> HttpResponse:
    """The dialogue after the one in hand, to be kept ready; 204 where nothing else waits."""
    dataset, membership = dataset_for(request.user, slug)
    assignment = assignments.claim_ahead(dataset=dataset, by=request.user)
    if assignment is None:
        return HttpResponse(status=204)
    context = {"dataset": dataset, "membership": membership, **sheet(assignment)}
    return render(request, "review/desk.html#sheet", context)


def show_next(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    lost: ReviewError | None = None,
    lost_text: str = "",
) -> HttpResponse:
    """The next dialogue, or what there is to know where none waits."""
    context: dict[str, Any] = {"lost": lost, "lost_text": lost_text}
    status = STATUS[lost.kind] if lost else 200
    try:
        assignment = assignments.claim_next(dataset=dataset, by=request.user)
    except GuidelinesUnread:
        context |= {"guidelines_unread": True}
    else:
        context |= _resting(membership) if assignment is None else sheet(assignment)
    return respond(request, dataset, membership, context, status)


def show_same(
    request: SignedIn, assignment: Assignment, membership: Membership, error: Invalid
) -> HttpResponse:
    """The same dialogue with what was sent, and what is wrong with it."""
    context = {**sheet(assignment), "error": error, "posted": filled(request.POST)}
    dataset = assignment.dialogue.dataset
    return respond(request, dataset, membership, context, STATUS[error.kind])


def _resting(membership: Membership) -> dict[str, Any]:
    return {
        "nothing_waits": True,
        "stages": stages_of(membership.dataset),
        "elsewhere": waiting_in_other_languages(membership),
    }


def sheet(assignment: Assignment) -> dict[str, Any]:
    """What a template needs for the dialogue of a place, which is kept as shown."""
    view = at_place(assignment)
    record_shown(view)
    return {
        "view": view,
        "dialogue": view.dialogue,
        "reading": read(view),
        "assignment": assignment,
        "posted": drafted(assignment),
        "key": secrets.token_urlsafe(16),
    }


def respond(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """The page, or for the desk's own program what changes of it."""
    context = {"dataset": dataset, "membership": membership, **context}
    context |= progress(request, dataset, membership)
    part = "#parts" if from_program(request) else ""
    response = render(request, f"review/desk.html{part}", context, status=status)
    patch_vary_headers(response, [PERSON])
    return response


def progress(request: SignedIn, dataset: Dataset, membership: Membership) -> dict[str, Any]:
    """How far the day has come, and what was decided last."""
    recent = _recent_decisions(request, dataset)
    last = recent[0] if recent else None
    return {
        "today": _today(request, dataset, membership),
        "recent": recent,
        "last": last,
        "last_panels": _panels_of(last, membership) if last else [],
    }


def _today(request: SignedIn, dataset: Dataset, membership: Membership) -> dict[str, int | bool]:
    """Dialogues done since midnight, those left (held or waiting), and both together.

    Each is counted up to `MOST_COUNTED` only; where more than that wait, `more` says so, and what
    is left is not told. Where there are controls what is done stands `alone`: after one of them no
    fewer would be left.
    """
    done = _done_today(request, dataset)
    waits = waiting(membership)
    if waits >= MOST_COUNTED:
        return {"done": done, "more": True}
    held = Assignment.objects.held_by(request.user).filter(dialogue__dataset=dataset).count()
    left = held + waits
    return {
        "done": done,
        "left": left,
        "known": done + left,
        "more": False,
        "alone": bool(dataset.control_rate),
    }


def _own_decisions(request: SignedIn, dataset: Dataset) -> DecisionQuerySet:
    """This person's decisions at the desk, practice among them: it looks like any other."""
    mine = Decision.objects.not_taken_back().filter(reviewer=request.user, adjudication=False)
    return mine.filter(dialogue__dataset=dataset).order_by("-pk")


def _done_today(request: SignedIn, dataset: Dataset) -> int:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    # The newest alone are looked at: those of last year take no time today.
    newest = Decision.objects.filter(reviewer=request.user).order_by("-pk")
    mine = _own_decisions(request, dataset).exclude(verdict=Verdict.SKIP)
    return mine.filter(
        pk__in=newest.values("pk")[: 2 * MOST_COUNTED], created__gte=midnight
    ).count()


def _recent_decisions(request: SignedIn, dataset: Dataset) -> list[Decision]:
    """What an undo takes back, the newest first, if it is of these hours."""
    since = timezone.now() - timedelta(hours=UNDO_HOURS)
    mine = _own_decisions(request, dataset).filter(created__gte=since)
    return list(mine.select_related("dialogue").only(*_TOLD)[:MOST_UNDONE])


# What the desk tells of a decision and its dialogue: the rest are long texts and records.
_TOLD = ["created", "purpose", "verdict", "dialogue__external_id", "dialogue__stage"]


def _panels_of(decision: Decision, membership: Membership) -> list[dict[str, str]]:
    """What other apps show of the dialogue that was just approved."""
    if decision.dialogue.stage != Stage.APPROVED or decision.purpose != "review":
        return []
    names = {"slug": membership.dataset.slug, "external_id": decision.dialogue.external_id}
    return [
        {"title": panel.title, "url": panel.url(**names)}
        for panel in panels("dialogue", membership)
    ]
