"""The panel that shows what deceives in a dialogue, where people point words to their turn."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from generation import deceiving
from generation.checks.waiting import what_lacks
from generation.deceiving.tasks import drain_traits
from generation.deceiving.telling import told
from generation.retrievers import configured
from review.errors import Invalid, NotAllowed
from review.models import Dialogue, Membership
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.permissions import dataset_for
from review.refusals import STATUS
from review.visibility import shows_traits, sights

# The fragment asks again while it waits; it takes as long as the check before it and a little more.
MOST_POLLS = 60


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def deceptions(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """The fragment that pages load, or a page around it; a POST points a word to a turn."""
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    if request.method == "POST":
        return _support(request, dialogue, membership)
    if not shows_traits(sights([dialogue], membership)[dialogue.pk]):
        if wants_fragment(request):
            return HttpResponse()
        raise NotAllowed("You see what deceives in a dialogue once you have decided on it.")
    return _shown(request, dialogue, membership)


@require_POST
def withdraw_support(request: SignedIn, slug: str, external_id: str, support: int) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    deceiving.withdraw(dialogue=dialogue, support_id=support, by=request.user)
    return _changed(request, dialogue, membership)


def _support(request: SignedIn, dialogue: Dialogue, membership: Membership) -> HttpResponse:
    word, turn = request.POST.get("word", ""), request.POST.get("turn", "")
    try:
        deceiving.support(dialogue=dialogue, word=word, turn=_number(turn), by=request.user)
    except Invalid as error:
        return _shown(request, dialogue, membership, error=error)
    return _changed(request, dialogue, membership)


def _number(turn: str) -> int:
    if turn.isascii() and turn.isdigit() and len(turn) < 6:
        return int(turn)
    raise Invalid("Choose the turn that means the word.", field="turn")


def _changed(request: SignedIn, dialogue: Dialogue, membership: Membership) -> HttpResponse:
    """What is left of the gain may have to be searched for anew."""
    dialogue.refresh_from_db()
    if dialogue.traits_due:
        drain_traits.delay_on_commit(dialogue.dataset_id)
    if wants_fragment(request):
        return _shown(request, dialogue, membership)
    return redirect("deceptions", dialogue.dataset.slug, dialogue.external_id)


def _shown(
    request: SignedIn,
    dialogue: Dialogue,
    membership: Membership,
    *,
    error: Invalid | None = None,
) -> HttpResponse:
    context: dict[str, Any] = {
        "dataset": dialogue.dataset,
        "membership": membership,
        "dialogue": dialogue,
        "told": told(dialogue) if dialogue.approved_candidate else None,
        "url": reverse("deceptions", args=[dialogue.dataset.slug, dialogue.external_id]),
        "error": error,
        **_waiting(request, dialogue),
    }
    template = "_deceptions.html" if wants_fragment(request) else "deceptions.html"
    status = STATUS[error.kind] if error else 200
    response = render(request, f"generation/{template}", context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _waiting(request: HttpRequest, dialogue: Dialogue) -> dict[str, Any]:
    """Whether something is still looked for, what that waits for, and whether the fragment asks
    again."""
    text = request.GET.get("asked", "")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    waits = dialogue.traits_due and bool(dialogue.target_images)
    dataset = dialogue.dataset
    lacks = what_lacks(dataset, configured(dataset)[0]) if waits else ""
    asks_again = waits and not lacks and asked < MOST_POLLS
    return {"waits": waits, "lacks": lacks, "asks_again": asks_again, "asked": asked + 1}
