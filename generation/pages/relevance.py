"""Which other images fit a dialogue: the grid on which a person says so, and the way through all.

Everything works as a plain form; htmx puts the next dialogue in place of the one that was judged.
"""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from generation import pooling
from review import relevance
from review.errors import Invalid, Missing, ReviewError
from review.models import Dataset, Dialogue, Membership
from review.pages.dialogue import named_dialogue
from review.pages.people import SignedIn, wants_fragment
from review.pages.reading import read
from review.permissions import dataset_for
from review.refusals import STATUS
from review.visibility import DialogueView, images_of, sights

# Pictures in sight when the page opens; those below come as they are scrolled to.
IN_SIGHT = 24
# In the panel on the page of a dialogue.
MOST_SHOWN = 6


@require_safe
@never_cache
def queue(request: SignedIn, slug: str) -> HttpResponse:
    """The next dialogue that nobody has judged; behind the one named by `after`, if any."""
    dataset, membership = dataset_for(request.user, slug)
    return _next(request, membership, passed=_named(dataset, request.GET.get("after")))


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def grid(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """The images of one dialogue; what is sent is kept, and the next dialogue answers it."""
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    if request.method != "POST":
        return _shown(request, dialogue, membership)
    try:
        relevance.judge(dialogue=dialogue, fits=_said(request), by=request.user)
    except (Invalid, Missing) as error:
        return _shown(request, dialogue, membership, error=error)
    return _next(request, membership, passed=dialogue, saved=dialogue)


@require_safe
@never_cache
def ahead(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """The pictures of the dialogue that comes after this one, for the browser to fetch."""
    dataset, membership = dataset_for(request.user, slug)
    found = pooling.next_after(membership, named_dialogue(dataset, external_id))
    images = [] if found is None else pooling.pool_of(found).images[:IN_SIGHT]
    context = {"dataset": dataset, "images": [entry.image for entry in images]}
    return render(request, "generation/_relevance_ahead.html", context)


@require_safe
@never_cache
def panel(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """The fragment that the page of a dialogue loads; opened by itself it leads to the grid."""
    dataset, membership = dataset_for(request.user, slug)
    dialogue = named_dialogue(dataset, external_id)
    if not wants_fragment(request):
        return redirect("relevance_of", slug, external_id)
    if not relevance.can_judge(dialogue, membership):
        return HttpResponse()
    pool = pooling.pool_of(dialogue)
    context = {
        "dataset": dataset,
        "dialogue": dialogue,
        "pool": pool,
        "fitting": [entry for entry in pool.images if entry.fits][:MOST_SHOWN],
        "count": relevance.counted(entry.word for entry in pool.images if entry.word),
    }
    return render(request, "generation/relevance_panel.html", context)


def _said(request: SignedIn) -> dict[str, bool]:
    """What the form says of every image that it showed."""
    fitting = set() if request.POST.get("none") else set(request.POST.getlist("fits"))
    return {image: image in fitting for image in request.POST.getlist("shown")}


def _named(dataset: Dataset, external_id: str | None) -> Dialogue | None:
    """A dialogue that an address names on the side; one that is not there is passed over."""
    if not external_id:
        return None
    try:
        return named_dialogue(dataset, external_id)
    except Missing:
        return None


def _next(
    request: SignedIn,
    membership: Membership,
    *,
    passed: Dialogue | None,
    saved: Dialogue | None = None,
) -> HttpResponse:
    dialogue = pooling.next_after(membership, passed)
    if wants_fragment(request) or (dialogue is None and saved is None):
        return _shown(request, dialogue, membership, saved=saved)
    return redirect(_address(membership.dataset, dialogue, saved))


def _address(dataset: Dataset, dialogue: Dialogue | None, saved: Dialogue | None = None) -> str:
    """Where a dialogue is judged; without one, where the next would be."""
    query = {"saved": saved.external_id} if saved else None
    names = {"slug": dataset.slug}
    if dialogue is None:
        return reverse("relevance", kwargs=names, query=query)
    return reverse(
        "relevance_of", kwargs={**names, "external_id": dialogue.external_id}, query=query
    )


def _shown(
    request: SignedIn,
    dialogue: Dialogue | None,
    membership: Membership,
    *,
    saved: Dialogue | None = None,
    error: ReviewError | None = None,
) -> HttpResponse:
    """The grid of a dialogue, or that there is none to judge."""
    dataset = membership.dataset
    context: dict[str, Any] = {
        "dataset": dataset,
        "membership": membership,
        "dialogue": dialogue,
        "progress": pooling.progress(membership),
        "saved": _saved(saved or _named(dataset, request.GET.get("saved")), membership),
        "error": error,
        "in_sight": IN_SIGHT,
    }
    if dialogue is not None:
        relevance.check_can_judge(dialogue, membership)
        context |= _of(dialogue, membership)
    part = "#sheet" if wants_fragment(request) else ""
    status = STATUS[error.kind] if error else 200
    response = render(request, f"generation/relevance.html{part}", context, status=status)
    if part:
        response["HX-Push-Url"] = _address(dataset, dialogue)
    patch_vary_headers(response, ["HX-Request"])
    return response


def _of(dialogue: Dialogue, membership: Membership) -> dict[str, Any]:
    sight = sights([dialogue], membership)[dialogue.pk]
    view = DialogueView(dialogue, sight, candidates=[], images=images_of(dialogue))
    approved = dialogue.approved_candidate
    return {
        "view": view,
        "reading": read(view),
        "pool": pooling.pool_of(dialogue),
        "rewrite": approved.text if approved else "",
    }


def _saved(dialogue: Dialogue | None, membership: Membership) -> dict[str, Any] | None:
    """What stands of the dialogue that was judged last."""
    if dialogue is None or not relevance.can_judge(dialogue, membership):
        return None
    return {
        "dialogue": dialogue,
        "count": relevance.counted(relevance.standing(dialogue).values()),
    }
