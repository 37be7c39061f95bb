"""The comment thread of a dialogue, as a part of other pages or by itself; and one's mentions."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from review.discussion import comments
from review.errors import Invalid
from review.models import Dialogue, Membership
from review.pages.desk.answers import PERSON, from_program
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.permissions import dataset_for
from review.refusals import STATUS


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def thread(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    if request.method != "POST":
        return _shown(request, dialogue, membership)
    text = request.POST.get("text", "")
    try:
        comments.add(dialogue=dialogue, text=text, membership=membership)
    except Invalid as error:
        return _shown(request, dialogue, membership, error=error, text=text)
    if wants_fragment(request):
        return _shown(request, dialogue, membership)
    return redirect("comments", slug, external_id)


@require_safe
@never_cache
def mentions(request: SignedIn) -> HttpResponse:
    return render(request, "review/mentions.html", {"mentions": comments.mentions_of(request.user)})


def _shown(
    request: SignedIn,
    dialogue: Dialogue,
    membership: Membership,
    *,
    error: Invalid | None = None,
    text: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {
        "dataset": dialogue.dataset,
        "membership": membership,
        "dialogue": dialogue,
        "thread": comments.thread(dialogue, membership),
        "error": error,
        "text": text,
    }
    part = "#thread" if wants_fragment(request) or from_program(request) else ""
    status = STATUS[error.kind] if error else 200
    response = render(request, f"review/comments.html{part}", context, status=status)
    patch_vary_headers(response, ["HX-Request", PERSON])
    return response
