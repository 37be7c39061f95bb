"""One dialogue by its address: read by members, settled by an adjudicator where it is disputed."""

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review import decisions
from review.errors import Invalid, Missing
from review.models import Dataset, Dialogue, Membership, Stage
from review.pages.people import SignedIn
from review.pages.reading import read
from review.pages.rulings import posted_ruling
from review.panels import panels
from review.permissions import dataset_for
from review.refusals import STATUS
from review.visibility import for_reader


@require_safe
@never_cache
def dialogue(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return _page(request, named_dialogue(dataset, external_id), membership)


@require_POST
def adjudicate(request: SignedIn, slug: str, external_id: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    found = named_dialogue(dataset, external_id)
    try:
        decisions.adjudicate(
            dialogue=found,
            ruling=posted_ruling(request.POST),
            by=request.user,
            seconds=_seconds_since(request.POST.get("opened", "")),
        )
    except Invalid as error:
        context = {"error": error, "posted": request.POST}
        return _page(request, found, membership, context, STATUS[error.kind])
    return HttpResponseRedirect(reverse("dialogue", args=[slug, external_id]))


def named_dialogue(dataset: Dataset, external_id: str) -> Dialogue:
    """A dialogue by its imported id. Raises `Missing`."""
    # PostgreSQL takes no NUL in a parameter, and no imported id has one.
    named = dataset.dialogues.filter(external_id=external_id.replace("\x00", "\ufffd"))
    found = named.select_related("dataset", "approved_candidate").first()
    if found is None:
        raise Missing(f"There is no dialogue “{external_id}” in {dataset.slug}.")
    return found


def _page(
    request: SignedIn,
    found: Dialogue,
    membership: Membership,
    context: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    view = for_reader(found, membership)
    context = {
        "dataset": found.dataset,
        "membership": membership,
        "dialogue": found,
        "view": view,
        "reading": read(view),
        "held": view.assignment is not None and view.assignment.is_open(),
        "may_adjudicate": found.stage == Stage.DISPUTED and membership.adjudicates(),
        "check_panels": panels("dialogue", membership) if view.sight.retrieval else [],
        "opened": timezone.now().timestamp(),
        **(context or {}),
    }
    return render(request, "review/dialogue.html", context, status=status)


def _seconds_since(opened: str) -> float:
    """Seconds since a page was opened, by the server's clock; at most a day, 0 if unreadable."""
    try:
        return min(max(timezone.now().timestamp() - float(opened), 0.0), 86_400.0)
    except (ValueError, OverflowError):
        return 0.0
