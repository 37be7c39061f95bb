"""The review policy of a dataset: told to every member, changed by its admins."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from review import policy as policies
from review.errors import InvalidFields
from review.models import Dataset, Membership, PolicyChange
from review.pages.people import SignedIn
from review.pages.policy_form import PolicyForm
from review.permissions import check_can_administer, dataset_for
from review.policy.wording import change_in_words, in_words
from review.tasks import follow_policy

CHANGES_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def policy(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    if request.method == "POST":
        return _save(request, dataset, membership)
    form = PolicyForm(dataset=dataset) if membership.administers() else None
    return _page(request, dataset, membership, form=form)


def _save(request: SignedIn, dataset: Dataset, membership: Membership) -> HttpResponse:
    """Saves at once what changes nothing that is open; else says first what it would change."""
    check_can_administer(request.user, dataset)
    form = PolicyForm(request.POST, dataset=dataset)
    if not form.is_valid():
        return _page(request, dataset, membership, form=form, status=422)
    try:
        wanted = policies.checked(dataset, form.changes())
        meanwhile = _changed_since(dataset, request.POST.get("since", ""))
        consequences = policies.consequences(dataset, wanted)
        confirmed = request.POST.get("confirmed") == _fingerprint(wanted)
        if meanwhile or (consequences and not confirmed):
            return _page(
                request,
                dataset,
                membership,
                form=form,
                consequences=consequences,
                meanwhile=meanwhile,
                fingerprint=_fingerprint(wanted),
            )
        changed = policies.save(dataset=dataset, changes=wanted, by=request.user)
    except InvalidFields as refusal:
        form.refuse(refusal)
        return _page(request, dataset, membership, form=form, status=422)
    return _saved(request, dataset, changed)


def _changed_since(dataset: Dataset, since: str) -> PolicyChange | None:
    """What somebody else saved after this form was opened."""
    last = dataset.policy_changes.select_related("by").first()
    return last if last is not None and since != str(last.pk) else None


def _fingerprint(wanted: dict[str, Any]) -> str:
    """Of what is confirmed: whoever changes more is told once more."""
    return hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()[:16]


def _saved(request: SignedIn, dataset: Dataset, changed: PolicyChange | None) -> HttpResponse:
    if changed is None:
        messages.info(request, "This is the policy already: nothing was saved.")
    else:
        messages.success(request, "The policy is in force.")
        if changed.applied is None:
            follow_policy.delay_on_commit(dataset.pk)
    return redirect("policy", slug=dataset.slug)


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    form: PolicyForm | None,
    status: int = 200,
    consequences: Sequence[str] = (),
    meanwhile: PolicyChange | None = None,
    fingerprint: str = "",
) -> HttpResponse:
    changes = list(dataset.policy_changes.select_related("by")[:CHANGES_SHOWN])
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form,
        "parts": in_words(dataset),
        "changes": [(change, change_in_words(change)) for change in changes],
        "since": changes[0].pk if changes else "",
        "following": any(change.applied is None for change in changes),
        "consequences": consequences,
        "meanwhile": meanwhile,
        "fingerprint": fingerprint,
        "meanwhile_words": change_in_words(meanwhile) if meanwhile else [],
    }
    return render(request, "review/policy.html", context, status=status)
