"""One dialogue by its address, as each member may see it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review.calibration.certifying.putting_back import put_back_one
from review.calibration.certifying.shown import covered
from review.discussion.sending_back import sendable
from review.errors import Missing
from review.models import Dataset, Dialogue, Membership, Stage
from review.pages.people import SignedIn, told
from review.pages.reading import read
from review.panels import panels
from review.permissions import dataset_for
from review.visibility import for_reader


@require_safe
@never_cache
def dialogue(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return _page(request, named_dialogue(dataset, external_id), membership)


@require_POST
def put_back(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    """Has people decide on a dialogue that a certificate approved."""
    dataset, _ = dataset_for(request.user, slug)
    found = named_dialogue(dataset, external_id)
    with told(request):
        put_back_one(dialogue=found, by=request.user)
        messages.success(request, f"Dialogue {external_id} waits for people again.")
    return redirect("dialogue", slug=slug, external_id=external_id)


def named_dialogue(dataset: Dataset, external_id: str) -> Dialogue:
    """A dialogue by its imported id. Raises `Missing`."""
    # PostgreSQL takes no NUL in a parameter, and no imported id has one.
    named = dataset.dialogues.filter(external_id=external_id.replace("\x00", "\ufffd"))
    found = named.select_related("dataset", "approved_candidate").first()
    if found is None:
        raise Missing(f"There is no dialogue “{external_id}” in {dataset.slug}.")
    return found


def _page(request: SignedIn, found: Dialogue, membership: Membership) -> HttpResponse:
    view = for_reader(found, membership)
    held = view.assignment is not None and view.assignment.is_open()
    context = {
        "dataset": found.dataset,
        "membership": membership,
        "dialogue": view.dialogue,
        "view": view,
        "reading": read(view),
        "held": held,
        "may_settle": found.stage == Stage.DISPUTED and membership.adjudicates() and not held,
        "certified": covered(view),
        "sendable": sendable(found, view.decisions) if membership.adjudicates() else [],
        "check_panels": panels("dialogue", membership) if view.sight.retrieval else [],
    }
    return render(request, "review/dialogue.html", context)
