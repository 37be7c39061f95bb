"""The members of a dataset: who they are, what they may do, and their programs' tokens.

A password or token is shown in the answer to the request that made it, and nowhere again. An admin
makes no token for an account that was there before: it would open that person's other datasets.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from review import membership as people
from review.errors import Missing, ReviewError
from review.models import ApiToken, Dataset, Membership, Role
from review.pages.people import SignedIn, administered, wants_fragment
from review.permissions import dataset_for
from review.progress import workers_of

ROLES_IN_WORDS = {
    Role.ANNOTATOR: "reviews dialogues",
    Role.ADJUDICATOR: "reviews, and settles disputes",
    Role.ADMIN: "does everything, and manages runs and members",
}


class NewMember(forms.Form):
    username = forms.CharField(
        max_length=150,
        help_text="An account that exists, or a new one.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        error_messages={"required": "Give the username of the person to add."},
    )
    role = forms.ChoiceField(
        choices=[(role.value, f"{role.label}: {ROLES_IN_WORDS[role]}") for role in Role],
        initial=Role.ANNOTATOR,
        error_messages={"invalid_choice": "Choose one of the three roles."},
    )


class ChangedRole(forms.Form):
    role = forms.ChoiceField(choices=Role.choices)


@require_safe
def members(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = dataset_for(request.user, slug)
    return _page(request, dataset, membership)


@never_cache
@require_POST
def add_member(request: SignedIn, slug: str) -> HttpResponse:
    dataset, membership = administered(request, slug)
    form = NewMember(request.POST)
    if not form.is_valid():
        return _page(request, dataset, membership, form=form, status=422)
    try:
        added = people.add_member(dataset=dataset, by=request.user, **form.cleaned_data)
    except ReviewError as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return _page(request, dataset, membership, form=form, status=422)
    return _page(request, dataset, membership, added=added)


@never_cache
@require_POST
def make_token(request: SignedIn, slug: str) -> HttpResponse:
    """A token with which the person's own programs speak for them."""
    dataset, membership = dataset_for(request.user, slug)
    _, token = ApiToken.issue(request.user)
    return _page(request, dataset, membership, token=token)


@require_POST
def change_role(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    form = ChangedRole(request.POST)
    if not form.is_valid():
        raise people.unknown_role(request.POST.get("role", ""))
    people.change_role(membership=member, role=form.cleaned_data["role"], by=request.user)
    messages.success(request, f"{member.user} is now an {member.role}.")
    return redirect("members", slug=slug)


@require_POST
def pause_member(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    """Pauses a member, or lets them in again: `paused` is 1 or 0."""
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    paused = request.POST.get("paused") == "1"
    people.pause(membership=member, paused=paused, by=request.user)
    what = "is paused and cannot open this dataset" if paused else "may work again"
    messages.success(request, f"{member.user} {what}.")
    return redirect("members", slug=slug)


@require_POST
def remove_member(request: SignedIn, slug: str, pk: int) -> HttpResponse:
    dataset, _ = administered(request, slug)
    member = _member(dataset, pk)
    people.remove(membership=member, by=request.user)
    messages.success(request, f"{member.user} was removed. Their decisions stay in the record.")
    return redirect("members", slug=slug)


def _member(dataset: Dataset, pk: int) -> Membership:
    found = dataset.memberships.select_related("user", "dataset").filter(pk=pk).first()
    if found is None:
        raise Missing("This member was removed meanwhile. Load the list again.")
    return found


def _page(
    request: SignedIn,
    dataset: Dataset,
    membership: Membership,
    *,
    form: NewMember | None = None,
    status: int = 200,
    **shown_once: Any,
) -> HttpResponse:
    context = {
        "dataset": dataset,
        "membership": membership,
        "form": form or NewMember(),
        "workers": workers_of(dataset),
        "roles": Role.choices,
        **shown_once,
    }
    part = "#people" if wants_fragment(request) else ""
    return render(request, f"review/members.html{part}", context, status=status)
